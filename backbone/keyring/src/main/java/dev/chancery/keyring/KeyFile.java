package dev.chancery.keyring;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A sealer's 32-byte keys in a file, a line each: the root, {@code chancery-key-1 <key> <checksum>}, which stays; then the versions of the
 * organisations' ring, the oldest first, {@code chancery-ring-key-1 <version> <key> <checksum>}; then those of the installation's ring, the same
 * with {@code chancery-installation-ring-key-1}. Keys and checksums are base64url without padding. A
 * checksum is the first eight bytes of SHA-256 over what stands before the key and the key's bytes, so that a truncated or mistyped file is
 * told from another key, and a start with it fails at once and not at the first value that does not open.
 */
final class KeyFile {
    private static final String ROOT = "chancery-key-1 ";
    private static final String RING = "chancery-ring-key-1 ";
    private static final String INSTALLATION_RING = "chancery-installation-ring-key-1 ";
    private static final int CHECKSUM_BYTES = 8;
    private static final int KEY_CHARS = 43;
    private static final int CHECKSUM_CHARS = 11;
    private static final Pattern RING_LINE = Pattern.compile(
            "(" + RING + "|" + INSTALLATION_RING + ")([1-9][0-9]{0,8}) [A-Za-z0-9_-]{43} [A-Za-z0-9_-]{11}");

    /** Versions of a ring that a file holds at most: the newest, and those whose horizon is to come. */
    static final int MAX_RING = 16;

    static final int MAX_FILE_BYTES = 4_096;

    /** How the name of a file ends that is not in its place yet; a glob. */
    private static final String UNFINISHED = ".*.new";

    /** What a file holds. */
    record Keys(
            SecretBytes root, SortedMap<Integer, SecretBytes> ring, SortedMap<Integer, SecretBytes> installationRing) {
        void destroy() {
            root.destroy();
            ring.values().forEach(SecretBytes::destroy);
            installationRing.values().forEach(SecretBytes::destroy);
        }
    }

