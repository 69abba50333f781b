package dev.chancery.auditor;

import dev.chancery.auditor.Statement.Intent;
import dev.chancery.auditor.Statement.IntentRef;
import dev.chancery.auditor.Statement.Outcome;
import dev.chancery.auditor.Statement.Result;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;

/** The intents that have no outcome yet, and rule 2: what an outcome must have in common with the intent it ends. */
final class Intents implements AutoCloseable {
    private static final int HASH_LONGS = Hashing.LENGTH / Long.BYTES;
    private static final int MAX_LISTED = 20;

    private final Hashing hashing = new Hashing();
    /** Position to leaf hash, hash of the terms, deadline. */
    private final DiskTable open = new DiskTable(2 * HASH_LONGS + 1);

    private final long[] found = new long[2 * HASH_LONGS + 1];

    Intents() throws IOException {}

    void begin(Entry entry, Statement statement, Intent intent) throws IOException {
        ByteBuffer value = ByteBuffer.allocate(found.length * Long.BYTES);
        value.put(entry.leafHash()).put(terms(statement)).putLong(intent.deadlineMicros());
        long[] longs = new long[found.length];
        value.flip().asLongBuffer().get(longs);
        open.put(entry.position(), 0, longs);
    }

    /** Ends the intent, whether or not it fits: a second outcome finds it no more. @throws Malformed where it does not fit */
    void end(Statement statement, Outcome outcome, IntentRef ref) throws Malformed {
        String name = "the intent at position " + Long.toUnsignedString(ref.position());
        if (!open.get(ref.position(), 0, found)) {
            throw new Malformed(name + " is no intent before this outcome, or has an outcome already");
        }
        open.remove(ref.position(), 0);
        ByteBuffer value = ByteBuffer.allocate(found.length * Long.BYTES);
        value.asLongBuffer().put(found);
        byte[] hash = new byte[Hashing.LENGTH];
        byte[] terms = new byte[Hashing.LENGTH];
        value.get(hash).get(terms);
        if (!Arrays.equals(hash, ref.hash())) {
            throw new Malformed(name + " has another hash than the outcome says");
        }
        if (!Arrays.equals(terms, terms(statement))) {
            throw new Malformed(name + " has another feature, action, actor or request_id than its outcome");
        }
        boolean late = statement.recordedAtMicros() >= value.getLong();
        if (late && outcome.result() != Result.ABANDONED) {
            throw new Malformed(name + " was past its deadline, and its outcome is " + outcome.result());
        }
        if (!late && outcome.result() == Result.ABANDONED) {
            throw new Malformed(name + " was abandoned before its deadline");
        }
    }

    private byte[] terms(Statement statement) {
        return hashing.ofParts(
                statement.feature(),
                statement.action(),
                statement.actorId(),
                Integer.toString(statement.actorType()),
                statement.requestId());
    }

    long openCount() {
        return open.size();
    }

    /** The lowest positions, {@value #MAX_LISTED} at most. */
    List<Long> firstOpen() {
        TreeSet<Long> lowest = new TreeSet<>();
        open.forEach((position, _, value) -> {
            lowest.add(position);
            if (lowest.size() > MAX_LISTED) {
                lowest.pollLast();
            }
        });
        return List.copyOf(lowest);
    }

    @Override
    public void close() throws IOException {
        open.close();
    }
}
