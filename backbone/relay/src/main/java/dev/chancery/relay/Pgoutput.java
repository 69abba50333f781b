package dev.chancery.relay;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * What the relay needs of PostgreSQL's logical replication messages: rows of the one published table, and messages that were put
 * into the write-ahead log by hand. Format: PostgreSQL's documentation, "Logical Replication Message Formats", protocol version 1.
 */
final class Pgoutput {
    private static final int OID_BYTES = Integer.BYTES;
    private static final int LSN_BYTES = Long.BYTES;
    private static final int FLAGS_BYTES = 1;

    private Pgoutput() {}

    /**
     * Hands over what a message says.
     *
     * @param mark the prefix of the messages that are marks; others are passed over
     * @param lsn where the message ends in the write-ahead log
     */
    static void read(ByteBuffer message, String mark, HeadUpdates moves, long lsn) {
        switch (message.get()) {
            case 'I', 'U' -> {
                message.position(message.position() + OID_BYTES);
                head(newRow(message), moves, lsn);
            }
            case 'M' -> {
                message.position(message.position() + FLAGS_BYTES + LSN_BYTES);
                if (terminated(message).equals(mark)) {
                    moves.marked(Long.parseLong(counted(message)), lsn);
                } else {
                    moves.passed(lsn);
                }
            }
            // Begin, commit, relation, type, origin: the order of what comes is all that matters.
            default -> moves.passed(lsn);
        }
    }

    /** Skips the old key that precedes the new row where the key has changed; here it never does. */
    private static ByteBuffer newRow(ByteBuffer message) {
        byte kind = message.get();
        if (kind != 'N') {
            throw new IllegalStateException("an update that changes a head's key");
        }
        return message;
    }

    /** The publication's columns, in their order: tenant, next position. */
    private static void head(ByteBuffer row, HeadUpdates moves, long lsn) {
        if (row.getShort() != 2) {
            throw new IllegalStateException("the publication has other columns than tenant and next position");
        }
        String tenant = text(row);
        moves.moved(tenant, Long.parseLong(text(row)) - 1, lsn);
    }

    private static String text(ByteBuffer row) {
        if (row.get() != 't') {
            throw new IllegalStateException("a column that isn't text");
        }
        return counted(row);
    }

    private static String counted(ByteBuffer message) {
        byte[] text = new byte[message.getInt()];
        message.get(text);
        return new String(text, StandardCharsets.UTF_8);
    }

    private static String terminated(ByteBuffer message) {
        int from = message.position();
        while (message.get() != 0) {
            // to the end of the string
        }
        return StandardCharsets.UTF_8
                .decode(message.slice(from, message.position() - 1 - from))
                .toString();
    }
}
