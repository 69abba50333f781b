package dev.chancery.auditor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code erasure} on certificates with their records, as a subject has them. */
class ErasureProofTest {
    private static final String TYPE = "application/vnd.chancery.erasure-certificate+json";
    private static final String SUBJECT = "0199f200-0000-7000-8000-000000000002";
    private static final String STREAM = "retention/subject/" + SUBJECT;
    private static final String FIRST_HOLD = "0199f200-0000-7000-8000-0000000000a1";
    private static final String SECOND_HOLD = "0199f200-0000-7000-8000-0000000000a2";
    private static final String REQUEST = "0199f200-0000-7000-8000-0000000000b1";
    private static final int ACCOUNT = 1;
    private static final int AUDIT = 2;
    private static final int EVIDENCE = 3;

    private final SigningKey key = new SigningKey(SampleExport.INSTANCE + "/erasure", false);
    private final SigningKey retention = new SigningKey(SampleExport.INSTANCE + "/source/retention", false);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final PrintStream print = new PrintStream(out, true, UTF_8);
    private final SampleExport log = SampleExport.valid(5);

    @TempDir
    private Path directory;

    private long set;
    private long cleared;
    private long destroyed;
    private long completed;
    private long retired;

    /** Of one subject: a hold that was cleared, one that holds, a class that is gone, one that is decided, and one that waits. */
    @BeforeEach
    void anErasureAmongOtherRecords() throws IOException {
        log.others.put("retention", retention);
        set = record(
                "retention.hold.set",
                event("HoldSet", held(FIRST_HOLD, "Kestrel/1", ACCOUNT, AUDIT)),
                event("HoldSet", held(SECOND_HOLD, "Kestrel/2", AUDIT)));
        log.denied(d -> {});
        cleared = record(
                "retention.hold.clear",
                event(
                        "HoldCleared",
                        new Proto().string(1, FIRST_HOLD).string(2, SUBJECT).string(3, SUBJECT)),
                event(
                        "DestructionDecided",
                        new Proto()
                                .string(1, SUBJECT)
                                .string(2, REQUEST)
                                .integer(3, 1)
                                .bytes(4, new byte[] {ACCOUNT})
                                .string(5, SECOND_HOLD)),
                event(
                        "DestructionWithheld",
                        new Proto()
                                .string(1, SUBJECT)
                                .string(2, REQUEST)
                                .integer(3, 1)
                                .string(4, SECOND_HOLD)
                                .bytes(5, new byte[] {AUDIT})));
        destroyed = record(
                "retention.subject.destroy-keys",
                event(
                        "KeysDestroyed",
                        new Proto()
                                .string(1, SUBJECT)
                                .string(2, REQUEST)
                                .integer(3, 2)
                                .bytes(4, new byte[] {ACCOUNT})
                                .integer(5, 1_800_000_000_000_000L)
                                .integer(6, 3)
                                .integer(7, 4)));
        log.denied(d -> {});
        completed = record(
                "retention.subject.complete",
                event(
                        "DestructionCompleted",
                        new Proto()
                                .string(1, SUBJECT)
                                .string(2, REQUEST)
                                .bytes(3, new byte[] {ACCOUNT})
                                .integer(4, 4)
                                .integer(5, 5)));
        retired = record(
                "retention.subject.retire",
                event(
                        "DestructionDecided",
                        new Proto()
                                .string(1, SUBJECT)
                                .integer(3, 5)
                                .bytes(4, new byte[] {EVIDENCE})
                                .string(6, "P7Y")
                                .integer(7, 1_600_000_000_000_000L)));
        Files.writeString(directory.resolve("trust"), log.trust() + retention.vkey() + "\n" + key.vkey() + "\n");
    }

    private record Event(String type, byte[] body) {}

    private static Event event(String name, Proto body) {
        return new Event("chancery.retention.v1." + name, body.done());
    }

