package dev.chancery.log;

import static dev.chancery.database.DatabaseRole.ACCESS;
import static dev.chancery.log.Drafts.ROLE_MODEL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.kernel.Rejection;
import dev.chancery.log.AppendResult.Appended;
import dev.chancery.log.AppendResult.Refused;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** One idempotency key has one effect. */
final class ReceiptTest {
    private static final TestLog LOG = TestLog.fresh();

    @AfterAll
    static void close() {
        LOG.close();
    }

    private final String tenant = LOG.tenant();

    @Test
    void theSameKeyAndRequestGetTheSameReplyAndPosition() {
        var intent = LOG.appended(ACCESS, Drafts.intent(tenant, Drafts.reserve("k", "r")));
        var outcome = LOG.appended(
                ACCESS,
                Drafts.outcome(tenant)
                        .ending(intent)
                        .receipt(Drafts.reply("k", "r", "made"))
                        .draft());

        assertReplayed(append(Drafts.intent(tenant, Drafts.reserve("k", "r"))), outcome.position(), "made");
        assertThat(LOG.records(tenant)).hasSize(2);
    }

    @Test
    void anotherRequestWithTheKeyIsRefusedRunningOrDone() {
        var intent = LOG.appended(ACCESS, Drafts.intent(tenant, Drafts.reserve("k", "r")));
        assertRefused(Drafts.intent(tenant, Drafts.reserve("k", "other")), LogRejection.KEY_REUSED);
        LOG.appended(
                ACCESS,
                Drafts.outcome(tenant)
                        .ending(intent)
                        .receipt(Drafts.reply("k", "r", ""))
                        .draft());
        assertRefused(Drafts.intent(tenant, Drafts.reserve("k", "other")), LogRejection.KEY_REUSED);
    }

    @Test
    void whileItsCommandRunsAKeyIsInProgress() {
        LOG.appended(ACCESS, Drafts.intent(tenant, Drafts.reserve("k", "r")));
        assertRefused(Drafts.intent(tenant, Drafts.reserve("k", "r")), LogRejection.IN_PROGRESS);
        assertRefused(Drafts.outcome(tenant).receipt(Drafts.reply("k", "r", "")).draft(), LogRejection.IN_PROGRESS);
        LOG.appended(ACCESS, Drafts.intent(tenant, Drafts.reserve("another", "r")));
    }

    @Test
    void aKeyIsReservedOnceInAGroup() {
        List<AppendResult> results = LOG.commit(
                ACCESS,
                Drafts.intent(tenant, Drafts.reserve("k", "r")),
                Drafts.intent(tenant, Drafts.reserve("k", "r")),
                Drafts.intent(tenant, Drafts.reserve("k", "other")));
        assertThat(results.get(0)).isInstanceOf(Appended.class);
        assertThat(results.get(1)).isEqualTo(new Refused(LogRejection.IN_PROGRESS));
        assertThat(results.get(2)).isEqualTo(new Refused(LogRejection.KEY_REUSED));
    }

    @Test
    void anOutcomeWithoutAnIntentKeepsItsReply() {
        var outcome = LOG.appended(
                ACCESS,
                Drafts.outcome(tenant)
                        .retiring(ROLE_MODEL, 0)
                        .receipt(Drafts.reply("k", "r", "made"))
                        .draft());
        Draft again = Drafts.outcome(tenant)
                .retiring(ROLE_MODEL, 1)
                .receipt(Drafts.reply("k", "r", "twice"))
                .draft();
        assertReplayed(append(again), outcome.position(), "made");
        assertThat(LOG.records(tenant)).hasSize(1);
    }

    @Test
    void anEmptyReplyIsAReply() {
        var outcome = LOG.appended(
                ACCESS,
                Drafts.outcome(tenant).receipt(Drafts.reply("k", "r", "")).draft());
        assertReplayed(append(Drafts.intent(tenant, Drafts.reserve("k", "r"))), outcome.position(), "");
    }

    @Test
    void aCodeIsKeptLikeAReply() {
        var intent = LOG.appended(ACCESS, Drafts.intent(tenant, Drafts.reserve("k", "r")));
        var outcome = LOG.appended(
                ACCESS,
                Drafts.outcome(tenant)
                        .ending(intent)
                        .failing("access.self-grant")
                        .receipt(Drafts.code("k", "r", "access.self-grant"))
                        .draft());
        var replayed = (AppendResult.Replayed) append(Drafts.intent(tenant, Drafts.reserve("k", "r")));
        assertThat(replayed.code()).contains("access.self-grant");
        assertThat(replayed.position()).isEqualTo(outcome.position());
        assertThat(replayed.reply()).isEmpty();
    }

