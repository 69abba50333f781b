package dev.chancery.keyring;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * SoftHSM, where it is installed (Debian: softhsm2); else what asks for it is skipped, and says so. Its library reads where its tokens are
 * from {@code SOFTHSM2_CONF} or {@code ~/.config/softhsm2}; a JVM can't set its own environment, so the tests' tokens are where they are by
 * default, under a label of their own, and are deleted at the end.
 */
final class SoftToken implements AutoCloseable {
    static final char[] PIN = "1234".toCharArray();

    private final Path library;
    private final String label;

    private SoftToken(Path library, String label) {
        this.library = library;
        this.label = label;
    }

    static SoftToken make(String label) {
        Path library = Stream.of("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")
                .map(Path::of)
                .filter(Files::isRegularFile)
                .findFirst()
                .orElseGet(() -> abort("skipped: SoftHSM is not installed (Debian: apt-get install softhsm2)"));
        run("--init-token", "--free", "--label", label, "--so-pin", "5678", "--pin", new String(PIN));
        return new SoftToken(library, label);
    }

    Path library() {
        return library;
    }

    /** Its place in the library's list of slots. */
    int slot() {
        List<String> labels = run("--show-slots")
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith("Label:"))
                .map(line -> line.substring("Label:".length()).strip())
                .toList();
        return labels.indexOf(label);
    }

    private static String run(String... words) {
        try {
            Process process = new ProcessBuilder(Stream.concat(Stream.of("softhsm2-util"), Stream.of(words))
                            .toList())
                    .redirectErrorStream(true)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
                abort("skipped: softhsm2-util " + words[0] + " does not work for this user: " + said.strip());
            }
            return said;
        } catch (IOException e) {
            return abort("skipped: softhsm2-util is not installed (Debian: apt-get install softhsm2)");
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        run("--delete-token", "--token", label);
    }
}
