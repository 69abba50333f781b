package dev.chancery.quickstart.atrest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** What the instances of this run wrote to their streams, after all of it: the last class. */
@Order(Integer.MAX_VALUE)
class LogsIT {
    /** Of the contract's examples, and so of every request that the tests sent. */
    private static final List<String> PERSONAL = List.of(
            "Olive",
            "Petra",
            "petra-",
            "example.org",
            "Ada Administrator",
            "Stands in",
            "audit is over",
            "Left the organisation",
            "Claims u",
            "Example u");

    private final RunningInstance instance = RunningInstance.shared();

    @Test
    void stdoutHoldsTheReadyLineAndStderrJsonLines() {
        assertThat(instance.outText().lines()).singleElement().asString().startsWith("READY {");
        assertThat(instance.logText()).isNotEmpty();
        assertThat(instance.logText().lines()).allSatisfy(line -> assertThat(new JsonObject(line).fieldNames())
                .isNotEmpty());
    }

    @Test
    void nothingPersonalAndNoSecretIsInAnyLog() throws IOException {
        try (Stream<Path> files = Files.walk(instance.data().getParent().getParent(), 2)) {
            List<Path> logs = files.filter(file ->
                            file.toString().endsWith(".err") || file.toString().endsWith(".out"))
                    .toList();
            assertThat(logs).isNotEmpty();
            for (Path log : logs) {
                assertClean(log);
            }
        }
        assertClean(instance.data().resolve("postgres").resolve("postgresql.log"));
    }

    private static void assertClean(Path log) throws IOException {
        String text = Files.readString(log);
        // Thousands of secrets and megabytes of log: a plain search, or this takes minutes.
        assertThat(SharedInstance.secrets().stream().filter(text::contains))
                .as("%s", log)
                .isEmpty();
        for (String value : PERSONAL) {
            assertThat(text).as("%s", log).doesNotContain(value);
        }
    }

    /** Whatever the tests sent, nothing of it was this side's fault. */
    @Test
    void noRequestBrokeAnything() {
        assertThat(instance.logText().lines().filter(line -> line.contains("\"ERROR\"")))
                .isEmpty();
    }
}
