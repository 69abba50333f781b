package dev.chancery.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The suite of {@code client/typescript}, where there is Node and npm can fetch what it needs. */
class TypeScriptTest {
    private static final Path PACKAGE = Path.of(System.getProperty("chancery.root", ".."), "client", "typescript");
    private static final Duration LIMIT = Duration.ofMinutes(5);

    /** As Node calls it that a registry can't be reached. A lock file that is out of step is none of these. */
    private static final Pattern UNREACHABLE =
            Pattern.compile("ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|E403|E404");

    @TempDir
    Path directory;

    private record Ended(int exitCode, String said) {}

    private Ended run(String... words) throws IOException, InterruptedException {
        File said = directory.resolve("said").toFile();
        Process process = new ProcessBuilder(List.of(words))
                .directory(PACKAGE.toFile())
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true)
                .redirectOutput(said)
                .start();
        try {
            assertThat(process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        return new Ended(process.exitValue(), Files.readString(said.toPath()));
    }

    private static boolean exists(String name) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(place -> Files.isExecutable(Path.of(place, name)));
    }

    @Test
    void decidesAsTheEngineHereAndGuardsWhatNodeSends() throws Exception {
        assumeTrue(exists("node") && exists("npm"), "Skipped: there is no node or npm on the path.");
        Ended installed = run("npm", "ci", "--no-audit", "--no-fund");
        assumeFalse(
                installed.exitCode() != 0
                        && UNREACHABLE.matcher(installed.said()).find(),
                () -> "Skipped: npm could not fetch the packages: " + installed.said());
        assertThat(installed.exitCode()).as("%s", installed.said()).isZero();
        Ended tested = run("npm", "test");
        assertThat(tested.exitCode()).as("%s", tested.said()).isZero();
        assertThat(tested.said()).containsPattern("pass [1-9][0-9]*\\b").contains("decides as the Java engine does");
    }
}
