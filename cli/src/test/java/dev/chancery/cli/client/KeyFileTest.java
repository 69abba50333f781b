package dev.chancery.cli.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyFileTest {
    private final ClientKey key = ClientKey.generate("instance.a");

    @TempDir
    private Path directory;

    @Test
    void onlyItsOwnerReadsIt() throws IOException {
        Path file = directory.resolve("key.jwk");
        KeyFile.create(file, key);
        assertThat(mode(file)).isEqualTo("rw-------");
        KeyFile.replace(file, key.withClientId("instance.b"));
        assertThat(mode(file)).isEqualTo("rw-------");
        assertThat(KeyFile.read(file).clientId()).isEqualTo("instance.b");
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void aKeyIsNeverOverwritten() throws IOException {
        Path file = directory.resolve("key.jwk");
        KeyFile.create(file, key);
        assertThatThrownBy(() -> KeyFile.create(file, ClientKey.generate("instance.c")))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(KeyFile.read(file)).isEqualTo(key);
    }

    @Test
    void aKeyThatOthersCanReadIsNotUsed() throws IOException {
        Path file = directory.resolve("key.jwk");
        KeyFile.create(file, key);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> KeyFile.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("chmod 600");
    }

    @Test
    void aMissingFileIsSaidToBeMissing() {
        assertThatThrownBy(() -> KeyFile.read(directory.resolve("none")))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("there is no key file");
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }
}