    private static final Set<PosixFilePermission> OWNER_ONLY =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    /** As orchestrators mount secrets: root's, and the process's by its group. */
    private static final Set<PosixFilePermission> MOUNTED =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.GROUP_READ);

    private KeyFile() {}

    /** Whether others than its owner, or than this process by its group, may read or write a secret. */
    static boolean isOpen(Path file) throws IOException {
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
        boolean ours = Files.getOwner(file).getName().equals(System.getProperty("user.name"));
        return !(ours ? OWNER_ONLY : MOUNTED).containsAll(permissions);
    }

    static Keys read(Path file) {
        byte[] text = new byte[0];
        try {
            if (isOpen(file)) {
                throw new KeyFileUnusable("key file " + file + " is open to others: run chmod 600 " + file);
            }
            try (var in = Files.newInputStream(file)) {
                text = in.readNBytes(MAX_FILE_BYTES + 1);
            }
            return parse(file, text);
        } catch (NoSuchFileException e) {
            throw new KeyFileUnusable("key file " + file + " does not exist: restore it, or create one", e);
        } catch (IOException | UnsupportedOperationException e) {
            throw new KeyFileUnusable("key file " + file + " can't be read", e);
        } finally {
            Arrays.fill(text, (byte) 0);
        }
    }

    /**
     * Makes new random keys at {@code file}, a root and version 1 of each ring, whole and on disk when this returns; never replaces a file
     * that is there.
     */
    static void create(Path file) {
        var keys = new Keys(
                SecretBytes.random(),
                new TreeMap<>(Map.of(1, SecretBytes.random())),
                new TreeMap<>(Map.of(1, SecretBytes.random())));
        // A link, not a rename: a rename would replace a key that another process has just made, and all it wrapped.
        write(file, keys, unfinished -> Files.createLink(file, unfinished));
        keys.destroy();
    }

    /** Whether {@link #change} can write, as far as can be told without writing. */
    static boolean isChangeable(Path path) {
        try {
            Path file = path.toRealPath();
            Path directory = file.getParent();
            return directory != null && Files.isWritable(file) && Files.isWritable(directory);
        } catch (IOException e) {
            return false;
        }
    }

    /** What {@code sha256sum} prints of the file, without its name; empty where it can't be read. */
    static String sha256(Path file) {
        byte[] text = new byte[0];
        try (var in = Files.newInputStream(file)) {
            text = in.readNBytes(MAX_FILE_BYTES);
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text));
        } catch (IOException e) {
            return "";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        } finally {
            Arrays.fill(text, (byte) 0);
        }
    }

    /** Changes a file's keys; answers whether it did. */
    interface Change {
        boolean of(Keys keys);
    }

    /**
     * Changes a file while nobody else on this machine does. Who reads it meanwhile reads the old keys or the new ones. Where the path is
     * a link, the file that it names is changed. What a change that was cut short left beside the file is deleted.
     */
    static void change(Path path, Change change) {
        // A lock is the process's, not the thread's.
        synchronized (KeyFile.class) {
            try {
                Path file = path.toRealPath();
                try (FileChannel locked = locked(file)) {
                    removeUnfinishedOf(file);
                    Keys keys = read(file);
                    if (change.of(keys)) {
                        write(file, keys, unfinished -> Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE));
                    }
                    keys.destroy();
                }
            } catch (IOException e) {
                throw new KeyFileUnusable("key file " + path + " can't be changed", e);
            }
        }
    }

    /** The file, locked: the one that is in this place now, and not one that was replaced while this waited for it. */
    private static FileChannel locked(Path file) throws IOException {
        while (true) {
            Object before =
                    Files.readAttributes(file, BasicFileAttributes.class).fileKey();
            FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
            try {
                channel.lock();
                if (Objects.equals(
                        before,
                        Files.readAttributes(file, BasicFileAttributes.class).fileKey())) {
                    return channel;
                }
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
            channel.close();
        }
    }

    private static void removeUnfinishedOf(Path file) throws IOException {
        Path directory = file.getParent();
        if (directory == null) {
            return;
        }
        try (var left = Files.newDirectoryStream(directory, file.getFileName() + UNFINISHED)) {
            for (Path unfinished : left) {
                Files.delete(unfinished);
            }
        }
    }

    private interface Placing {
        void place(Path unfinished) throws IOException;
    }

    private static void write(Path file, Keys keys, Placing placing) {
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null) {
            throw new KeyFileUnusable("key file " + file + " can't be created: it is a directory");
        }
        byte[] text = render(keys);
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
            placing.place(unfinished);
            try (var entries = FileChannel.open(directory, StandardOpenOption.READ)) {
                entries.force(true);
            }
        } catch (FileAlreadyExistsException e) {
            throw new KeyFileUnusable("key file " + file + " exists already and is left as it is", e);
        } catch (IOException | UnsupportedOperationException e) {
            throw new KeyFileUnusable("key file " + file + " can't be written", e);
        } finally {
            Arrays.fill(text, (byte) 0);
            removeUnfinished(unfinished);
        }
    }

    private static void removeUnfinished(@Nullable Path unfinished) {
        try {
            if (unfinished != null) {
                Files.deleteIfExists(unfinished);
            }
        } catch (IOException e) {
            throw new KeyFileUnusable("file " + unfinished + " holds a key and can't be deleted: delete it", e);
        }
    }

    static byte[] render(Keys keys) {
        var text = new ByteArrayOutputStream(MAX_FILE_BYTES);
        line(text, ROOT, keys.root());
        keys.ring().forEach((version, key) -> line(text, RING + version + " ", key));
        keys.installationRing().forEach((version, key) -> line(text, INSTALLATION_RING + version + " ", key));
        return text.toByteArray();
    }

    private static void line(ByteArrayOutputStream text, String prefix, SecretBytes key) {
        Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
        byte[] bytes = key.getEncoded();
        byte[] encoded = base64.encode(bytes);
        text.writeBytes(prefix.getBytes(US_ASCII));
        text.writeBytes(encoded);
        text.write(' ');
        text.writeBytes(base64.encode(checksum(prefix, bytes)));
        text.write('\n');
        Arrays.fill(bytes, (byte) 0);
        Arrays.fill(encoded, (byte) 0);
    }

    /** Accepts exactly what {@link #render} writes. */
    private static Keys parse(Path file, byte[] text) {
        if (text.length <= MAX_FILE_BYTES) {
            try {
                Keys keys = parsed(new String(text, US_ASCII).lines().toList());
                if (MessageDigest.isEqual(render(keys), text)) {
                    return keys;
                }
            } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
                // not base64url, or too short: damaged like the rest
            }
        }
        throw new KeyFileUnusable("key file " + file + " is truncated or damaged: restore it from your backup");
    }

    private static Keys parsed(List<String> lines) {
        var keys = new Keys(key(lines.get(0)), new TreeMap<>(), new TreeMap<>());
        for (String line : lines.subList(1, lines.size())) {
            Matcher matcher = RING_LINE.matcher(line);
            if (!matcher.matches()) {
                throw new IllegalArgumentException("not a line of a ring");
            }
            SortedMap<Integer, SecretBytes> ring =
                    matcher.group(1).equals(RING) ? keys.ring() : keys.installationRing();
            ring.put(Integer.parseInt(matcher.group(2)), key(line));
        }
        for (var ring : List.of(keys.ring(), keys.installationRing())) {
            if (ring.isEmpty() || ring.size() > MAX_RING) {
                throw new IllegalArgumentException("a file has 1 to " + MAX_RING + " versions of a ring");
            }
        }
        return keys;
    }

    private static SecretBytes key(String line) {
        int end = line.length() - 1 - CHECKSUM_CHARS;
        return SecretBytes.owning(Base64.getUrlDecoder().decode(line.substring(end - KEY_CHARS, end)));
    }

    private static byte[] checksum(String prefix, byte[] key) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(prefix.getBytes(US_ASCII));
            return Arrays.copyOf(sha256.digest(key), CHECKSUM_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }
}
