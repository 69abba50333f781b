package dev.chancery.log;

import static dev.chancery.database.DatabaseRole.ACCESS;
import static dev.chancery.database.DatabaseRole.RELAY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.testkit.Backing;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Append writes to the PostgreSQL that the relay has compared with Kafka, and to no other. */
final class ServerInStepTest {
    private static final TestLog LOG = new TestLog(Backing.database("keyring", "log"));

    @AfterAll
    static void close() {
        LOG.close();
    }

    @Test
    void refusesUntilTheRelayHasReconciled() {
        String tenant = LOG.tenant();
        assertRefused(tenant);
        LOG.reconcile();
        LOG.appended(ACCESS, Drafts.intent(tenant));
        LOG.update(RELAY, "", "UPDATE log.reconciled SET timeline = timeline + 1");
        assertRefused(tenant);
        LOG.reconcile();
        LOG.appended(ACCESS, Drafts.intent(tenant));
        LOG.update(RELAY, "", "UPDATE log.reconciled SET system_identifier = system_identifier + 1");
        assertRefused(tenant);
        LOG.reconcile();
        assertThat(LOG.appended(ACCESS, Drafts.intent(tenant)).position()).isEqualTo(2);
    }

    private static void assertRefused(String tenant) {
        assertThat(LOG.appender(ACCESS).append(Drafts.intent(tenant)))
                .isEqualTo(new AppendResult.Refused(LogRejection.UNAVAILABLE));
    }
}
