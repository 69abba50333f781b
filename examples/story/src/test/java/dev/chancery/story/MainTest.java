package dev.chancery.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class MainTest {
    @TempDir
    Path directory;

    @Test
    void aDirectoryThatIsNotEmptyIsWrongUsage() throws Exception {
        Files.createFile(directory.resolve("file"));
        System.setProperty("chancery.home", System.getProperty("chancery.root"));
        assertThat(new CommandLine(new Main()).execute("--out", directory.toString()))
                .isEqualTo(2);
    }
}
