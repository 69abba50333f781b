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

/** {@code consent} on files, as a subject has them. */
class ConsentReceiptTest {
    private static final String PAYLOAD =
            "{\"record_id\":\"c1\",\"pii_principal_id\":\"s1\",\"party_identification\":[{\"party_id\":\"ch-a/t1\"}],"
                    + "\"event\":[{\"event_state\":\"consent_withdrawn\"}]}";

    private final SigningKey key = new SigningKey("ch-a/receipt", false);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    private Path directory;

    @BeforeEach
    void trust() throws IOException {
        write("trust", key.vkey() + "\n");
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(directory.resolve(name), text);
    }

    private static String header(SigningKey by) {
        return "{\"alg\":\"EdDSA\",\"kid\":\"" + by.name + "+" + HexFormat.of().toHexDigits(by.id())
                + "\",\"typ\":\"consent-receipt+jws\"}";
    }

    private static String receipt(SigningKey by, String header, String payload) {
        var base64 = Base64.getUrlEncoder().withoutPadding();
        String signed =
                base64.encodeToString(header.getBytes(UTF_8)) + "." + base64.encodeToString(payload.getBytes(UTF_8));
        return signed + "." + base64.encodeToString(by.sign(signed.getBytes(UTF_8)));
    }

    private int verify(String receipt) throws IOException {
        write("receipt", receipt);
        return run(
                "consent",
                directory.resolve("receipt").toString(),
                "--trust",
                directory.resolve("trust").toString());
    }

    private int run(String... arguments) {
        return Main.run(arguments, new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
    }

    @Test
    void whatTheKeySignedIsProven() throws IOException {
        assertThat(verify(receipt(key, header(key), PAYLOAD))).as("%s", out).isZero();
        assertThat(verify(receipt(key, header(key), PAYLOAD) + "\n")).isZero();
        assertThat(out.toString(UTF_8)).contains("consent     c1", "state       consent_withdrawn", "PROVEN");
    }

    @Test
    void anyChangedCharacterIsRefused() throws IOException {
        String good = receipt(key, header(key), PAYLOAD);
        for (int i = 0; i < good.length(); i++) {
            String bad = good.substring(0, i) + (good.charAt(i) == 'A' ? 'B' : 'A') + good.substring(i + 1);
            assertThat(verify(bad)).as("character %d", i).isOne();
        }
        assertThat(verify(good.substring(0, good.length() - 1))).isOne();
        assertThat(verify(good + "A")).isOne();
        assertThat(verify("")).isOne();
    }

    @Test
    void anotherKeyOrAnotherHeaderIsRefused() throws IOException {
        var stranger = new SigningKey("ch-a/receipt", false);
        assertThat(verify(receipt(stranger, header(stranger), PAYLOAD))).isOne();
        assertThat(verify(receipt(stranger, header(key), PAYLOAD))).isOne();
        // A key of the trust file that is for something else.
        var source = new SigningKey("ch-a/source/consent", false);
        write("trust", key.vkey() + "\n" + source.vkey() + "\n");
        assertThat(verify(receipt(source, header(source), PAYLOAD))).isOne();
        assertThat(verify(receipt(key, header(key).replace("EdDSA", "none"), PAYLOAD)))
                .isOne();
        assertThat(verify(receipt(key, header(key).replace("consent-receipt+jws", "at+jwt"), PAYLOAD)))
                .isOne();
        assertThat(verify(receipt(key, header(key), PAYLOAD.replace("ch-a/t1", "ch-b/t1"))))
                .isOne();
    }

    @Test
    void wrongUsageAndUnreadableFilesAreToldApart() throws IOException {
        assertThat(run("consent", "--trust", directory.resolve("trust").toString()))
                .isEqualTo(Main.WRONG_USAGE);
        write("trust", "no key\n");
        assertThat(verify(receipt(key, header(key), PAYLOAD))).isEqualTo(Main.WRONG_USAGE);
        write("trust", key.vkey());
        assertThat(run(
                        "consent",
                        directory.resolve("nothing").toString(),
                        "--trust",
                        directory.resolve("trust").toString()))
                .isEqualTo(Main.UNREADABLE);
    }
}
