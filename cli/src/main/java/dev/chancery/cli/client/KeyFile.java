package dev.chancery.cli.client;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** A {@link ClientKey} in a file that only its owner can read. */
public final class KeyFile {
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
    private static final int MAX_BYTES = 4096;

    private KeyFile() {}

    /**
     * Writes a key where there is no file yet. It is on the disk, name and all, when this returns.
     *
     * @throws java.nio.file.FileAlreadyExistsException if there is one: a key is never overwritten
     */
    public static void create(Path file, ClientKey key) throws IOException {
        write(file, key.jwk());
        sync(file);
    }

    /** Replaces a key, atomically. */
    public static void replace(Path file, ClientKey key) throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(unfinished);
        write(unfinished, key.jwk());
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        sync(file);
    }

    private static void write(Path file, String text) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(OWNER_ONLY))) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
    }

    /** A file's name is durable when its directory is. */
    private static void sync(Path file) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory != null) {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    /**
     * Reads a key.
     *
     * @throws IOException if it can't be read, is no key, or others can read it; the message says which
     */
    public static ClientKey read(Path file) throws IOException {
        try {
            if (!OWNER_ONLY.containsAll(Files.getPosixFilePermissions(file))) {
                throw new IOException(
                        file + " can be read by other users; if it is still secret, run chmod 600 " + file);
            }
            if (Files.size(file) > MAX_BYTES) {
                throw new IOException(file + " is not a key file: it is too large");
            }
            return ClientKey.parse(Files.readString(file, StandardCharsets.US_ASCII));
        } catch (NoSuchFileException e) {
            throw new IOException("there is no key file " + file, e);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " is not a key file: " + e.getMessage(), e);
        }
    }
}
