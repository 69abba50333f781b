package dev.chancery.relay;

import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.schema.log.v1.Pulse;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * Says on {@code pulse.v1}, a few times a second, up to where the log's topic is complete. A mark with the time goes into the
 * write-ahead log; when it comes back out, all that was committed before it has come too; once that is in Kafka, the pulse is sent.
 */
final class Pulses {
    private final Connection connection;
    private final long everyNanos;
    private long dueNanos = System.nanoTime();

    /** @param connection the relay's own, with auto-commit on */
    Pulses(Connection connection, RelayOptions options) {
        this.connection = connection;
        this.everyNanos = options.pulse().toNanos();
    }

    /** Nanoseconds until the next mark is due. */
    long untilDue() {
        return dueNanos - System.nanoTime();
    }

    /** Puts a mark into the write-ahead log where one is due. */
    void mark() {
        if (untilDue() > 0) {
            return;
        }
        dueNanos = System.nanoTime() + everyNanos;
        // Transactional, since a commit is flushed: anything else waits for the next one.
        try (var statement = connection.createStatement()) {
            statement.execute("SELECT pg_logical_emit_message(true, '" + Pgoutput.MARK
                    + "', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text)");
        } catch (SQLException e) {
            throw new DatabaseUnavailable(e);
        }
    }

    /** What is said when a mark has come back and everything before it is in Kafka. */
    static byte[] pulse(long atMicros, Progress progress, int partitions) {
        var pulse = Pulse.newBuilder().setAtMicros(atMicros);
        for (int partition = 0; partition < partitions; partition++) {
            pulse.addNextOffsets(progress.nextOffset(partition));
        }
        return pulse.build().toByteArray();
    }
}
