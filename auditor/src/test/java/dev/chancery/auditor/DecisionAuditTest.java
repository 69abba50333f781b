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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code decision} on a file, as a holder of a decision's proof has it. */
class DecisionAuditTest {
    private static final String STREAM = "access/decision/0199f2aa-0000-7000-8000-000000000001";
    private static final byte[] REQUEST = "pay 100 to Ben".getBytes(UTF_8);

    private final SampleExport log = SampleExport.valid(5);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final byte[] body = new Proto()
            .string(1, "0199f2aa-0000-7000-8000-000000000001")
            .string(2, "0199f2aa-0000-7000-8000-000000000002")
            .string(3, "payment:send")
            .integer(5, 1_767_225_600_000_000L)
            .bytes(6, SigningKey.sha256(REQUEST))
            .integer(7, 1)
            .string(8, "granted")
            .string(9, "0199f2aa-0000-7000-8000-000000000004")
            .string(10, "treasurer")
            .done();
    private int position;

    @TempDir
    private Path directory;

    @BeforeEach
    void aDecisionAmongOtherRecords() throws IOException {
        long intent = log.intent(d -> {});
        position = (int) log.outcome(
                intent, d -> d.event(STREAM, log.next(STREAM), "chancery.access.v1.DecisionRecorded", body));
        log.denied(d -> {});
        Files.writeString(directory.resolve("trust"), log.trust());
        Files.write(directory.resolve("request"), REQUEST);
    }

    @Test
    void aDecisionIsProvenAndSaysWhatItWas() throws IOException {
        write(decision(position));
        assertThat(audit("--request", directory.resolve("request").toString()))
                .as("%s %s", out, err)
                .isZero();
        assertThat(out.toString(UTF_8))
                .endsWith("PROVEN\n")
                .contains(
                        "decision    granted\n",
                        "principal   0199f2aa-0000-7000-8000-000000000002\n",
                        "capability  payment:send\n",
                        "where       in the organisation\n",
                        "decided     2026-01-01T00:00:00Z\n",
                        "by          assignment 0199f2aa-0000-7000-8000-000000000004, role treasurer, in the whole organisation\n",
                        "position    " + position);
    }

    @Test
    void aDecisionForAnotherRequestIsRefused() throws IOException {
        write(decision(position));
        Files.writeString(directory.resolve("request"), "pay 100 to Eve");
        assertThat(audit("--request", directory.resolve("request").toString())).isOne();
        assertThat(out.toString(UTF_8)).contains("decision [event] was made for another request");
    }

    @Test
    void anotherRecordIsNoDecision() throws IOException {
        write(decision(position - 1));
        assertThat(audit()).isOne();
        assertThat(out.toString(UTF_8)).contains("entry [event] has no chancery.access.v1.DecisionRecorded");
    }

    @Test
    void anyChangedByteIsRefused() throws IOException {
        byte[] good = decision(position).getBytes(UTF_8);
        Files.write(directory.resolve("decision"), good);
        assertThat(audit()).as("%s %s", out, err).isZero();
        for (int i = 0; i < good.length; i++) {
            for (int bit = 0; bit < Byte.SIZE; bit++) {
                byte[] changed = good.clone();
                changed[i] ^= (byte) (1 << bit);
                Files.write(directory.resolve("decision"), changed);
                assertThat(audit()).as("bit %d of byte %d", bit, i).isOne();
                out.reset();
            }
        }
        for (int length = 0; length < good.length; length += 7) {
            Files.write(directory.resolve("decision"), Arrays.copyOf(good, length));
            assertThat(audit()).as("%d bytes", length).isOne();
        }
    }

    @Test
    void whatIsWrongWithTheCallIsSaid() throws IOException {
        assertThat(audit()).isEqualTo(Main.UNREADABLE);
        write(decision(position));
        assertThat(run("decision", "--trust", directory.resolve("trust").toString()))
                .isEqualTo(Main.WRONG_USAGE);
        assertThat(audit("--origin", SampleExport.INSTANCE + "/instance")).isOne();
    }

    private String decision(int at) {
        return "chancery/decision-proof@v1\nbody " + base64(body) + "\n" + log.inclusion(at);
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private void write(String text) throws IOException {
        Files.writeString(directory.resolve("decision"), text);
    }

    private int audit(String... more) {
        String[] first = {
            "decision",
            directory.resolve("decision").toString(),
            "--trust",
            directory.resolve("trust").toString()
        };
        String[] all = Arrays.copyOf(first, first.length + more.length);
        System.arraycopy(more, 0, all, first.length, more.length);
        return run(all);
    }

    private int run(String... args) {
        return Main.run(args, new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
    }
}
