package dev.chancery.auditor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code dsar} on files, as a subject has them. */
class CompletionProofTest {
    private static final String TYPE = "application/vnd.chancery.dsar-completion+json";
    private static final String REQUEST = "0199f2aa-0000-7000-8000-000000000001";
    private static final String STREAM = "dsar/request/" + REQUEST;
    private static final String STATEMENT =
            "{\"format\":1,\"holdsApplied\":[],\"horizon\":{\"backups\":\"2026-12-01T00:00:00Z\","
                    + "\"keysInMemorySeconds\":60},\"keysDestroyed\":{\"count\":2,\"position\":7},\"kind\":\"erasure\","
                    + "\"notProven\":[\"that nothing is left elsewhere\"],\"request\":\"" + REQUEST + "\",\"systems\":["
                    + "{\"asked\":\"erase\",\"attempts\":1,\"outcome\":\"done\",\"system\":\"crm\"}]}";

    private final SigningKey key = new SigningKey(SampleExport.INSTANCE + "/dsar", false);
    private final SigningKey dsar = new SigningKey(SampleExport.INSTANCE + "/source/dsar", false);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final PrintStream print = new PrintStream(out, true, UTF_8);

    @TempDir
    private Path directory;

    private SampleExport log = SampleExport.valid(5);
    private int position;

    @BeforeEach
    void aCompletionAmongOtherRecords() throws IOException {
        complete(STATEMENT);
    }

    private byte[] body(String statement) {
        return new Proto()
                .string(1, REQUEST)
                .bytes(2, SigningKey.sha256(statement.getBytes(UTF_8)))
                .done();
    }

    private void complete(String statement) throws IOException {
        log = SampleExport.valid(5);
        log.others.put("dsar", dsar);
        position = (int) log.append(d -> {
            d.feature = "dsar";
            d.sourceKey = dsar.id();
            d.action = "dsar.request.complete";
            d.result = Draft.SUCCESS;
            d.event(STREAM, log.next(STREAM), "chancery.dsar.v1.DataExported", new byte[] {10, 0});
            d.event(STREAM, log.next(STREAM), "chancery.dsar.v1.RequestCompleted", body(statement));
        });
        log.denied(d -> {});
        Files.writeString(directory.resolve("trust"), trust());
    }

    private String trust() {
        return log.trust() + dsar.vkey() + "\n" + key.vkey() + "\n";
    }

    private String proof(SigningKey by, String type, String statement, byte[] completed) {
        byte[] payload = statement.getBytes(UTF_8);
        byte[] signed = Draft.concat(
                ("DSSEv1 " + type.length() + " " + type + " " + payload.length + " ").getBytes(UTF_8), payload);
        return "{\"completed\":\"" + base64(completed) + "\",\"inclusion\":\""
                + log.inclusion(position).replace("\n", "\\n") + "\",\"payload\":\"" + base64(payload)
                + "\",\"payloadType\":\"" + type + "\",\"signatures\":[{\"keyid\":\"" + by.name + "+"
                + HexFormat.of().toHexDigits(by.id()) + "\",\"sig\":\"" + base64(by.sign(signed)) + "\"}]}";
    }

