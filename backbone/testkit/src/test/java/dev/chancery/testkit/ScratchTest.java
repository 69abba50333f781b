package dev.chancery.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ScratchTest {
    @Test
    void whatAKilledProcessLeftIsClearedAwayAndNothingElse() throws Exception {
        Process ended = new ProcessBuilder("/bin/sh", "-c", "exit 0").start();
        assertThat(ended.waitFor(10, TimeUnit.SECONDS)).isTrue();
        Path abandoned = Files.createTempDirectory("chancery-testkit-" + ended.pid() + "-");
        Files.writeString(Files.createDirectories(abandoned.resolve("kafka")).resolve("file"), "x");
        Path alive = Scratch.create();

        Path another = Scratch.create();

        assertThat(abandoned).doesNotExist();
        assertThat(alive).exists();
        Scratch.delete(alive);
        Scratch.delete(another);
    }
}
