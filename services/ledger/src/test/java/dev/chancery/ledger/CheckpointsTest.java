package dev.chancery.ledger;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.database.Database;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.keyring.VerifierKey;
import dev.chancery.testkit.Backing;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointsTest {
    private static final int BOUND_SECONDS = 20;

    private Database database;
    private Ledger ledger;

    @BeforeEach
    void begin() {
        database = Backing.database("projection", "ledger");
        ledger = new Ledger(database, new LogKey());
    }

    @AfterEach
    void end() {
        database.close();
    }

    @Test
    void oneHeadIsSignedForEachBatch() {
        ledger.drain(Records.TENANT, 0, 30, 10);
        assertThat(ledger.publishedSizes()).containsExactly(10L, 20L, 30L);
    }

    @Test
    void aCrashBetweenCommitAndSignatureIsHealedAfterTheRestart() {
        ledger.drain(Records.TENANT, 0, 10, 10);
        ledger.commit(Records.from(Records.TENANT, 10, 20));
        ledger = ledger.restarted();
        ledger.projection.committed(Records.TENANT, 19);
        ServedFiles.verify(ledger, Records.TENANT, Records.from(Records.TENANT, 0, 20));
        // 10 may or may not have reached Kafka: the process that knew is gone
        assertThat(ledger.publishedSizes()).containsExactly(10L, 20L);
    }

    @Test
    void aCrashBetweenCommitAndSignatureIsHealedByTheNextBatch() {
        ledger.commit(Records.from(Records.TENANT, 0, 10));
        ledger = ledger.restarted();
        ledger.drain(Records.TENANT, 10, 20, 10);
        ServedFiles.verify(ledger, Records.TENANT, Records.from(Records.TENANT, 0, 20));
        assertThat(ledger.publishedSizes()).containsExactly(20L);
    }

    @Test
    void aSizeThatIsSignedIsNotSignedAgain() {
        ledger.drain(Records.TENANT, 0, 10, 10);
        byte[] note = ledger.reader.checkpoint(Records.TENANT).orElseThrow();
        var another = new Ledger(database, new LogKey());
        another.checkpoints.signAndPublish(Records.TENANT);
        ledger.checkpoints.signAndPublish(Records.TENANT);
        assertThat(another.reader.checkpoint(Records.TENANT)).contains(note);
        assertThat(another.published).containsExactly(new String(note, UTF_8));
        assertThat(ledger.published).containsExactly(new String(note, UTF_8));
    }

    @Test
    void aSecondSignerWaitsForTheFirstAndTakesItsSignature() throws Exception {
        var signing = new CountDownLatch(1);
        var go = new CountDownLatch(1);
        var slow = new Checkpoints(
                database,
                Records.INSTANCE,
                (transaction, origin, text) -> {
                    signing.countDown();
                    awaitOrFail(go);
                    return ledger.key.sign(origin, text);
                },
                (origin, note) -> {});
        var second = new Ledger(database, new LogKey());
        ledger.commit(Records.from(Records.TENANT, 0, 10));
        try (var threads = Executors.newFixedThreadPool(2)) {
            var first = threads.submit(() -> slow.signAndPublish(Records.TENANT));
            awaitOrFail(signing);
            var other = threads.submit(() -> second.checkpoints.signAndPublish(Records.TENANT));
            try {
                assertThat(somebodyWaitsForALock()).isTrue();
            } finally {
                go.countDown();
            }
            first.get(BOUND_SECONDS, TimeUnit.SECONDS);
            other.get(BOUND_SECONDS, TimeUnit.SECONDS);
        }
        assertThat(second.published)
                .containsExactly(
                        new String(ledger.reader.checkpoint(Records.TENANT).orElseThrow(), UTF_8));
        assertThat(ledger.checkpoint(Records.TENANT).size()).isEqualTo(10);
    }

    private boolean somebodyWaitsForALock() throws SQLException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(BOUND_SECONDS);
        try (var superuser = Backing.postgres().superuser(database.name());
                var query = superuser.prepareStatement(
                        "SELECT FROM pg_stat_activity WHERE datname = ? AND wait_event_type = 'Lock'")) {
            query.setString(1, database.name());
            while (System.nanoTime() < deadline) {
                try (var row = query.executeQuery()) {
                    if (row.next()) {
                        return true;
                    }
                }
            }
            return false;
        }
    }

    private static void awaitOrFail(CountDownLatch latch) {
        try {
            assertThat(latch.await(BOUND_SECONDS, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void theKeyringsSignatureVerifiesUnderTheLogsVerifierKey(@TempDir Path directory) {
        database.migrate("keyring");
        var keys = new SigningKeys(database, KeyFileSealer.create(directory.resolve("key")));
        ledger.commit(Records.from(Records.TENANT, 0, 10));
        new Checkpoints(database, Records.INSTANCE, keys::signNote, (origin, note) -> {})
                .signAndPublish(Records.TENANT);
        String note = new String(ledger.reader.checkpoint(Records.TENANT).orElseThrow(), UTF_8);
        VerifierKey key = keys.signer(Records.INSTANCE + "/" + Records.TENANT).verifierKey();
        assertThat(LogKey.open(note, key.publicKey()).size()).isEqualTo(10);
    }

    @Test
    void aSignatureThatWasNotCommittedIsNotPublished() {
        ledger.commit(Records.from(Records.TENANT, 0, 10));
        var dying = new Checkpoints(
                database,
                Records.INSTANCE,
                (transaction, origin, text) -> {
                    throw new Ledger.Crash();
                },
                (origin, note) -> ledger.published.add("published"));
        assertThatThrownBy(() -> dying.signAndPublish(Records.TENANT)).isInstanceOf(Ledger.Crash.class);
        assertThat(ledger.published).isEmpty();
        assertThat(ledger.reader.checkpoint(Records.TENANT)).isEmpty();
    }

    @Test
    void everySignedHeadIsPublishedAtLeastOnceInOrder() {
        var unreachable = new Checkpoints(database, Records.INSTANCE, ledger.key, (origin, note) -> {
            throw new Ledger.Crash();
        });
        for (int size : List.of(5, 10, 15)) {
            ledger.commit(Records.from(Records.TENANT, size - 5, size));
            assertThatThrownBy(() -> unreachable.signAndPublish(Records.TENANT)).isInstanceOf(Ledger.Crash.class);
        }
        ledger.checkpoints.signAndPublish(Records.TENANT);
        assertThat(ledger.publishedSizes()).containsExactly(5L, 10L, 15L);
    }

    @Test
    void whatKafkaHasIsRememberedWithTheNextSignature() {
        ledger.drain(Records.TENANT, 0, 30, 10);
        ledger = ledger.restarted();
        ledger.checkpoints.signAndPublish(Records.TENANT);
        assertThat(ledger.publishedSizes()).containsExactly(30L);
    }

    @Test
    void moreUnpublishedHeadsThanOneTurnTakesAreAllPublished() {
        var unreachable = new Checkpoints(database, Records.INSTANCE, ledger.key, (origin, note) -> {
            throw new Ledger.Crash();
        });
        for (int n = 0; n < 260; n++) {
            ledger.commit(Records.from(Records.TENANT, n, n + 1));
            assertThatThrownBy(() -> unreachable.signAndPublish(Records.TENANT)).isInstanceOf(Ledger.Crash.class);
        }
        ledger.checkpoints.signAndPublish(Records.TENANT);
        assertThat(ledger.publishedSizes()).hasSize(260).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void theWorkerSignsAtItsStartWhatACrashLeftUnsigned() {
        ledger.commit(Records.from(Records.TENANT, 0, 10));
        ledger.commit(Records.from(Records.OTHER_TENANT, 0, 5));
        var published = new CountDownLatch(2);
        var checkpoints =
                new Checkpoints(database, Records.INSTANCE, ledger.key, (origin, note) -> published.countDown());
        try (var worker = new CheckpointWorker(checkpoints)) {
            worker.start();
            awaitOrFail(published);
        }
        assertThat(ledger.checkpoint(Records.TENANT).size()).isEqualTo(10);
        assertThat(ledger.checkpoint(Records.OTHER_TENANT).size()).isEqualTo(5);
    }

    @Test
    void theWorkerTriesAgainWhatFailed() {
        var attempts = new AtomicInteger();
        var published = new CountDownLatch(1);
        var checkpoints = new Checkpoints(database, Records.INSTANCE, ledger.key, (origin, note) -> {
            if (attempts.incrementAndGet() == 1) {
                throw new Ledger.Crash();
            }
            published.countDown();
        });
        ledger.commit(Records.from(Records.TENANT, 0, 10));
        try (var worker = new CheckpointWorker(checkpoints)) {
            worker.start();
            worker.due(Records.TENANT);
            awaitOrFail(published);
        }
        assertThat(ledger.checkpoint(Records.TENANT).size()).isEqualTo(10);
    }

    @Test
    void whatGrowsWhileASignatureIsUnderWayIsCoveredByTheNext() {
        var publishing = new CountDownLatch(1);
        var go = new CountDownLatch(1);
        var done = new CountDownLatch(1);
        var sizes = new CopyOnWriteArrayList<Long>();
        var checkpoints = new Checkpoints(database, Records.INSTANCE, ledger.key, (origin, note) -> {
            sizes.add(ledger.key.open(new String(note, UTF_8)).size());
            publishing.countDown();
            awaitOrFail(go);
            if (sizes.size() == 2) {
                done.countDown();
            }
        });
        try (var worker = new CheckpointWorker(checkpoints)) {
            worker.start();
            for (int n = 0; n < 5; n++) {
                ledger.commit(Records.from(Records.TENANT, n, n + 1));
                worker.due(Records.TENANT);
                awaitOrFail(publishing);
            }
            go.countDown();
            awaitOrFail(done);
        }
        assertThat(sizes).containsExactly(1L, 5L);
    }
}
