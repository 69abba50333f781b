package dev.chancery.cli.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExportTest {
    private static final String NOTE = "ch-00/instance\n3\nAAAA\n\n\u2014 ch-00/instance AAAA\n";

    @TempDir
    private Path directory;

    private static void serve(String name, Path to) throws IOException {
        Files.writeString(to, name.equals("checkpoint") ? NOTE : name);
    }

    @Test
    void theLayoutIsTheOneOfTheFormats() throws Exception {
        Path out = directory.resolve("a/export");
        Export export = Export.write(ExportTest::serve, out);
        assertThat(export).isEqualTo(new Export("ch-00/instance", 3, 5));
        assertThat(files(out))
                .containsExactly(
                        "bodies/000.p/3",
                        "contract.binpb",
                        "log/checkpoint",
                        "log/tile/0/000.p/3",
                        "log/tile/entries/000.p/3");
        assertThat(Files.readString(out.resolve("bodies/000.p/3"))).isEqualTo("bodies/000.p/3");
    }

    @Test
    void anEmptyDirectoryIsTaken() throws Exception {
        Path out = Files.createDirectory(directory.resolve("export"));
        assertThat(Export.isFree(out)).isTrue();
        Export.write(ExportTest::serve, out);
        assertThat(Export.isFree(out)).isFalse();
    }

    @Test
    void aFileIsNoPlaceForAnExport() throws Exception {
        assertThat(Export.isFree(Files.createFile(directory.resolve("file")))).isFalse();
        assertThat(Export.isFree(directory.resolve("nothing"))).isTrue();
    }

    @Test
    void whatBreaksOffLeavesNothing() throws Exception {
        assertThatThrownBy(() -> Export.write(
                        (name, to) -> {
                            if (name.startsWith("bodies/")) {
                                throw new IOException("gone");
                            }
                            serve(name, to);
                        },
                        directory.resolve("export")))
                .isInstanceOf(IOException.class)
                .hasMessage("gone");
        assertThat(files(directory)).isEmpty();
    }

    @Test
    void whatIsNoCheckpointIsRefused() {
        for (String note :
                List.of("", "a\n1\n", "a\n01\nx\n\n", "a\n-1\nx\n\n", "a\n99999999999999999999\nx\n\n", "\n1\nx\n\n")) {
            assertThatThrownBy(() -> Checkpoint.parse(note)).as(note).isInstanceOf(IOException.class);
        }
    }

    private static List<String> files(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> directory.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }
}
