package dev.chancery.boundary;

import static dev.chancery.boundary.TestInstance.ADA;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.chancery.command.CallResult;
import dev.chancery.command.Caller;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Handler;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.decision.Consents;
import dev.chancery.decision.Purposes;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.LogCreation;
import dev.chancery.log.NewEvent;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractCapability;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.Examples;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.consent.v1.ConsentGranted;
import dev.chancery.schema.consent.v1.NoticePublished;
import dev.chancery.schema.consent.v1.PurposeDefined;
import dev.chancery.schema.identity.v1.ContractAdopted;
import dev.chancery.schema.identity.v1.OwnerClaimed;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.identity.v1.SensitiveCapability;
import dev.chancery.schema.options.v1.Options;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every method of the contract that needs a caller, called by who may and by each kind of who may not. The matrix is the registry: a
 * method is in it the day it appears. What the methods do is the test's; who gets to them is the boundary's.
 */
class EveryMethodTest {
    private static final String CYD = "0199f2aa-0000-7000-8000-00000000000c";
    private static final String DAN = "0199f2aa-0000-7000-8000-00000000000d";
    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{(\\w+)\\}");
    private static final Set<String> NAMES =
            Set.of("role", "elevationRole", "group", "environment", "purpose", "unique");
    private static final Set<String> KEYS = Set.of("publicKey", "issuerKey");
    private static final Contract CONTRACT = Contract.load();
    private static final TestInstance INSTANCE = new TestInstance();
    /** Whose data the method was let at; null: it was not reached. */
    private static final AtomicReference<String> REACHED = new AtomicReference<>();

    /** Fields that name whom a request is about. */
    private static final List<String> ABOUT = List.of("subject_id", "principal_id");

    private static String ours = "";
    /** Where every capability takes the consent of whom its use is about, and Ada has given hers to all of them. */
    private static String consenting = "";

    private static String theirs = "";

    /** Who holds every capability of a tenant but one. */
    private static final Map<String, String> ALL_BUT = new HashMap<>();

    enum Kind {
        ALLOWED,
        NOBODY,
        ALL_CAPABILITIES_BUT_ITS_OWN,
        OF_ANOTHER_TENANT,
        BY_A_GRANT_THAT_IS_OVER,
        AUTHENTICATED_TOO_LONG_AGO
    }

    static Stream<Arguments> cases() {
        return CONTRACT.methods().stream().filter(method -> !method.isPublic()).flatMap(method -> Arrays.stream(
                        Kind.values())
                .filter(kind -> kind != Kind.AUTHENTICATED_TOO_LONG_AGO || maxAge(method) != 0)
                .map(kind -> Arguments.of(method.fullName(), kind)));
    }

    private static int maxAge(ContractMethod method) {
        int ofCapability = CONTRACT.described(method.capability()).stepUpSeconds();
        return method.stepUpSeconds() == 0
                ? ofCapability
                : ofCapability == 0 ? method.stepUpSeconds() : Math.min(ofCapability, method.stepUpSeconds());
    }

    @BeforeAll
    static void theOrganisationsAndTheInstance() {
        CONTRACT.methods().stream().filter(method -> !method.isPublic()).forEach(EveryMethodTest::bind);
        ours = INSTANCE.organisation();
        theirs = INSTANCE.organisation();
        INSTANCE.append("identity", theirs, Map.of(), principal(CYD));
        foundInstance();
        for (String tenant : List.of(ours, Principal.INSTANCE)) {
            boolean instance = tenant.equals(Principal.INSTANCE);
            adopt(tenant, instance);
            INSTANCE.append("identity", tenant, Map.of(), principal(DAN));
            Set<String> all = new TreeSet<>(CONTRACT.capabilities(instance));
            long roles = 0;
            role(tenant, roles++, "everything", all, DAN, 1);
            for (String capability : all) {
                String id = UUID.randomUUID().toString();
                ALL_BUT.put(tenant + " " + capability, id);
                INSTANCE.append("identity", tenant, Map.of(), principal(id));
                Set<String> others = new TreeSet<>(all);
                others.remove(capability);
                role(tenant, roles++, "all-but-" + roles, others, id, 0);
            }
        }
        role(theirs, 0, "everything", Set.copyOf(CONTRACT.capabilities(false)), CYD, 0);
        consenting = INSTANCE.organisation();
        adaConsentsToAll(consenting);
        INSTANCE.decisions.start();
    }

