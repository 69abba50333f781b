package dev.chancery.quickstart.killrounds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.InstanceAccess;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.RunningInstance.Ended;
import dev.chancery.testkit.LongTest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * A disk that is too small, or fills up: said in one line where nothing can start, refused with a code where something runs; and what was
 * acknowledged is there.
 */
@LongTest
@Order(70)
class DiskFullIT {
    private static final String CODE = "backbone.disk-full";

    /** Commands that show that an instance serves, and attempts that show that it refuses. */
    private static final int SOME = 50;

    /** Until callers are served, or refused; the longest that a caller waits between two attempts is a part of it. */
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final Random random = new Random(1);
    private final Journal journal = new Journal();

    @Test
    void aFirstStartOnATooSmallDiskMakesNothing() {
        try (SmallDisk disk = SmallDisk.of("small", 100)) {
            Path data = disk.root().resolve("chancery");
            refused(" MiB free for " + data + " and a new instance needs 160; free some space, or name another", data);
            assertThat(disk.root()).isEmptyDirectory();
        }
    }

    @Test
    void whatWasAcknowledgedOnADiskThatFillsUpIsThereAndMoreIsServedOnceThereIsRoom() throws Exception {
        try (SmallDisk disk = SmallDisk.of("full", 256);
                KillableInstance victim = new KillableInstance(disk.root(), random)) {
            try {
                var check = new ConsistencyCheck(victim, journal, new Callers(victim, journal, random));
                served();
                nearlyFull(disk, victim);
                check.check();
                full(disk, victim);
                check.check();
                check.end();
            } finally {
                journal.close();
            }
        }
    }

    /** Others took most of the disk: it goes on by itself when they give it back. */
    private void nearlyFull(SmallDisk disk, KillableInstance victim) {
        disk.fill(InstanceAccess.MIN_FREE_BYTES / 2);
        refused();
        disk.free();
        served();
        assertThat(victim.instance().isAlive()).isTrue();
    }

    /** Others took all of it, which may well end PostgreSQL, Kafka, and the instance with it. */
    private void full(SmallDisk disk, KillableInstance victim) {
        disk.fill(0);
        long wanted = journal.refusals(CODE) + 4 * SOME;
        assertThat(RunningInstance.await(LIMIT, () -> !victim.instance().isAlive() || journal.refusals(CODE) >= wanted))
                .as("refused, or ended")
                .isTrue();
        victim.killJava();
        disk.fill(0);
        refused("the disk is full: free some space and start again", victim.data());
        disk.free();
        victim.start();
        served();
    }

    private void served() {
        long wanted = journal.done() + SOME;
        assertThat(RunningInstance.await(LIMIT, () -> journal.done() >= wanted))
                .as("%d more commands done", SOME)
                .isTrue();
    }

    private void refused() {
        long wanted = journal.refusals(CODE) + SOME;
        assertThat(RunningInstance.await(LIMIT, () -> journal.refusals(CODE) >= wanted))
                .as("%d attempts refused", SOME)
                .isTrue();
    }

    private static void refused(String said, Path data) {
        Ended ended = RunningInstance.attempt("up", "--data", data.toString(), "--port", "0");
        assertThat(ended.exitCode()).as("%s", ended).isEqualTo(1);
        assertThat(ended.out()).isEmpty();
        assertThat(ended.err().lines().filter(line -> !line.startsWith("{")))
                .as("%s", ended)
                .singleElement()
                .asString()
                .startsWith("chancery: ")
                .contains(said);
        assertThat(ended.err()).doesNotContain("Exception");
    }
}
