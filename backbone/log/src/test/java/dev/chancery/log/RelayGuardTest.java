package dev.chancery.log;

import static dev.chancery.database.DatabaseRole.ACCESS;
import static dev.chancery.database.DatabaseRole.RELAY;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

final class RelayGuardTest {
    private static final String SLOT = "guarded";

    @Test
    void appendsAreRefusedWhileTheRelayIsBehindButWhatWasBegunIsEnded() {
        try (TestLog log = TestLog.fresh();
                var guard = new RelayGuard(log.database, ACCESS, SLOT, 200_000);
                var appender = new Appender(log.database, ACCESS, TestLog.INSTANCE, log.keys, guard)) {
            String tenant = log.tenant();
            var intent = (AppendResult.Appended) appender.append(Drafts.intent(tenant));
            var late = (AppendResult.Appended) appender.append(Drafts.intent(tenant, 1, Optional.empty()));
            assertThat(guard.refusal()).isEmpty();
            log.query(RELAY, "", "SELECT 1 FROM pg_create_logical_replication_slot('" + SLOT + "', 'pgoutput')");
            try {
                TestLog.await(() -> {
                    log.appended(ACCESS, Drafts.intent(tenant));
                    return guard.refusal().isPresent();
                });
                assertThat(guard.retainedBytes()).isGreaterThan(200_000);
                assertThat(appender.append(Drafts.intent(tenant)))
                        .isEqualTo(new AppendResult.Refused(LogRejection.RELAY_BEHIND));
                assertThat(appender.append(Drafts.outcome(tenant).ending(intent).draft()))
                        .isInstanceOf(AppendResult.Appended.class);
                log.passes(late.recordedAtMicros() + 1000);
                try (var reaper = new Reaper(log.database, ACCESS, appender, Drafts::entryId)) {
                    assertThat(reaper.reap()).isEqualTo(1);
                }
            } finally {
                log.query(RELAY, "", "SELECT count(pg_drop_replication_slot('" + SLOT + "'))");
            }
            TestLog.await(() -> guard.refusal().isEmpty());
            appender.append(Drafts.intent(tenant));
            LogCheck.check(log, tenant);
        }
    }
}
