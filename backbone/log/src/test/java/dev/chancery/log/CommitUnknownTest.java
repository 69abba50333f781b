package dev.chancery.log;

import static dev.chancery.database.DatabaseRole.ACCESS;
import static dev.chancery.database.DatabaseRole.RELAY;
import static dev.chancery.log.Drafts.ROLE_MODEL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseAccess;
import dev.chancery.log.AppendResult.Appended;
import dev.chancery.log.AppendResult.Refused;
import dev.chancery.log.CuttingProxy.Cut;
import dev.chancery.testkit.Backing;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The connection is lost between the commit and its answer: whoever waits is told what is so. */
final class CommitUnknownTest {
    private static final int POOL_SIZE = 4;
    private static final TestLog DIRECT = TestLog.fresh();

    private final CuttingProxy proxy = new CuttingProxy(Backing.postgres().port());
    // Each test has connections of its own, since the proxy knows a commit by its text.
    private final Database database = Database.pooled(
            new DatabaseAccess(
                    "127.0.0.1",
                    proxy.port(),
                    DIRECT.database.name(),
                    DIRECT.database.access().credentials()),
            POOL_SIZE);
    private final TestLog log = DIRECT.by(database);
    private final String tenant = DIRECT.tenant();

    @AfterEach
    void closeProxy() throws Exception {
        proxy.letThrough();
        database.close();
        proxy.close();
    }

    @AfterAll
    static void close() {
        DIRECT.close();
    }

    private Draft[] group() {
        return new Draft[] {
            Drafts.intent(tenant),
            Drafts.outcome(tenant).restingOn(ROLE_MODEL, 7).draft(),
            Drafts.outcome(tenant).retiring(ROLE_MODEL, 0).draft()
        };
    }

    @Test
    void aCommitThatArrivedIsAppended() {
        proxy.cutNext(Cut.BEFORE_ANSWER);
        List<AppendResult> results = log.commit(ACCESS, group());
        assertThat(proxy.isPending()).isFalse();
        assertThat(((Appended) results.get(0)).position()).isZero();
        assertThat(results.get(1)).isEqualTo(new AppendResult.Moved(Set.of(ROLE_MODEL)));
        assertThat(((Appended) results.get(2)).position()).isEqualTo(1);
        assertThat(DIRECT.records(tenant)).hasSize(2);
        LogCheck.check(DIRECT, tenant);
    }

    @Test
    void aCommitThatDidNotArriveIsRefusedAndNotThere() {
        proxy.cutNext(Cut.BEFORE_COMMIT);
        List<AppendResult> results = log.commit(ACCESS, group());
        assertThat(proxy.isPending()).isFalse();
        assertThat(results)
                .containsExactly(
                        new Refused(LogRejection.UNAVAILABLE),
                        new AppendResult.Moved(Set.of(ROLE_MODEL)),
                        new Refused(LogRejection.UNAVAILABLE));
        assertThat(DIRECT.records(tenant)).isEmpty();
    }

    @Test
    void whatWasJudgedOnALostGroupIsNotAnswered() {
        proxy.cutNext(Cut.BEFORE_COMMIT);
        List<AppendResult> results = log.commit(
                ACCESS,
                Drafts.outcome(tenant)
                        .retiring(ROLE_MODEL, 0)
                        .receipt(Drafts.reply("k", "r", "a reply that was never given"))
                        .draft(),
                Drafts.intent(tenant, Drafts.reserve("k", "r")),
                Drafts.intent(tenant, Drafts.reserve("k", "another request")));
        assertThat(proxy.isPending()).isFalse();
        assertThat(results).containsOnly(new Refused(LogRejection.UNAVAILABLE)).hasSize(3);
        assertThat(DIRECT.records(tenant)).isEmpty();
    }

    @Test
    void aPositionTakenBySomebodyElseSinceIsNotOurs() throws Exception {
        // The commit is lost; before anybody looks, another process appends at the same position.
        proxy.cutNextAndStayAway(Cut.BEFORE_COMMIT);
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<List<AppendResult>> lost = executor.submit(() -> log.commit(ACCESS, Drafts.intent(tenant)));
            TestLog.await(() -> !proxy.isPending());
            assertThat(DIRECT.appended(ACCESS, Drafts.intent(tenant)).position())
                    .isZero();
            proxy.letThrough();
            assertThat(lost.get()).containsExactly(new Refused(LogRejection.UNAVAILABLE));
        }
        assertThat(DIRECT.records(tenant)).hasSize(1);
    }

    @Test
    void whatCannotBeFoundOutIsSaidToBeUnknown() {
        proxy.cutNextAndStayAway(Cut.BEFORE_ANSWER);
        assertThat(log.commit(ACCESS, Drafts.intent(tenant, Drafts.reserve("k", "r"))))
                .containsExactly(new Refused(LogRejection.OUTCOME_UNKNOWN));
        proxy.letThrough();
        // The idempotency key tells.
        assertThat(log.commit(ACCESS, Drafts.intent(tenant, Drafts.reserve("k", "r"))))
                .containsExactly(new Refused(LogRejection.IN_PROGRESS));
    }

    @Test
    void anotherServerCannotTell() throws Exception {
        proxy.cutNextAndStayAway(Cut.BEFORE_COMMIT);
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<List<AppendResult>> lost = executor.submit(() -> log.commit(ACCESS, Drafts.intent(tenant)));
            TestLog.await(() -> !proxy.isPending());
            // PostgreSQL fails over: what is not here may be on the other.
            DIRECT.update(RELAY, "", "UPDATE log.reconciled SET timeline = timeline + 1");
            proxy.letThrough();
            assertThat(lost.get()).containsExactly(new Refused(LogRejection.OUTCOME_UNKNOWN));
        } finally {
            DIRECT.reconcile();
        }
    }

    @Test
    void lanesThatAllLoseTheirCommitsDoNotStarveEachOther() throws Exception {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<AppendResult>>> lanes = new ArrayList<>();
            for (int round = 0; round < 6; round++) {
                proxy.cutNext(round % 2 == 0 ? Cut.BEFORE_ANSWER : Cut.BEFORE_COMMIT);
                for (int lane = 0; lane < 2 * POOL_SIZE; lane++) {
                    String own = DIRECT.tenant();
                    lanes.add(executor.submit(() -> log.commit(ACCESS, Drafts.intent(own))));
                }
                for (var lane : lanes) {
                    assertThat(lane.get().getFirst()).isNotEqualTo(new Refused(LogRejection.OUTCOME_UNKNOWN));
                }
                lanes.clear();
            }
        }
    }

    @Test
    void aBrokenConnectionOfThePoolCostsNobodyHisAppend() throws Exception {
        log.commit(ACCESS, Drafts.intent(tenant));
        try (var superuser = Backing.postgres().superuser("postgres");
                var statement = superuser.createStatement()) {
            statement.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'chancery_access'"
                    + " AND datname = '" + DIRECT.database.name() + "'");
        }
        assertThat(log.commit(ACCESS, Drafts.intent(tenant)).getFirst()).isInstanceOf(Appended.class);
        assertThat(DIRECT.records(tenant)).hasSize(2);
    }
}
