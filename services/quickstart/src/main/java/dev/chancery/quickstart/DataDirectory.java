package dev.chancery.quickstart;

import dev.chancery.app.configuration.Unusable;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.Sealer;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Everything a quick start keeps, but for the key that seals it: that lies beside the directory, as {@code <directory>.sealer}, so
 * that a copy of the directory opens nothing.
 *
 * <pre>
 * data/format      what wrote it: "chancery 1" and the instance's id
 * data/lock        held while an instance runs
 * data/postgres    PostgreSQL's data       data/kafka   Kafka's
 * data/claim       the one-time owner claim, until it is used
 * data/restoring   how far a restore into it has come, until that is done
 * data/run.json    where the running instance is to be found
 * data/kafka-client.properties   a client of its Kafka that may read, mode 0600
 * data.sealer      the key file, mode 0600
 * </pre>
 */
final class DataDirectory implements AutoCloseable {
    /** The version of this layout. A directory with a higher one was written by a newer Chancery. */
    private static final int FORMAT = 1;

    /** Free space that a new instance asks for: what the servers make at first, twice, and what {@link SpaceGuard} keeps free. */
    static final long MIN_FIRST_BYTES = 160L << 20;

    /** While this is in a directory, nothing but the restore that wrote it uses the directory. */
    private static final String RESTORING = "restoring";

    private static final Pattern FORMAT_LINE = Pattern.compile("chancery ([0-9]{1,4})\\ninstance (ch-[0-9a-f]{16})\\n");

    private final Path directory;
    private final FileChannel lockChannel;
    private final String instanceId;
    private final Sealer sealer;

    private DataDirectory(Path directory, FileChannel lockChannel, String instanceId, Sealer sealer) {
        this.directory = directory;
        this.lockChannel = lockChannel;
        this.instanceId = instanceId;
        this.sealer = sealer;
    }

    /** Opens a directory for this process alone; makes it where it is missing or empty and {@code create} is set. */
    static DataDirectory open(Path given, boolean create) {
        Path directory = given.toAbsolutePath().normalize();
        try {
            if (create && !Files.exists(directory.resolve("format"))) {
                requireRoom(directory);
            }
            if (!Files.isDirectory(directory)) {
                if (Files.exists(directory)) {
                    throw new Unusable(directory + " is not a directory; name another with --data");
                }
                if (!create) {
                    throw new Unusable("there is no data directory " + directory + "; name it with --data");
                }
                Files.createDirectories(directory);
            }
            if (Files.exists(directory.resolve(RESTORING))) {
                throw new Unusable("a restore into " + directory
                        + " has not ended; run `./chancery restore` again with the same options, and it goes on");
            }
            boolean empty = isEmpty(directory);
            if (!Files.exists(directory.resolve("format")) && !(empty && create)) {
                throw new Unusable(directory + " is no Chancery data directory, or is damaged (it has no format file);"
                        + " name another with --data");
            }
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
            FileChannel lock = lock(directory);
            String instance = empty || !Files.exists(directory.resolve("format")) ? begin(directory) : read(directory);
            return new DataDirectory(directory, lock, instance, sealer(directory, instance));
        } catch (IOException e) {
            throw new Unusable("can't use " + directory + ": " + reason(e));
        }
    }

    /** How far a restore has come. */
    enum Restoring {
        /** What is there is of no use. */
        UNPACKING,
        /** All files of the backup are there, and may have been changed since. */
        UNPACKED,
        /** The keys are those of the newest copy, where one was given, and may have been changed since. */
        KEYED
    }

    /**
     * Takes a directory for a restore: a new one, an empty one, or one that a restore was begun in.
     *
     * @return how far that came; empty: nothing is there yet
     */
    static Optional<Restoring> takeForRestore(Path directory, Consumer<FileChannel> locked) throws IOException {
        if (Files.exists(directory)) {
            requireForRestore(directory);
        }
        Files.createDirectories(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        locked.accept(lock(directory));
        // Again: another restore that had it may have ended in between.
        requireForRestore(directory);
        return Files.exists(directory.resolve(RESTORING))
                ? Optional.of(Restoring.valueOf(
                        Files.readString(directory.resolve(RESTORING)).strip()))
                : Optional.empty();
    }

    private static void requireForRestore(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            throw new Unusable(directory + " is not a directory; name another with --data");
        }
        if (!Files.exists(directory.resolve(RESTORING)) && !isEmpty(directory)) {
            throw new Unusable(directory + " is not empty; a restore makes a new directory, name another with --data");
        }
    }

    static void restoring(Path directory, Restoring state) throws IOException {
        write(directory.resolve(RESTORING), state + "\n");
    }

    /** The directory of a restore whose files are there, taken already. */
    static DataDirectory restored(Path directory, FileChannel lock) throws IOException {
        String instance = read(directory);
        return new DataDirectory(directory, lock, instance, sealer(directory, instance));
    }

    /** From here on it is a directory like any other. */
    static void endRestoring(Path directory) throws IOException {
        Files.delete(directory.resolve(RESTORING));
        flush(directory);
    }

