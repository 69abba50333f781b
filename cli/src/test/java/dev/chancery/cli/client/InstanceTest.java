package dev.chancery.cli.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstanceTest {
    @TempDir
    private Path directory;

    @Test
    void whatReadyAnnouncesIsUnderstood() throws IOException {
        Files.writeString(
                directory.resolve("run.json"),
                "{\"http\":\"http://127.0.0.1:8080\",\"grpc\":\"127.0.0.1:8080\",\"kafka\":\"127.0.0.1:9092\",\"claimFile\":\"/d/claim\"}");
        assertThat(Instance.on(directory))
                .isEqualTo(new Instance("http://127.0.0.1:8080", "127.0.0.1:8080", Optional.of(Path.of("/d/claim"))));
    }

    @Test
    void withoutAClaimThereIsNoClaimFile() {
        assertThat(Instance.parse("{\"http\":\"http://127.0.0.1:8080\",\"grpc\":\"127.0.0.1:8080\"}")
                        .claimFile())
                .isEmpty();
    }

    @Test
    void aSlashAtTheEndDoesNotCount() {
        assertThat(Instance.at("http://127.0.0.1:8080/").http()).isEqualTo("http://127.0.0.1:8080");
    }

    @Test
    void whatIsNoBaseUrlIsRefused() {
        for (String url : new String[] {"", "127.0.0.1:8080", "ftp://a", "http://a/b", "http:// a", "https://a"}) {
            assertThatThrownBy(() -> Instance.at(url)).as(url).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aDirectoryOnWhichNothingRunsIsSaidToBeOne() {
        assertThatThrownBy(() -> Instance.on(directory))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no instance runs on");
    }
}
