package dev.chancery.identity;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Set;

/**
 * The one-time owner claim: 256 random bits in a file that only its owner reads (mode 0600), written before its hash goes into the
 * log, removed once it was used. Whoever can read the file may claim the installation, once.
 */
public final class OwnerClaim {
    private final Path file;

    public OwnerClaim(Path file) {
        this.file = file;
    }

    /** Where it lies. */
    public Path file() {
        return file;
    }

    /** Whether it can still be used, as far as the file tells. */
    public boolean isOffered() {
        return Files.exists(file);
    }

    /** The claim's hash: of the file that is there, or of a new one that is made. Durable when this returns. */
    ByteString offer() {
        try {
            if (!Files.exists(file)) {
                write();
            }
            return IdentityService.hashed(Files.readString(file).strip());
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
            channel.write(ByteBuffer.wrap((claim + "\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
            channel.force(true);
        }
        Files.move(unfinished, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
        // The log is about to name its hash: without this a machine's crash could keep that and lose the file's name.
        try (FileChannel directory = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    /** Removes the file: the claim has been used. */
    void withdraw() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
