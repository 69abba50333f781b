package dev.chancery.keyring;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Provider;
import java.security.ProviderException;
import java.security.Security;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A token of SoftHSM in a directory of the test's own. Where SoftHSM is not installed, what asks for a token is skipped, and says so.
 *
 * <p>The library reads where its tokens are when it is loaded, once, from the file that the environment names ({@code SOFTHSM2_CONF}, which the
 * build sets). So each {@link #library} is a copy of the library's file that is loaded at once: one JVM has several, each with a state of its
 * own, as several processes have.
 */
final class SoftToken {
    static final char[] PIN = "1234".toCharArray();
    /** The token's place in the list of slots: it is alone in its directory. */
    static final int SLOT = 0;

    private static final int ATTEMPTS = 20;
    private static final AtomicInteger COPIES = new AtomicInteger();

    private final Path directory;

    private SoftToken(Path directory) {
        this.directory = directory;
    }

    /** Skips what asks for a token where there can be none, before a class of tests is loaded that has one. */
    public static final class Needed implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            return installed().isPresent()
                    ? ConditionEvaluationResult.enabled("SoftHSM is installed")
                    : ConditionEvaluationResult.disabled(MISSING);
        }
    }

    private static final String MISSING = "skipped: SoftHSM is not installed (.ci/softhsm installs Debian's)";

    private static Optional<Path> installed() {
        return Stream.of("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")
                .map(Path::of)
                .filter(Files::isRegularFile)
                .findFirst();
    }

    /** @param directory where its files are to be; another token's may be there, too */
    static SoftToken make(Path directory) {
        if (installed().isEmpty()) {
            abort(MISSING);
        }
        try {
            var token = new SoftToken(Files.createTempDirectory(directory, "token"));
            token.initialise();
            return token;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void initialise() throws IOException {
        synchronized (COPIES) {
            nameDirectory();
            Process util = new ProcessBuilder(
                            "softhsm2-util",
                            "--init-token",
                            "--free",
                            "--label",
                            "chancery",
                            "--so-pin",
                            "5678",
                            "--pin",
                            new String(PIN))
                    .redirectErrorStream(true)
                    .start();
            String said = new String(util.getInputStream().readAllBytes(), UTF_8);
            if (!ended(util) || util.exitValue() != 0) {
                throw new IllegalStateException("softhsm2-util makes no token: " + said.strip());
            }
        }
    }

    private static boolean ended(Process process) {
        try {
            return process.waitFor(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void nameDirectory() throws IOException {
        String file = Objects.requireNonNull(
                System.getenv("SOFTHSM2_CONF"), "SOFTHSM2_CONF is to name a file that this test may write");
        Files.writeString(Path.of(file), "directories.tokendir = " + directory + "\nlog.level = ERROR\n");
    }

    /** The library, as a process that starts now has it: nobody has signed in. */
    Path library() {
        return retrying(this::loaded, failure -> failure instanceof ProviderException);
    }

    private Path loaded() {
        try {
            synchronized (COPIES) {
                nameDirectory();
                Path copy = Files.copy(
                        installed().orElseThrow(),
                        directory.resolveSibling("libsofthsm2-" + COPIES.incrementAndGet() + ".so"));
                // Loads it, while the file names this directory.
                var _ = provider(copy);
                return copy;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The names of the keys that are on it. */
    List<String> keys() {
        try {
            KeyStore keys = KeyStore.getInstance("PKCS11", provider(library()));
            keys.load(null, PIN);
            return Collections.list(keys.aliases());
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Provider provider(Path library) {
        return Security.getProvider("SunPKCS11")
                .configure(
                        "--name=" + library.getFileName() + "\nlibrary=" + library + "\nslotListIndex=" + SLOT + "\n");
    }

    /** Opens it as a process does that starts: while the token is away, another try is made. */
    Pkcs11Sealer open() {
        return retrying(
                () -> Pkcs11Sealer.open(library(), SLOT, PIN),
                failure -> failure instanceof TokenUnusable unusable && unusable.isAway());
    }

    /** A copy of SoftHSM that is loaded while another writes to the token may take it for damaged, and goes on doing so. */
    private static <T> T retrying(Supplier<T> work, Predicate<RuntimeException> passes) {
        for (int attempt = 1; ; attempt++) {
            try {
                return work.get();
            } catch (RuntimeException e) {
                if (attempt == ATTEMPTS || !passes.test(e)) {
                    throw e;
                }
            }
        }
    }

    /** What a backup of its files restores, beside them. */
    SoftToken copy() {
        try (Stream<Path> files = Files.walk(directory)) {
            Path copy = Files.createTempDirectory(directory.getParent(), "token");
            for (Path file : files.skip(1).toList()) {
                Files.copy(file, copy.resolve(directory.relativize(file)));
            }
            return new SoftToken(copy);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