    private static void adaConsentsToAll(String tenant) {
        List<String> all = List.copyOf(CONTRACT.capabilities(false));
        INSTANCE.append(
                "identity",
                tenant,
                Map.of(AuthorityStreams.CONTRACT, 1L),
                new NewEvent(
                        AuthorityStreams.CONTRACT,
                        ContractAdopted.newBuilder()
                                .addAllCapabilities(all)
                                .addAllSensitive(all.stream()
                                        .map(capability -> SensitiveCapability.newBuilder()
                                                .setCapability(capability)
                                                .setConsentRequired(true)
                                                .setConsentPurpose("care")
                                                .build())
                                        .toList())
                                .build()));
        Stream<NewEvent> purpose = Stream.of(
                new NewEvent(
                        Purposes.STREAM,
                        PurposeDefined.newBuilder()
                                .setPurpose("care")
                                .setVersion(1)
                                .addAllScopes(all)
                                .build()),
                new NewEvent(
                        Purposes.STREAM,
                        NoticePublished.newBuilder()
                                .setPurpose("care")
                                .setNoticeVersion(1)
                                .setPurposeVersion(1)
                                .build()));
        Stream<NewEvent> consents = all.stream()
                .map(capability -> new NewEvent(
                        Consents.stream(ADA),
                        ConsentGranted.newBuilder()
                                .setConsentId(UUID.randomUUID().toString())
                                .setSubjectId(ADA)
                                .setPurpose("care")
                                .setPurposeVersion(1)
                                .setNoticeVersion(1)
                                .setResource(capability.split(":")[0])
                                .setAction(capability.split(":")[1])
                                .build()));
        INSTANCE.append(
                "consent", tenant, Map.of(), Stream.concat(purpose, consents).toArray(NewEvent[]::new));
    }

    @AfterAll
    static void close() {
        INSTANCE.decisions.close();
    }

    @SuppressWarnings("unchecked") // a method's request is of its class
    private static void bind(ContractMethod method) {
        var request = (Class<Message>) method.requestPrototype().getClass();
        if (method.writes()) {
            INSTANCE.methods.command(method.fullName(), request, (context, asked) -> {
                REACHED.set(context.tenant());
                return CommandOutcome.already(method.replyPrototype());
            });
        } else {
            INSTANCE.methods.query(method.fullName(), request, (Handler.Read<Message, Message>) (context, asked) -> {
                REACHED.set(context.tenant());
                return method.replyPrototype();
            });
        }
    }

    private static void foundInstance() {
        new LogCreation(INSTANCE.database, dev.chancery.database.DatabaseRole.IDENTITY).begin(Principal.INSTANCE);
        INSTANCE.append(
                "identity",
                Principal.INSTANCE,
                Map.of(),
                new NewEvent(
                        AuthorityStreams.foundation(Principal.INSTANCE),
                        OwnerClaimed.newBuilder()
                                .setOwnerId(ADA)
                                .setAssignmentId(TestInstance.FIRST_GRANT)
                                .build()),
                principal(ADA));
    }

    private static void adopt(String tenant, boolean instance) {
        INSTANCE.append(
                "identity",
                tenant,
                Map.of(AuthorityStreams.CONTRACT, instance ? 0L : 1L),
                new NewEvent(
                        AuthorityStreams.CONTRACT,
                        ContractAdopted.newBuilder()
                                .addAllCapabilities(CONTRACT.capabilities(instance))
                                .addAllSensitive(CONTRACT.capabilities(instance).stream()
                                        .map(CONTRACT::described)
                                        .filter(ContractCapability::isSensitive)
                                        .map(one -> SensitiveCapability.newBuilder()
                                                .setCapability(one.name())
                                                .setStepUpSeconds(one.stepUpSeconds())
                                                .setBreakGlassOnly(one.breakGlassOnly())
                                                .build())
                                        .toList())
                                .build()));
    }