    @Test
    void aReleasedKeyIsFree() {
        var intent = LOG.appended(ACCESS, Drafts.intent(tenant, Drafts.reserve("k", "r")));
        LOG.appended(
                ACCESS,
                Drafts.outcome(tenant)
                        .ending(intent)
                        .failing("backbone.busy")
                        .receipt(Drafts.release("k", "r"))
                        .draft());
        LOG.appended(ACCESS, Drafts.intent(tenant, Drafts.reserve("k", "other")));
    }

    @Test
    void anOutcomeThatSaysNothingOfTheReservedKeyFreesIt() {
        var intent = LOG.appended(ACCESS, Drafts.intent(tenant, Drafts.reserve("k", "r")));
        LOG.appended(
                ACCESS,
                Drafts.outcome(tenant)
                        .ending(intent)
                        .receipt(Drafts.code("once", "r", "access.spent"))
                        .draft());
        LOG.appended(ACCESS, Drafts.intent(tenant, Drafts.reserve("k", "r")));
        assertThat(append(Drafts.intent(tenant, Drafts.reserve("once", "r"))))
                .isInstanceOf(AppendResult.Replayed.class);
    }

    @Test
    void aKeyIsFreedAndReservedAgainInOneGroup() {
        var intent = LOG.appended(ACCESS, Drafts.intent(tenant, Drafts.reserve("k", "r")));
        List<AppendResult> results = LOG.commit(
                ACCESS, Drafts.outcome(tenant).ending(intent).draft(), Drafts.intent(tenant, Drafts.reserve("k", "r")));
        assertThat(results).allMatch(Appended.class::isInstance);
        assertRefused(Drafts.intent(tenant, Drafts.reserve("k", "r")), LogRejection.IN_PROGRESS);
    }

    @Test
    void anExpiredReceiptIsAsIfItWereNot() {
        LOG.appended(
                ACCESS,
                Drafts.outcome(tenant).receipt(Drafts.reply("k", "r", "old", 0)).draft());
        var outcome = LOG.appended(
                ACCESS,
                Drafts.outcome(tenant)
                        .receipt(Drafts.reply("k", "other", "new"))
                        .draft());
        assertReplayed(append(Drafts.intent(tenant, Drafts.reserve("k", "other"))), outcome.position(), "new");
    }

    @Test
    void aReservationDoesNotExpireWhileItsCommandRuns() {
        var brief = new Receipt(Drafts.digest("k"), Drafts.digest("r"), new Receipt.Reserve(), 0);
        var intent = LOG.appended(ACCESS, Drafts.intent(tenant, brief));
        assertRefused(Drafts.intent(tenant, brief), LogRejection.IN_PROGRESS);
        LOG.appended(
                ACCESS,
                Drafts.outcome(tenant)
                        .ending(intent)
                        .receipt(Drafts.reply("k", "r", "made"))
                        .draft());
    }

    @Test
    void keysOfOneTenantAreNothingToAnother() {
        LOG.appended(ACCESS, Drafts.intent(tenant, Drafts.reserve("k", "r")));
        LOG.appended(ACCESS, Drafts.intent(LOG.tenant(), Drafts.reserve("k", "other")));
    }

    @Test
    void theSweepTakesWhatHasExpiredAndNothingElse() {
        Appended running = LOG.appended(
                ACCESS,
                Drafts.intent(tenant, new Receipt(Drafts.digest("run"), Drafts.digest("r"), new Receipt.Reserve(), 0)));
        LOG.appended(
                ACCESS,
                Drafts.outcome(tenant).receipt(Drafts.reply("kept", "r", "")).draft());
        for (int i = 0; i < 3; i++) {
            LOG.appended(
                    ACCESS,
                    Drafts.outcome(tenant)
                            .receipt(Drafts.reply("old-" + i, "r", "", 0))
                            .draft());
        }
        try (var reaper = new Reaper(LOG.database, ACCESS, LOG.appender(ACCESS), Drafts::entryId)) {
            assertThat(reaper.sweep()).isGreaterThanOrEqualTo(3);
            assertThat(reaper.sweep()).isZero();
        }
        assertThat(LOG.query(ACCESS, tenant, "SELECT count(*) FROM log.receipt WHERE tenant = '" + tenant + "'"))
                .isEqualTo(2);
        LOG.appended(ACCESS, Drafts.outcome(tenant).ending(running).draft());
    }

    private AppendResult append(Draft draft) {
        return LOG.appender(ACCESS).append(draft);
    }

    private void assertRefused(Draft draft, Rejection rejection) {
        assertThat(append(draft)).isEqualTo(new Refused(rejection));
    }

    private static void assertReplayed(AppendResult result, long position, String reply) {
        var replayed = (AppendResult.Replayed) result;
        assertThat(replayed.position()).isEqualTo(position);
        assertThat(replayed.reply()).isEqualTo(reply.getBytes(StandardCharsets.UTF_8));
        assertThat(replayed.code()).isEmpty();
    }
}
