package dev.chancery.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EgressCheckCommandTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    private Path directory;

    private Path policy = Path.of("");

    @BeforeEach
    void writeThePolicy() throws Exception {
        policy = Files.writeString(directory.resolve("policy.yaml"), "allow: [example.com]\n");
    }

    private int check(byte[] input, String... urls) {
        String[] command = new String[urls.length + 4];
        System.arraycopy(new String[] {"egress", "check", "--policy", policy.toString()}, 0, command, 0, 4);
        System.arraycopy(urls, 0, command, 4, urls.length);
        return Main.commandLine(
                        new ByteArrayInputStream(input),
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8))
                .execute(command);
    }

    @Test
    void aLineForEachUrlAndZeroIfAllAreAllowed() {
        assertThat(check(new byte[0], "https://example.com/a", "http://EXAMPLE.com."))
                .isZero();
        assertThat(out.toString(StandardCharsets.UTF_8))
                .isEqualTo("allow workspace-allow example.com\nallow workspace-allow example.com.\n");
    }

    @Test
    void oneThatIsDeniedMakesItOne() {
        assertThat(check(new byte[0], "https://example.com", "https://other.example", "http://127.1", "x"))
                .isOne();
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("""
                        allow workspace-allow example.com
                        deny not-allowlisted other.example
                        deny forbidden-address 127.0.0.1
                        deny malformed-url -
                        """);
    }

    @Test
    void standardInputIsBytesAndEachLineHasItsAnswer() {
        byte[] input = "https://example.com\r\n\nhttps://example.com/\u00ff\nhttp://exa\tmple.com\nhttps://example.com"
                .getBytes(StandardCharsets.ISO_8859_1);
        assertThat(check(input)).isOne();
        assertThat(out.toString(StandardCharsets.UTF_8).lines())
                .containsExactly(
                        "allow workspace-allow example.com",
                        "deny malformed-url -",
                        "deny malformed-url -",
                        "deny malformed-url -",
                        "allow workspace-allow example.com");
    }

    @Test
    void aLineLongerThanAnyUrlIsDenied() {
        assertThat(check(("https://example.com/" + "a".repeat(300_000)).getBytes(StandardCharsets.US_ASCII)))
                .isOne();
    }

    @Test
    void aPolicyThatCannotBeUsedIsWrongUsage() throws Exception {
        Files.writeString(policy, "allow: [\"*.com\"]\n");
        assertThat(check(new byte[0], "https://example.com")).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("names a public suffix");
        policy = directory.resolve("none");
        assertThat(check(new byte[0], "https://example.com")).isEqualTo(2);
    }
}
