package dev.chancery.boundary;

import static dev.chancery.boundary.TestInstance.ADA;
import static dev.chancery.boundary.TestInstance.BEN;
import static dev.chancery.boundary.TestInstance.FIRST_GRANT;
import static dev.chancery.decision.AuthorityStreams.ROLE_MODEL;
import static dev.chancery.decision.AuthorityStreams.assignments;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult;
import dev.chancery.command.Caller;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Handler;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.decision.RoleModel;
import dev.chancery.kernel.Position;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import dev.chancery.log.NewEvent;
import dev.chancery.schema.Contract;
import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.access.v1.RetireRoleReply;
import dev.chancery.schema.access.v1.RetireRoleRequest;
import dev.chancery.schema.access.v1.RevokeAssignmentReply;
import dev.chancery.schema.access.v1.RevokeAssignmentRequest;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.access.v1.RoleRetired;
import dev.chancery.schema.identity.v1.ContractAdopted;
import dev.chancery.schema.identity.v1.CreateOrganisationReply;
import dev.chancery.schema.identity.v1.CreateOrganisationRequest;
import dev.chancery.schema.identity.v1.SensitiveCapability;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A command over a real log, from the call to its answer. What the feature decides is the test's. */
class CommandRunTest {
    private static final String SERVICE = "chancery.access.v1.AccessService/";
    private static final String RETIRE = SERVICE + "RetireRole";
    private static final String CREATE_ORGANISATION = "chancery.identity.v1.IdentityService/CreateOrganisation";
    private static final RetireRoleRequest CLERK =
            RetireRoleRequest.newBuilder().setRole("clerk").build();
    private static final Handler.Decide<RetireRoleRequest> RETIRES = (context, request) -> {
        context.read(ROLE_MODEL, RoleModel.FOLD);
        return CommandOutcome.done(
                RetireRoleReply.getDefaultInstance(),
                new NewEvent(
                        ROLE_MODEL,
                        RoleRetired.newBuilder().setRole(request.getRole()).build()));
    };
    private static final AtomicReference<Handler.Decide<RetireRoleRequest>> FEATURE = new AtomicReference<>(RETIRES);
    private static final Rejection UNWANTED =
            new Rejection("access.unwanted", Rejection.Kind.CONFLICT, "Unwanted.", "Want it.");
    private static final TestInstance INSTANCE = new TestInstance();

    static {
        INSTANCE.methods
                .rejections(List.of(UNWANTED))
                .command(RETIRE, RetireRoleRequest.class, (context, request) -> FEATURE.get()
                        .decide(context, request))
                .command(
                        SERVICE + "RevokeAssignment",
                        RevokeAssignmentRequest.class,
                        (context, request) -> CommandOutcome.already(RevokeAssignmentReply.getDefaultInstance()))
                .command(
                        CREATE_ORGANISATION,
                        CreateOrganisationRequest.class,
                        (context, request) -> CommandOutcome.already(CreateOrganisationReply.getDefaultInstance()))
                .query(SERVICE + "Check", CheckRequest.class, (Handler.Read<CheckRequest, CheckReply>)
                        (context, request) -> CheckReply.getDefaultInstance());
    }

    private final String tenant = INSTANCE.organisation();
    private final AtomicInteger decisions = new AtomicInteger();

    @BeforeEach
    void theFeatureRetires() {
        given(RETIRES);
    }

    @Test
    void aPrivilegedCommandIsAnIntentAndThenItsOutcome() {
        CallResult answer = call(INSTANCE.as(ADA, tenant));

        assertThat(answer)
                .isEqualTo(new CallResult.Replied(
                        RetireRoleReply.getDefaultInstance(), Optional.of(new Position(tenant, 2))));
        List<Statement> records = INSTANCE.statements(tenant, 1);
        assertThat(records).hasSize(2).allSatisfy(record -> {
            assertThat(record.getAction()).isEqualTo("access.role.retire");
            assertThat(record.getActor().getId()).isEqualTo(ADA);
            assertThat(record.getActor().getRolesList()).containsExactly("administrator");
            assertThat(record.getTarget().getId()).isEqualTo("clerk");
        });
        assertThat(records.get(0).hasIntent()).isTrue();
        assertThat(records.get(0).hasClient()).isTrue();
        assertThat(records.get(1).hasClient()).isFalse();
        assertThat(records.get(1).getOutcome().getResult()).isEqualTo(Result.SUCCESS);
        assertThat(records.get(1).getOutcome().getIntent().getPosition()).isEqualTo(1);
        assertThat(records.get(1).getOutcome().getEventsList())
                .extracting(event -> event.getStream() + " " + event.getVersion() + " " + event.getType())
                .containsExactly("access/role-model 1 chancery.access.v1.RoleRetired");
    }