    private static Proto held(String hold, String matter, int... classes) {
        byte[] packed = new byte[classes.length];
        for (int i = 0; i < classes.length; i++) {
            packed[i] = (byte) classes[i];
        }
        return new Proto()
                .string(1, hold)
                .string(2, SUBJECT)
                .string(3, matter)
                .bytes(4, packed)
                .message(5, Draft.sealed(24, 32))
                .integer(6, 1_900_000_000_000_000L)
                .string(7, SUBJECT);
    }

    private long record(String action, Event... events) {
        return log.append(d -> {
            d.feature = "retention";
            d.sourceKey = retention.id();
            d.action = action;
            d.result = Draft.SUCCESS;
            for (Event event : events) {
                d.event(STREAM, log.next(STREAM), event.type(), event.body());
            }
        });
    }

    private Map<String, Object> payload() {
        return object(
                "type",
                "chancery-erasure-2",
                "instance",
                SampleExport.INSTANCE,
                "organisation",
                SampleExport.LOG_ID,
                "subject",
                SUBJECT,
                "issued_at",
                "2026-11-29T18:00:00Z",
                "state",
                "withheld",
                "classes",
                list(
                        object(
                                "class",
                                "account",
                                "ground",
                                "request",
                                "request",
                                REQUEST,
                                "decided",
                                object("position", cleared, "considered_holds", list(SECOND_HOLD)),
                                "keys_destroyed",
                                object("position", destroyed, "keys", 2L, "horizon", "2027-01-15T08:00:00Z"),
                                "completed",
                                object(
                                        "position", completed,
                                        "organisation_key_from_version", 4L,
                                        "sealer_key_from_version", 5L),
                                "state",
                                "completed"),
                        object(
                                "class", "evidence",
                                "ground", "retention-ended",
                                "request", "",
                                "decided", object("position", retired, "considered_holds", list()),
                                "retention", object("period", "P7Y", "since", "2020-09-13T12:26:40Z"),
                                "state", "decided"),
                        object(
                                "class", "audit",
                                "ground", "request",
                                "request", REQUEST,
                                "state", "withheld",
                                "withheld", object("position", cleared, "holds", list(SECOND_HOLD)))),
                "holds",
                list(
                        object(
                                "hold", FIRST_HOLD,
                                "matter", "Kestrel/1",
                                "classes", list("account", "audit"),
                                "set_position", set,
                                "cleared_position", cleared),
                        object(
                                "hold",
                                SECOND_HOLD,
                                "matter",
                                "Kestrel/2",
                                "classes",
                                list("audit"),
                                "set_position",
                                set)),
                "not_proved",
                list("what nobody can"));
    }

    private static Map<String, Object> object(Object... members) {
        Map<String, Object> object = new TreeMap<>();
        for (int i = 0; i < members.length; i += 2) {
            object.put((String) members[i], members[i + 1]);
        }
        return object;
    }

    private static List<Object> list(Object... elements) {
        return new ArrayList<>(Arrays.asList(elements));
    }

    private String certificate(Map<String, Object> payload, long... positions) {
        StringBuilder records = new StringBuilder();
        for (long position : positions) {
            records.append(records.isEmpty() ? "\"records\":[" : ",").append(record((int) position));
        }
        return certificate(payload, records.isEmpty() ? "" : records + "],");
    }

    private String certificate(Map<String, Object> payload, String records) {
        byte[] json = CanonicalJson.write(payload);
        byte[] signature = key.sign(
                Draft.concat(("DSSEv1 " + TYPE.length() + " " + TYPE + " " + json.length + " ").getBytes(UTF_8), json));
        return "{\"payload\":\"" + base64(json) + "\",\"payloadType\":\"" + TYPE + "\"," + records
                + "\"signatures\":[{\"keyid\":\"" + key.name + "+"
                + HexFormat.of().toHexDigits(key.id()) + "\",\"sig\":\"" + base64(signature) + "\"}]}";
    }

    private String good() {
        return certificate(payload(), set, cleared, destroyed, completed, retired);
    }

