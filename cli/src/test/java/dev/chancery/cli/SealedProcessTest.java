package dev.chancery.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is done to a process that runs: SealedProcessesIT. */
class SealedProcessTest {
    @TempDir
    private Path directory;

    private Path file(String name, String... lines) throws IOException {
        return Files.write(directory.resolve(name), List.of(lines));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"chancery.sealer-file", "chancery.sealer-token.pin-file", "chancery.sealer-transit.token-file"})
    void theMarkIsBesideTheFileThatUnlocksAndMayBeThereAlready(String setting) throws IOException {
        SealedProcess process =
                SealedProcess.of(List.of(file("core.properties", setting + "=" + directory.resolve("unlocks"))));
        Path mark = directory.resolve("unlocks.sealed");
        process.mark();
        process.mark();
        assertThat(mark).isEmptyFile();
        process.unmark();
        process.unmark();
        assertThat(mark).doesNotExist();
    }

    @Test
    void aLaterFileIsOverAnEarlierOneAndEveryAddressIsThisMachines() throws IOException {
        Path common = file(
                "common.properties",
                "chancery.http.host=0.0.0.0",
                "chancery.http.port=8443",
                "chancery.sealer-file=/f");
        Path own = file("own.properties", "chancery.http.port=8444", "chancery.http.certificate-file=/c");
        assertThat(SealedProcess.of(List.of(common, own)).address()).hasToString("https://127.0.0.1:8444");
        assertThat(SealedProcess.of(List.of(common)).address()).hasToString("http://127.0.0.1:8443");
    }

    @Test
    void aProcessWithoutKeysAndTwoProcessesAtOnceAreRefused() throws IOException {
        Path without = file("relay.properties", "chancery.process=relay");
        Path key = file("core.properties", "chancery.sealer-file=/f");
        Path token = file("ledger.properties", "chancery.sealer-transit.token-file=/t");
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> SealedProcess.of(List.of(without)))
                .withMessageContaining("name no file that unlocks keys");
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> SealedProcess.of(List.of(key, token)))
                .withMessageContaining("more than one file");
        assertThatExceptionOfType(NoSuchFileException.class)
                .isThrownBy(() -> SealedProcess.of(List.of(directory.resolve("none"))));
    }

    @Test
    void aMarkThatCannotBeMadeIsSaid() throws IOException {
        SealedProcess process = SealedProcess.of(
                List.of(file("core.properties", "chancery.sealer-file=" + directory.resolve("none/sealer"))));
        assertThatExceptionOfType(NoSuchFileException.class).isThrownBy(process::mark);
    }
}
