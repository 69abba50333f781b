package dev.chancery.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A base backup of a running server, taken beside it on the same machine, as PostgreSQL's manual has it for the low-level API ("Continuous
 * Archiving", section "Making a Base Backup Using the Low Level API"): the directory's files as they come, between {@code pg_backup_start} and
 * {@code pg_backup_stop}, and the write-ahead log from the one to the other, which makes them consistent. A temporary replication slot keeps that
 * log from being recycled meanwhile.
 *
 * <p>The server that is started on such files recovers to where the backup ended, and goes on from there on a timeline of its own, so that nobody
 * takes it for the server that was backed up.
 */
public final class PostgresBackup {
    /** Takes the files of a backup, in order. */
    public interface Target {
        void directory(String name) throws IOException;

        /** @param content read to its end, and not closed */
        void file(String name, InputStream content) throws IOException;
    }

    /** Directories that are there and empty in a backup: PostgreSQL makes their content anew. */
    private static final Set<String> WITHOUT_CONTENT = Set.of(
            "pg_wal",
            "pg_wal/archive_status",
            "pg_wal/summaries",
            "pg_replslot",
            "pg_dynshmem",
            "pg_notify",
            "pg_serial",
            "pg_snapshots",
            "pg_stat_tmp",
            "pg_subtrans");

    private static final Set<String> LEFT_OUT = Set.of(
            "postmaster.pid",
            "postmaster.opts",
            "backup_label",
            "backup_label.old",
            "tablespace_map",
            "tablespace_map.old",
            "recovery.signal",
            "standby.signal",
            "current_logfiles");

    private static final String CONTROL = "global/pg_control";
    private static final String LABEL = "backup_label";
    private static final String SLOT = "chancery_backup";
    private static final String OWN_SETTINGS = "postgresql.auto.conf";

    private final Connection superuser;
    private final Path data;

    private PostgresBackup(Connection superuser, Path directory) {
        this.superuser = superuser;
        this.data = directory.resolve("data");
    }

    /**
     * Backs a running server up.
     *
     * @param superuser a connection of the superuser's, with auto-commit on; a session that has made no backup
     * @param directory of the {@link EmbeddedPostgres}
     * @throws SQLException if PostgreSQL refuses, another backup that runs among the reasons
     */
    public static void take(Connection superuser, Path directory, Target target) throws SQLException, IOException {
        new PostgresBackup(superuser, directory).take(target);
    }

    private void take(Target target) throws SQLException, IOException {
        one("SELECT pg_create_physical_replication_slot('" + SLOT + "', true, true)");
        try {
            String begin = one("SELECT pg_walfile_name(pg_backup_start('" + SLOT + "', fast => true))");
            files(target);
            stop(begin, target);
        } finally {
            one("SELECT pg_drop_replication_slot('" + SLOT + "')");
        }
    }

    private void files(Target target) throws IOException {
        Files.walkFileTree(data, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                String name = name(directory);
                if (name.isEmpty()) {
                    return FileVisitResult.CONTINUE;
                }
                target.directory(name);
                if (!WITHOUT_CONTENT.contains(name)) {
                    return FileVisitResult.CONTINUE;
                }
                for (String below : WITHOUT_CONTENT) {
                    if (below.startsWith(name + "/") && Files.isDirectory(data.resolve(below))) {
                        target.directory(below);
                    }
                }
                return FileVisitResult.SKIP_SUBTREE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                String name = name(file);
                String last = file.getFileName().toString();
                if (!LEFT_OUT.contains(name)
                        && !name.equals(CONTROL)
                        && !last.equals("pg_internal.init")
                        && !last.startsWith("pgsql_tmp")) {
                    copy(name, target);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
                // A table that was dropped meanwhile: the log that comes with the backup drops it again.
                if (failure instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw failure;
            }
        });
        // Last, as PostgreSQL's own program has it: recovery begins where it says, or earlier.
        copy(CONTROL, target);
    }

    private String name(Path path) {
        return data.relativize(path).toString();
    }

    private void copy(String name, Target target) throws IOException {
        InputStream content;
        try {
            content = Files.newInputStream(data.resolve(name));
        } catch (NoSuchFileException e) {
            return;
        }
        try (content) {
            target.file(name, content);
        }
    }

    /** Ends the backup, and adds what recovery needs: the label and the log from begin to end. */
    private void stop(String begin, Target target) throws SQLException, IOException {
        String label;
        String end;
        try (var statement = superuser.createStatement();
                var row = statement.executeQuery(
                        "SELECT labelfile, pg_walfile_name(lsn) FROM pg_backup_stop(wait_for_archive => false)")) {
            row.next();
            label = row.getString(1);
            end = row.getString(2);
        }
        for (String segment : segments(begin, end)) {
            copyLog(segment, target);
        }
        target.file(LABEL, new java.io.ByteArrayInputStream(label.getBytes(StandardCharsets.UTF_8)));
    }

    /** The names of the log's files from one to another, both included, and the histories of timelines. */
    private List<String> segments(String begin, String end) throws IOException {
        var names = new ArrayList<String>();
        try (var files = Files.list(data.resolve("pg_wal"))) {
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".history")
                            || (name.length() == begin.length()
                                    && name.compareTo(begin) >= 0
                                    && name.compareTo(end) <= 0))
                    .sorted()
                    .forEach(names::add);
        }
        if (!names.contains(begin) || !names.contains(end)) {
            throw new IOException("PostgreSQL has recycled log that the backup needs; take the backup again");
        }
        return names;
    }

    private void copyLog(String name, Target target) throws IOException {
        try (var content = Files.newInputStream(data.resolve("pg_wal").resolve(name))) {
            target.file("pg_wal/" + name, content);
        }
    }

    private String one(String sql) throws SQLException {
        try (var statement = superuser.createStatement();
                var row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    /**
     * Has the next start on files of a backup recover to the backup's end and go on, on a new timeline. The directory's {@code data} is as the
     * backup had it.
     */
    public static void recoverAtNextStart(Path directory) throws IOException {
        Path data = directory.resolve("data");
        // All log that there is came with the backup: nothing is to be had elsewhere.
        Files.writeString(data.resolve(OWN_SETTINGS), "restore_command = 'false'\n");
        Files.createFile(data.resolve("recovery.signal"));
    }

    /** After that start: what it was told is not told again. */
    public static void recovered(Path directory) throws IOException {
        Files.writeString(directory.resolve("data").resolve(OWN_SETTINGS), "");
    }
}
