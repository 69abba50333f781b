package dev.chancery.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.chancery.keyring.Ed25519Verifier;
import dev.chancery.keyring.VerifierKey;
import dev.chancery.keyring.VerifierKeys;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.log.v1.EventRef;
import dev.chancery.schema.log.v1.Intent;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What docs/reference/formats.md says holds in every log, checked over a whole log from its bytes. */
final class LogCheck {
    private final String tenant;
    private final Map<Integer, VerifierKey> keys = new HashMap<>();
    private final Map<Long, StoredRecord> intents = new HashMap<>();
    private final Set<Long> ended = new HashSet<>();
    private final Map<String, Long> versions = new HashMap<>();
    private final Set<ByteString> entryIds = new HashSet<>();
    private long lastRecordedAtMicros;
    private long next;

    private LogCheck(String tenant, VerifierKeys keys) {
        this.tenant = tenant;
        keys.of(TestLog.INSTANCE + "/").forEach(key -> this.keys.put(key.keyId(), key));
    }

    /** Fails at the first record that breaks a rule. */
    static void check(TestLog log, String tenant) {
        check(log.records(tenant), tenant, log.keys());
        long size = new LogCreation(log.database, dev.chancery.database.DatabaseRole.IDENTITY).size(tenant);
        assertThat(log.records(tenant)).hasSize(Math.toIntExact(size));
    }

    static void check(List<StoredRecord> records, String tenant, VerifierKeys keys) {
        var check = new LogCheck(tenant, keys);
        records.forEach(check::record);
    }

    private void record(StoredRecord record) {
        byte[] entry = record.entry().bytes();
        Statement statement = record.entry().statement();
        assertThat(statement.getPosition()).isEqualTo(next);
        assertThat(statement.getOrigin()).isEqualTo(TestLog.INSTANCE + "/" + tenant);
        assertThat(statement.getRecordedAtMicros()).isGreaterThanOrEqualTo(lastRecordedAtMicros);
        assertThat(entryIds.add(statement.getEntryId())).isTrue();
        signature(entry, statement);
        byte[] written = statement.toByteArray();
        assertThat(Arrays.copyOfRange(entry, 1, statementEnd(entry))).isEqualTo(written);
        assertThat(statement.getUnknownFields().asMap()).isEmpty();
        if (statement.hasIntent()) {
            assertThat(statement.getIntent().getDeadlineMicros()).isGreaterThan(statement.getRecordedAtMicros());
            intents.put(next, record);
        } else {
            outcome(statement, record);
        }
        lastRecordedAtMicros = statement.getRecordedAtMicros();
        next++;
    }

    private void signature(byte[] entry, Statement statement) {
        VerifierKey key = keys.get(statement.getSourceKey());
        assertThat(key.name()).isEqualTo(TestLog.INSTANCE + "/source/" + statement.getFeature());
        assertThat(Ed25519Verifier.verify(
                        key.publicKey(), signed(entry), Arrays.copyOfRange(entry, entry.length - 64, entry.length)))
                .isTrue();
    }

    private static byte[] signed(byte[] entry) {
        int end = statementEnd(entry);
        if (entry[0] == 1) {
            return Arrays.copyOf(entry, end);
        }
        byte[] root = sha256(new byte[] {0}, Arrays.copyOf(entry, end));
        int at = end;
        for (int node = entry[entry.length - 66], last = (entry[entry.length - 65] & 0xff) - 1;
                last > 0;
                node /= 2, last /= 2) {
            if (node % 2 == 1 || node < last) {
                byte[] sibling = Arrays.copyOfRange(entry, at, at + 32);
                root = node % 2 == 1 ? sha256(new byte[] {1}, sibling, root) : sha256(new byte[] {1}, root, sibling);
                at += 32;
            }
        }
        assertThat(at).isEqualTo(entry.length - 66);
        return ByteBuffer.allocate(51)
                .put("chancery/group/v1\n".getBytes(StandardCharsets.US_ASCII))
                .put(entry[entry.length - 65])
                .put(root)
                .array();
    }

    /** Scheme 2: from the end come the signature, the group's size, the place in it, and the path's hashes. */
    private static int statementEnd(byte[] entry) {
        if (entry[0] == 1) {
            return entry.length - 64;
        }
        assertThat(entry[0]).isEqualTo((byte) 2);
        int hashes = 0;
        for (int node = entry[entry.length - 66], last = (entry[entry.length - 65] & 0xff) - 1;
                last > 0;
                node /= 2, last /= 2) {
            hashes += node % 2 == 1 || node < last ? 1 : 0;
        }
        return entry.length - 66 - 32 * hashes;
    }

    private static byte[] sha256(byte[]... parts) {
        var digest = EntryFrame.sha256();
        Arrays.stream(parts).forEach(digest::update);
        return digest.digest();
    }

    private void outcome(Statement statement, StoredRecord record) {
        var outcome = statement.getOutcome();
        if (outcome.hasIntent()) {
            StoredRecord intent = intents.get(outcome.getIntent().getPosition());
            assertThat(outcome.getIntent().getHash().toByteArray())
                    .isEqualTo(intent.entry().leafHash());
            assertThat(ended.add(outcome.getIntent().getPosition())).isTrue();
            Statement begun = intent.entry().statement();
            assertThat(statement.getFeature()).isEqualTo(begun.getFeature());
            Intent terms = begun.getIntent();
            assertThat(statement.getRecordedAtMicros() >= terms.getDeadlineMicros())
                    .isEqualTo(outcome.getResult() == Result.ABANDONED);
        }
        assertThat(outcome.getEventsCount()).isEqualTo(record.bodies().size());
        assertThat(outcome.getResult() == Result.SUCCESS || outcome.getEventsCount() == 0)
                .isTrue();
        for (int i = 0; i < outcome.getEventsCount(); i++) {
            EventRef event = outcome.getEvents(i);
            assertThat(event.getVersion()).isEqualTo(versions.merge(event.getStream(), 1L, Long::sum));
            assertThat(event.getHash().toByteArray())
                    .isEqualTo(hash(event, record.bodies().get(i)));
        }
    }

    private byte[] hash(EventRef event, ByteString body) {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            lp(out, "chancery/event/v1".getBytes(StandardCharsets.UTF_8));
            lp(out, tenant.getBytes(StandardCharsets.UTF_8));
            lp(out, event.getStream().getBytes(StandardCharsets.UTF_8));
            out.writeLong(event.getVersion());
            lp(out, event.getType().getBytes(StandardCharsets.UTF_8));
            lp(out, body.toByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return EntryFrame.sha256().digest(bytes.toByteArray());
    }

    private static void lp(DataOutputStream out, byte[] value) throws IOException {
        out.writeInt(value.length);
        out.write(value);
    }
}
