package dev.chancery.keyring;

import dev.chancery.testkit.TransitServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * A sealer of a test's own: a key file; with {@code -Dchancery.sealer=transit} a transit engine, with {@code -Dchancery.sealer=token} a token
 * that speaks PKCS#11.
 */
sealed interface TestSealer extends AutoCloseable {
    /** As a process that starts now has it. */
    Sealer open();

    /** What a backup of this moment opens. */
    TestSealer copy();

    /** How many versions its ring has. */
    int versions();

    @Override
    default void close() {}

    /** @param keys what their names begin with */
    static TransitAccess access(TransitServer server, String keys) {
        return new TransitAccess(
                server.address(),
                "transit",
                Optional.empty(),
                server.tokenFile(),
                Optional.of(server.authorities()),
                Duration.ofSeconds(20),
                keys);
    }

    static TestSealer make(Path directory) {
        String kind = System.getProperty("chancery.sealer", "file");
        return switch (kind) {
            case "file" -> InFile.make(directory.resolve("sealer"));
            case "transit" -> InEngine.make(directory);
            case "token" -> OnToken.make(directory);
            default -> throw new IllegalStateException("chancery.sealer is file, transit or token, not " + kind);
        };
    }

    record InFile(Path file) implements TestSealer {
        static InFile make(Path file) {
            KeyFileSealer.create(file);
            return new InFile(file);
        }

        @Override
        public Sealer open() {
            return KeyFileSealer.open(file);
        }

        @Override
        public TestSealer copy() {
            try {
                Path directory = Files.createTempDirectory(file.getParent(), "copy");
                return new InFile(Files.copy(file, directory.resolve("sealer")));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public int versions() {
            return KeyFile.read(file).ring().size();
        }
    }

    record InEngine(Path directory, TransitServer server) implements TestSealer {
        static InEngine make(Path directory) {
            var server = new TransitServer(directory);
            TransitSealer.create(access(server, "chancery"));
            return new InEngine(directory, server);
        }

        @Override
        public Sealer open() {
            return TransitSealer.open(access(server, "chancery"));
        }

        @Override
        public TestSealer copy() {
            try {
                Path into = Files.createTempDirectory(directory, "copy");
                return new InEngine(into, server.copy(into));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public int versions() {
            return server.versions("chancery-ring");
        }

        @Override
        public void close() {
            server.close();
        }
    }

    record OnToken(SoftToken token) implements TestSealer {
        static OnToken make(Path directory) {
            var token = SoftToken.make(directory);
            Pkcs11Sealer.create(token.library(), SoftToken.SLOT, SoftToken.PIN);
            return new OnToken(token);
        }

        @Override
        public Pkcs11Sealer open() {
            return token.open();
        }

        @Override
        public TestSealer copy() {
            return new OnToken(token.copy());
        }

        @Override
        public int versions() {
            return (int) token.keys().stream()
                    .filter(key -> key.startsWith(Pkcs11Sealer.RING))
                    .count();
        }
    }
}
