package dev.chancery.boundary.admission;

import static dev.chancery.boundary.TestInstance.ADA;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.boundary.Pipeline;
import dev.chancery.boundary.TestInstance;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult;
import dev.chancery.command.Caller;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Handler;
import dev.chancery.command.Ids;
import dev.chancery.command.RefusedException;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kernel.Principal;
import dev.chancery.schema.access.v1.RetireRoleReply;
import dev.chancery.schema.access.v1.RetireRoleRequest;
import dev.chancery.schema.identity.v1.IssueTokenRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How many calls are let in, and who is turned away by whose. They are held up where their requests are read, in their places. */
class InFlightTest {
    private static final String RETIRE = "chancery.access.v1.AccessService/RetireRole";
    private static final String SIGN_IN = "chancery.identity.v1.IdentityService/IssueToken";
    private static final RetireRoleRequest CLERK =
            RetireRoleRequest.newBuilder().setRole("clerk").build();
    private static final IssueTokenRequest ASSERTION =
            IssueTokenRequest.newBuilder().setClientAssertion("a.b.c").build();
    private static final IssueTokenRequest RECOGNISED =
            IssueTokenRequest.newBuilder().setClientAssertion("d.e.f").build();
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final TestInstance INSTANCE = new TestInstance();

    /** Runs where a sign-in that was not recognised is worked on. */
    private static volatile Runnable identifying = () -> {};

    private static volatile String signedInBefore = "";

    static {
        INSTANCE.methods
                .command(
                        RETIRE,
                        RetireRoleRequest.class,
                        (context, request) -> CommandOutcome.already(RetireRoleReply.getDefaultInstance()))
                .publicCommand(
                        SIGN_IN,
                        IssueTokenRequest.class,
                        new Handler.Identify<>() {
                            @Override
                            public Principal identify(IssueTokenRequest request) throws RefusedException {
                                identifying.run();
                                throw new RefusedException(BoundaryRejection.TOKEN_INVALID);
                            }

                            @Override
                            public Optional<Principal> recognise(IssueTokenRequest request) {
                                return request.equals(RECOGNISED)
                                        ? Optional.of(TestInstance.user(ADA, signedInBefore))
                                        : Optional.empty();
                            }
                        },
                        (context, request) -> {
                            throw new AssertionError("nobody is identified");
                        });
    }

    private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Future<CallResult>> held = new ArrayList<>();
    private final CountDownLatch release = new CountDownLatch(1);
    private final AtomicInteger reading = new AtomicInteger();
    private final String tenant = INSTANCE.organisation();
    private final String other = INSTANCE.organisation();

    @AfterEach
    void everyPlaceIsGivenBack() throws Exception {
        identifying = () -> {};
        letGo();
        callers.close();
        assertThat(INSTANCE.pipeline.knownCalls()).isZero();
        assertThat(INSTANCE.pipeline.unknownCalls()).isZero();
    }

    @Test
    void aTenantHasItsShareAndLeavesTheOthersTheirs() throws Exception {
        Caller ada = known(tenant);
        hold(InFlight.MAX_OF_A_TENANT, ada);

        CallResult oneTooMany = retire(ada);

        assertThat(oneTooMany).isEqualTo(new CallResult.Refused(BoundaryRejection.TENANT_OVERLOADED));
        assertThat(retire(INSTANCE.as(ADA, tenant))).as("with a new token").isEqualTo(oneTooMany);
        assertThat(INSTANCE.statements(tenant, 1)).isEmpty();
        assertThat(code(retire(INSTANCE.as(ADA, other)))).isEqualTo("ok");
        letGo();
        assertThat(held).allSatisfy(call -> assertThat(code(call.get())).isEqualTo("ok"));
        assertThat(code(retire(ada))).isEqualTo("ok");
    }

    @Test
    void theProcessIsFullWhenItsPlacesAreTaken() throws Exception {
        for (int taken = 0; taken < InFlight.MAX_CALLS; taken += InFlight.MAX_OF_A_TENANT) {
            hold(InFlight.MAX_OF_A_TENANT, known(INSTANCE.organisation()));
        }

        assertThat(INSTANCE.pipeline.knownCalls()).isEqualTo(InFlight.MAX_CALLS);
        assertThat(code(retire(INSTANCE.as(ADA, other)))).isEqualTo("backbone.overloaded");
        assertThat(INSTANCE.statements(other, 1)).isEmpty();
        assertThat(code(INSTANCE.call(SIGN_IN, ASSERTION, nobody("")))).isEqualTo("auth.token-invalid");
    }

    @Test
    void whoIsNotKnownTurnsAwayNobodyWhoIs() throws Exception {
        Caller ada = known(tenant);
        fillWithUnknown();

        assertThat(code(INSTANCE.call(SIGN_IN, ASSERTION, nobody("")))).isEqualTo("backbone.overloaded");
        assertThat(code(retire(nobody("not.a.token")))).isEqualTo("backbone.overloaded");
        assertThat(code(retire(ada))).isEqualTo("ok");
    }

    /** What is good by what is in memory waits for no place of the unknown: a token never seen, and who signed in before. */
    @Test
    void aGoodSignatureGetsInThroughAFloodOfSignIns() throws Exception {
        fillWithUnknown();
        signedInBefore = tenant;
        identifying = () -> {};

        assertThat(code(retire(INSTANCE.as(ADA, tenant)))).isEqualTo("ok");
        assertThat(code(INSTANCE.call(SIGN_IN, RECOGNISED, nobody(""))))
                .as("identified, and refused by this test")
                .isEqualTo("auth.token-invalid");
        assertThat(code(INSTANCE.call(SIGN_IN, ASSERTION, nobody("")))).isEqualTo("backbone.overloaded");
    }

