package dev.chancery.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.chancery.redaction.SecretRules;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class ScanCommandTest {
    private static final String RANDOM = "q7Zt0pX3vB9nL2kD8sF5gH1jW4eR6yU0iO3aS5dC";

    /** By rule; put together here, so that this file holds none. */
    private static final Map<String, String> SECRETS = Map.ofEntries(
            Map.entry("jwt", "eyJ" + "hbGciOiJFZERTQSJ9.e30.c2ln"),
            Map.entry("aws-key", "AKIA" + "IOSFODNN7EXAMPLE"),
            Map.entry("google-key", "AIza" + "SyA1234567890abcdefghijklmnopqrstuv"),
            Map.entry("github-token", "ghp_" + "a".repeat(36)),
            Map.entry("gitlab-token", "glpat-" + "a1B2".repeat(5)),
            Map.entry("slack-token", "xoxb-" + "1234567890-abc"),
            Map.entry("stripe-key", "sk_live_" + "a1B2".repeat(6)),
            Map.entry("sendgrid-key", "SG." + "a1B2".repeat(6)),
            Map.entry("model-key", "sk-" + "a1B2".repeat(6)),
            Map.entry("vault-token", "hvs." + "a1B2".repeat(6)),
            Map.entry("npm-token", "npm_" + "a1B2".repeat(9)),
            Map.entry("digitalocean-token", "dop_v1_" + "a1b2".repeat(16)),
            Map.entry("private-key", "-----BEGIN " + "RSA PRIVATE KEY-----"),
            Map.entry("url-password", "postgres://app:" + "hunter22x@db.example:5432/app"),
            Map.entry("named-secret", "password" + " = \"hunter2Hunter2\""),
            Map.entry("authorization", "Authorization: Basic " + "YWRtaW46aHVudGVyMg=="),
            Map.entry("high-entropy", "data: " + RANDOM));

    @TempDir
    private Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int scan(String... arguments) {
        var errors = new PrintStream(err, true, UTF_8);
        return new CommandLine(new ScanCommand(new PrintStream(out, true, UTF_8), errors))
                .setErr(new PrintWriter(errors, true))
                .execute(arguments);
    }

    private Path file(String name, String... lines) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, String.join("\n", lines) + "\n");
    }

    static Stream<Arguments> secrets() {
        return SECRETS.entrySet().stream().map(entry -> arguments(entry.getKey(), entry.getValue()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("secrets")
    void eachRuleFindsItsSecretAtItsLineAndNeverPrintsIt(String rule, String secret) throws IOException {
        file("src/config.txt", "first line", "  " + secret + " ");

        assertThat(scan(directory.toString())).isEqualTo(1);
        assertThat(out.toString(UTF_8)).isEqualTo("src/config.txt:2 " + rule + "\n");
        assertThat(out.toString(UTF_8) + err.toString(UTF_8)).doesNotContain(secret.substring(secret.length() - 8));
    }

    @Test
    void everyRuleHasASecretHere() {
        assertThat(new TreeSet<>(SECRETS.keySet())).isEqualTo(new TreeSet<>(SecretRules.names()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "password = request.getPassword()",
                "password: ${DB_PASSWORD}",
                "DB_PASSWORD=vault://prod/db/password#3",
                "String password = \"the password\";",
                "postgres://app:${PASSWORD}@db.example/app",
                "-----BEGIN PUBLIC KEY-----",
                "-----BEGIN CERTIFICATE-----",
                "integrity: sha512-q7Zt0pX3vB9nL2kD8sF5gH1jW4eR6yU0iO3aS5dCq7Zt0pX3vB9nL2kD8sF5gH1jW4eR6yU0iO3aS5dCq7Zt0w==",
                "publicKey: q7Zt0pX3vB9nL2kD8sF5gH1jW4eR6yU0iO3aS5dC",
                "commit 4f2d0f8a6c1b3e5d7f9a0b2c4d6e8f0a1b3c5d7e",
                "id: 0199f2aa-0000-7000-8000-000000000001",
                "token = tokens.next()",
                "dev.chancery.quickstart.instance.SharedInstanceWithAVeryLongName"
            })
    void whatIsNoSecretIsNotFound(String line) throws IOException {
        file("a.txt", line);

        assertThat(scan(directory.toString())).as(out.toString(UTF_8)).isZero();
    }

    @Test
    void aSecondSecretOfALineIsFoundToo() throws IOException {
        file("a.txt", SECRETS.get("aws-key") + " " + SECRETS.get("github-token"));

        scan(directory.toString());
        assertThat(out.toString(UTF_8).lines()).hasSize(2);
    }

    @Test
    void whatMayBeThereIsCountedAndGivesItsReason() throws IOException {
        file("a.txt", SECRETS.get("aws-key"));
        file(".chancery-scan-allow", "# fixtures", "*.txt aws-key from Amazon's documentation", "*.md * nothing");

        assertThat(scan(directory.toString())).isZero();
        assertThat(err.toString(UTF_8)).contains("allowed: 1", "allows nothing: *.md *");
        file(".chancery-scan-allow", "*.txt aws-key");
        assertThat(scan(directory.toString())).isEqualTo(2);
        assertThat(err.toString(UTF_8)).contains(":1: write GLOB RULE REASON");
    }

    @Test
    void archivesInArchivesAndConstantsOfClassesAreLookedAt() throws IOException {
        Path jar = directory.resolve("outer.jar");
        try (var outer = new ZipOutputStream(Files.newOutputStream(jar))) {
            outer.putNextEntry(new ZipEntry("lib/inner.jar"));
            var bytes = new ByteArrayOutputStream();
            try (var inner = new ZipOutputStream(bytes)) {
                inner.putNextEntry(new ZipEntry("A.class"));
                inner.write(0);
                inner.write(1);
                inner.write(SECRETS.get("github-token").getBytes(UTF_8));
                inner.write(0);
                inner.closeEntry();
            }
            outer.write(bytes.toByteArray());
            outer.closeEntry();
        }

        assertThat(scan("--jar", jar.toString())).isEqualTo(1);
        assertThat(out.toString(UTF_8)).isEqualTo(jar + "!lib/inner.jar!A.class github-token\n");
    }

    @Test
    void aPatchSaysWhichCommitsLineAddedIt() throws IOException {
        List<String> found = new java.util.ArrayList<>();
        String patch = String.join(
                "\n",
                "commit 12ab34c",
                "diff --git a/a.txt b/a.txt",
                "--- a/a.txt",
                "+++ b/a.txt",
                "@@ -1 +3,2 @@ head",
                "-" + SECRETS.get("aws-key"),
                "+++ b/not-a-name",
                "+" + SECRETS.get("stripe-key"),
                "diff --git a/b.txt b/b.txt",
                "--- a/b.txt",
                "+++ b/b.txt",
                "@@ -0,0 +1 @@",
                "+" + SECRETS.get("github-token"));

        new dev.chancery.cli.scan.Scan(
                        dev.chancery.cli.scan.Allowed.none(), place -> found.add(place.where() + " " + place.rule()))
                .patch(new java.io.ByteArrayInputStream(patch.getBytes(UTF_8)));
        assertThat(found).containsExactly("12ab34c a.txt:4 stripe-key", "12ab34c b.txt:1 github-token");
    }

    @Test
    void wrongUsageAndWhatCantBeReadEndWithTwo() {
        assertThat(scan()).isEqualTo(2);
        assertThat(scan("--diff", "--history")).isEqualTo(2);
        assertThat(scan(directory.resolve("nothing").toString())).isEqualTo(2);
    }

    /** Ten times as long takes not a hundred times as long, whatever the line begins like. */
    @ParameterizedTest
    @ValueSource(strings = {"-----BEGIN ", "password=", "eyJ", "AKIA", "a@", "://a:", "\\\"secret\\\": \\\"", "Aa0+/"})
    void timeIsLinearInTheLine(String part) {
        Set<Integer> lengths = Set.of(1_000_000);
        for (int length : lengths) {
            String line = part.repeat(length / part.length());
            Instant begin = Instant.now();
            SecretRules.in(line);
            // A quadratic search takes minutes.
            assertThat(Duration.between(begin, Instant.now())).isLessThan(Duration.ofSeconds(20));
        }
    }
}
