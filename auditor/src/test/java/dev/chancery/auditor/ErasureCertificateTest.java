package dev.chancery.auditor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code erasure} on certificates of the first type, which bring no records; of the second: {@link ErasureProofTest}. */
class ErasureCertificateTest {
    private static final String TYPE = "application/vnd.chancery.erasure-certificate+json";
    private static final String PAYLOAD =
            "{\"classes\":[{\"class\":\"account\",\"decided\":{\"position\":7},\"state\":\"completed\"},"
                    + "{\"class\":\"audit\",\"state\":\"withheld\"}],\"instance\":\"ch-a\",\"issued_at\":\"2026-11-29T18:00:00Z\","
                    + "\"organisation\":\"t1\",\"state\":\"withheld\",\"subject\":\"s1\",\"type\":\"chancery-erasure-1\"}";

    private final SigningKey key = new SigningKey("ch-a/erasure", false);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    @TempDir
    private Path directory;

    @BeforeEach
    void trust() throws IOException {
        Files.writeString(directory.resolve("trust"), key.vkey() + "\n");
    }

    private static String certificate(SigningKey by, String type, String payload) {
        byte[] signature = by.sign(
                ("DSSEv1 " + type.length() + " " + type + " " + payload.length() + " " + payload).getBytes(UTF_8));
        var base64 = Base64.getEncoder();
        return "{\"payload\":\"" + base64.encodeToString(payload.getBytes(UTF_8)) + "\",\"payloadType\":\"" + type
                + "\",\"signatures\":[{\"keyid\":\"" + by.name + "+"
                + HexFormat.of().toHexDigits(by.id()) + "\",\"sig\":\""
                + base64.encodeToString(signature) + "\"}]}";
    }

    private int verify(String certificate) throws IOException {
        Files.writeString(directory.resolve("certificate"), certificate);
        return Main.run(
                new String[] {
                    "erasure",
                    directory.resolve("certificate").toString(),
                    "--trust",
                    directory.resolve("trust").toString()
                },
                new PrintStream(out, true, UTF_8),
                new PrintStream(out, true, UTF_8));
    }

    @Test
    void whatTheKeySignedIsProven() throws IOException {
        assertThat(verify(certificate(key, TYPE, PAYLOAD))).as("%s", out).isZero();
        assertThat(out.toString(UTF_8))
                .containsPattern("subject +s1")
                .contains("classes     account completed, audit withheld")
                .containsPattern("state +withheld")
                .contains("not proven to be in the log")
                .contains("PROVEN");
    }

    @Test
    void anyChangedCharacterIsRefused() throws IOException {
        String good = certificate(key, TYPE, PAYLOAD);
        for (int i = 0; i < good.length(); i++) {
            String bad = good.substring(0, i) + (good.charAt(i) == 'A' ? 'B' : 'A') + good.substring(i + 1);
            assertThat(verify(bad)).as("character %d", i).isOne();
        }
        assertThat(verify(good + "A")).isOne();
        assertThat(verify("")).isOne();
    }

    @Test
    void anotherKeyTypeOrInstanceIsRefused() throws IOException {
        assertThat(verify(certificate(new SigningKey("ch-a/erasure", false), TYPE, PAYLOAD)))
                .isOne();
        assertThat(verify(certificate(key, "application/json", PAYLOAD))).isOne();
        assertThat(verify(certificate(key, TYPE, PAYLOAD.replace("ch-a", "ch-b"))))
                .isOne();
        var receipt = new SigningKey("ch-a/receipt", false);
        Files.writeString(directory.resolve("trust"), key.vkey() + "\n" + receipt.vkey() + "\n");
        assertThat(verify(certificate(receipt, TYPE, PAYLOAD))).isOne();
    }
}
