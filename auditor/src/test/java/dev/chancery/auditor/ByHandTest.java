package dev.chancery.auditor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands of formats.md that check one entry by hand, run as they stand there. */
class ByHandTest {
    private static final Path FORMATS = Path.of("../docs/reference/formats.md");
    private static final byte[] ED25519_SPKI = HexFormat.of().parseHex("302a300506032b6570032100");

    private final SampleExport sample = new SampleExport(false).found();

    @TempDir
    private Path directory;

    @Test
    void anEntryOfSchemeOne() throws Exception {
        sample.denied(d -> {});
        byte[] entry = sample.entries.getLast();
        assertThat(isVerified("scheme-1", entry)).isTrue();
        entry[5] ^= 1;
        assertThat(isVerified("scheme-1", entry)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 7})
    void entriesOfSchemeTwo(int size) throws Exception {
        sample.deniedTogether(size);
        for (byte[] entry : sample.entries.subList(1, 1 + size)) {
            assertThat(isVerified("scheme-2", entry)).isTrue();
        }
        byte[] changed = sample.entries.getLast();
        changed[changed.length - 67] ^= 1;
        assertThat(isVerified("scheme-2", changed)).isFalse();
    }

    private boolean isVerified(String script, byte[] entry) throws Exception {
        Files.write(directory.resolve("entry"), entry);
        Files.writeString(
                directory.resolve("KEY.pem"),
                "-----BEGIN PUBLIC KEY-----\n"
                        + Base64.getEncoder().encodeToString(Draft.concat(ED25519_SPKI, sample.accessKey.publicKey()))
                        + "\n-----END PUBLIC KEY-----\n");
        Process shell = new ProcessBuilder("sh", "-eu", "-c", script(script))
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(shell.getInputStream().readAllBytes(), UTF_8);
        assertThat(shell.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(said).contains(shell.exitValue() == 0 ? "Signature Verified Successfully" : "Verification Failure");
        return shell.exitValue() == 0;
    }

    private static String script(String name) throws Exception {
        Matcher block = Pattern.compile("^```sh " + name + "\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE)
                .matcher(Files.readString(FORMATS));
        assertThat(block.find()).as("formats.md has the script %s", name).isTrue();
        return block.group(1);
    }
}
