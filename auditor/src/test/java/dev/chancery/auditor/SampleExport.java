package dev.chancery.auditor;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.DescriptorProtos.FileOptions;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.MethodOptions;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import com.google.protobuf.UnknownFieldSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A second reading of {@code docs/reference/formats.md}, from the writer's side: a log in memory, correctly signed whatever it
 * says, and written as an export. It uses nothing of the auditor.
 */
final class SampleExport {
    static final String INSTANCE = "ch-5f0c1d7a9b3e42aa";
    static final String LOG_ID = "0199f200-0000-7000-8000-00000000abcd";
    static final String ORIGIN = INSTANCE + "/" + LOG_ID;
    static final String ADOPTED = "chancery.identity.v1.ContractAdopted";
    private static final long STEP_MICROS = 1_000;
    private static final long PATIENCE_MICROS = 5 * STEP_MICROS;

    final SigningKey logKey;
    final SigningKey identityKey;
    final SigningKey accessKey;
    /** Source keys of further features. */
    final Map<String, SigningKey> others = new HashMap<>();

    final List<byte[]> entries = new ArrayList<>();
    final List<List<byte[]>> bodies = new ArrayList<>();
    byte[] contract = contract(Map.of(
            "access.role.assign", true,
            "access.role.define", true,
            "access.role.preview", false,
            "identity.principal.create", true,
            "identity.token.issue", false));
    long nowMicros = 1_700_000_000_000_000L;
    private final Map<String, Long> versions = new HashMap<>();
    /** For what is done to the note before it is written. */
    String origin = ORIGIN;

    long claimedSize = -1;

    SampleExport(boolean fast) {
        this(
                new SigningKey(ORIGIN, fast),
                new SigningKey(INSTANCE + "/source/identity", fast),
                new SigningKey(INSTANCE + "/source/access", fast));
    }

    private SampleExport(SigningKey logKey, SigningKey identityKey, SigningKey accessKey) {
        this.logKey = logKey;
        this.identityKey = identityKey;
        this.accessKey = accessKey;
    }

    /** What the log was when it had so many records. */
    SampleExport first(int size) {
        SampleExport earlier = new SampleExport(logKey, identityKey, accessKey);
        earlier.contract = contract;
        earlier.entries.addAll(entries.subList(0, size));
        earlier.bodies.addAll(bodies.subList(0, size));
        return earlier;
    }

    /** A valid log of so many records, with something of everything. */
    static SampleExport valid(int size) {
        return valid(size, false);
    }

    static SampleExport valid(int size, boolean fast) {
        SampleExport sample = new SampleExport(fast).found();
        for (int round = 0; sample.entries.size() < size; round++) {
            int room = size - sample.entries.size();
            if (room == 1) {
                sample.denied(d -> {});
                continue;
            }
            int together = 2 + round % 12;
            if (round % 3 == 2 && room >= together) {
                sample.deniedTogether(together);
                continue;
            }
            String stream = "access/assignments/" + round % 7;
            long intent = sample.intent(d -> {});
            int many = round == 4 ? 300 : 3;
            switch (round % 5) {
                case 0 ->
                    sample.outcome(
                            intent,
                            d -> d.event(
                                    stream,
                                    sample.next(stream),
                                    "chancery.access.v1.RoleAssigned",
                                    ("r" + sample.entries.size()).getBytes(UTF_8)));
                case 1 ->
                    sample.outcome(intent, d -> {
                        d.result = Draft.FAILURE;
                        d.code = "access.unknown-role";
                    });
                case 2 -> {
                    sample.nowMicros += PATIENCE_MICROS;
                    sample.outcome(intent, d -> {
                        d.result = Draft.ABANDONED;
                        d.effectUnknown = true;
                        d.reason = null;
                    });
                }
                case 3 -> sample.outcome(intent, d -> {});
                default -> sample.outcome(intent, d -> sample.manyEvents(d, many));
            }
            if (sample.entries.size() < size) {
                String token = "identity/token/" + sample.entries.size();
                sample.identity(
                        "identity.token.issue",
                        d -> d.event(token, sample.next(token), "chancery.identity.v1.TokenIssued", new byte[200]));
            }
        }
        return sample;
    }

    /** Position 0. */
    SampleExport found() {
        identity("identity.organisation.found", d -> {
            d.actorType = 1;
            d.actorId = "identity";
            d.roles.clear();
            d.event(
                    "identity/organisation",
                    next("identity/organisation"),
                    "chancery.identity.v1.OrganisationFounded",
                    "o".getBytes(UTF_8));
            d.event("identity/contract", next("identity/contract"), ADOPTED, adopted(contract));
        });
        return this;
    }

