package dev.chancery.keyring;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A 32-byte key in a file: one line, {@code chancery-key-1 <key> <checksum>}, both base64url without padding. The checksum is the
 * first eight bytes of SHA-256 over prefix and key, so that a truncated or mistyped file is told from another key, and a start
 * with it fails at once and not at the first value that does not open.
 */
final class KeyFile {
    private static final byte[] PREFIX = "chancery-key-1 ".getBytes(StandardCharsets.US_ASCII);
    private static final int CHECKSUM_BYTES = 8;
    private static final int KEY_CHARS = 43;
    private static final int CHECKSUM_CHARS = 11;
    static final int FILE_BYTES = PREFIX.length + KEY_CHARS + 1 + CHECKSUM_CHARS + 1;

    private static final Set<PosixFilePermission> OWNER_ONLY =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    /** As orchestrators mount secrets: root's, and the process's by its group. */
    private static final Set<PosixFilePermission> MOUNTED =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.GROUP_READ);

    private KeyFile() {}

    private static boolean isOpen(Path file) throws IOException {
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
        boolean ours = Files.getOwner(file).getName().equals(System.getProperty("user.name"));
        return !(ours ? OWNER_ONLY : MOUNTED).containsAll(permissions);
    }

    static SecretBytes read(Path file) {
        byte[] text = new byte[0];
        try {
            if (isOpen(file)) {
                throw new KeyFileUnusable("key file " + file + " is open to others: run chmod 600 " + file);
            }
            try (var in = Files.newInputStream(file)) {
                text = in.readNBytes(FILE_BYTES + 1);
            }
            return SecretBytes.owning(parse(file, text));
        } catch (NoSuchFileException e) {
            throw new KeyFileUnusable("key file " + file + " does not exist: restore it, or create one", e);
        } catch (IOException | UnsupportedOperationException e) {
            throw new KeyFileUnusable("key file " + file + " can't be read", e);
        } finally {
            Arrays.fill(text, (byte) 0);
        }
    }

    /** Makes a new random key at {@code file}, whole and on disk when this returns; never replaces a file that is there. */
    static void create(Path file) {
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null) {
            throw new KeyFileUnusable("key file " + file + " can't be created: it is a directory");
        }
        SecretBytes key = SecretBytes.random();
        byte[] bytes = key.getEncoded();
        byte[] text = render(bytes);
        Path unfinished = null;
        try {
            unfinished = Files.createTempFile(
                    directory, file.getFileName() + ".", ".new", PosixFilePermissions.asFileAttribute(OWNER_ONLY));
            try (var out = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
                ByteBuffer buffer = ByteBuffer.wrap(text);
                while (buffer.hasRemaining()) {
                    out.write(buffer);
                }
                out.force(true);
            }
            // A link, not a rename: a rename would replace a key that another process has just made, and all it
            // wrapped.
            Files.createLink(file, unfinished);
            try (var entries = FileChannel.open(directory, StandardOpenOption.READ)) {
                entries.force(true);
            }
        } catch (FileAlreadyExistsException e) {
            throw new KeyFileUnusable("key file " + file + " exists already and is left as it is", e);
        } catch (IOException | UnsupportedOperationException e) {
            throw new KeyFileUnusable("key file " + file + " can't be created", e);
        } finally {
            Arrays.fill(bytes, (byte) 0);
            Arrays.fill(text, (byte) 0);
            key.destroy();
            removeUnfinished(unfinished);
        }
    }

    private static void removeUnfinished(@Nullable Path unfinished) {
        try {
            if (unfinished != null) {
                Files.delete(unfinished);
            }
        } catch (IOException e) {
            throw new KeyFileUnusable("file " + unfinished + " holds a key and can't be deleted: delete it", e);
        }
    }

    static byte[] render(byte[] key) {
        Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
        return ByteBuffer.allocate(FILE_BYTES)
                .put(PREFIX)
                .put(base64.encode(key))
                .put((byte) ' ')
                .put(base64.encode(checksum(key)))
                .put((byte) '\n')
                .array();
    }

    /** Accepts exactly what {@link #render} writes. */
    private static byte[] parse(Path file, byte[] text) {
        if (text.length == FILE_BYTES) {
            try {
                byte[] key = Base64.getUrlDecoder()
                        .decode(Arrays.copyOfRange(text, PREFIX.length, PREFIX.length + KEY_CHARS));
                if (MessageDigest.isEqual(render(key), text)) {
                    return key;
                }
            } catch (IllegalArgumentException e) {
                // not base64url: damaged like the rest
            }
        }
        throw new KeyFileUnusable("key file " + file + " is truncated or damaged: restore it from your backup");
    }

    private static byte[] checksum(byte[] key) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(PREFIX);
            return Arrays.copyOf(sha256.digest(key), CHECKSUM_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }
}