    /** @param untilMicros 0: without end */
    private static void role(
            String tenant, long version, String role, Set<String> capabilities, String holder, long untilMicros) {
        StreamId assignments = AuthorityStreams.assignments(holder);
        INSTANCE.append(
                "access",
                tenant,
                Map.of(AuthorityStreams.ROLE_MODEL, version),
                new NewEvent(
                        AuthorityStreams.ROLE_MODEL,
                        RoleDefined.newBuilder()
                                .setRole(role)
                                .addAllCapabilities(capabilities)
                                .build()),
                new NewEvent(
                        assignments,
                        RoleAssigned.newBuilder()
                                .setAssignmentId(UUID.randomUUID().toString())
                                .setRole(role)
                                .setUntilMicros(untilMicros)
                                .build()));
    }

    private static NewEvent principal(String id) {
        return new NewEvent(
                AuthorityStreams.principal(id),
                PrincipalCreated.newBuilder()
                        .setPrincipalId(id)
                        .setType(PrincipalType.USER)
                        .build());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void itAnswersWhoMayAndNobodyElse(String name, Kind kind) {
        ContractMethod method = CONTRACT.method(name).orElseThrow();
        String home = method.instanceOnly() ? Principal.INSTANCE : ours;
        REACHED.set(null);
        switch (kind) {
            case ALLOWED -> {
                assertThat(call(method, as(ADA, home, 0))).isInstanceOf(CallResult.Replied.class);
                assertThat(REACHED).hasValue(home);
            }
            case NOBODY ->
                refused(
                        method,
                        new Caller("r", Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), "", ""),
                        "auth.token-missing",
                        home);
            case ALL_CAPABILITIES_BUT_ITS_OWN ->
                refused(method, as(ALL_BUT.get(home + " " + method.capability()), home, 0), "auth.forbidden", home);
            case OF_ANOTHER_TENANT -> {
                // Even if a token named our tenant: there they are nobody.
                refused(method, as(CYD, home, 0), "auth.forbidden", home);
                int before = INSTANCE.statements(home, 0).size();
                CallResult at = call(method, as(CYD, theirs, 0));
                if (method.instanceOnly()) {
                    assertThat(code(at)).isEqualTo("auth.forbidden");
                    assertThat(REACHED).hasValue(null);
                } else {
                    assertThat(at).isInstanceOf(CallResult.Replied.class);
                    assertThat(REACHED).hasValue(theirs);
                }
                assertThat(INSTANCE.statements(home, 0)).hasSize(before);
            }
            case BY_A_GRANT_THAT_IS_OVER -> refused(method, as(DAN, home, 0), "auth.forbidden", home);
            case AUTHENTICATED_TOO_LONG_AGO -> {
                refused(method, as(ADA, home, maxAge(method) + 60), "auth.step-up", home);
                assertThat(call(method, as(ADA, home, maxAge(method) - 5))).isInstanceOf(CallResult.Replied.class);
            }
        }
    }

    static Stream<String> ofOrganisations() {
        return CONTRACT.methods().stream()
                .filter(method -> !method.isPublic() && !method.instanceOnly())
                .map(ContractMethod::fullName);
    }

    /** Where a method's capability takes a consent, it is that of whom the request names, and a request that names nobody has none. */
    @ParameterizedTest
    @MethodSource("ofOrganisations")
    void aConsentLetsPassWhatIsAboutWhoGaveIt(String name) {
        ContractMethod method = CONTRACT.method(name).orElseThrow();
        Optional<FieldDescriptor> names = ABOUT.stream()
                .map(method.input()::findFieldByName)
                .filter(Objects::nonNull)
                .findFirst();
        if (names.isEmpty()) {
            assertThat(gated(method, example(method))).isEqualTo("auth.consent-of-nobody");
            return;
        }
        FieldDescriptor field = names.get();
        assertThat(gated(method, about(method, field, ADA))).isEqualTo("ok");
        assertThat(gated(method, about(method, field, TestInstance.BEN))).isEqualTo("auth.consent-required");
        var declared = field.getOptions().getExtension(Options.field);
        if (!declared.getRequired()) {
            assertThat(gated(method, about(method, field, "")))
                    .isEqualTo(declared.getNamesCaller() ? "ok" : "auth.consent-of-nobody");
        }
    }