    void manyEvents(Draft draft, int count) {
        draft.listed = count > 256;
        for (int i = 0; i < count; i++) {
            String stream = "access/role-model";
            draft.event(stream, next(stream), "chancery.access.v1.CapabilityDefined", ("c" + i).getBytes(UTF_8));
        }
    }

    long intent(Consumer<Draft> change) {
        return append(draft -> {
            draft.deadlineMicros = nowMicros + PATIENCE_MICROS;
            change.accept(draft);
        });
    }

    /** Of an intent, successful unless changed. */
    long outcome(long intent, Consumer<Draft> change) {
        return append(draft -> {
            draft.result = Draft.SUCCESS;
            draft.intentPosition = intent;
            draft.intentHash = Merkle.leaf(entries.get((int) intent));
            change.accept(draft);
        });
    }

    long denied(Consumer<Draft> change) {
        return append(draft -> {
            draft.result = Draft.DENIED;
            draft.code = "access.not-permitted";
            change.accept(draft);
        });
    }

    /** A successful outcome of the feature identity, without intent. */
    long identity(String action, Consumer<Draft> change) {
        return append(draft -> {
            draft.feature = "identity";
            draft.action = action;
            draft.sourceKey = identityKey.id();
            draft.result = Draft.SUCCESS;
            change.accept(draft);
        });
    }

