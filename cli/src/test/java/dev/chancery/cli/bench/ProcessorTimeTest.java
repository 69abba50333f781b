package dev.chancery.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessorTimeTest {
    @TempDir
    Path directory;

    @BeforeEach
    void onLinux() {
        assumeTrue(Files.isReadable(Path.of("/proc/self/stat")));
    }

    @Test
    void countsAProcessAndItsChildrenThatHaveEnded() throws Exception {
        var own = ProcessorTime.of(List.of(ProcessHandle.current().pid()));
        ProcessorTime.Used before = own.used();

        new ProcessBuilder("sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done")
                .start()
                .waitFor();

        assertThat(own.used().since(before).seconds()).isPositive();
    }

    @Test
    void findsTheProcessThatHoldsTheDataDirectorysLock() throws IOException {
        Files.createDirectories(directory.resolve("postgres"));
        try (var channel = FileChannel.open(
                        directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                var held = channel.lock()) {
            assertThat(held.isValid()).isTrue();
            assertThat(ProcessorTime.on(directory).isKnown()).isTrue();
            assertThat(ProcessorTime.on(directory).used().javaSeconds()).isPositive();
        }
    }

    @Test
    void knowsNothingOfADirectoryOnWhichNothingRuns() throws IOException {
        assertThat(ProcessorTime.on(directory).isKnown()).isFalse();
        assertThat(ProcessorTime.on(directory).used().seconds()).isZero();
    }
}
