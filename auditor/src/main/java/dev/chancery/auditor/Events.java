package dev.chancery.auditor;

import dev.chancery.auditor.Entry.Problem;
import dev.chancery.auditor.Statement.EventList;
import dev.chancery.auditor.Statement.Outcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The events of outcomes: their bodies against their hashes, and the versions of each stream. */
final class Events implements AutoCloseable {
    private static final String CONTRACT_ADOPTED = "chancery.identity.v1.ContractAdopted";
    private static final String KEYS_DESTROYED = "chancery.retention.v1.KeysDestroyed";

    private final String logId;
    private final Findings findings;
    private final Hashing hashing = new Hashing();
    /** The first 16 bytes of SHA-256 of a stream's name to its last version: a collision would cost 2^64 hashes. */
    private final DiskTable versions = new DiskTable(1);

    private final long[] lastVersion = new long[1];
    private byte @Nullable [] adopted;
    private long count;
    private long destructions;

    Events(String logId, Findings findings) throws IOException {
        this.logId = logId;
        this.findings = findings;
    }

    /** SHA-256 of the contract that was adopted last, null when none was. */
    byte @Nullable [] adopted() {
        return adopted;
    }

    long count() {
        return count;
    }

    long destructions() {
        return destructions;
    }

    /** Checks one outcome. Where its bodies cannot be read (null), versions alone are judged. */
    void check(
            String file, Entry entry, String feature, Outcome outcome, String bodiesFile, @Nullable List<byte[]> bodies)
            throws IOException {
        List<EventRef> refs = outcome.events();
        List<byte[]> events = bodies;
        if (bodies != null && bodies.size() != outcome.bodies()) {
            findings.add(
                    bodiesFile,
                    entry.position(),
                    Rule.EVENT,
                    bodies.size() + " bodies, the statement says " + Long.toUnsignedString(outcome.bodies()));
            events = null;
        }
        EventList list = outcome.eventList();
        if (list != null) {
            if (events == null) {
                return;
            }
            refs = listed(list, events.getFirst(), entry.position(), feature, bodiesFile);
            events = events.subList(1, events.size());
        }
        for (int i = 0; i < refs.size(); i++) {
            checkVersion(file, entry.position(), refs.get(i));
            if (events != null) {
                checkBody(refs.get(i), events.get(i), entry.position(), i, bodiesFile);
            }
        }
        count += refs.size();
        destructions +=
                refs.stream().filter(ref -> ref.type().equals(KEYS_DESTROYED)).count();
    }

    /** The references that travel as the first body. Empty when they are not those that the statement names. */
    private List<EventRef> listed(EventList list, byte[] body, long position, String feature, String bodiesFile) {
        List<EventRef> refs = new ArrayList<>();
        Tree tree = new Tree((level, hash) -> {});
        try {
            for (ByteBuffer rest = ByteBuffer.wrap(body); rest.hasRemaining(); ) {
                if (rest.remaining() < Integer.BYTES || rest.getInt(rest.position()) < 0) {
                    throw new Malformed("the event list is not framed as it must be");
                }
                int length = rest.getInt();
                if (length > rest.remaining()) {
                    throw new Malformed("the event list ends within a reference");
                }
                refs.add(EventRef.read(new Wire("event", body, rest.position(), length)));
                tree.add(hashing.leaf(body, rest.position(), length));
                rest.position(rest.position() + length);
            }
            if (refs.size() != list.count()) {
                throw new Malformed("the event list has " + refs.size() + " references, the statement says "
                        + Long.toUnsignedString(list.count()));
            }
            if (!Arrays.equals(tree.root(), list.root())) {
                throw new Malformed("the event list has not the root that the statement names");
            }
        } catch (Malformed e) {
            findings.add(bodiesFile, position, Rule.EVENT, e.reason());
            return List.of();
        }
        List<Problem> problems = new ArrayList<>(0);
        refs.forEach(ref -> EntryRules.event(ref, feature, problems));
        problems.forEach(problem -> findings.add(bodiesFile, position, problem.rule(), problem.message()));
        return refs;
    }

    private void checkVersion(String file, long position, EventRef ref) throws IOException {
        ByteBuffer key = ByteBuffer.wrap(hashing.plain(ref.stream().getBytes(StandardCharsets.UTF_8)));
        long key0 = key.getLong();
        long key1 = key.getLong();
        long expected = versions.get(key0, key1, lastVersion) ? lastVersion[0] + 1 : 1;
        if (ref.version() != expected) {
            findings.add(
                    file,
                    position,
                    Rule.VERSION,
                    "stream " + ref.stream() + " has version "
                            + Long.toUnsignedString(ref.version()) + " where " + Long.toUnsignedString(expected)
                            + " comes next");
        }
        versions.put(key0, key1, ref.version());
    }

    private void checkBody(EventRef ref, byte[] body, long position, int ordinal, String bodiesFile) {
        if (!Arrays.equals(hashing.event(logId, ref, body), ref.hash())) {
            findings.add(
                    bodiesFile,
                    position,
                    Rule.EVENT,
                    "the body of event " + ordinal + " is not the one that was signed");
            return;
        }
        if (ref.type().equals(CONTRACT_ADOPTED)) {
            try {
                adopted = Contract.adopted(body);
            } catch (Malformed e) {
                findings.add(bodiesFile, position, Rule.CONTRACT, e.reason());
            }
        }
    }

    @Override
    public void close() throws IOException {
        versions.close();
    }
}
