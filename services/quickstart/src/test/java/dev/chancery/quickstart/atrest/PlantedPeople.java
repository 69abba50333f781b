package dev.chancery.quickstart.atrest;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.Message;
import dev.chancery.quickstart.authzen.OrganisationCalls;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.ClassRule;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.retention.v1.EraseSubjectRequest;
import dev.chancery.schema.retention.v1.ErasureGround;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A value that nobody else has in every personal field of every command, as the contract's descriptors have them: a new command is covered. */
final class PlantedPeople {
    /**
     * Commands that are not given here: the owner is claimed once, by a test's first call; withdrawing the key of tokens would sign out
     * whoever else is here; who is erased at once has nothing to open, so that {@link #forget} does that; and what the owner says of the sealer's
     * rings is about the owner.
     */
    private static final Set<String> LEFT_OUT = Set.of(
            "chancery.retention.v1.RetentionService/EraseSubject",
            "chancery.identity.v1.IdentityService/ClaimOwner",
            "chancery.identity.v1.IdentityService/RotateTokenKey",
            "chancery.identity.v1.IdentityService/RotateSigningKeys",
            "chancery.identity.v1.IdentityService/WithdrawSigningKey",
            "chancery.identity.v1.IdentityService/WithdrawTokenKey",
            "chancery.vault.v1.KeyService/RotateSealerKey",
            "chancery.vault.v1.KeyService/Reseal",
            "chancery.vault.v1.KeyService/RetireSealerKey");

    /** Fields of which no more is kept than a hash, made with the organisation's key. */
    private static final Set<String> HASHED = Set.of("chancery.identity.v1.IssueTokenRequest.device");

    /** What finds somebody by a name that it has already, and is kept nowhere; the example names it by its id. */
    private static final Set<String> LOOKED_UP = Set.of("chancery.retention.v1.SetHoldRequest.alias");

    private final SharedInstance shared;
    private final OrganisationCalls calls;
    /** By value, the field that it was in. */
    private final Map<String, String> planted = new LinkedHashMap<>();

    PlantedPeople(SharedInstance shared) {
        this.shared = shared;
        this.calls = new OrganisationCalls(shared);
    }

    /** All values, in the order in which they were planted. */
    List<String> values() {
        return List.copyOf(planted.keySet());
    }

    /** Those that lie sealed somewhere. */
    List<String> sealed() {
        return planted.keySet().stream()
                .filter(value -> !HASHED.contains(planted.get(value)))
                .toList();
    }

    /** The fields that these values were planted in. */
    Set<String> fieldsOf(Collection<String> values) {
        return values.stream().map(planted::get).collect(Collectors.toCollection(TreeSet::new));
    }

    /** The personal fields of all commands that are given. */
    Set<String> fields() {
        Set<String> fields = new TreeSet<>();
        commands().forEach(method -> personal(method.input()).forEach(field -> fields.add(field.getFullName())));
        return fields;
    }

    private Stream<ContractMethod> commands() {
        return shared.contract.methods().stream()
                .filter(ContractMethod::writes)
                .filter(method -> !LEFT_OUT.contains(method.fullName()))
                .filter(method -> !personal(method.input()).isEmpty());
    }

    /** A command within another is planted by itself. */
    private List<FieldDescriptor> personal(Descriptor message) {
        List<FieldDescriptor> fields = new ArrayList<>();
        for (FieldDescriptor field : message.getFields()) {
            if (ClassRule.of(field) == ClassRule.PERSONAL) {
                if (!LOOKED_UP.contains(field.getFullName())) {
                    fields.add(field);
                }
            } else if (field.getJavaType() == JavaType.MESSAGE
                    && shared.contract.methods().stream()
                            .noneMatch(method -> method.input().equals(field.getMessageType()))) {
                fields.addAll(personal(field.getMessageType()));
            }
        }
        return fields;
    }

    /** Gives every command once, by an administrator of its own, about people of their own. */
    void plant() {
        Client administrator = administrator();
        commands().forEach(method -> plant(method, administrator));
    }

    /** A new one of the first organisation. */
    Client administrator() {
        Client administrator = calls.somebody(PrincipalType.USER, shared.a);
        calls.assign(shared.a, administrator, "administrator");
        return administrator;
    }

    /** The reason is forgotten with whom it is about. */
    void forget(Client by, String subject) {
        String reason = "Planted " + SharedInstance.unique();
        calls.done(
                by,
                EraseSubjectRequest.newBuilder()
                        .setPrincipalId(subject)
                        .setGround(ErasureGround.ERASURE_GROUND_REQUEST)
                        .setReason(reason));
        planted.put(reason, EraseSubjectRequest.getDescriptor().getFullName() + ".reason");
    }

    private void plant(ContractMethod method, Client administrator) {
        Client caller = shared.rightful(method, administrator);
        Message.Builder request = shared.requests.example(method, administrator).toBuilder();
        for (FieldDescriptor field : personal(method.input())) {
            FieldDescriptor own = request.getDescriptorForType().findFieldByNumber(field.getNumber());
            assertThat(own.getFullName())
                    .as("a personal field within another message is planted here, too")
                    .isEqualTo(field.getFullName());
            request.setField(own, value(field));
        }
        Reply reply = shared.wire.rest(
                method, request.build(), method.isPublic() ? Map.of() : shared.requests.headers(caller));
        assertThat(reply.succeeded()).as("%s: %s", method.fullName(), reply).isTrue();
    }

    private String value(FieldDescriptor field) {
        String unique = SharedInstance.unique();
        String pattern = ClassRule.contract(field).getPattern();
        String value = Stream.of("Planted " + unique, "planted-" + unique + "@kestrel.example", "planted-" + unique)
                .filter(each -> each.matches(pattern))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no value is planted that fits " + field.getFullName()));
        planted.put(value, field.getFullName());
        return value;
    }
}