    /** A first start that ran out of room half-way would leave a directory that is of no use to anybody. */
    private static void requireRoom(Path directory) throws IOException {
        Path existing = directory;
        while (!Files.exists(existing)) {
            existing = existing.resolveSibling("");
        }
        FileStore disk = Files.getFileStore(existing);
        if (disk.getTotalSpace() == 0) {
            throw new Unusable(existing + " is on no disk; name another directory with --data");
        }
        long free = disk.getUsableSpace();
        if (free < MIN_FIRST_BYTES) {
            throw new Unusable("there are " + (free >> 20) + " MiB free for " + directory + " and a new instance needs "
                    + (MIN_FIRST_BYTES >> 20) + "; free some space, or name another with --data");
        }
    }

    /** Who a directory belongs to, and what opens it. */
    record Identity(String instanceId, Sealer sealer) {}

    /** Reads a directory's identity without taking it. */
    static Identity identity(Path given) throws IOException {
        Path directory = given.toAbsolutePath().normalize();
        String instance = read(directory);
        return new Identity(instance, sealer(directory, instance));
    }

    /** Whether another process has the directory. */
    static boolean isHeld(Path directory) {
        Path lock = directory.resolve("lock");
        if (!Files.exists(lock)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE)) {
            FileLock taken = channel.tryLock();
            return taken == null;
        } catch (IOException e) {
            throw new Unusable("can't use " + directory + ": " + reason(e));
        }
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            List<String> names =
                    files.map(file -> file.getFileName().toString()).toList();
            // Left by a first start, or a restore, that died before it had written anything that counts.
            return names.stream().allMatch(Set.of("lock", "format.new", RESTORING + ".new")::contains);
        }
    }

    private static FileChannel lock(Path directory) throws IOException {
        FileChannel channel =
                FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        @Nullable FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            channel.close();
            throw new Unusable("another instance holds " + directory + "; stop it, or name another with --data");
        }
        return channel;
    }

    private static String begin(Path directory) throws IOException {
        Path key = keyFile(directory);
        // Before the format: a directory that has one has had its key, and never gets another.
        if (Files.exists(key)) {
            KeyFileSealer.open(key);
        } else {
            KeyFileSealer.create(key);
        }
        byte[] random = new byte[8];
        new SecureRandom().nextBytes(random);
        String instance = "ch-" + HexFormat.of().formatHex(random);
        write(directory.resolve("format"), "chancery " + FORMAT + "\ninstance " + instance + "\n");
        return instance;
    }

    private static String read(Path directory) throws IOException {
        Matcher matcher = FORMAT_LINE.matcher(Files.readString(directory.resolve("format")));
        if (!matcher.matches()) {
            throw new Unusable(directory + " is damaged: its format file can't be read; restore a backup");
        }
        if (Integer.parseInt(matcher.group(1)) > FORMAT) {
            throw new Unusable(directory + " was written by a newer version of Chancery; start that one");
        }
        return matcher.group(2);
    }

    private static Sealer sealer(Path directory, String instance) {
        Path key = keyFile(directory);
        if (!Files.exists(key)) {
            throw new Unusable("the key file " + key + " of instance " + instance
                    + " is missing; put it back from where you keep it: without it nothing sealed can be opened");
        }
        return KeyFileSealer.open(key);
    }

    static Path keyFile(Path directory) {
        return directory.resolveSibling(directory.getFileName() + ".sealer");
    }

    /** Writes a file whole or not at all. */
    static void write(Path file, String text) throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".new");
        try (FileChannel channel = FileChannel.open(
                unfinished,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
            channel.write(java.nio.ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
            channel.force(true);
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        flush(file.resolveSibling(""));
    }

    /** Has a directory's entries, or a file's content, outlive the machine. */
    static void flush(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** The same of all that is in a data directory. */
    static void flushAll(Path directory) throws IOException {
        // Whoever closes a file gives up the locks that its process has on it.
        Path lock = directory.resolve("lock");
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.toList()) {
                if (!path.equals(lock)) {
                    flush(path);
                }
            }
        }
    }

    /** The file system's own message is often only a file's name. */
    static String reason(IOException e) {
        String said = Optional.ofNullable(e.getMessage()).orElse(e.getClass().getSimpleName());
        return switch (e) {
            case AccessDeniedException denied -> "no permission for " + denied.getFile();
            case NoSuchFileException missing -> "there is no " + missing.getFile();
            default -> said;
        };
    }

    Path directory() {
        return directory;
    }

    String instanceId() {
        return instanceId;
    }

    Sealer sealer() {
        return sealer;
    }

    Path postgres() {
        return directory.resolve("postgres");
    }

    Path kafka() {
        return directory.resolve("kafka");
    }

    Path claim() {
        return directory.resolve("claim");
    }

    Path runFile() {
        return directory.resolve("run.json");
    }

    /** For consumers, while the instance runs. */
    Path readerFile() {
        return directory.resolve("kafka-client.properties");
    }

    @Override
    public void close() {
        try {
            Files.deleteIfExists(readerFile());
            Files.deleteIfExists(runFile());
            lockChannel.close();
        } catch (IOException e) {
            // The process ends, and its lock with it.
        }
    }
}
