package dev.chancery.relay;

import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.schema.log.v1.Pulse;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HexFormat;

/**
 * Tells consumers, a few times a second, up to where the log's topic is complete. A mark with the time goes into the write-ahead log.
 * When the capture reports it, everything that was committed before it has been reported too. Once that is in Kafka, a heartbeat is sent.
 * Its topic and its message are called pulse, as clients know them.
 */
final class Heartbeats {
    private static final int NONCE_BYTES = 8;

    private final Connection connection;
    private final String mark;
    private final long everyNanos;
    private long dueNanos = System.nanoTime();

    /** @param connection the relay's own, with auto-commit on */
    Heartbeats(Connection connection, RelayOptions options) {
        this.connection = connection;
        // Everybody who may connect may write messages: only those with this session's prefix, which nobody can guess,
        // are marks.
        byte[] nonce = new byte[NONCE_BYTES];
        new SecureRandom().nextBytes(nonce);
        this.mark = "chancery.pulse." + HexFormat.of().formatHex(nonce);
        this.everyNanos = options.pulse().toNanos();
    }

    /** The prefix of this session's marks; their content is a time in microseconds, in digits. */
    String mark() {
        return mark;
    }

    /** Nanoseconds until the next mark is due. */
    long untilDue() {
        return dueNanos - System.nanoTime();
    }

    /** Puts a mark into the write-ahead log where one is due. */
    void tick() {
        if (untilDue() > 0) {
            return;
        }
        dueNanos = System.nanoTime() + everyNanos;
        // Transactional, since a commit is flushed: anything else waits for the next one.
        try (var statement = connection.createStatement()) {
            statement.execute("SELECT pg_logical_emit_message(true, '" + mark
                    + "', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text)");
        } catch (SQLException e) {
            throw new DatabaseUnavailable(e);
        }
    }

    /** The heartbeat for a mark that was reported, when everything before it is in Kafka. */
    static byte[] pulse(long atMicros, Progress progress, int partitions) {
        var pulse = Pulse.newBuilder().setAtMicros(atMicros);
        for (int partition = 0; partition < partitions; partition++) {
            pulse.addNextOffsets(progress.nextOffset(partition));
        }
        return pulse.build().toByteArray();
    }
}
