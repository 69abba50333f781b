package dev.chancery.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.kernel.SecretReference;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What needs no instance; the rest is VaultIT's. */
class RunCommandTest {
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Map<String, String> environment = new HashMap<>(System.getenv());

    private int run(String... arguments) {
        var errors = new PrintStream(err, true, UTF_8);
        return new CommandLine(new RunCommand(errors, environment))
                .setStopAtPositional(true)
                .setErr(new java.io.PrintWriter(errors, true))
                .execute(arguments);
    }

    @Test
    void theProgramsExitCodeIsPassedOn() {
        assertThat(run("--key", "none", "--", "sh", "-c", "exit 7")).isEqualTo(7);
        assertThat(run("--key", "none", "sh", "-c", "kill -s TERM $$")).isEqualTo(128 + 15);
    }

    @Test
    void itsEnvironmentIsThisOneAndItsArgumentsAreItsOwn() {
        environment.put("PLAIN", "as it is");

        assertThat(run("--key", "none", "--", "sh", "-c", "[ \"$PLAIN $1\" = 'as it is --key' ]", "sh", "--key"))
                .isZero();
    }

    @Test
    void aProgramThatIsNotThereIsSaid() {
        assertThat(run("--key", "none", "--", "/no/such/program")).isEqualTo(127);
        assertThat(run("--key", "none", "--", "/")).isEqualTo(126);
        assertThat(err.toString(UTF_8)).contains("/no/such/program is not found", "/ can't be started");
    }

    @Test
    void anotherEnvironmentsReferenceIsRefusedBeforeAnythingIsAsked() {
        environment.put("DB_PASSWORD", "vault://prod/db/password");

        assertThat(run("--key", "none", "--env", "test", "--env", "stage", "--", "sh", "-c", "exit 0"))
                .isEqualTo(2);
        assertThat(err.toString(UTF_8)).contains("DB_PASSWORD refers to a secret of the environment prod");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "vault://",
                "vault://prod",
                "vault://prod/",
                "vault://Prod/db",
                "vault://prod/../test/db",
                "vault://prod/db/password#0",
                "vault://prod/db/password#",
                "vault://prod/a/b/c/d",
                "vault://prod/db/password\n"
            })
    void whatOnlyBeginsLikeAReferenceIsRefused(String reference) {
        environment.put("DB_PASSWORD", reference);

        assertThat(SecretReference.parse(reference)).isEmpty();
        assertThat(run("--key", "none", "--", "sh", "-c", "exit 0")).isEqualTo(2);
        assertThat(err.toString(UTF_8)).contains("DB_PASSWORD is no reference to a secret");
    }

    @Test
    void aReferenceNamesEnvironmentPathAndVersion() {
        assertThat(SecretReference.parse("vault://prod/db/password"))
                .contains(new SecretReference("prod", "prod/db/password", 0));
        assertThat(SecretReference.parse("vault://prod-eu/mail/smtp.key/a#12"))
                .contains(new SecretReference("prod-eu", "prod-eu/mail/smtp.key/a", 12));
    }

    @Test
    void aValueThatTheEncodingCannotHoldIsRefusedByItsName() {
        Map<String, String> values = Map.of("DB_PASSWORD", "p\u00e4\u20ac");

        assertThat(RunCommand.refusal(values, UTF_8)).isEmpty();
        assertThat(RunCommand.refusal(values, StandardCharsets.US_ASCII)).hasValueSatisfying(said -> assertThat(said)
                .contains("DB_PASSWORD", "US-ASCII", "LC_ALL=C.UTF-8")
                .doesNotContain("p\u00e4"));
        assertThat(RunCommand.refusal(Map.of("A", "half a pair: \ud83d"), UTF_8))
                .isPresent();
        assertThat(RunCommand.refusal(Map.of("A", "a\0b"), UTF_8))
                .hasValueSatisfying(said -> assertThat(said).contains("NUL").doesNotContain("a\0b"));
    }

    /** In a locale whose encoding can't read them. */
    @Test
    void otherVariablesArePassedOnInTheirBytes() throws Exception {
        var java = ProcessHandle.current().info().command().orElseThrow();
        Process shell = new ProcessBuilder(
                        "sh",
                        "-c",
                        "PLAIN=$(printf 'p\\303\\244\\377') && export PLAIN && LC_ALL=C exec \"$0\" -cp \"$1\""
                                + " dev.chancery.cli.Main run --key none -- sh -c 'printf %s \"$PLAIN$LC_ALL\"'",
                        java,
                        System.getProperty("java.class.path"))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();

        assertThat(shell.getInputStream().readAllBytes())
                .isEqualTo(new byte[] {'p', (byte) 0xc3, (byte) 0xa4, (byte) 0xff, 'C'});
        assertThat(shell.waitFor()).isZero();
    }
}
