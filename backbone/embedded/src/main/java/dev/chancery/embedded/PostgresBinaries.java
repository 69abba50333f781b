package dev.chancery.embedded;

import static dev.chancery.embedded.ServerNotStarted.Reason.FAILED;
import static dev.chancery.embedded.ServerNotStarted.Reason.NOT_RUNNABLE;

import com.sun.security.auth.module.UnixSystem;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.XZInputStream;

/**
 * PostgreSQL's programs, unpacked once a user and archive from the class path into the user's cache, whose name holds the
 * archive's hash. Safe when several processes start at once: one unpacks, the others wait, and a directory that is there is
 * complete. Only a cache that belongs to this user is run from.
 */
record PostgresBinaries(Path home) {
    /** The major version; a data directory of another is refused. */
    static final String MAJOR_VERSION = "17";

    private static final Set<Path> PROGRAM_DIRECTORIES = Set.of(Path.of("/usr/bin"), Path.of("/bin"));

    static PostgresBinaries unpacked() {
        String archive = archiveName();
        try {
            Path cache = cacheDirectory();
            Path home = cache.resolve(
                    "postgresql-" + MAJOR_VERSION + "-" + hash(archive).substring(0, 16));
            if (!Files.isDirectory(home)) {
                unpackOnce(archive, cache, home);
            }
            return new PostgresBinaries(home);
        } catch (IOException e) {
            throw Failures.of(FAILED, "PostgreSQL's programs could not be unpacked", e);
        }
    }

    /** The command that runs a program as the given user may: in a session of its own, and never with root's privileges. */
    List<String> command(String program, String... arguments) {
        var command = new ArrayList<String>();
        // A terminal's Ctrl-C goes to its whole foreground group; PostgreSQL is to stop after the application, not with
        // it.
        Path setsid = find("setsid");
        if (setsid != null) {
            command.add(setsid.toString());
        }
        if (new UnixSystem().getUid() == 0) {
            Path unshare = find("unshare");
            if (unshare == null) {
                throw new ServerNotStarted(
                        NOT_RUNNABLE,
                        "PostgreSQL does not run as root; start as another user, or install util-linux (unshare)");
            }
            // In a user namespace of its own root is nobody, which is all that PostgreSQL asks for.
            command.add(unshare.toString());
            command.add("--user");
        }
        command.add(home.resolve("bin").resolve(program).toString());
        command.addAll(List.of(arguments));
        return command;
    }

    private static @Nullable Path find(String program) {
        return PROGRAM_DIRECTORIES.stream()
                .map(directory -> directory.resolve(program))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }

    private static String archiveName() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("mac") ? "darwin" : "linux";
        String arch = System.getProperty("os.arch");
        String name = "/postgres-" + os + "-" + (arch.equals("aarch64") ? "arm_64" : "x86_64") + ".txz";
        if (PostgresBinaries.class.getResource(name) == null) {
            throw new ServerNotStarted(
                    NOT_RUNNABLE, "there is no PostgreSQL for this machine (" + os + " " + arch + ")");
        }
        return name;
    }

    private static InputStream open(String archive) throws IOException {
        InputStream stream = PostgresBinaries.class.getResourceAsStream(archive);
        if (stream == null) {
            throw new IOException("missing on the class path: " + archive);
        }
        return stream;
    }

    private static String hash(String archive) throws IOException {
        try (var stream = new DigestInputStream(open(archive), MessageDigest.getInstance("SHA-256"))) {
            stream.transferTo(java.io.OutputStream.nullOutputStream());
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