    @Test
    void aFloodOfSignInsLeavesCommandsTheirConnections() throws Exception {
        Caller ada = known(tenant);
        fillWithUnknown();

        // As many as may work hold a connection each, of the role that commands need as well.
        assertThat(reading).hasValue(InFlight.MAX_UNKNOWN_AT_WORK);
        List<Future<CallResult>> commands = new ArrayList<>();
        for (int command = 0; command < 64; command++) {
            commands.add(callers.submit(() -> retire(ada)));
        }

        for (Future<CallResult> command : commands) {
            assertThat(code(command.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS)))
                    .isEqualTo("ok");
        }
        assertThat(reading).hasValue(InFlight.MAX_UNKNOWN_AT_WORK);
    }

    @Test
    void whoWaitsInVainForATurnIsTurnedAway() throws Exception {
        fillWithUnknown();
        int waiting = InFlight.MAX_UNKNOWN - InFlight.MAX_UNKNOWN_AT_WORK;

        await(() -> held.stream().filter(Future::isDone).count() == waiting);

        for (Future<CallResult> call : held) {
            if (call.isDone()) {
                assertThat(code(call.get())).isEqualTo("backbone.overloaded");
            }
        }
        assertThat(INSTANCE.pipeline.unknownCalls()).isEqualTo(InFlight.MAX_UNKNOWN_AT_WORK);
    }

    @Test
    void aTokenThatIsBadOrSeenForTheFirstTimeGivesItsPlaceAmongTheUnknownBack() {
        for (int call = 0; call <= InFlight.MAX_UNKNOWN; call++) {
            assertThat(code(retire(nobody("not.a.token")))).isEqualTo("auth.token-invalid");
            assertThat(code(refused(INSTANCE.as(ADA, tenant)))).isEqualTo("request.invalid-field");
        }
    }

    @Test
    void closingLetsNobodyInAndWaitsForWhoIs() throws Exception {
        var inFlight = new InFlight();
        InFlight.Permit ada = inFlight.enter(Optional.of(TestInstance.user(ADA, tenant)));
        InFlight.Permit nobody = inFlight.enter(Optional.empty());
        Future<?> closing = callers.submit(inFlight::close);
        await(() -> isTurnedAway(inFlight));

        assertThat(closing.isDone()).isFalse();
        ada.close();
        assertThatThrownBy(() -> closing.get(50, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
        nobody.close();

        closing.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        assertThat(inFlight.knownCalls()).isZero();
        assertThat(inFlight.unknownCalls()).isZero();
    }

    private static boolean isTurnedAway(InFlight inFlight) {
        try (var place = inFlight.enter(Optional.empty())) {
            return false;
        } catch (RefusedException e) {
            return e.rejection() == BoundaryRejection.UNAVAILABLE;
        }
    }

    /** Ada of a tenant, with a token that was seen before. */
    private static Caller known(String tenant) {
        Caller ada = INSTANCE.as(ADA, tenant);
        assertThat(code(refused(ada))).isEqualTo("request.invalid-field");
        return ada;
    }

    /** A call that is refused right after it is known who calls. */
    private static CallResult refused(Caller caller) {
        return INSTANCE.call(RETIRE, RetireRoleRequest.getDefaultInstance(), caller);
    }

    /** Begins calls that are served until they are let go, and waits until they are. */
    private void hold(int calls, Caller caller) {
        int before = reading.get();
        for (int call = 0; call < calls; call++) {
            begin(RETIRE, caller, () -> {
                reading.incrementAndGet();
                awaitRelease();
                return CLERK;
            });
        }
        await(() -> reading.get() == before + calls);
    }

    /** Begins as many sign-ins as there may be; each that is worked on holds a database connection until it is let go. */
    private void fillWithUnknown() {
        identifying = () -> INSTANCE.database.transaction(DatabaseRole.IDENTITY, connection -> {
            reading.incrementAndGet();
            awaitRelease();
            return ASSERTION;
        });
        for (int call = 0; call < InFlight.MAX_UNKNOWN; call++) {
            begin(SIGN_IN, nobody(""), () -> ASSERTION);
        }
        await(() -> INSTANCE.pipeline.unknownCalls() == InFlight.MAX_UNKNOWN
                && reading.get() >= InFlight.MAX_UNKNOWN_AT_WORK);
    }

    private void begin(String method, Caller caller, Pipeline.Request request) {
        held.add(callers.submit(() -> INSTANCE.pipeline.call(INSTANCE.methods.find(method), request, caller)));
    }

    private void awaitRelease() {
        try {
            assertThat(release.await(LIMIT.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void letGo() throws Exception {
        release.countDown();
        for (Future<CallResult> call : held) {
            call.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private static void await(BooleanSupplier condition) {
        long deadlineNanos = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(deadlineNanos);
            Thread.onSpinWait();
        }
    }

    private static CallResult retire(Caller caller) {
        return INSTANCE.call(RETIRE, CLERK, caller);
    }

    private static Caller nobody(String bearer) {
        return new Caller(
                Ids.uuidV7().toString(),
                Optional.of(bearer).filter(token -> !token.isEmpty()),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                "127.0.0.1",
                "test");
    }

    private static String code(CallResult answer) {
        return answer instanceof CallResult.Refused refused
                ? refused.rejection().code()
                : "ok";
    }
}
