package dev.chancery.cli;

import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.chancery.cli.scan.Allowed;
import dev.chancery.cli.scan.Scan;
import dev.chancery.redaction.SecretRules;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
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
import org.junit.jupiter.params.provider.CsvSource;
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
                "integrity:"
                        + " sha512-q7Zt0pX3vB9nL2kD8sF5gH1jW4eR6yU0iO3aS5dCq7Zt0pX3vB9nL2kD8sF5gH1jW4eR6yU0iO3aS5dCq7Zt0w==",
                "publicKey: q7Zt0pX3vB9nL2kD8sF5gH1jW4eR6yU0iO3aS5dC",
                "commit 4f2d0f8a6c1b3e5d7f9a0b2c4d6e8f0a1b3c5d7e",
                "id: 0199f2aa-0000-7000-8000-000000000001",
                "token = tokens.next()",
                "if (password == otherPassword2Value) {",
                "password = settings.password1.value",
                "secret = \"chancery.vault.key1\"",
                "secret = \"prod/db/password1\"",
                "dev.chancery.quickstart.instance.SharedInstanceWithAVeryLongName"
            })
    void whatIsNoSecretIsNotFound(String line) throws IOException {
        file("a.txt", line);

        assertThat(scan(directory.toString())).as(out.toString(UTF_8)).isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "a.py | password = \"P@ssw0rd123!\"",
                "a.js | client_secret: 'abc~def.1234567890ABC'",
                "a.js | const password = `#Xy7!kkqwe91`",
                "a.java | String dbPass = \"%Xy7.kkqwe91\";",
                "a.json | {\"passwords\": [\"P@ssw0rd123!\"]}",
                "a.rb | :password => \"P@ssw0rd123!\"",
                "a.go | if password == \"P@ssw0rd123!\" {",
                ".env | DB_PASSWORD=Tr0ub4dor.3xy1",
                ".env.local | DB_PASSWORD=x(Tr0ub4dor.xyz",
                "a.sh | MYSQL_ROOT_PASSWORD=Xy7!kkqwe91zzz",
                "application.properties | spring.datasource.password=pa,S3cr3t;x",
                "application.yaml | spring.datasource.password: S3cr3t!Value99",
                "application.yml | password: $2a$10$N9qo8uLOickgx2ZMRZoMye",
                "prod.env | DB_PASS=a:b<c1234"
            })
    void anOrdinaryPasswordIsFoundByItsName(String name, String line) throws IOException {
        file(name, line);

        assertThat(scan(directory.toString())).as(line).isEqualTo(1);
        assertThat(out.toString(UTF_8)).isEqualTo(name + ":1 named-secret\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "password: ${DB_PASSWORD_2}",
                "password: prefix-${DB_PASSWORD_2}",
                "password: $DB_PASSWORD_2",
                "password: vault://prod/db/password1",
                "password: op://prod/db/password1",
                "password: {{ .Values.password1 }}",
                "password: <your-password-1>",
                "password: changeme123",
                "password: /run/secrets/db_password_1",
                "password.file: org.example.password1",
                "secret: 0199f2aa-0000-7000-8000-000000000001",
                "password:",
                "passwords: 12345678"
            })
    void placeholdersInSettingsAreNoSecrets(String line) throws IOException {
        file("a.yaml", line);

        assertThat(scan(directory.toString())).as(line).isZero();
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
    void anArchiveIsFoundBehindWhatStandsBeforeIt() throws IOException {
        Path jar = directory.resolve("program");
        var bytes = new ByteArrayOutputStream();
        bytes.write("#!/bin/sh\nexec java -jar \"$0\"\n".getBytes(UTF_8));
        try (var zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("a.txt"));
            zip.write(SECRETS.get("github-token").getBytes(UTF_8));
        }
        Files.write(jar, bytes.toByteArray());

        assertThat(scan("--jar", jar.toString())).isEqualTo(1);
        assertThat(out.toString(UTF_8)).isEqualTo(jar + "!a.txt:1 github-token\n");
    }

    @Test
    void whatIsNoArchiveOrAPartOfOneEndsWithTwo() throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("a.txt"));
            zip.write("nothing".getBytes(UTF_8));
        }
        Path cut = Files.write(directory.resolve("cut.jar"), Arrays.copyOf(bytes.toByteArray(), bytes.size() - 10));
        Path tar = Files.write(directory.resolve("image.tar.gz"), new byte[] {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0});
        Path outer = directory.resolve("outer.jar");
        try (var zip = new ZipOutputStream(Files.newOutputStream(outer))) {
            zip.putNextEntry(new ZipEntry("lib/inner.jar"));
            zip.write(Files.readAllBytes(cut));
        }

        for (Path each : List.of(cut, tar, outer)) {
            assertThat(scan("--jar", each.toString())).as("%s", each).isEqualTo(2);
        }
        assertThat(err.toString(UTF_8))
                .contains("image.tar.gz, which is no zip or jar archive or a damaged one, can't be read")
                .contains("outer.jar!lib/inner.jar, which");
    }

    @Test
    void aCarriageReturnEndsNoLineOfAPatch() throws IOException {
        assertThat(patch("+++ b/a.txt", "@@ -0,0 +1,2 @@", "+a\rb " + SECRETS.get("github-token"), "+@@ -1 +1 @@\r"))
                .containsExactly("a.txt:1 github-token");
    }

    /** Such a line comes in pieces. */
    @Test
    void aLineOfAPatchLongerThanTheCutIsLookedAtWhole() throws IOException {
        assertThat(patch(
                        "+++ \"b/\u00e4\\tb.txt\"",
                        "@@ -0,0 +1,2 @@",
                        "+" + " ".repeat(3 << 20) + SECRETS.get("github-token"),
                        "+" + SECRETS.get("aws-key")))
                .containsExactly("\u00e4\\tb.txt:1 github-token", "\u00e4\\tb.txt:2 aws-key");
    }

    private static List<String> patch(String... lines) throws IOException {
        List<String> found = new ArrayList<>();
        new Scan(Allowed.none(), place -> found.add(place.where() + " " + place.rule()))
                .patch(new ByteArrayInputStream(String.join("\n", lines).getBytes(UTF_8)));
        return found;
    }

    @Test
    void aPatchSaysWhichCommitsLineAddedIt() throws IOException {
        assertThat(patch(
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
                        "+" + SECRETS.get("github-token")))
                .containsExactly("12ab34c a.txt:4 stripe-key", "12ab34c b.txt:1 github-token");
    }

    @Test
    void aChangeIsWhatTheIndexTheTreeAndUntrackedFilesAdd() throws Exception {
        git("init", "--quiet");
        commit("a.txt", "nothing");
        file("a.txt", "nothing", SECRETS.get("github-token"));
        file("below/\u00fcber.txt", SECRETS.get("aws-key"));
        file("ignored.txt", SECRETS.get("aws-key"));
        file(".gitignore", "ignored.txt");

        assertThat(scanIn(directory.resolve("below"), "--diff")).isEqualTo(1);
        assertThat(out.toString(UTF_8).lines())
                .containsExactly("a.txt:2 github-token", "below/\u00fcber.txt:1 aws-key");
    }

    @Test
    void theHistoryHasWhatOnlyAMergeAdds() throws Exception {
        git("init", "--quiet", "--initial-branch=main");
        commit("a.txt", "nothing");
        git("checkout", "--quiet", "-b", "side");
        commit("b.txt", "nothing");
        git("checkout", "--quiet", "main");
        commit("c.txt", "nothing");
        git("merge", "--quiet", "--no-commit", "side");
        commit("a.txt", "nothing", SECRETS.get("github-token"));

        assertThat(scanIn(directory, "--history")).isEqualTo(1);
        assertThat(out.toString(UTF_8).lines()).isNotEmpty().allSatisfy(line -> assertThat(line)
                .endsWith(" a.txt:2 github-token"));
    }

    /** What git calls binary: by its bytes, or because somebody said so. */
    @Test
    void theHistoryHasWhatGitShowsNobody() throws Exception {
        git("init", "--quiet");
        Files.write(directory.resolve("shell.txt"), ("\ufeff\n" + SECRETS.get("aws-key") + "\n").getBytes(UTF_16LE));
        git("add", "shell.txt");
        commit(".gitattributes", "*.env binary");
        commit("a.env", "nothing", SECRETS.get("github-token"));

        assertThat(scanIn(directory, "--history")).isEqualTo(1);
        assertThat(out.toString(UTF_8).lines().map(line -> line.substring(line.indexOf(' ') + 1)))
                .containsExactlyInAnyOrder("shell.txt:2 aws-key", "a.env:2 github-token");
    }

    @Test
    void textOfTwoBytesACharacterIsText() throws IOException {
        Files.write(directory.resolve("shell.txt"), ("\ufeff\n" + SECRETS.get("aws-key") + "\n").getBytes(UTF_16LE));

        assertThat(scan(directory.resolve("shell.txt").toString())).isEqualTo(1);
        assertThat(out.toString(UTF_8)).endsWith("shell.txt:2 aws-key\n");
    }

    private void commit(String name, String... lines) throws Exception {
        file(name, lines);
        git("add", name);
        git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", name);
    }

    private void git(String... words) throws Exception {
        List<String> git = new ArrayList<>(List.of("git", "-C", directory.toString()));
        git.addAll(List.of(words));
        assertThat(new ProcessBuilder(git).inheritIO().start().waitFor()).isZero();
    }

    /** In a process of its own, because git looks at the working directory. */
    private int scanIn(Path working, String option) throws Exception {
        Process process = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-Dstdout.encoding=UTF-8",
                        "-Dsun.jnu.encoding=UTF-8",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "scan",
                        option)
                .directory(working.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        process.getInputStream().transferTo(out);
        return process.waitFor();
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
            SecretRules.in(line, true);
            // A quadratic search takes minutes.
            assertThat(Duration.between(begin, Instant.now())).isLessThan(Duration.ofSeconds(20));
        }
    }
}
