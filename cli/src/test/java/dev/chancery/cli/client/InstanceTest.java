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
                .isEqualTo(new Instance(
                        "http://127.0.0.1:8080", "127.0.0.1:8080", Optional.of(Path.of("/d/claim")), Optional.empty()));
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
        for (String url : new String[] {
            "", "127.0.0.1:8080", "ftp://a", "https://a/b", "http:// a", "https://user@a", "https://a?b", "https://a#b"
        }) {
            assertThatThrownBy(() -> Instance.at(url)).as(url).isInstanceOf(IllegalArgumentException.class);
        }
    }

    /** What goes there are tokens and secrets. */
    @Test
    void beyondThisMachineTlsIsAsked() {
        for (String url : new String[] {
            "http://chancery.example", "http://10.0.0.1:8080", "http://localhost.example", "http://127.0.0.1.example:80"
        }) {
            assertThatThrownBy(() -> Instance.at(url))
                    .as(url)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("in clear");
        }
        for (String url : new String[] {"http://localhost:8080", "http://127.0.0.2:80", "http://[::1]:8080"}) {
            assertThat(Instance.at(url).http()).isEqualTo(url);
        }
        assertThat(Instance.at("https://chancery.example").grpc()).isEqualTo("chancery.example:443");
    }

    @Test
    void aFileWithoutCertificatesIsSaidToBeOne() throws IOException {
        Path empty = Files.writeString(directory.resolve("empty.pem"), "");
        var instance = Instance.at("https://chancery.example", Optional.of(empty));
        assertThatThrownBy(() -> new RestTransport(instance))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--ca FILE");
    }

    @Test
    void aDirectoryOnWhichNothingRunsIsSaidToBeOne() {
        assertThatThrownBy(() -> Instance.on(directory))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no instance runs on");
    }
}
