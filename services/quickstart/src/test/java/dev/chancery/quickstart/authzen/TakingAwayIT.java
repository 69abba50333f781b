package dev.chancery.quickstart.authzen;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.quickstart.instance.SigningKey;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.access.v1.RevokeAssignmentRequest;
import dev.chancery.schema.identity.v1.CreateOrganisationRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.DeactivatePrincipalRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.rbac.v1.ListAssignmentsRequest;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Who holds one capability takes nobody's place away, and somebody always stays who may do everything. */
@Order(26)
class TakingAwayIT {
    private final SharedInstance shared = SharedInstance.shared();
    private final SigningKey key = SigningKey.generate();
    private Client administrator = shared.owner;

    @BeforeEach
    void anOrganisation() {
        String clientId = done(
                        shared.owner,
                        CreateOrganisationRequest.newBuilder()
                                .setName("Acme")
                                .setAdministratorName("Ada")
                                .setAdministratorKey(bytes(key)))
                .json()
                .getString("clientId");
        administrator = shared.signedIn(clientId, key);
    }

    private static ByteString bytes(SigningKey key) {
        return ByteString.copyFrom(Base64.getDecoder().decode(key.publicKey()));
    }

    private Reply send(Client caller, Message.Builder request) {
        String service = request.getDescriptorForType().getFile().getPackage();
        String name = request.getDescriptorForType().getName().replace("Request", "");
        Map<String, String> headers = new HashMap<>(caller.headers());
        headers.put("Idempotency-Key", UUID.randomUUID().toString());
        return shared.wire.rest(
                shared.method(service + "." + serviceOf(service) + "/" + name), request.build(), headers);
    }

    private static String serviceOf(String proto) {
        String name = proto.split("\\.")[1];
        return Character.toUpperCase(name.charAt(0)) + name.substring(1) + "Service";
    }

    private Reply done(Client caller, Message.Builder request) {
        Reply reply = send(caller, request);
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        return reply;
    }

    private static String id(Client client) {
        return client.clientId().substring(client.tenant().length() + 1);
    }

    /** Somebody new who holds just this, or nothing. */
    private Client somebody(Client by, String... capabilities) {
        SigningKey theirs = SigningKey.generate();
        String clientId = done(
                        by,
                        CreatePrincipalRequest.newBuilder()
                                .setType(PrincipalType.AGENT)
                                .setDisplayName("somebody")
                                .setPublicKey(bytes(theirs)))
                .json()
                .getString("clientId");
        Client client = shared.signedIn(clientId, theirs);
        if (capabilities.length > 0) {
            String role = "role-" + UUID.randomUUID();
            done(by, DefineRoleRequest.newBuilder().setRole(role).addAllCapabilities(List.of(capabilities)));
            assign(by, client, role);
        }
        return client;
    }

    private String assign(Client by, Client to, String role) {
        return done(by, AssignRoleRequest.newBuilder().setPrincipalId(id(to)).setRole(role))
                .json()
                .getString("assignmentId");
    }

    private RevokeAssignmentRequest.Builder revoke(Client of, String assignment) {
        return RevokeAssignmentRequest.newBuilder().setPrincipalId(id(of)).setAssignmentId(assignment);
    }

    private DeactivatePrincipalRequest.Builder deactivate(Client who) {
        return DeactivatePrincipalRequest.newBuilder().setPrincipalId(id(who));
    }

    /** The assignment of the administrator from the beginning. */
    private String firstGrant(Client of, Reply since) {
        Map<String, String> headers = new HashMap<>(of.headers());
        headers.put("Chancery-Position", since.position());
        return shared.wire
                .rest(
                        shared.method("chancery.rbac.v1.RbacService/ListAssignments"),
                        ListAssignmentsRequest.newBuilder()
                                .setPrincipalId(id(of))
                                .build(),
                        headers)
                .json()
                .getJsonArray("assignments")
                .getJsonObject(0)
                .getString("assignmentId");
    }