    @Test
    void whoMayNotIsDeniedAndThatIsRecordedWithoutAnIntent() {
        CallResult answer = call(INSTANCE.as(BEN, tenant));

        assertThat(code(answer)).isEqualTo("auth.forbidden");
        assertThat(decisions).hasValue(0);
        assertThat(INSTANCE.statements(tenant, 1)).singleElement().satisfies(record -> {
            assertThat(record.getActor().getId()).isEqualTo(BEN);
            assertThat(record.getOutcome().getResult()).isEqualTo(Result.DENIED);
            assertThat(record.getOutcome().getCode()).isEqualTo("auth.forbidden");
            assertThat(record.getOutcome().hasIntent()).isFalse();
        });
    }

    @Test
    void aSensitiveCapabilityTakesARecentAuthenticationAndLeavesNoRecordWithoutOne() {
        sensitive(SensitiveCapability.newBuilder().setStepUpSeconds(60));
        Caller stale = authenticated(120);
        Caller fresh = authenticated(5);

        assertThat(code(call(stale))).isEqualTo("auth.step-up");
        assertThat(INSTANCE.statements(tenant, 2)).isEmpty();
        assertThat(call(fresh)).isInstanceOf(CallResult.Replied.class);
    }

    @Test
    void whatCountsOnlyByBreakGlassIsRefusedToWhoHoldsItOtherwiseAndTheRefusalSaysSo() {
        sensitive(SensitiveCapability.newBuilder().setBreakGlassOnly(true));

        CallResult answer = call(INSTANCE.as(ADA, tenant));

        assertThat(code(answer)).isEqualTo("auth.break-glass-only");
        assertThat(((CallResult.Refused) answer).message()).contains("role:retire");
        assertThat(INSTANCE.statements(tenant, 2))
                .singleElement()
                .satisfies(record -> assertThat(record.getOutcome().getCode()).isEqualTo("auth.break-glass-only"));
    }

    private Caller authenticated(long secondsAgo) {
        var ada = new Principal(
                Principal.Type.USER,
                ADA,
                tenant,
                Optional.empty(),
                "",
                Optional.empty(),
                Instant.ofEpochSecond(Instant.now().getEpochSecond() - secondsAgo),
                0,
                Principal.STRONG);
        return new Caller(
                UUID.randomUUID().toString(),
                Optional.of(INSTANCE.tokens.issue(UUID.randomUUID().toString(), ada, Optional.empty(), Instant.now())),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                "127.0.0.1",
                "test");
    }

    private void sensitive(SensitiveCapability.Builder capability) {
        INSTANCE.append(
                "identity",
                tenant,
                Map.of(AuthorityStreams.CONTRACT, 1L),
                new NewEvent(
                        AuthorityStreams.CONTRACT,
                        ContractAdopted.newBuilder()
                                .addAllCapabilities(Contract.load().capabilities(false))
                                .addSensitive(capability.setCapability("role:retire"))
                                .build()));
    }

    /** The administrator of an organisation may do everything in it, and nothing to the installation. */
    @Test
    void whatIsTheInstancesIsDeniedToOthersAndThatIsRecorded() {
        var organisation = CreateOrganisationRequest.newBuilder()
                .setName("Acme")
                .setAdministratorName("Ada")
                .setAdministratorKey(ByteString.copyFrom(new byte[32]))
                .build();

        CallResult answer = INSTANCE.call(CREATE_ORGANISATION, organisation, INSTANCE.as(ADA, tenant));

        assertThat(code(answer)).isEqualTo("auth.forbidden");
        assertThat(INSTANCE.statements(tenant, 1)).singleElement().satisfies(record -> {
            assertThat(record.getAction()).isEqualTo("identity.organisation.create");
            assertThat(record.getActor().getId()).isEqualTo(ADA);
            assertThat(record.getOutcome().getResult()).isEqualTo(Result.DENIED);
        });
    }

