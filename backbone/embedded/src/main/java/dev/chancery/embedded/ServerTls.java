package dev.chancery.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * TLS with mutual authentication for an embedded server: clients check its certificate, and it takes only clients whose certificate
 * the same authority has signed.
 *
 * @param certificate PEM, the server's certificate first, then those that it builds on
 * @param key PEM, PKCS#8, unencrypted, readable by its owner alone
 * @param authority PEM, the certificates that clients' are checked against
 */
public record ServerTls(Path certificate, Path key, Path authority) {
    static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
