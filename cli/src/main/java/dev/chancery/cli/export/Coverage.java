package dev.chancery.cli.export;

import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Unreachable;
import java.time.Duration;
import java.util.Optional;

/**
 * How much of a log its newest checkpoint covers.
 *
 * @param records that the log has
 * @param size of the checkpoint
 */
public record Coverage(long records, long size) {
    private static final long PAUSE_MILLIS = 100;

    /** Whoever can be asked again and again. */
    @FunctionalInterface
    public interface Source {
        Coverage now() throws Refused, Unreachable;
    }

    /**
     * Waits until a checkpoint covers what the log had at the first question, so that a log which goes on growing ends the wait, too.
     *
     * @return what the log had then, and what the newest checkpoint covers: less where the wait was in vain
     */
    public static Coverage await(Source source, Duration atMost) throws Refused, Unreachable, InterruptedException {
        long deadline = System.nanoTime() + atMost.toNanos();
        Coverage first = source.now();
        long size = first.size();
        while (size < first.records() && System.nanoTime() < deadline) {
            Thread.sleep(PAUSE_MILLIS);
            size = source.now().size();
        }
        return new Coverage(first.records(), size);
    }

    /** What to tell whoever exports; empty where the checkpoint covers everything. */
    public Optional<String> warning() {
        return size >= records
                ? Optional.empty()
                : Optional.of("warning: the log has " + records + " records, and its newest checkpoint is of " + size
                        + ": the others are not in the export. Look at the instance's /q/health.");
    }
}