    @Test
    void whoMayNotMakesNoKeyForWhomItNames() {
        String whom = UUID.randomUUID().toString();

        CallResult answer = revoke(whom, BEN);

        assertThat(code(answer)).isEqualTo("auth.forbidden");
        assertThat(INSTANCE.statements(tenant, 1)).singleElement().satisfies(record -> {
            assertThat(record.hasReason()).isFalse();
            assertThat(record.getClient().getKey().getSubject()).isEqualTo(BEN);
        });
        assertThat(INSTANCE.keys(tenant)).containsExactly(BEN);
    }

    @Test
    void whileNothingMayBeAppendedNoKeyIsMadeEither() {
        INSTANCE.full = true;
        try {
            assertThat(code(revoke(BEN, ADA))).isEqualTo("backbone.disk-full");
        } finally {
            INSTANCE.full = false;
        }

        assertThat(INSTANCE.statements(tenant, 1)).isEmpty();
        assertThat(INSTANCE.keys(tenant)).isEmpty();
    }

    private CallResult revoke(String whom, String caller) {
        return INSTANCE.call(
                SERVICE + "RevokeAssignment",
                RevokeAssignmentRequest.newBuilder()
                        .setPrincipalId(whom)
                        .setAssignmentId(FIRST_GRANT)
                        .setReason("left the company")
                        .build(),
                INSTANCE.as(caller, tenant));
    }

    @Test
    void withoutATokenNothingIsDoneNorRecorded() {
        var nobody = new Caller("r", Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), "", "");

