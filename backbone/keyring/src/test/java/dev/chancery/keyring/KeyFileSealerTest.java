package dev.chancery.keyring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeyFileSealerTest {
    private static final byte[] KEY = "an example of a key, 32 bytes...".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CONTEXT = {1, 2, 3};

    @TempDir
    Path directory;

    @Test
    void whatIsWrappedIsUnwrappedAfterARestart() {
        byte[] wrapped = KeyFileSealer.create(file()).installationRing().wrap(1, KEY, CONTEXT);

        assertThat(KeyFileSealer.open(file()).installationRing().unwrap(1, wrapped, CONTEXT))
                .isEqualTo(KEY);
    }

    @Test
    void anotherKeyFileUnwrapsNothing() {
        byte[] wrapped = KeyFileSealer.create(file()).installationRing().wrap(1, KEY, CONTEXT);
        KeyFileSealer other = KeyFileSealer.create(directory.resolve("other"));

        assertThatExceptionOfType(SealBroken.class)
                .isThrownBy(() -> other.installationRing().unwrap(1, wrapped, CONTEXT));
        assertThatExceptionOfType(SealBroken.class)
                .isThrownBy(() -> other.installationRing().unwrap(1, wrapped, new byte[] {1, 2, 4}));
    }

    @Test
    void aDerivedSecretDependsOnFileAndPurposeAlone() {
        KeyFileSealer sealer = KeyFileSealer.create(file());

        assertThat(sealer.derive("postgres/chancery_access"))
                .matches("[A-Za-z0-9_-]{43}")
                .isEqualTo(KeyFileSealer.open(file()).derive("postgres/chancery_access"))
                .isNotEqualTo(sealer.derive("postgres/chancery_identity"))
                .isNotEqualTo(KeyFileSealer.create(directory.resolve("other")).derive("postgres/chancery_access"));
    }

    @Test
    void aNewKeyFileIsItsOwnersAloneAndNothingElseIsLeft() throws Exception {
        KeyFileSealer.create(file());

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
                .isEqualTo("rw-------");
        assertThat(Files.readString(file()))
                .matches("chancery-key-1 [A-Za-z0-9_-]{43} [A-Za-z0-9_-]{11}\n"
                        + "chancery-ring-key-1 1 [A-Za-z0-9_-]{43} [A-Za-z0-9_-]{11}\n"
                        + "chancery-installation-ring-key-1 1 [A-Za-z0-9_-]{43} [A-Za-z0-9_-]{11}\n");
        try (var entries = Files.list(directory)) {
            assertThat(entries).containsExactly(file());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r--r--", "rw----r--", "rw--w----", "rwx------", "rw-rw-rw-"})
    void aKeyFileThatIsOpenToOthersIsRefused(String permissions) throws Exception {
        KeyFileSealer.create(file());
        Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString(permissions));

        assertUnusable(file(), "key file " + file() + " is open to others: run chmod 600 " + file());
    }

    @Test
    void aReadOnlyKeyFileIsAccepted() throws Exception {
        KeyFileSealer.create(file());
        Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString("r--------"));

        assertThat(KeyFileSealer.open(file()).derive("x")).isNotEmpty();
    }

    @Test
    void everyTruncationAndEveryAlteredByteIsRecognised() throws Exception {
        KeyFileSealer.create(file());
        byte[] whole = Files.readAllBytes(file());
        String damaged = "key file " + file() + " is truncated or damaged: restore it from your backup";

        for (int length = 0; length < whole.length; length++) {
            Files.write(file(), java.util.Arrays.copyOf(whole, length));
            assertUnusable(file(), damaged);
        }
        for (int at = 0; at < whole.length; at++) {
            byte[] altered = whole.clone();
            altered[at] ^= 1;
            Files.write(file(), altered);
            assertUnusable(file(), damaged);
        }
        Files.write(file(), java.util.Arrays.copyOf(whole, whole.length + 1));
        assertUnusable(file(), damaged);
    }

    private static Sealer.Ring ring(KeyFileRing.Of of, Sealer sealer) {
        return of == KeyFileRing.Of.INSTALLATION ? sealer.installationRing() : sealer.ring();
    }

    @ParameterizedTest
    @EnumSource
    void aVersionOfARingThatIsDestroyedIsGoneFromTheFileAndFromEveryProcess(KeyFileRing.Of of) throws Exception {
        KeyFileRing.Of another =
                of == KeyFileRing.Of.INSTALLATION ? KeyFileRing.Of.ORGANISATIONS : KeyFileRing.Of.INSTALLATION;
        KeyFileSealer sealer = KeyFileSealer.create(file());
        KeyFileSealer elsewhere = KeyFileSealer.open(file());
        Sealer.Ring ring = ring(of, sealer);
        byte[] old = ring.wrap(1, KEY, CONTEXT);
        byte[] ofAnother = ring(another, sealer).wrap(1, KEY, CONTEXT);
        String derived = sealer.derive("x");

        ring.add(2);
        byte[] young = ring.wrap(2, KEY, CONTEXT);
        assertThat(ring(of, elsewhere).unwrap(2, young, CONTEXT)).isEqualTo(KEY);
        assertThat(ring(of, elsewhere).unwrap(1, old, CONTEXT)).isEqualTo(KEY);
        assertThatExceptionOfType(SealBroken.class)
                .isThrownBy(() -> ring(another, sealer).unwrap(1, old, CONTEXT));
        ring.destroyBefore(2);

        for (KeyFileSealer process : java.util.List.of(sealer, KeyFileSealer.open(file()))) {
            assertThatExceptionOfType(KeyDestroyed.class)
                    .isThrownBy(() -> ring(of, process).unwrap(1, old, CONTEXT));
            assertThat(ring(of, process).unwrap(2, young, CONTEXT)).isEqualTo(KEY);
            assertThat(ring(another, process).unwrap(1, ofAnother, CONTEXT)).isEqualTo(KEY);
            assertThat(process.derive("x")).isEqualTo(derived);
        }
        assertThat(Files.readAllLines(file()))
                .hasSize(3)
                .filteredOn(line -> line.contains("ring-key-1 2 "))
                .hasSize(1);
        try (var entries = Files.list(directory)) {
            assertThat(entries).containsExactly(file());
        }
    }

    @Test
    void aKeyFileThatCantBeWrittenKeepsItsRing() throws Exception {
        KeyFileSealer.create(file());
        // So long a name that none can be made beside it: permissions would not keep root from it.
        Path file = Files.move(file(), directory.resolve("k".repeat(250)));
        KeyFileSealer sealer = KeyFileSealer.open(file);

        assertThatExceptionOfType(KeyFileUnusable.class)
                .isThrownBy(() -> sealer.ring().add(2))
                .withMessage("key file " + file + " can't be written");
        assertThat(sealer.ring().newest()).isOne();
        assertThat(KeyFileSealer.open(file).ring().newest()).isOne();
    }

    @Test
    void fullRingsTakeNoMoreAndStayReadable() {
        KeyFileSealer sealer = KeyFileSealer.create(file());
        for (KeyFileRing.Of of : KeyFileRing.Of.values()) {
            Sealer.Ring ring = ring(of, sealer);
            for (int version = 2; version <= KeyFile.MAX_RING; version++) {
                ring.add(version);
            }

            assertThatExceptionOfType(KeyFileUnusable.class)
                    .isThrownBy(() -> ring.add(KeyFile.MAX_RING + 1))
                    .withMessageContaining("takes no more until the oldest has reached its horizon");
        }
        for (KeyFileRing.Of of : KeyFileRing.Of.values()) {
            assertThat(ring(of, KeyFileSealer.open(file())).newest()).isEqualTo(KeyFile.MAX_RING);
        }
    }

    /** One that is not there: permissions would not keep root from writing. */
    @Test
    void aKeyFileThatCantBeReplacedSaysSo() throws Exception {
        KeyFileSealer sealer = KeyFileSealer.create(file());
        assertThat(sealer.ring().unchangeable()).isEmpty();

        Files.move(file(), directory.resolve("elsewhere"));
        assertThat(sealer.ring().unchangeable()).isPresent();
    }

    @Test
    void aMissingKeyFileIsNotMadeUnasked() {
        assertUnusable(file(), "key file " + file() + " does not exist: restore it, or create one");
        assertThat(file()).doesNotExist();
    }

    @Test
    void anExistingKeyFileIsNeverReplaced() throws Exception {
        KeyFileSealer.create(file());
        String before = Files.readString(file());

        assertThatExceptionOfType(KeyFileUnusable.class)
                .isThrownBy(() -> KeyFileSealer.create(file()))
                .withMessage("key file " + file() + " exists already and is left as it is");
        assertThat(Files.readString(file())).isEqualTo(before);
    }

    @Test
    void ofManyWhoCreateAtOnceOneDoes() throws Exception {
        var start = new CountDownLatch(1);
        try (var threads = Executors.newFixedThreadPool(8)) {
            var made = IntStream.range(0, 8)
                    .mapToObj(i -> threads.submit(() -> {
                        start.await();
                        try {
                            return KeyFileSealer.create(file()).derive("x");
                        } catch (KeyFileUnusable e) {
                            return "";
                        }
                    }))
                    .toList();
            start.countDown();
            var secrets = new java.util.ArrayList<String>();
            for (var secret : made) {
                secrets.add(secret.get());
            }
            secrets.removeIf(String::isEmpty);
            assertThat(secrets).containsExactly(KeyFileSealer.open(file()).derive("x"));
        }
    }

    private Path file() {
        return directory.resolve("sealer.key");
    }

    private static void assertUnusable(Path file, String message) {
        assertThatExceptionOfType(KeyFileUnusable.class)
                .isThrownBy(() -> KeyFileSealer.open(file))
                .withMessage(message);
    }
}