    private String record(int position) {
        StringBuilder events = new StringBuilder();
        for (byte[] body : log.bodies.get(position)) {
            events.append(events.isEmpty() ? "" : ",")
                    .append('"')
                    .append(base64(body))
                    .append('"');
        }
        return "{\"events\":[" + events + "],\"inclusion\":\""
                + log.inclusion(position).replace("\n", "\\n") + "\"}";
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private int verify(byte[] file, String... more) throws IOException {
        out.reset();
        Files.write(directory.resolve("certificate"), file);
        List<String> arguments = new ArrayList<>(List.of(
                "erasure",
                directory.resolve("certificate").toString(),
                "--trust",
                directory.resolve("trust").toString()));
        arguments.addAll(List.of(more));
        return Main.run(arguments.toArray(String[]::new), print, print);
    }

    private int verify(String file) throws IOException {
        return verify(file.getBytes(UTF_8));
    }

    @Test
    void whatTheLogSaysIsProven() throws IOException {
        assertThat(verify(good() + "\n")).as("%s", out).isZero();
        assertThat(out.toString(UTF_8))
                .endsWith("PROVEN\n")
                .contains("classes     account completed, evidence decided, audit withheld")
                .containsPattern("records +5, ");
        assertThat(verify(good().getBytes(UTF_8), "--origin", SampleExport.ORIGIN))
                .isZero();
    }

    @Test
    void aChangedByteIsRefusedWhereverItIs() throws IOException {
        byte[] good = good().getBytes(UTF_8);
        for (int i = 0; i < good.length; i += 13) {
            byte[] changed = good.clone();
            changed[i] ^= (byte) (1 << i % Byte.SIZE);
            assertThat(verify(changed)).as("byte %d", i).isOne();
        }
        for (int length = 0; length < good.length; length += 997) {
            assertThat(verify(Arrays.copyOf(good, length)))
                    .as("%d bytes", length)
                    .isOne();
        }
    }

    /** Its first line, the entry, the index, each hash, the checkpoint's log, size, root and signature, and the event. */
    @Test
    void anyChangedLineOfARecordIsRefused() throws IOException {
        List<String> lines = List.of(log.inclusion((int) destroyed).split("\n"));
        String event = base64(log.bodies.get((int) destroyed).getFirst());
        assertThat(lines).hasSizeGreaterThan(8);
        for (String line : Stream.concat(lines.stream(), Stream.of(event)).toList()) {
            for (int at : line.isEmpty() ? new int[0] : new int[] {line.length() / 3, line.length() - 1}) {
                char other = line.charAt(at) == 'B' || line.charAt(at) == '2' ? '3' : '2';
                String changed = line.substring(0, at) + other + line.substring(at + 1);
                String record = record((int) destroyed);
                assertThat(record).contains(line);
                assertThat(verify(good().replace(record, record.replace(line, changed))))
                        .as("%s: %s", changed, out)
                        .isOne();
            }
        }
    }

    /** Whoever has the key that signs certificates can't have one say what the log does not. */
    @Test
    void anyChangedFieldIsRefusedWhoeverSignedIt() throws IOException {
        List<String> unproven = List.of("issued_at", "not_proved");
        Map<String, Object> payload = payload();
        assertThat(changes(payload)).isGreaterThan(40);
        for (int n = 0; n < changes(payload); n++) {
            Map<String, Object> changed = payload();
            String path = change(changed, "", new int[] {n});
            boolean bound = unproven.stream().noneMatch(path.substring(1)::startsWith);
            assertThat(verify(certificate(changed, set, cleared, destroyed, completed, retired)))
                    .as("%s: %s", path, out)
                    .isEqualTo(bound ? Main.FOUND_SOMETHING : Main.INTACT);
        }
    }

    private static int changes(Object value) {
        return switch (value) {
            case Map<?, ?> map ->
                map.values().stream().mapToInt(ErasureProofTest::changes).sum();
            case List<?> list ->
                1 + list.stream().mapToInt(ErasureProofTest::changes).sum();
            default -> 1;
        };
    }

    /** Changes the n-th value: a text gets a letter more, a number is one higher, a list has its last element twice. Answers where. */
    @SuppressWarnings("unchecked")
    private static String change(Object value, String path, int[] n) {
        if (value instanceof Map<?, ?> map) {
            for (Map.Entry<String, Object> member : ((Map<String, Object>) map).entrySet()) {
                String there = path + "/" + member.getKey();
                if (member.getValue() instanceof Map || member.getValue() instanceof List) {
                    String found = change(member.getValue(), there, n);
                    if (!found.isEmpty()) {
                        return found;
                    }
                } else if (n[0]-- == 0) {
                    member.setValue(changed(member.getValue()));
                    return there;
                }
            }
            return "";
        }
        List<Object> list = (List<Object>) value;
        if (n[0]-- == 0) {
            list.add(list.isEmpty() ? "more" : list.getLast());
            return path;
        }
        for (int i = 0; i < list.size(); i++) {
            if (list.get(i) instanceof Map) {
                String found = change(list.get(i), path + "/" + i, n);
                if (!found.isEmpty()) {
                    return found;
                }
            } else if (n[0]-- == 0) {
                list.set(i, changed(list.get(i)));
                return path + "/" + i;
            }
        }
        return "";
    }

    private static Object changed(Object value) {
        return value instanceof Long number ? number + 1 : value + "x";
    }

    @Test
    void aStepThatTheLogDoesNotHaveIsNotProven() throws IOException {
        Map<String, Object> payload = payload();
        Map<?, ?> evidence = (Map<?, ?>) ((List<?>) payload.get("classes")).get(1);
        @SuppressWarnings("unchecked")
        var claimed = (Map<String, Object>) evidence;
        claimed.put("state", "keys-destroyed");
        claimed.put("keys_destroyed", object("position", destroyed, "keys", 2L, "horizon", "2027-01-15T08:00:00Z"));

        assertThat(verify(certificate(payload, set, cleared, destroyed, completed, retired)))
                .isOne();
        assertThat(out.toString(UTF_8)).contains("names the KeysDestroyed of record " + destroyed);
    }

    @Test
    void aCertificateBringsTheRecordsThatItNamesAndNoOthers() throws IOException {
        assertThat(verify(certificate(payload()))).isOne();
        assertThat(out.toString(UTF_8)).contains("`chancery erasure proof` writes a certificate with them");
        assertThat(verify(certificate(payload(), set, cleared, destroyed, completed)))
                .isOne();
        assertThat(verify(certificate(payload(), set, cleared, destroyed, completed, retired, 1)))
                .isOne();
        Map<String, Object> fewer = payload();
        ((List<?>) fewer.get("classes")).remove(1);
        assertThat(verify(certificate(fewer, set, cleared, destroyed, completed)))
                .as("%s", out)
                .isZero();
        assertThat(verify(certificate(fewer, set, cleared, destroyed, completed, retired)))
                .isOne();
        assertThat(out.toString(UTF_8)).contains("brings record " + retired + ", which it does not name");
        Map<String, Object> first = payload();
        first.put("type", "chancery-erasure-1");
        assertThat(verify(certificate(first, set, cleared, destroyed, completed, retired)))
                .isOne();
        first.put("type", "chancery-erasure-3");
        assertThat(verify(certificate(first, set, cleared, destroyed, completed, retired)))
                .isOne();
    }

    @Test
    void recordsOfAnotherCheckpointOrAnotherLogAreRefused() throws IOException {
        log.denied(d -> {});
        String older = record((int) completed)
                .replaceFirst(
                        "\"inclusion\":\".*\"",
                        "\"inclusion\":\""
                                + log.first(log.entries.size() - 1)
                                        .inclusion((int) completed)
                                        .replace("\n", "\\\\n") + "\"");
        assertThat(verify(certificate(payload(), set, cleared, destroyed, completed, retired)))
                .isZero();
        assertThat(verify(good().replace(record((int) completed), older))).isOne();
        assertThat(out.toString(UTF_8)).contains("leads to another checkpoint than the first record's proof");
        assertThat(verify(good().getBytes(UTF_8), "--origin", SampleExport.INSTANCE + "/instance"))
                .isOne();
    }
}