    @Test
    void theLastAdministratorIsNotRemovedByWhoeverAsks() {
        Client cleaner = somebody(administrator, "principal:deactivate", "assignment:revoke", "role:delegate");
        Reply last = done(administrator, DefineCapabilityRequest.newBuilder().setCapability("a:b"));
        String first = firstGrant(administrator, last);

        assertThat(send(cleaner, deactivate(administrator)).code()).isEqualTo("identity.last-administrator");
        assertThat(send(cleaner, revoke(administrator, first)).code()).isEqualTo("access.last-grant");
        assertThat(send(administrator, revoke(administrator, first)).code()).isEqualTo("access.last-grant");
    }

    @Test
    void theOwnerIsNotRemovedByTheirAgent() {
        Client agent = somebody(shared.owner, "principal:deactivate", "assignment:revoke");
        Reply last = done(shared.owner, DefineCapabilityRequest.newBuilder().setCapability("a:c"));

        assertThat(send(agent, deactivate(shared.owner)).code()).isEqualTo("identity.last-administrator");
        assertThat(send(agent, revoke(shared.owner, firstGrant(shared.owner, last)))
                        .code())
                .isEqualTo("access.last-grant");
    }

    @Test
    void whoHoldsOneCapabilityTakesNobodysGrants() {
        Client second = somebody(administrator);
        String grant = assign(administrator, second, "administrator");
        Client cleaner = somebody(administrator, "principal:deactivate", "assignment:revoke");

        assertThat(send(cleaner, deactivate(second)).code()).isEqualTo("identity.holds-more");
        assertThat(send(cleaner, revoke(second, grant)).code()).isEqualTo("access.not-held");
        assertThat(send(cleaner, deactivate(somebody(administrator))).code())
                .as("who holds nothing")
                .isEmpty();
    }

    @Test
    void anAdministratorWhoIsNoMoreOrOnlyForAWhileIsNobodyWhoStays() {
        Client second = somebody(administrator);
        Client forAWhile = somebody(administrator);
        String grant = assign(administrator, second, "administrator");
        done(
                administrator,
                AssignRoleRequest.newBuilder()
                        .setPrincipalId(id(forAWhile))
                        .setRole("administrator")
                        .setUntilMillis(System.currentTimeMillis() + 3_600_000));
        Client third = somebody(administrator);
        assign(administrator, third, "administrator");
        done(administrator, deactivate(third));

        done(second, deactivate(administrator));

        assertThat(send(forAWhile, deactivate(second)).code()).isEqualTo("identity.last-administrator");
        assertThat(send(second, revoke(second, grant)).code()).isEqualTo("access.last-grant");
    }

    @Test
    void ofTwoWhoRemoveEachOtherAtOnceOneStays() throws Exception {
        for (int round = 0; round < 5; round++) {
            anOrganisation();
            Client second = somebody(administrator);
            String grant = assign(administrator, second, "administrator");
            boolean revoking = round % 2 == 0;
            try (var both = Executors.newFixedThreadPool(2)) {
                Future<Reply> one =
                        both.submit(() -> send(administrator, revoking ? revoke(second, grant) : deactivate(second)));
                Future<Reply> other = both.submit(() -> send(second, deactivate(administrator)));

                assertThat(List.of(one.get().succeeded(), other.get().succeeded()))
                        .as("%s %s", one.get(), other.get())
                        .containsExactlyInAnyOrder(true, false);
            }
        }
    }

    @Test
    void whoDefinesCapabilitiesOrRetiresRolesLowersNothing() {
        done(
                administrator,
                DefineCapabilityRequest.newBuilder()
                        .setCapability("pay:approve")
                        .setStepUpSeconds(300));
        done(administrator, DefineRoleRequest.newBuilder().setRole("payer").addCapabilities("pay:approve"));
        Client definer = somebody(administrator, "capability:define", "role:retire", "role:define");
        var lower = DefineCapabilityRequest.newBuilder().setCapability("pay:approve");

        assertThat(send(definer, lower).code()).isEqualTo("access.not-held");
        assign(administrator, definer, "payer");
        assertThat(send(definer, lower).code()).isEqualTo("access.self-widening");
        done(administrator, lower);
    }
}
