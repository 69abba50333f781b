package dev.chancery.quickstart.newcomer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.newcomer.Program.Ended;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line as an operator uses it, each command a process, where no other test runs them. */
class CommandsIT {

    @TempDir
    private Path directory;

    private Ended chancery(String... words) throws InterruptedException {
        String lib = Stream.of("cli.jar", "lib/*")
                .map(jar -> Path.of("..", "..", "cli", "target")
                        .toAbsolutePath()
                        .resolve(jar)
                        .toString())
                .reduce((one, other) -> one + ":" + other)
                .orElseThrow();
        return new Program(
                        directory,
                        directory,
                        Program.java(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        lib,
                        "dev.chancery.cli.Main")
                .run(words);
    }

    private static void done(Ended ended) {
        assertThat(ended.exitCode()).as("%s", ended).isZero();
    }

    @Test
    void theClaimIsRenewedAndABenchsLogIsExported() throws Exception {
        Path data = RunningInstance.newDirectory("commands");
        String at = data.toString();
        String first = directory.resolve("first.jwk").toString();
        String second = directory.resolve("second.jwk").toString();
        try (RunningInstance instance = RunningInstance.start(data)) {
            done(chancery("claim", "--data", at, "--name", "Olga Owner", "--key", first));
            aBenchsLogIsExported(at, first);
            aBenchReadsSecrets(at, first);
            aBenchTimesWithdrawals(at, first);
            instance.stop();
        }
        Ended asked = chancery("renew-claim", "--data", at);
        done(asked);
        assertThat(asked.out()).contains("The next start makes a new owner claim in " + data.resolve("claim"));
        try (RunningInstance instance = RunningInstance.start(data)) {
            assertThat(instance.claimFile()).isPresent();
            done(chancery("claim", "--data", at, "--name", "Nia Newowner", "--key", second));
            done(chancery("call", "ListOrganisations", "--data", at, "--key", second));
            assertThat(chancery("call", "ListOrganisations", "--data", at, "--key", first)
                            .err())
                    .contains("auth.forbidden: ");
        }
    }

    private void aBenchsLogIsExported(String data, String owner) throws Exception {
        Path keys = directory.resolve("keys");
        done(chancery(
                "bench",
                "--data",
                data,
                "--key",
                owner,
                "--callers",
                "2",
                "--warmup",
                "0",
                "--seconds",
                "2",
                "--out",
                keys.toString()));
        List<Path> left;
        try (Stream<Path> files = Files.list(keys)) {
            left = files.toList();
        }
        assertThat(left).hasSize(1);
        String export = directory.resolve("export").toString();
        String trust = directory.resolve("trust.vkey").toString();
        assertThat(RunningInstance.await(
                        RunningInstance.START_LIMIT,
                        () -> exported(data, left.getFirst().toString(), export, trust)))
                .isTrue();
        done(chancery("audit", "verify", export, "--trust", trust));
    }

    private void aBenchReadsSecrets(String data, String owner) throws Exception {
        Ended ended = chancery(
                "bench",
                "--data",
                data,
                "--key",
                owner,
                "--mode",
                "read",
                "--callers",
                "3",
                "--tenants",
                "2",
                "--warmup",
                "0",
                "--seconds",
                "2",
                "--json");
        done(ended);
        var figures = new JsonObject(ended.out());
        assertThat(figures.getDouble("readsPerSecond")).isPositive();
        assertThat(figures.getJsonObject("readsRefused")).isEmpty();
    }

    private void aBenchTimesWithdrawals(String data, String owner) throws Exception {
        Ended ended = chancery(
                "bench",
                "--data",
                data,
                "--key",
                owner,
                "--mode",
                "consent",
                "--callers",
                "3",
                "--rounds",
                "3",
                "--warmup",
                "0",
                "--seconds",
                "2",
                "--json");
        done(ended);
        var figures = new JsonObject(ended.out());
        assertThat(figures.getDouble("consentChecksPerSecond")).isPositive();
        assertThat(figures.getJsonObject("consentChecksRefused")).isEmpty();
        assertThat(figures.getJsonObject("everywhere").getDouble("p99Millis")).isPositive();
    }

    /** Once there is a checkpoint, which follows a log within a second or two. */
    private boolean exported(String data, String key, String export, String trust) {
        try {
            return chancery("export", "--data", data, "--key", key, "--out", export, "--trust", trust)
                            .exitCode()
                    == 0;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
