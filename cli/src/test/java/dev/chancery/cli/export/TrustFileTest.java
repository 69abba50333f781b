package dev.chancery.cli.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrustFileTest {
    private static final String LOG = "ch-00/instance+0123abcd+" + "A".repeat(44);
    private static final String SOURCE = "ch-00/source/access+0123abce+" + "B".repeat(44);

    @TempDir
    private Path directory;

    @Test
    void onFirstUseTheKeysAreWritten() throws IOException {
        Path file = directory.resolve("trust.vkey");
        assertThat(TrustFile.pin(file, List.of(LOG, SOURCE))).isEqualTo(TrustFile.Pinned.WRITTEN);
        assertThat(Files.readString(file)).isEqualTo(LOG + "\n" + SOURCE + "\n");
        assertThat(TrustFile.pin(file, List.of(LOG, SOURCE))).isEqualTo(TrustFile.Pinned.CONFIRMED);
    }

    @Test
    void aKeyThatIsNotPinnedIsRefusedAndNotAdded() throws IOException {
        Path file = directory.resolve("trust.vkey");
        TrustFile.pin(file, List.of(LOG));
        assertThatThrownBy(() -> TrustFile.pin(file, List.of(LOG, SOURCE)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(SOURCE + "\n");
        assertThat(Files.readString(file)).isEqualTo(LOG + "\n");
    }

    @Test
    void whatIsNoVerifierKeyDoesNotReachTheFile() {
        Path file = directory.resolve("trust.vkey");
        for (List<String> keys : List.of(List.<String>of(), List.of(LOG, "x"), List.of(LOG + "\n" + SOURCE))) {
            assertThatThrownBy(() -> TrustFile.pin(file, keys)).isInstanceOf(IOException.class);
        }
        assertThat(file).doesNotExist();
    }
}
