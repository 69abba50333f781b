package dev.chancery.app.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.chancery.app.configuration.KeySource.Attempt;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.KeyFileUnusable;
import dev.chancery.keyring.TokenUnusable;
import dev.chancery.keyring.TransitUnusable;
import dev.chancery.testkit.TransitServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sealed or not, for each kind of sealer: what is away is waited for, and what is wrong is said. */
class KeySourceTest {
    private static final Path SOFTHSM = Path.of("/usr/lib/softhsm/libsofthsm2.so");

    @TempDir
    Path directory;

    private KeySource source(String... lines) throws IOException {
        List<String> all = new java.util.ArrayList<>(List.of(
                "chancery.instance-id=ch-0123456789abcdef",
                "chancery.process=core-1",
                "chancery.public-url=https://chancery.test",
                "chancery.database.credentials-directory=" + directory));
        all.addAll(List.of(lines));
        Path file = Files.write(directory.resolve("chancery.properties"), all);
        return Sealers.of(ChanceryConfig.read(List.of(file), Map.of()).config()).orElseThrow();
    }

    private static void isOpened(KeySource source) {
        assertThat(source.attempt()).isInstanceOf(Attempt.Opened.class);
    }

    private static void isSealed(KeySource source, String why) {
        assertThat(source.attempt()).isInstanceOfSatisfying(Attempt.Sealed.class, found -> assertThat(found.why())
                .contains(why));
    }

    /** By the mark alone; whatever else is true. */
    private static void isSealedByItsMark(KeySource source) throws IOException {
        Files.createFile(source.mark());
        assertThat(source.isMarked()).isTrue();
        isSealed(source, source.mark() + " is there");
        Files.delete(source.mark());
        assertThat(source.isMarked()).isFalse();
    }

    private Path secret(String name, String text) throws IOException {
        Path file = Files.createFile(
                directory.resolve(name),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        return Files.writeString(file, text);
    }

    @Test
    void aKeyFileThatIsNotThereSealsAndOneThatIsDamagedOrOpenToOthersIsSaid() throws IOException {
        Path file = directory.resolve("sealer");
        KeySource source = source("chancery.sealer-file=" + file);
        assertThat(source.mark()).isEqualTo(directory.resolve("sealer.sealed"));
        isSealed(source, file + " does not exist");
        isSealedByItsMark(source);

        KeyFileSealer.create(file);
        isOpened(source);
        isSealedByItsMark(source);
        isOpened(source);

        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatExceptionOfType(KeyFileUnusable.class).isThrownBy(source::attempt);
        Files.delete(file);
        secret("sealer", "chancery-key-1");
        assertThatExceptionOfType(KeyFileUnusable.class)
                .isThrownBy(source::attempt)
                .withMessageContaining("damaged");
    }

    @Test
    void aTokenWithoutItsPinSealsAndALibraryThatIsNotThereIsSaid() throws IOException {
        Path pin = directory.resolve("pin");
        KeySource source =
                source("chancery.sealer-token.library=/no/such/library.so", "chancery.sealer-token.pin-file=" + pin);
        isSealed(source, pin + " does not exist");
        isSealedByItsMark(source);

        secret("pin", "1234");
        assertThatExceptionOfType(TokenUnusable.class).isThrownBy(source::attempt);
        isSealedByItsMark(source);
        Files.setPosixFilePermissions(pin, PosixFilePermissions.fromString("rw-rw-rw-"));
        assertThatExceptionOfType(Unusable.class).isThrownBy(source::attempt).withMessageContaining("others can read");
    }

    /** As where the token is unplugged: the slot is not in the library's list. */
    @Test
    void aTokenThatIsNotInItsSlotSeals() throws IOException {
        assumeThat(Files.isRegularFile(SOFTHSM)).as("SoftHSM is not installed").isTrue();
        KeySource source = source(
                "chancery.sealer-token.library=" + SOFTHSM,
                "chancery.sealer-token.slot=99",
                "chancery.sealer-token.pin-file=" + secret("pin", "1234"));
        isSealed(source, "the PKCS#11 token in slot 99");
    }

    @Test
    void anEngineThatIsDownSealedOrWithoutItsTokenSealsAndARefusedTokenIsSaid() throws Exception {
        try (var server = new TransitServer(Files.createDirectory(directory.resolve("transit")))) {
            KeySource source = source(
                    "chancery.sealer-transit.address=" + server.address(),
                    "chancery.sealer-transit.token-file=" + server.tokenFile(),
                    "chancery.sealer-transit.ca-file=" + server.authorities(),
                    "chancery.sealer-transit.make-keys=true");
            isOpened(source);
            isSealedByItsMark(source);

            server.sealed = true;
            isSealed(source, "is sealed or down for maintenance");
            server.sealed = false;
            server.onTheWay = answer -> new TransitServer.Answer(502, "");
            isSealed(source, "status 502");
            server.onTheWay = answer -> new TransitServer.Answer(302, "");
            assertThatExceptionOfType(TransitUnusable.class).isThrownBy(source::attempt);
            server.onTheWay = answer -> answer;
            server.stop();
            isSealed(source, "does not answer");
            server.start();
            isOpened(source);

            server.revokeToken();
            assertThatExceptionOfType(TransitUnusable.class)
                    .isThrownBy(source::attempt)
                    .withMessageContaining("refuses the token");
            Files.delete(server.tokenFile());
            isSealed(source, server.tokenFile() + " does not exist");
            server.newToken();
            isOpened(source);
        }
    }
}
