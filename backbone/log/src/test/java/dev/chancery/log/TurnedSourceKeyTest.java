package dev.chancery.log;

import static dev.chancery.database.DatabaseRole.ACCESS;
import static dev.chancery.database.DatabaseRole.KEYRING;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.SigningKeyRotation;
import dev.chancery.keyring.SigningKeys;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Appends while their source's key is replaced and withdrawn by another process. */
final class TurnedSourceKeyTest {
    private static final TestLog LOG = TestLog.fresh();
    private static final String SOURCE = TestLog.INSTANCE + "/source/access";
    private static final int APPENDERS = 8;
    private static final int TURNS = 10;

    /** What the other process has in memory is not what the appenders' has. */
    private final SigningKeyRotation elsewhere =
            new SigningKeyRotation(LOG.database, LOG.freshKeys(), TestLog.INSTANCE);

    @AfterAll
    static void close() {
        LOG.close();
    }

    @Test
    void anAppendAfterAWithdrawalIsSignedByTheNextKeyAndSucceeds() {
        String tenant = LOG.tenant();
        LOG.appended(ACCESS, Drafts.intent(tenant));
        int stolen = sourceKeys(tenant).getLast();
        elsewhere.withdraw(SOURCE, stolen);
        LOG.appended(ACCESS, Drafts.intent(tenant));
        assertThat(sourceKeys(tenant)).hasSize(2).doesNotHaveDuplicates();
        LogCheck.check(LOG, tenant);
    }

    @Test
    void noRecordIsCommittedAfterAWithdrawalThatTheKeySigned() throws Exception {
        String tenant = LOG.tenant();
        LOG.appended(ACCESS, Drafts.intent(tenant));
        List<Integer> stolen = new ArrayList<>();
        List<Integer> recordsThen = new ArrayList<>();
        whileAppending(tenant, () -> {
            int key = sourceKeys(tenant).getLast();
            elsewhere.withdraw(SOURCE, key);
            stolen.add(key);
            int then = sourceKeys(tenant).size();
            recordsThen.add(then);
            TestLog.await(() -> sourceKeys(tenant).size() > then);
        });
        List<Integer> signedBy = sourceKeys(tenant);
        for (int i = 0; i < TURNS; i++) {
            assertThat(signedBy.subList(recordsThen.get(i), signedBy.size())).doesNotContain(stolen.get(i));
        }
        LogCheck.check(LOG, tenant);
    }

    @Test
    void noAppendFailsWhileKeysAreReplaced() throws Exception {
        String tenant = LOG.tenant();
        LOG.appended(ACCESS, Drafts.intent(tenant));
        whileAppending(tenant, () -> {
            elsewhere.replace("sources", ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now()));
            elsewhere.settle(KEYRING);
            LOG.keys.forget(SOURCE);
            // Each appender may have one under way that the key before signs.
            int then = sourceKeys(tenant).size();
            TestLog.await(() -> sourceKeys(tenant).size() > then + APPENDERS);
        });
        assertThat(sourceKeys(tenant).stream().distinct()).hasSizeGreaterThan(TURNS);
        LogCheck.check(LOG, tenant);
    }

    /** The key file is another: the key that is to sign can't be opened. */
    @Test
    void whereNoKeyCanBeHadTheCallerMayTryAgain(@TempDir Path directory) {
        String tenant = LOG.tenant();
        var useless = new SigningKeys(LOG.database, KeyFileSealer.create(directory.resolve("key")));
        LOG.keys.signer(SOURCE);
        try (var appender = new Appender(LOG.database, ACCESS, TestLog.INSTANCE, useless, LOG.guard)) {
            assertThat(appender.append(Drafts.intent(tenant)))
                    .isEqualTo(new AppendResult.Refused(LogRejection.UNAVAILABLE));
        }
        assertThat(LOG.records(tenant)).isEmpty();
    }

    /** Every append is to succeed. */
    private static void whileAppending(String tenant, Runnable turn) throws Exception {
        var done = new AtomicBoolean();
        List<Future<?>> appending = new ArrayList<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < APPENDERS; i++) {
                appending.add(threads.submit(() -> {
                    while (!done.get()) {
                        LOG.appended(ACCESS, Drafts.intent(tenant));
                    }
                }));
            }
            try {
                for (int i = 0; i < TURNS; i++) {
                    turn.run();
                }
            } finally {
                done.set(true);
            }
        }
        for (Future<?> one : appending) {
            one.get();
        }
    }

    private static List<Integer> sourceKeys(String tenant) {
        return LOG.records(tenant).stream()
                .map(record -> record.entry().statement().getSourceKey())
                .toList();
    }
}