        assertThat(code(call(nobody))).isEqualTo("auth.token-missing");
        assertThat(INSTANCE.statements(tenant, 1)).isEmpty();
    }

    @Test
    void theSameKeyAndRequestGetTheSameReplyAndNoSecondEffect() {
        CallResult first = call(INSTANCE.as(ADA, tenant, "k"));
        CallResult second = call(INSTANCE.as(ADA, tenant, "k"));

        assertThat(first).isInstanceOf(CallResult.Replied.class);
        assertThat(second).isEqualTo(first);
        assertThat(decisions).hasValue(1);
        assertThat(INSTANCE.statements(tenant, 1)).hasSize(2);
    }

    @Test
    void aKeyIsNotForAnotherRequest() {
        call(INSTANCE.as(ADA, tenant, "k"));

        CallResult other = INSTANCE.call(
                RETIRE, RetireRoleRequest.newBuilder().setRole("auditor").build(), INSTANCE.as(ADA, tenant, "k"));

        assertThat(code(other)).isEqualTo("idempotency.key-reused");
    }

    @Test
    void aKeyWhoseCommandStillRunsIsInProgress() {
        AtomicReference<CallResult> meanwhile = new AtomicReference<>();
        given((context, request) -> {
            meanwhile.compareAndSet(null, call(INSTANCE.as(ADA, tenant, "k")));
            return RETIRES.decide(context, request);
        });

        assertThat(call(INSTANCE.as(ADA, tenant, "k"))).isInstanceOf(CallResult.Replied.class);
        assertThat(code(meanwhile.get())).isEqualTo("idempotency.in-progress");
    }

    @Test
    void aRejectionIsTheIntentsOutcomeAndToldAgain() {
        given((context, request) -> CommandOutcome.reject(UNWANTED));

        assertThat(code(call(INSTANCE.as(ADA, tenant, "k")))).isEqualTo("access.unwanted");
        assertThat(INSTANCE.statements(tenant, 2)).singleElement().satisfies(record -> {
            assertThat(record.getOutcome().getResult()).isEqualTo(Result.FAILURE);
            assertThat(record.getOutcome().getCode()).isEqualTo("access.unwanted");
            assertThat(record.getOutcome().getIntent().getPosition()).isEqualTo(1);
        });

        given(RETIRES);
        assertThat(code(call(INSTANCE.as(ADA, tenant, "k")))).isEqualTo("access.unwanted");
        assertThat(INSTANCE.statements(tenant, 3)).isEmpty();
    }

    @Test
    void whatMovedIsReadAndDecidedAgain() {
        given((context, request) -> {
            RoleModel model = context.read(ROLE_MODEL, RoleModel.FOLD);
            if (decisions.get() == 1) {
                somebodyDefinesARole(0);
            }
            return model.roles().containsKey("meanwhile")
                    ? RETIRES.decide(context, request)
                    : CommandOutcome.already(RetireRoleReply.getDefaultInstance());
        });

        assertThat(call(INSTANCE.as(ADA, tenant)))
                .isEqualTo(new CallResult.Replied(
                        RetireRoleReply.getDefaultInstance(), Optional.of(new Position(tenant, 3))));
        assertThat(decisions).hasValue(2);
        assertThat(INSTANCE.statements(tenant, 3)).singleElement().satisfies(record -> assertThat(
                        record.getOutcome().getEvents(0).getVersion())
                .isEqualTo(2));
    }

    @Test
    void whatIsReadAgainAfterItHasMovedHasMoved() {
        given((context, request) -> {
            if (decisions.get() == 1) {
                // Of this process, so that the cache knows; the role model was read when the outer command was
                // authorised.
                assertThat(call(INSTANCE.as(ADA, tenant))).isInstanceOf(CallResult.Replied.class);
            }
            return RETIRES.decide(context, request);
        });

        assertThat(call(INSTANCE.as(ADA, tenant))).isInstanceOf(CallResult.Replied.class);
        assertThat(decisions)
                .as("the outer one's, the inner one's, the outer one's again")
                .hasValue(3);
    }

    @Test
    void authorityThatEndsBetweenIntentAndOutcomeEndsTheCommand() {
        given((context, request) -> {
            INSTANCE.append(
                    "access",
                    tenant,
                    Map.of(),
                    new NewEvent(
                            assignments(ADA),
                            AssignmentRevoked.newBuilder()
                                    .setPrincipalId(ADA)
                                    .setAssignmentId(FIRST_GRANT)
                                    .build()));
            return RETIRES.decide(context, request);
        });

        assertThat(code(call(INSTANCE.as(ADA, tenant)))).isEqualTo("auth.forbidden");
        assertThat(decisions).hasValue(1);
        assertThat(INSTANCE.statements(tenant, 3)).singleElement().satisfies(record -> {
            assertThat(record.getOutcome().getResult()).isEqualTo(Result.FAILURE);
            assertThat(record.getOutcome().getCode()).isEqualTo("auth.forbidden");
            assertThat(record.getOutcome().getIntent().getPosition()).isEqualTo(1);
            assertThat(record.getOutcome().getEventsList()).isEmpty();
        });
    }

    @Test
    void whatKeepsMovingIsBusyAfter32DecisionsAndTheKeyIsFree() {
        given((context, request) -> {
            CommandOutcome decided = RETIRES.decide(context, request);
            somebodyDefinesARole(decisions.get() - 1);
            return decided;
        });

        assertThat(code(call(INSTANCE.as(ADA, tenant, "k")))).isEqualTo("backbone.busy");
        assertThat(decisions).hasValue(32);
        Statement last = INSTANCE.statements(tenant, 1).getLast();
        assertThat(last.getOutcome().getResult()).isEqualTo(Result.FAILURE);
        assertThat(last.getOutcome().getCode()).isEqualTo("backbone.busy");

        given(RETIRES);
        assertThat(call(INSTANCE.as(ADA, tenant, "k"))).isInstanceOf(CallResult.Replied.class);
    }

    @Test
    void aCommandThatIsTooLateHasNoEffectAndIsAbandonedByTheReaper() {
        given((context, request) -> {
            INSTANCE.letDeadlinesPass(tenant);
            return RETIRES.decide(context, request);
        });

        assertThat(code(call(INSTANCE.as(ADA, tenant, "k")))).isEqualTo("backbone.too-late");
        INSTANCE.reap();

        assertThat(INSTANCE.statements(tenant, 2)).singleElement().satisfies(record -> {
            assertThat(record.getOutcome().getResult()).isEqualTo(Result.ABANDONED);
            assertThat(record.getOutcome().getIntent().getPosition()).isEqualTo(1);
            assertThat(record.getOutcome().getEventsList()).isEmpty();
        });
        given(RETIRES);
        assertThat(call(INSTANCE.as(ADA, tenant, "k"))).isInstanceOf(CallResult.Replied.class);
    }

    @Test
    void aFeatureThatBreaksLeavesAnOpenIntentAndSaysNothing() {
        given((context, request) -> {
            throw new IllegalStateException("Ada Lovelace");
        });

        assertThat(call(INSTANCE.as(ADA, tenant))).isEqualTo(new CallResult.Refused(BoundaryRejection.INTERNAL));
        assertThat(INSTANCE.statements(tenant, 1)).singleElement().matches(Statement::hasIntent);
    }

    @Test
    void aReasonIsForgottenWithWhomItIsAbout() {
        INSTANCE.call(
                SERVICE + "RevokeAssignment",
                RevokeAssignmentRequest.newBuilder()
                        .setPrincipalId(BEN)
                        .setAssignmentId(FIRST_GRANT)
                        .setReason("left the company")
                        .build(),
                INSTANCE.as(ADA, tenant));

        Statement intent = INSTANCE.statements(tenant, 1).getFirst();
        assertThat(intent.getTarget().getType()).isEqualTo("assignment");
        assertThat(intent.getReason().getKey().getSubject()).isEqualTo(BEN);
        assertThat(intent.getClient().getKey().getSubject()).isEqualTo(ADA);
        assertThat(new String(intent.toByteArray(), StandardCharsets.ISO_8859_1))
                .doesNotContain("left the company");
    }

    @Test
    void aCredentialIsSpentOnceWhateverElseIsAsked() {
        given((context, request) -> ((CommandOutcome.Done) RETIRES.decide(context, request))
                .withOnce(context.hash("assertion", "jti"), UNWANTED, 60_000));

        assertThat(call(INSTANCE.as(ADA, tenant))).isInstanceOf(CallResult.Replied.class);
        CallResult other = INSTANCE.call(
                RETIRE, RetireRoleRequest.newBuilder().setRole("auditor").build(), INSTANCE.as(ADA, tenant));
        assertThat(code(other)).isEqualTo("access.unwanted");
    }

    @Test
    void aPositionOfAnotherLogIsRefused() {
        Caller ada = INSTANCE.as(ADA, tenant);
        var elsewhere = new Caller(
                ada.requestId(),
                ada.bearer(),
                Optional.empty(),
                Optional.of("instance@0"),
                Optional.empty(),
                ada.address(),
                "");

        assertThat(code(call(elsewhere))).isEqualTo("request.position");
    }

    @Test
    void aKeyThatIsNoneIsRefused() {
        assertThat(code(call(INSTANCE.as(ADA, tenant, "two words")))).isEqualTo("request.idempotency-key");
        assertThat(code(call(INSTANCE.as(ADA, tenant, "k".repeat(129))))).isEqualTo("request.idempotency-key");
    }

    @Test
    void aReadIsRefusedWhileNobodyFollowsTheLog() {
        CallResult answer = INSTANCE.call(
                SERVICE + "Check",
                CheckRequest.newBuilder().setCapability("role:retire").build(),
                INSTANCE.as(ADA, tenant));

        assertThat(code(answer)).isEqualTo("backbone.decision-stale");
    }

    private void given(Handler.Decide<RetireRoleRequest> decide) {
        FEATURE.set((context, request) -> {
            decisions.incrementAndGet();
            return decide.decide(context, request);
        });
    }

    private static CallResult call(Caller caller) {
        return INSTANCE.call(RETIRE, CLERK, caller);
    }

    private void somebodyDefinesARole(long version) {
        INSTANCE.append(
                "access",
                tenant,
                Map.of(ROLE_MODEL, version),
                new NewEvent(
                        ROLE_MODEL,
                        RoleDefined.newBuilder()
                                .setRole("meanwhile")
                                .addCapabilities("role:retire")
                                .build()));
    }

    private static String code(CallResult answer) {
        return answer instanceof CallResult.Refused refused
                ? refused.rejection().code()
                : "ok";
    }
}
