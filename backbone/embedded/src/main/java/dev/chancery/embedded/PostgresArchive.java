package dev.chancery.embedded;

import static dev.chancery.embedded.ServerNotStarted.Reason.FAILED;
import static dev.chancery.embedded.ServerNotStarted.Reason.NOT_RUNNABLE;

import com.sun.security.auth.module.UnixSystem;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * PostgreSQL's programs, unpacked once from the class path into the user's cache, under a name that holds the archive's
 * hash. Safe when several processes start at once: one unpacks, the others wait, and a directory that is there is
 * complete. Only a cache that belongs to this user is run from.
 */
final class PostgresArchive {
    /** The major version; a data directory of another is refused. */
    static final String MAJOR_VERSION = "17";

    private PostgresArchive() {}

    /** The directory that holds {@code bin}, {@code lib} and {@code share}. */
    static Path unpacked() {
        String archive = archiveName();
        try {
            Path cache = cacheDirectory();
            Path home = cache.resolve(
                    "postgresql-" + MAJOR_VERSION + "-" + hash(archive).substring(0, 16));
            if (!Files.isDirectory(home)) {
                unpackOnce(archive, cache, home);
            }
            return home;
        } catch (IOException e) {
            throw Failures.of(FAILED, "PostgreSQL's programs could not be unpacked into the user's cache", e);
        }
    }

    private static String archiveName() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("mac") ? "darwin" : "linux";
        String arch = System.getProperty("os.arch");
        String name = "/postgres-" + os + "-" + (arch.equals("aarch64") ? "arm_64" : "x86_64") + ".txz";
        if (PostgresArchive.class.getResource(name) == null) {
            throw new ServerNotStarted(
                    NOT_RUNNABLE, "there is no PostgreSQL for this machine (" + os + " " + arch + ")");
        }
        return name;
    }

    private static InputStream open(String archive) throws IOException {
        InputStream stream = PostgresArchive.class.getResourceAsStream(archive);
        if (stream == null) {
            throw new IOException("missing on the class path: " + archive);
        }
        return stream;
    }

    private static String hash(String archive) throws IOException {
        try (var stream = new DigestInputStream(open(archive), MessageDigest.getInstance("SHA-256"))) {
            stream.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(stream.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Path cacheDirectory() throws IOException {
        Path home = Path.of(System.getProperty("user.home"));
        Path cache = Files.isDirectory(home) && Files.isWritable(home)
                ? home.resolve(".cache").resolve("chancery")
                : Path.of(System.getProperty("java.io.tmpdir"), "chancery-" + new UnixSystem().getUid());
        DirectoryLock.createPrivate(cache);
        if (((Integer) Files.getAttribute(cache, "unix:uid")) != new UnixSystem().getUid()) {
            throw new IOException(cache + " belongs to somebody else");
        }
        return cache;
    }

    private static synchronized void unpackOnce(String archive, Path cache, Path home) throws IOException {
        try (var channel =
                        FileChannel.open(cache.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                var lock = channel.lock()) {
            if (!lock.isValid() || Files.isDirectory(home)) {
                return;
            }
            Path partial = Files.createTempDirectory(cache, "unpacking-");
            try {
                unpack(archive, partial);
                Files.move(partial, home, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Trees.delete(partial);
            }
        }
    }

    private static void unpack(String archive, Path target) throws IOException {
        try (var tar = new TarArchiveInputStream(new XZInputStream(new BufferedInputStream(open(archive))))) {
            TarArchiveEntry entry;
            while ((entry = tar.getNextEntry()) != null) {
                Path path = target.resolve(entry.getName()).normalize();
                if (!path.startsWith(target)) {
                    throw new IOException("the archive points outside itself");
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(path);
                    continue;
                }
                Files.createDirectories(path.resolveSibling(""));
                if (entry.isSymbolicLink()) {
                    Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
                } else {
                    Files.copy(tar, path);
                    boolean executable = (entry.getMode() & 0100) != 0;
                    Files.setPosixFilePermissions(
                            path, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
                }
            }
        }
    }
}