    private String good() {
        return proof(key, TYPE, STATEMENT, body(STATEMENT));
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private int verify(byte[] file, String... more) throws IOException {
        Files.write(directory.resolve("proof"), file);
        String[] arguments = {
            "dsar",
            directory.resolve("proof").toString(),
            "--trust",
            directory.resolve("trust").toString()
        };
        String[] all = Arrays.copyOf(arguments, arguments.length + more.length);
        System.arraycopy(more, 0, all, arguments.length, more.length);
        return Main.run(all, print, print);
    }

    private int verify(String file) throws IOException {
        return verify(file.getBytes(UTF_8));
    }

    @Test
    void whatWasDoneIsProvenAndWhatIsNotIsSaid() throws IOException {
        assertThat(verify(good() + "\n")).as("%s", out).isZero();
        assertThat(out.toString(UTF_8))
                .endsWith("PROVEN\n")
                .contains(
                        "systems     crm erase: done",
                        "keys        2 destroyed, recorded at 7",
                        "backups 2026-12-01T00:00:00Z",
                        "unproven 1  that nothing is left elsewhere");
    }

    private static final String UNMET = STATEMENT
            .replace("\"format\":1", "\"format\":2")
            .replace(
                    "{\"backups\":\"2026-12-01T00:00:00Z\",\"keysInMemorySeconds\":60}",
                    "{\"keysInMemorySeconds\":60,\"met\":false,\"standsUntil\":\"2026-12-01T00:00:00Z\"}");

    private static final String MET =
            UNMET.replace("\"met\":false,\"standsUntil\":\"2026-12-01T00:00:00Z\"", "\"met\":true,\"metPosition\":9");

    private byte[] body(String statement, int format, int met) {
        var event = new Proto()
                .string(1, REQUEST)
                .bytes(2, SigningKey.sha256(statement.getBytes(UTF_8)))
                .integer(4, format);
        return (met == 0 ? event : event.integer(5, met)).done();
    }

    private int verifySecond(String statement, byte[] event) throws IOException {
        log = SampleExport.valid(5);
        log.others.put("dsar", dsar);
        position = (int) log.append(d -> {
            d.feature = "dsar";
            d.sourceKey = dsar.id();
            d.action = "dsar.request.complete";
            d.result = Draft.SUCCESS;
            d.event(STREAM, log.next(STREAM), "chancery.dsar.v1.RequestCompleted", event);
        });
        Files.writeString(directory.resolve("trust"), trust());
        out.reset();
        return verify(proof(key, TYPE, statement, event));
    }

    @Test
    void aFormatThatIsNotKnownIsNoProof() throws IOException {
        String third = MET.replace("\"format\":2", "\"format\":3");
        assertThat(verifySecond(third, body(third, 3, 9))).as("%s", out).isZero();
        String fourth = MET.replace("\"format\":2", "\"format\":4");
        assertThat(verifySecond(fourth, body(fourth, 4, 9))).isOne();
        assertThat(out.toString(UTF_8)).contains("the statement is of no format from 1 to 3");
    }

    @Test
    void aHorizonThatWasStillToComeIsSaidToBe() throws IOException {
        assertThat(verifySecond(UNMET, body(UNMET, 2, 0))).as("%s", out).isZero();
        assertThat(out.toString(UTF_8))
                .contains("backups may open it until 2026-12-01T00:00:00Z: not met when this was stated");
        assertThat(verifySecond(MET, body(MET, 2, 9))).as("%s", out).isZero();
        assertThat(out.toString(UTF_8)).contains("backups open nothing, recorded at 9");

        // The event and the statement say the same.
        assertThat(verifySecond(MET, body(MET, 2, 0))).isOne();
        assertThat(verifySecond(MET, body(MET, 2, 8))).isOne();
        assertThat(verifySecond(UNMET, body(UNMET, 2, 9))).isOne();
        assertThat(verifySecond(UNMET, body(UNMET))).isOne();
        assertThat(verifySecond(STATEMENT, body(STATEMENT, 2, 0))).isOne();
    }

    @Test
    void anyChangedByteIsRefused() throws IOException {
        byte[] good = good().getBytes(UTF_8);
        for (int i = 0; i < good.length; i++) {
            byte[] changed = good.clone();
            changed[i] ^= (byte) (1 << i % Byte.SIZE);
            assertThat(verify(changed)).as("byte %d", i).isOne();
            out.reset();
        }
        for (int length = 0; length < good.length; length += 7) {
            assertThat(verify(Arrays.copyOf(good, length)))
                    .as("%d bytes", length)
                    .isOne();
        }
    }

    @Test
    void aStatementThatTheLogDoesNotNameIsRefusedWhoeverSignedIt() throws IOException {
        String other = STATEMENT.replace("\"count\":2", "\"count\":3");

        assertThat(verify(proof(key, TYPE, other, body(STATEMENT)))).isOne();
        assertThat(out.toString(UTF_8)).contains("is not the one that the log's event names");
        assertThat(verify(proof(key, TYPE, other, body(other)))).isOne();
        assertThat(out.toString(UTF_8)).contains("is not the one that was signed");
    }

    @Test
    void anotherKeyAnotherTypeOrAnotherSpellingIsRefused() throws IOException {
        var source = new SigningKey(SampleExport.INSTANCE + "/source/consent", false);
        Files.writeString(directory.resolve("trust"), trust() + source.vkey() + "\n");

        assertThat(verify(proof(source, TYPE, STATEMENT, body(STATEMENT)))).isOne();
        assertThat(verify(proof(key, "application/json", STATEMENT, body(STATEMENT))))
                .isOne();
        assertThat(verify(good().replace("\"payload\":", " \"payload\":"))).isOne();
        String spaced = STATEMENT.replace("{\"format\":1,", "{").replace("\"kind\"", "\"format\":1,\"kind\"");
        complete(spaced);
        assertThat(verify(proof(key, TYPE, spaced, body(spaced)))).isOne();
        assertThat(out.toString(UTF_8)).contains("the statement is not canonical JSON");
    }

    @Test
    void anErasureThatASystemHasNotDoneIsNotProven() throws IOException {
        String undone = STATEMENT.replace("\"done\"", "\"parked\"");
        complete(undone);

        assertThat(verify(proof(key, TYPE, undone, body(undone)))).isOne();
        assertThat(out.toString(UTF_8)).contains("crm has not erased what it holds");
    }

    @Test
    void whatIsWrongWithTheCallIsSaid() throws IOException {
        Files.writeString(directory.resolve("trust"), trust());
        String trust = directory.resolve("trust").toString();

        assertThat(Main.run(
                        new String[] {"dsar", directory.resolve("none").toString(), "--trust", trust}, print, print))
                .isEqualTo(Main.UNREADABLE);
        assertThat(Main.run(new String[] {"dsar", "--trust", trust}, print, print))
                .isEqualTo(Main.WRONG_USAGE);
        assertThat(verify(good().getBytes(UTF_8), "--origin", SampleExport.INSTANCE + "/instance"))
                .isOne();
    }
}
