package dev.chancery.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.cli.client.Json;
import dev.chancery.schema.Contract;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class MainTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    private Path directory;

    private int run(String... arguments) {
        return Main.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                arguments);
    }

    @Test
    void theContractListsEveryMethodThePublicOnesFirst() {
        assertThat(run("contract")).isZero();
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        int methods = Contract.load().methods().size();
        assertThat(lines.get(0)).matches("METHOD +CAPABILITY +FLAGS +AUDIT ACTION +REST");
        assertThat(lines.get(1)).startsWith("FederationService/ExchangeToken").contains("public,privileged");
        assertThat(lines.get(2)).startsWith("IdentityService/ClaimOwner").contains("public,privileged,instance-only");
        assertThat(lines.get(3)).startsWith("IdentityService/IssueToken").contains("public");
        assertThat(lines.get(4)).startsWith("IdentityService/RefreshToken").contains("public");
        assertThat(lines.get(5)).startsWith("IdentityService/SignOut").contains("public");
        assertThat(lines.subList(6, methods + 1)).noneMatch(line -> line.contains("public"));
        assertThat(lines.get(methods + 1)).isEmpty();
        assertThat(lines).anyMatch(line -> line.startsWith("POST /oauth/token") && line.contains("public"));
    }

    @Test
    void theContractIsThereForPrograms() {
        assertThat(run("contract", "--json")).isZero();
        var json = Json.object(out.toString(StandardCharsets.UTF_8));
        assertThat(Json.items(json, "methods"))
                .hasSize(Contract.load().methods().size());
    }

    /** The list of commands shows the first line of what each says of itself, in 80 columns. */
    @Test
    void theListOfCommandsHasWholeSentences() {
        var root = Main.commandLine(InputStream.nullInputStream(), new PrintStream(out), new PrintStream(err));
        assertThat(root.getCommandSpec().usageMessage().footer()).allMatch(line -> line.length() < 80);
        whole(root);
    }

    private static void whole(CommandLine command) {
        assertThat(command.getCommandSpec().usageMessage().description()[0])
                .as(command.getCommandName())
                .endsWith(".");
        command.getSubcommands().values().forEach(MainTest::whole);
    }

    @Test
    void wrongUsageIsTwo() throws Exception {
        Path full = Files.createFile(directory.resolve("full")).getParent();
        String key = directory.resolve("key").toString();
        assertThat(run("nonsense")).isEqualTo(2);
        assertThat(run("audit", "verify", "export")).isEqualTo(2);
        assertThat(run("audit", "verify", "--trust", "x")).isEqualTo(2);
        assertThat(run("call", "NoSuchMethod")).isEqualTo(2);
        assertThat(run("call", "ListRoles")).isEqualTo(2);
        assertThat(run("call", "ListRoles", "{\"nonsense\":1}", "--key", key)).isEqualTo(2);
        assertThat(run("export", "--key", key, "--out", full.toString())).isEqualTo(2);
        assertThat(run("token", "--key", key, "--server", "nonsense")).isEqualTo(2);
        assertThat(run("vault", "leak", "prod/db/password", "--key", key)).isEqualTo(2);
        assertThat(run("vault", "leak", "vault://prod/db/password#2", "--key", key))
                .isEqualTo(2);
        String[] leak = {"vault", "leak", "vault://prod/db/password", "--key", key, "--severity", "sev-1"};
        assertThat(run(leak)).isEqualTo(2);
        assertThat(run("vault", "leak", leak[2], "--key", key, "--channel", "chat"))
                .isEqualTo(2);
        err.reset();
        assertThat(run("vault", "leak", leak[2], "--key", key, "--channel", "post", "--severity", "sev-1"))
                .isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("public-repository, private-repository, ci-log");
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "upp, did you mean up?",
                "hlep, did you mean --help?",
                "exprot, did you mean export?",
                "renew-clam, did you mean renew-claim?",
                "nonsense, 'chancery --help' lists them"
            })
    void aMisspeltCommandIsTold(String typed, String said) {
        assertThat(run(typed)).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("chancery: there is no command " + typed + "; " + said + "\n");
    }

    @Test
    void anUnknownOptionIsNamed() {
        assertThat(run("token", "--key", "x", "--kye", "y")).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("--kye");
    }

    /** The request has a default. */
    @Test
    void aCallAsksForItsMethodAlone() {
        assertThat(run("call")).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains("Missing required parameter: 'METHOD'")
                .doesNotContain("'JSON'");
    }

    @Test
    void aFileThatIsMissingIsNamed() {
        String missing = directory.resolve("missing.json").toString();
        assertThat(run("call", "ClaimOwner", "@" + missing)).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("chancery: there is no " + missing + "\n");
    }

    @Test
    void anAuditOfNothingIsUnreadable() {
        assertThat(run("audit", "verify", directory.resolve("none").toString(), "--trust", "none"))
                .isEqualTo(3);
    }

    @Test
    void anInstanceThatDoesNotRunIsSaidNotTo() {
        assertThat(run("token", "--key", "key", "--data", directory.toString())).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8)).startsWith("chancery: no instance runs on " + directory);
    }

    @Test
    void aClaimThatCannotBeSentKeepsItsKey() throws Exception {
        Path key = directory.resolve("owner.jwk");
        Path claim = Files.writeString(directory.resolve("claim"), "A".repeat(43) + "\n");
        String[] command = {
            "claim",
            "--server",
            "http://127.0.0.1:1",
            "--claim",
            claim.toString(),
            "--name",
            "x",
            "--key",
            key.toString()
        };
        assertThat(run(command)).isEqualTo(1);
        String first = Files.readString(key);
        assertThat(first).contains("\"kid\":\"" + ClaimCommand.UNCLAIMED + "\"");
        assertThat(run(command)).isEqualTo(1);
        assertThat(Files.readString(key)).isEqualTo(first);
    }
}
