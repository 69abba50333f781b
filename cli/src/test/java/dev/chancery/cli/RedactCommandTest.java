package dev.chancery.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class RedactCommandTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int redact(String input, String... options) {
        String[] command = new String[options.length + 1];
        command[0] = "redact";
        System.arraycopy(options, 0, command, 1, options.length);
        return Main.commandLine(
                        new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8))
                .execute(command);
    }

    private String printed() {
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void linesAreRedactedAndOtherwiseLeftAsTheyAre() {
        assertThat(redact("to a@example.org\r\n\nnothing here")).isZero();
        assertThat(printed()).isEqualTo("to [redacted-mail]\r\n\nnothing here");
    }

    @Test
    void aProfileLeavesOtherKinds() {
        assertThat(redact("a@example.org password=hunter2\n", "--profile", "secrets"))
                .isZero();
        assertThat(printed()).isEqualTo("a@example.org password=[redacted-secret]\n");
    }

    @Test
    void spansCountCharactersNotUnits() {
        assertThat(redact("none\n\ud83d\ude00 a@example.org and +49 30 1234567\n", "--spans"))
                .isZero();
        assertThat(printed()).isEqualTo("2 2 15 mail\n2 20 34 phone\n");
    }

    @Test
    void anUnknownProfileIsWrongUsage() {
        assertThat(redact("", "--profile", "none")).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("all, secrets, gdpr, pci, hipaa");
    }
}
