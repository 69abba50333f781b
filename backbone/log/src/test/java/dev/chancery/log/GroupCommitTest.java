package dev.chancery.log;

import static dev.chancery.database.DatabaseRole.ACCESS;
import static dev.chancery.log.Drafts.ROLE_MODEL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.kernel.StreamId;
import dev.chancery.log.AppendResult.Appended;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

final class GroupCommitTest {
    private static final TestLog LOG = TestLog.fresh();
    private static final int CALLERS = 64;
    private static final int COMMANDS_EACH = 25;

    @AfterAll
    static void close() {
        LOG.close();
    }

    @Test
    void manyCallersOnFewTenantsLoseNothingAndLeaveNoGap() throws Exception {
        List<String> tenants = List.of(LOG.tenant(), LOG.tenant(), LOG.tenant(), LOG.tenant());
        Map<String, Set<Long>> acknowledged = new ConcurrentHashMap<>();
        tenants.forEach(tenant -> acknowledged.put(tenant, ConcurrentHashMap.newKeySet()));

        inParallel(CALLERS, caller -> {
            String tenant = tenants.get(caller % tenants.size());
            StreamId own = StreamId.of("access", "assignments", "caller-" + caller);
            for (int i = 0; i < COMMANDS_EACH; i++) {
                Appended intent = LOG.appended(ACCESS, Drafts.intent(tenant, Drafts.reserve(caller + "." + i, "r")));
                Appended outcome = LOG.appended(
                        ACCESS,
                        Drafts.outcome(tenant)
                                .ending(intent)
                                .retiring(own, i)
                                .receipt(Drafts.reply(caller + "." + i, "r", "done"))
                                .draft());
                assertThat(acknowledged.get(tenant).add(intent.position())).isTrue();
                assertThat(acknowledged.get(tenant).add(outcome.position())).isTrue();
            }
            return true;
        });

        for (String tenant : tenants) {
            List<StoredRecord> records = LOG.records(tenant);
            assertThat(records).hasSize(acknowledged.get(tenant).size());
            assertThat(records).hasSize(2 * COMMANDS_EACH * CALLERS / tenants.size());
            LogCheck.check(LOG, tenant);
            assertThat(LOG.openIntents(ACCESS, tenant)).isZero();
            // Group commit: fewer commits than records.
            assertThat(records.stream()
                            .map(r -> r.entry().statement().getRecordedAtMicros())
                            .distinct())
                    .hasSizeLessThan(records.size());
        }
    }

    @Test
    void twoProcessesOnOneTenantTakeTurns() throws Exception {
        String tenant = LOG.tenant();
        try (var another = LOG.anotherAppender(ACCESS)) {
            inParallel(8, caller -> {
                for (int i = 0; i < 20; i++) {
                    Draft draft = Drafts.intent(tenant);
                    AppendResult result = caller % 2 == 0
                            ? another.append(draft)
                            : LOG.appender(ACCESS).append(draft);
                    assertThat(result).isInstanceOf(Appended.class);
                }
                return true;
            });
        }
        LogCheck.check(LOG, tenant);
        assertThat(LOG.records(tenant)).hasSize(160);
    }

    @Test
    void whoConflictsFailsAlone() {
        String tenant = LOG.tenant();
        StreamId other = StreamId.of("access", "assignments", "x");
        List<AppendResult> results = LOG.commit(
                ACCESS,
                Drafts.outcome(tenant).retiring(ROLE_MODEL, 0).draft(),
                Drafts.outcome(tenant).retiring(ROLE_MODEL, 0).draft(),
                Drafts.outcome(tenant)
                        .retiring(other, 0)
                        .restingOn(ROLE_MODEL, 1)
                        .draft());
        assertThat(results.get(0)).isInstanceOf(Appended.class);
        assertThat(results.get(1)).isEqualTo(new AppendResult.Moved(Set.of(ROLE_MODEL)));
        assertThat(((Appended) results.get(2)).position()).isEqualTo(1);
        LogCheck.check(LOG, tenant);
    }

