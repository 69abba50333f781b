package dev.chancery.log;

import static dev.chancery.database.DatabaseRole.ACCESS;
import static dev.chancery.database.DatabaseRole.IDENTITY;
import static dev.chancery.database.DatabaseRole.RELAY;
import static dev.chancery.log.Drafts.ROLE_MODEL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.kernel.Rejection;
import dev.chancery.log.AppendResult.Appended;
import dev.chancery.schema.log.v1.Intent;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.log.v1.Statement;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ReaperTest {
    private final TestLog log = TestLog.fresh();
    private final Reaper reaper = reaper();
    private final String tenant = log.tenant();

    private Reaper reaper() {
        return new Reaper(log.database, ACCESS, log.appender(ACCESS), Drafts::entryId);
    }

    @AfterEach
    void close() {
        reaper.close();
        log.close();
    }

    @Test
    void aLateOutcomeIsRefusedBeforeAndAfterTheReaperCame() {
        Appended intent = late(tenant);
        Draft slow =
                Drafts.outcome(tenant).ending(intent).retiring(ROLE_MODEL, 0).draft();
        assertRefused(slow, LogRejection.TOO_LATE);
        assertThat(reaper.reap()).isEqualTo(1);
        assertRefused(slow, LogRejection.TOO_LATE);
        assertThat(log.records(tenant)).hasSize(2);
        LogCheck.check(log, tenant);
    }

    @Test
    void anAbandonmentRepeatsWhoDidWhatButNotWhy() {
        Statement begun = Drafts.statement()
                .setIntent(Intent.getDefaultInstance())
                .setReason(Sealed.getDefaultInstance())
                .setClient(Sealed.getDefaultInstance())
                .build();
        Appended intent = log.appended(ACCESS, Draft.intent(tenant, begun, 1, Optional.empty()));
        log.passes(intent.recordedAtMicros() + 1000);
        assertThat(reaper.reap()).isEqualTo(1);
        Statement abandoned = log.records(tenant).get(1).entry().statement();
        assertThat(abandoned.getOutcome().getResult()).isEqualTo(Result.ABANDONED);
        assertThat(abandoned.getOutcome().getCode()).isEmpty();
        assertThat(abandoned.getActor()).isEqualTo(begun.getActor());
        assertThat(abandoned.getAction()).isEqualTo(begun.getAction());
        assertThat(abandoned.getRequestId()).isEqualTo(begun.getRequestId());
        assertThat(abandoned.hasReason() || abandoned.hasClient()).isFalse();
        LogCheck.check(log, tenant);
    }

    @Test
    void nobodyAbandonsAnIntentInItsTime() {
        Appended intent = log.appended(ACCESS, Drafts.intent(tenant));
        assertThat(reaper.reap()).isZero();
        assertRefused(
                Drafts.outcome(tenant).ending(intent).result(Result.ABANDONED).draft(), LogRejection.IN_PROGRESS);
    }

    @Test
    void anAbandonedKeyIsFree() {
        Appended intent = log.appended(ACCESS, Drafts.intent(tenant, 1, Optional.of(Drafts.reserve("k", "r"))));
        log.passes(intent.recordedAtMicros() + 1000);
        assertRefused(Drafts.intent(tenant, Drafts.reserve("k", "r")), LogRejection.IN_PROGRESS);
        reaper.reap();
        Appended again = log.appended(ACCESS, Drafts.intent(tenant, Drafts.reserve("k", "r")));

        // The first command was only slow, and comes now.
        assertRefused(
                Drafts.outcome(tenant)
                        .ending(intent)
                        .receipt(Drafts.reply("k", "r", "late"))
                        .draft(),
                LogRejection.IN_PROGRESS);
        log.appended(
                ACCESS,
                Drafts.outcome(tenant)
                        .ending(again)
                        .receipt(Drafts.reply("k", "r", "made"))
                        .draft());
        LogCheck.check(log, tenant);
    }

    @Test
    void everyTenantsLateIntentsAreEndedAndNoOtherFeatures() {
        Appended identitys = log.appended(IDENTITY, Drafts.intent(tenant, 1));
        String second = log.tenant();
        late(tenant);
        late(second);
        log.passes(identitys.recordedAtMicros() + 1000);
        assertThat(reaper.reap()).isEqualTo(2);
        assertThat(log.query(IDENTITY, tenant, "SELECT position FROM log.open_intent"))
                .isEqualTo(identitys.position());
        try (var identitysReaper = new Reaper(log.database, IDENTITY, log.appender(IDENTITY), Drafts::entryId)) {
            assertThat(identitysReaper.reap()).isEqualTo(1);
        }
        LogCheck.check(log, tenant);
        LogCheck.check(log, second);
    }

    @Test
    void aTenantThatStandsStillHoldsUpNoOther() {
        Draft[] many = new Draft[Reaper.MAX_PAGE + 1];
        for (int i = 0; i < many.length; i++) {
            many[i] = Drafts.intent(tenant, 1);
        }
        log.commit(ACCESS, many);
        late(log.tenant());
        log.update(RELAY, "", "UPDATE log.head SET forked_at = 0 WHERE tenant = '" + tenant + "'");
        assertThat(reaper.reap()).isEqualTo(1);
        log.update(RELAY, "", "UPDATE log.head SET forked_at = NULL");
        assertThat(reaper.reap()).isEqualTo(many.length);
        LogCheck.check(log, tenant);
    }

    @Test
    void aSlowCommandAndTwoReapersMakeOneOutcome() throws Exception {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor();
                var second = reaper()) {
            for (int round = 0; round < 20; round++) {
                Appended intent = log.appended(ACCESS, Drafts.intent(tenant, 3));
                Future<?> one = executor.submit(() -> untilNoneIsOpen(reaper));
                Future<?> other = executor.submit(() -> untilNoneIsOpen(second));
                log.passes(intent.recordedAtMicros() + 2_000);
                log.appender(ACCESS)
                        .append(Drafts.outcome(tenant).ending(intent).draft());
                one.get();
                other.get();
            }
        }
        assertThat(log.records(tenant)).hasSize(40);
        LogCheck.check(log, tenant);
    }

    private void untilNoneIsOpen(Reaper one) {
        TestLog.await(() -> {
            one.reap();
            return log.openIntents(ACCESS, tenant) == 0;
        });
    }

    @Test
    void itRunsByItself() {
        late(tenant);
        reaper.start();
        TestLog.await(() -> log.openIntents(ACCESS, tenant) == 0);
        late(tenant);
        TestLog.await(() -> log.openIntents(ACCESS, tenant) == 0);
        assertThat(log.records(tenant)).hasSize(4);
    }

    @Test
    void manyIntentsOfOneGroupHaveTheirOwnOutcomes() {
        List<AppendResult> intents = log.commit(ACCESS, Drafts.intent(tenant, 1), Drafts.intent(tenant));
        log.passes(((Appended) intents.get(0)).recordedAtMicros() + 1000);
        assertThat(reaper.reap()).isEqualTo(1);
        log.appended(
                ACCESS, Drafts.outcome(tenant).ending((Appended) intents.get(1)).draft());
        LogCheck.check(log, tenant);
    }

    private Appended late(String where) {
        Appended intent = log.appended(ACCESS, Drafts.intent(where, 1));
        log.passes(intent.recordedAtMicros() + 1000);
        return intent;
    }

    private void assertRefused(Draft draft, Rejection rejection) {
        assertThat(log.appender(ACCESS).append(draft)).isEqualTo(new AppendResult.Refused(rejection));
    }
}