    /** Only where a method takes an empty field for the caller may the caller's consent count: not in a list of everybody's. */
    @Test
    void anEmptyFieldNamesTheCallerOfTheseMethodsAlone() {
        assertThat(CONTRACT.methods().stream()
                        .filter(method -> ABOUT.stream()
                                .map(method.input()::findFieldByName)
                                .anyMatch(field -> field != null
                                        && field.getOptions()
                                                .getExtension(Options.field)
                                                .getNamesCaller()))
                        .map(ContractMethod::fullName)
                        .map(full -> full.substring(full.indexOf('/') + 1)))
                .containsExactlyInAnyOrder(
                        "Check",
                        "SearchResources",
                        "GrantConsent",
                        "WithdrawConsent",
                        "RenewConsent",
                        "EndRepresentative",
                        "ReceiveRequest");
    }

    private static Message about(ContractMethod method, FieldDescriptor field, String whom) {
        return example(method).toBuilder().setField(field, whom).build();
    }

    private static String gated(ContractMethod method, Message request) {
        REACHED.set(null);
        String code = code(INSTANCE.call(method.fullName(), request, as(ADA, consenting, 0)));
        assertThat(REACHED.get() != null).isEqualTo(code.equals("ok"));
        return code;
    }

    /** Nothing of the method happens; who tried what in vain is on record where the method is privileged. */
    private static void refused(ContractMethod method, Caller caller, String code, String tenant) {
        int before = INSTANCE.statements(tenant, 0).size();
        assertThat(code(call(method, caller))).isEqualTo(code);
        assertThat(REACHED).hasValue(null);
        boolean recorded = method.privileged() && code.equals("auth.forbidden");
        var records = INSTANCE.statements(tenant, before);
        assertThat(records).hasSize(recorded ? 1 : 0).allSatisfy(record -> {
            assertThat(record.getAction()).isEqualTo(method.auditAction());
            assertThat(record.getOutcome().getCode()).isEqualTo(code);
        });
    }

    private static CallResult call(ContractMethod method, Caller caller) {
        return INSTANCE.call(method.fullName(), example(method), caller);
    }

    private static String code(CallResult answer) {
        return answer instanceof CallResult.Refused refused
                ? refused.rejection().code()
                : "ok";
    }

    private static Caller as(String id, String tenant, long secondsAgo) {
        var principal = new Principal(
                Principal.Type.USER,
                id,
                tenant,
                Optional.empty(),
                "",
                Optional.empty(),
                Instant.ofEpochSecond(Instant.now().getEpochSecond() - secondsAgo),
                0,
                Principal.STRONG);
        return new Caller(
                UUID.randomUUID().toString(),
                Optional.of(INSTANCE.tokens.issue(
                        UUID.randomUUID().toString(), principal, Optional.empty(), Instant.now())),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                "127.0.0.1",
                "test");
    }

    /** The method's committed example, about things that are nowhere. */
    private static Message example(ContractMethod method) {
        String text = PLACEHOLDER
                .matcher(Examples.of(method))
                .replaceAll(placeholder -> value(placeholder.group(1), placeholder.group()));
        Message.Builder request = method.requestPrototype().newBuilderForType();
        try {
            JsonFormat.parser().merge(text, request);
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(method.fullName() + ": " + text, e);
        }
        return request.build();
    }

    private static String value(String placeholder, String whole) {
        if (NAMES.contains(placeholder)) {
            return "some-name";
        }
        if (KEYS.contains(placeholder)) {
            return java.util.Base64.getEncoder().withoutPadding().encodeToString(new byte[32]);
        }
        return switch (placeholder) {
            case "capability" -> "some:thing";
            case "database" -> "some-name/db/orders";
            case "connector" -> "chat";
            case "tokenKey", "signingKeyId" -> "0123abcd";
            case "signingKey" -> "ch-test/receipt";
            case "inAnHour" -> Long.toString(Instant.now().plusSeconds(3_600).toEpochMilli());
            default ->
                UUID.nameUUIDFromBytes(whole.getBytes(StandardCharsets.UTF_8)).toString();
        };
    }
}
