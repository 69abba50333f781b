package dev.chancery.identity;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Set;
import org.jboss.logging.Logger;

/**
 * The one-time owner claim: 256 random bits in a file that only its owner reads (mode 0600), written before its hash goes into the
 * log, removed once it was used. Whoever can read the file may claim the installation, once.
 */
public final class OwnerClaim {
    private static final Logger LOG = Logger.getLogger(OwnerClaim.class);

    private final Path file;
    private final Runnable used;

    /** @param used told once the claim was used and its file is gone */
    public OwnerClaim(Path file, Runnable used) {
        this.file = file;
        this.used = used;
    }

    /** Where it lies. */
    public Path file() {
        return file;
    }

    /** Whether it can still be used, as far as the file tells. */
    public boolean isOffered() {
        return Files.exists(file);
    }

    /** Whether the file, if there is one, holds the claim of this hash. */
    boolean isOf(ByteString hash) {
        try {
            return !Files.exists(file) || hash(Files.readString(file).strip()).equals(hash);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The claim's hash: of the file that is there, or of a new one that is made. Durable when this returns. */
    ByteString offer() {
        try {
            if (!Files.exists(file)) {
                write();
            }
            return hash(Files.readString(file).strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void write() throws IOException {
        byte[] random = new byte[32];
        new SecureRandom().nextBytes(random);
        String claim = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        var ownerOnly = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        Path unfinished = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(unfinished);
        try (FileChannel channel = FileChannel.open(
                unfinished, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), ownerOnly)) {
            channel.write(ByteBuffer.wrap((claim + "\n").getBytes(StandardCharsets.US_ASCII)));
            channel.force(true);
        }
        Files.move(unfinished, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
        // The name too, or a crash of the machine leaves the hash in the log and no claim.
        try (FileChannel directory = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    /** Whether a new claim is asked for: by a file beside the claim's, which whoever holds the installation's files can make. */
    boolean isRenewalAsked() {
        return Files.exists(renewal());
    }

    /** The new claim is in the log. */
    void renewalDone() {
        delete(renewal());
    }

    /** Removes a claim that was used, to make room for another. */
    void discard() {
        delete(file);
    }

    private Path renewal() {
        return file.resolveSibling(file.getFileName() + ".renew");
    }

    private static void delete(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Removes the file: the claim has been used. */
    void withdraw() {
        try {
            if (Files.deleteIfExists(file)) {
                used.run();
            }
        } catch (IOException e) {
            // Mounted by an operator, who removes it: used, it opens nothing.
            LOG.warnf("Owner claim could not be removed: cause=%s", e.getClass().getName());
        }
    }

    /** What the log holds of a claim. */
    static ByteString hash(String claim) {
        try {
            return UnsafeByteOperations.unsafeWrap(
                    MessageDigest.getInstance("SHA-256").digest(claim.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