    @Test
    void whoBreaksAPolicyFailsAlone() {
        String tenant = LOG.tenant();
        List<Draft> drafts = new ArrayList<>();
        for (int i = 0; i < 21; i++) {
            StreamId own = StreamId.of("access", "assignments", "n-" + i);
            Drafts draft = Drafts.outcome(tenant);
            drafts.add((i % 7 == 3 ? draft.deactivating(own, 0) : draft.retiring(own, 0)).draft());
        }
        List<AppendResult> results = LOG.commit(ACCESS, drafts.toArray(Draft[]::new));
        for (int i = 0; i < results.size(); i++) {
            if (i % 7 == 3) {
                assertThat(results.get(i)).isEqualTo(new AppendResult.Refused(LogRejection.RECORD_REFUSED));
            } else {
                assertThat(results.get(i)).isInstanceOf(Appended.class);
            }
        }
        LogCheck.check(LOG, tenant);
        assertThat(LOG.records(tenant)).hasSize(18);
    }

    @Test
    void aGroupThatIsTakenApartNeedsNoSecondConnection() throws Exception {
        // As many lanes as the pool has connections, each with a group that has to be halved.
        List<String> tenants =
                IntStream.range(0, 10).mapToObj(i -> LOG.tenant()).toList();
        long startedNanos = System.nanoTime();
        inParallel(tenants.size(), lane -> {
            String tenant = tenants.get(lane);
            List<AppendResult> results = LOG.commit(
                    ACCESS,
                    Drafts.intent(tenant),
                    Drafts.outcome(tenant).deactivating(ROLE_MODEL, 0).draft(),
                    Drafts.intent(tenant));
            assertThat(results.get(0)).isInstanceOf(Appended.class);
            assertThat(results.get(2)).isInstanceOf(Appended.class);
            return true;
        });
        assertThat(System.nanoTime() - startedNanos).isLessThan(4_000_000_000L);
    }

    @Test
    void anInterruptedCallerStillLearnsWhatCameOfIt() throws Exception {
        String tenant = LOG.tenant();
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            assertThat(callers.submit(() -> {
                                Thread.currentThread().interrupt();
                                return LOG.appender(ACCESS).append(Drafts.intent(tenant));
                            })
                            .get())
                    .isInstanceOf(Appended.class);
        }
        assertThat(LOG.records(tenant)).hasSize(1);
    }

    @Test
    void closingEndsWhatIsUnderWayAndRefusesTheRest() throws Exception {
        String tenant = LOG.tenant();
        var closing = LOG.anotherAppender(ACCESS);
        var appended = ConcurrentHashMap.<Long>newKeySet();
        var underWay = new CountDownLatch(16);
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                all.add(callers.submit(() -> {
                    AppendResult result = closing.append(Drafts.intent(tenant));
                    underWay.countDown();
                    while (result instanceof Appended one) {
                        appended.add(one.position());
                        result = closing.append(Drafts.intent(tenant));
                    }
                    assertThat(result).isEqualTo(new AppendResult.Refused(LogRejection.UNAVAILABLE));
                }));
            }
            underWay.await();
            closing.close();
            for (Future<?> one : all) {
                one.get();
            }
        }
        assertThat(LOG.records(tenant)).hasSize(appended.size());
        LogCheck.check(LOG, tenant);
    }

    @Test
    void whoWaitsTooLongForTheHeadIsToldSo() throws Exception {
        String tenant = LOG.tenant();
        try (var connection = LOG.database.connection(ACCESS)) {
            new AppendSql(connection, tenant, "access")
                    .lock(new LockedTenant(), LOG.signer(ACCESS).verifierKey(), List.of());
            assertThat(LOG.appender(ACCESS).append(Drafts.intent(tenant)))
                    .isEqualTo(new AppendResult.Refused(LogRejection.BUSY));
            connection.rollback();
        }
        LOG.appended(ACCESS, Drafts.intent(tenant));
    }

    private interface Caller {
        boolean run(int number) throws Exception;
    }

    private static void inParallel(int callers, Caller work) throws Exception {
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Boolean>> calls = IntStream.range(0, callers)
                    .<Callable<Boolean>>mapToObj(caller -> () -> work.run(caller))
                    .toList();
            for (Future<Boolean> call : executor.invokeAll(calls)) {
                call.get();
            }
        }
    }
}