    /** So many denials, signed together. */
    void deniedTogether(int count) {
        List<byte[]> statements = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Draft draft = draft(entries.size() + i);
            draft.result = Draft.DENIED;
            draft.code = "access.not-permitted";
            statements.add(draft.statement());
        }
        appendGroup(statements, accessKey);
    }

    void appendGroup(List<byte[]> statements, SigningKey key) {
        List<byte[]> leaves = statements.stream()
                .map(statement -> Merkle.leaf(Draft.concat(new byte[] {2}, statement)))
                .toList();
        byte[] size = {(byte) statements.size()};
        byte[] signature = key.sign(Draft.concat("chancery/group/v1\n".getBytes(UTF_8), size, Merkle.root(leaves)));
        for (int i = 0; i < statements.size(); i++) {
            byte[] place = {(byte) i, size[0]};
            byte[] path = Merkle.path(i, leaves);
            appendEntry(Draft.concat(new byte[] {2}, statements.get(i), path, place, signature), List.of());
        }
    }

    /** Answers its position. */
    long append(Consumer<Draft> change) {
        Draft draft = draft(entries.size());
        change.accept(draft);
        SigningKey key = draft.feature.equals("identity") ? identityKey : accessKey;
        return append(draft.statement(), others.getOrDefault(draft.feature, key), draft.bodies());
    }

    private Draft draft(long position) {
        nowMicros += STEP_MICROS;
        Draft draft = new Draft();
        draft.position = position;
        draft.recordedAtMicros = nowMicros;
        draft.entryId = ByteBuffer.allocate(16)
                .putLong(0x0199f20000007000L)
                .putLong(0x8000000000000000L | draft.position)
                .array();
        draft.sourceKey = accessKey.id();
        return draft;
    }

    long append(byte[] statement, SigningKey key, List<byte[]> itsBodies) {
        byte[] signed = Draft.concat(new byte[] {1}, statement);
        return appendEntry(Draft.concat(signed, key.sign(signed)), itsBodies);
    }

    long appendEntry(byte[] entry, List<byte[]> itsBodies) {
        entries.add(entry);
        bodies.add(itsBodies);
        return entries.size() - 1L;
    }

    long next(String stream) {
        return versions.merge(stream, 1L, Long::sum);
    }

    static byte[] adopted(byte[] contract) {
        return new Proto()
                .bytes(1, SigningKey.sha256(contract))
                .string(2, "role:define")
                .done();
    }

    private static final UnknownFieldSet.Field ACTIONS_OF_NO_METHOD = UnknownFieldSet.Field.newBuilder()
            .addLengthDelimited(action("identity.organisation.found", 1))
            .addLengthDelimited(action("identity.contract.adopt", 1))
            .addLengthDelimited(action("access.copy.take", 2))
            .build();

    private static ByteString action(String name, int by) {
        return ByteString.copyFrom(new Proto().string(1, name).integer(2, by).done());
    }

    static byte[] contract(Map<String, Boolean> privilegedByAction) {
        ServiceDescriptorProto.Builder service =
                ServiceDescriptorProto.newBuilder().setName("Service");
        privilegedByAction.forEach((action, privileged) -> service.addMethod(MethodDescriptorProto.newBuilder()
                .setName("M" + service.getMethodCount())
                .setOptions(MethodOptions.newBuilder()
                        .setUnknownFields(UnknownFieldSet.newBuilder()
                                .addField(
                                        50101,
                                        UnknownFieldSet.Field.newBuilder()
                                                .addLengthDelimited(ByteString.copyFrom(new Proto()
                                                        .string(1, "a:b")
                                                        .string(2, action)
                                                        .integer(3, privileged ? 1 : 0)
                                                        .done()))
                                                .build())
                                .build()))));
        return FileDescriptorSet.newBuilder()
                .addFile(FileDescriptorProto.newBuilder()
                        .setName("a.proto")
                        .setOptions(FileOptions.newBuilder()
                                .setUnknownFields(UnknownFieldSet.newBuilder()
                                        .addField(50106, ACTIONS_OF_NO_METHOD)
                                        .build()))
                        .addService(service))
                .build()
                .toByteArray();
    }

    String trust() {
        return logKey.vkey() + "\n" + identityKey.vkey() + "\n" + accessKey.vkey() + "\n";
    }

    /** That an entry is in it: a tlog-proof that brings the entry along. */
    String inclusion(int position) {
        byte[] path = Merkle.path(position, entries.stream().map(Merkle::leaf).toList());
        return "c2sp.org/tlog-proof@v1\nextra " + Base64.getEncoder().encodeToString(entries.get(position)) + "\nindex "
                + position + "\n" + lines(path) + "\n" + checkpoint();
    }

    /** Hashes as proofs have them, each on a line. */
    static String lines(byte[] hashes) {
        var lines = new StringBuilder();
        for (int from = 0; from < hashes.length; from += 32) {
            lines.append(Base64.getEncoder().encodeToString(Arrays.copyOfRange(hashes, from, from + 32)))
                    .append('\n');
        }
        return lines.toString();
    }

    String checkpoint() {
        List<byte[]> leaves = entries.stream().map(Merkle::leaf).toList();
        return note(origin + "\n" + (claimedSize < 0 ? (long) entries.size() : claimedSize) + "\n"
                + Base64.getEncoder().encodeToString(Merkle.root(leaves)) + "\n");
    }

    String note(String text) {
        byte[] id = ByteBuffer.allocate(4).putInt(logKey.id()).array();
        return text + "\n\u2014 " + origin + " "
                + Base64.getEncoder().encodeToString(Draft.concat(id, logKey.sign(text.getBytes(UTF_8)))) + "\n";
    }

    /** Writes {@code export} and {@code trust} into the directory, and answers the export */
    Path write(Path directory) throws IOException {
        Path export = directory.resolve("export");
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("trust"), trust());
        file(export, "log/checkpoint", checkpoint().getBytes(UTF_8));
        file(export, "contract.binpb", contract);
        for (int from = 0; from < entries.size(); from += 256) {
            int to = Math.min(from + 256, entries.size());
            byte[][] bundle = new byte[to - from][];
            byte[][] bodiesFile = new byte[to - from][];
            for (int i = from; i < to; i++) {
                bundle[i - from] = Draft.concat(u16(entries.get(i).length), entries.get(i));
                byte[][] all = bodies.get(i).stream().map(Draft::lp).toArray(byte[][]::new);
                bodiesFile[i - from] = Draft.concat(u16(all.length), Draft.concat(all));
            }
            file(export, "log/tile/entries/" + name(from / 256, to - from), Draft.concat(bundle));
            file(export, "bodies/" + name(from / 256, to - from), Draft.concat(bodiesFile));
        }
        List<byte[]> hashes = entries.stream().map(Merkle::leaf).toList();
        for (int level = 0; !hashes.isEmpty(); level++) {
            List<byte[]> above = new ArrayList<>();
            for (int from = 0; from < hashes.size(); from += 256) {
                List<byte[]> tile = hashes.subList(from, Math.min(from + 256, hashes.size()));
                file(
                        export,
                        "log/tile/" + level + "/" + name(from / 256, tile.size()),
                        Draft.concat(tile.toArray(byte[][]::new)));
                if (tile.size() == 256) {
                    above.add(Merkle.root(tile));
                }
            }
            hashes = above;
        }
        return export;
    }

    private static byte[] u16(int value) {
        return new byte[] {(byte) (value >> 8), (byte) value};
    }

    private static String name(int index, int width) {
        String number = index < 1000
                ? String.format(Locale.ROOT, "%03d", index)
                : String.format(Locale.ROOT, "x%03d/%03d", index / 1000, index % 1000);
        return number + (width == 256 ? "" : ".p/" + width);
    }

    private static void file(Path export, String path, byte[] bytes) throws IOException {
        Path file = export.resolve(path);
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
    }
}
