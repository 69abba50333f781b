package dev.chancery.quickstart;

import dev.chancery.keyring.Sealer;
import dev.chancery.keyring.age.AgeIdentity;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What an instance's PostgreSQL has and no record of a log does: the keys, wrapped, and whose a name is. It is small beside the logs, so it can be
 * copied each time that something of it is new, and a restore takes it from there instead of from the backup of the rest. So values that were sealed after that backup
 * open, and the keys of who was erased after it do not come back.
 *
 * <p>A copy has all of it as of one moment, a line of JSON for each row. The keys in it are as they are in PostgreSQL: without the key file they
 * open nothing, and those that an erasure destroyed later are gone with the key file's older versions.
 */
final class KeyTables {
    /** In no order: while they are replaced, nothing that one says of another is checked. */
    static final List<String> TABLES = List.of(
            "keyring.ring",
            "keyring.ring_version",
            "keyring.tenant_key",
            "keyring.subject_key",
            "signing.key",
            "signing.private_key",
            "signing.ring",
            "signing.ring_version",
            "signing.sealed",
            "secretring.environment_key",
            "secretring.data_key",
            "log.claim");

    /** Rows that are held at a time. */
    private static final int ROWS = 500;

    private static final String DIRECTORY = "keys/";

    private KeyTables() {}

    /**
     * What changes whenever these tables have something that a record may rest on: how long the logs are, which versions of the key file's rings seal,
     * and which keys sign, were replaced or withdrawn. A key is made before the record that is the first to name it.
     */
    static String mark(Connection superuser) throws SQLException {
        try (var statement = superuser.createStatement();
                var row = statement.executeQuery(
                        "SELECT (SELECT sum(next_position) FROM log.head) || '/' ||"
                                + " (SELECT oldest FROM keyring.ring) || '/' ||"
                                + " (SELECT coalesce(max(version), 1) FROM keyring.ring_version) || '/' ||"
                                + " (SELECT oldest FROM signing.ring) || '/' ||"
                                + " (SELECT coalesce(max(version), 1) FROM signing.ring_version) || '/' ||"
                                + " (SELECT count(*) || '.' || count(replaced_at) || '.' || count(verifies_until) FROM signing.key)")) {
            row.next();
            return String.valueOf(row.getString(1));
        }
    }

    /** Writes all of them, as of one moment. */
    static BackupManifest write(Connection superuser, String instanceId, BackupFile.Writer to)
            throws IOException, SQLException {
        Instant from = Instant.now();
        superuser.setAutoCommit(false);
        try (var statement = superuser.createStatement()) {
            statement.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
            Map<String, Long> logs = logs(superuser);
            BackupManifest.KeyVersions keyVersions = keyVersions(superuser);
            statement.setFetchSize(ROWS);
            for (String table : TABLES) {
                try (var rows = statement.executeQuery("SELECT row_to_json(t)::text FROM " + table + " t")) {
                    to.file(DIRECTORY + table, new Lines(rows));
                }
            }
            return new BackupManifest(
                    BackupManifest.What.KEYS, instanceId, from, Instant.now(), keyVersions, logs, Map.of());
        } finally {
            superuser.rollback();
            superuser.setAutoCommit(true);
        }
    }

    /** How long each log is. */
    static Map<String, Long> logs(Connection superuser) throws SQLException {
        var logs = new LinkedHashMap<String, Long>();
        try (var statement = superuser.createStatement();
                var rows = statement.executeQuery("SELECT tenant, next_position FROM log.head ORDER BY tenant")) {
            while (rows.next()) {
                logs.put(rows.getString(1), rows.getLong(2));
            }
        }
        return logs;
    }

    /** The versions of the key file's rings without which some key does not open. */
    static BackupManifest.KeyVersions keyVersions(Connection superuser) throws SQLException {
        return new BackupManifest.KeyVersions(
                versions(superuser, "keyring.tenant_key WHERE state <> 'DESTROYED'"),
                versions(superuser, "signing.sealed"));
    }

    private static List<Integer> versions(Connection superuser, String sealed) throws SQLException {
        var versions = new ArrayList<Integer>();
        try (var statement = superuser.createStatement();
                var rows = statement.executeQuery("SELECT DISTINCT sealed_by FROM " + sealed + " ORDER BY 1")) {
            while (rows.next()) {
                versions.add(rows.getInt(1));
            }
        }
        return versions;
    }

    /** Has all of them be as a copy has them, or leaves them as they are. Nothing else may run on the database. */
    static void replace(Connection superuser, Path file, AgeIdentity identity, Sealer sealer)
            throws IOException, SQLException {
        superuser.setAutoCommit(false);
        try (var statement = superuser.createStatement()) {
            // No trigger refuses it, and no reference from a row to one that is not there yet.
            statement.execute("SET LOCAL session_replication_role = replica");
            statement.execute("TRUNCATE " + String.join(", ", TABLES));
            BackupManifest said = BackupFile.read(
                    file,
                    BackupManifest.What.KEYS,
                    identity,
                    sealer,
                    (name, content) -> insert(superuser, table(name), content));
            Set<String> whole = TABLES.stream().map(table -> DIRECTORY + table).collect(Collectors.toSet());
            if (!said.files().keySet().equals(whole)) {
                throw new IOException("another version of Chancery wrote it");
            }
            superuser.commit();
        } finally {
            superuser.rollback();
            superuser.setAutoCommit(true);
        }
    }

    private static String table(String name) throws IOException {
        return TABLES.stream()
                .filter(table -> name.equals(DIRECTORY + table))
                .findFirst()
                .orElseThrow(() -> new IOException("it holds something else than keys"));
    }

    private static void insert(Connection superuser, String table, InputStream content)
            throws IOException, SQLException {
        // Not closed: what is behind it in the backup is read next.
        var lines = new BufferedReader(new InputStreamReader(content, StandardCharsets.UTF_8));
        try (var insert = superuser.prepareStatement(
                "INSERT INTO " + table + " SELECT * FROM json_populate_recordset(NULL::" + table + ", ?::json)")) {
            List<String> rows = new ArrayList<>();
            String line;
            do {
                line = lines.readLine();
                if (line != null) {
                    rows.add(line);
                }
                if (rows.size() == ROWS || (line == null && !rows.isEmpty())) {
                    insert.setString(1, "[" + String.join(",", rows) + "]");
                    insert.executeUpdate();
                    rows.clear();
                }
            } while (line != null);
        }
    }

    /** Takes names from who, after the restore, has no record of having them: they were given in what was lost. */
    static int dropNamesOfNobody(Connection superuser) throws SQLException {
        try (var delete = superuser.createStatement()) {
            return delete.executeUpdate("DELETE FROM log.claim c WHERE NOT EXISTS"
                    + " (SELECT FROM log.stream_head h WHERE h.tenant = c.tenant AND h.stream = c.stream)");
        }
    }

    /** A column of text as bytes, a line for each row. */
    private static final class Lines extends InputStream {
        private final ResultSet rows;
        private byte[] line = new byte[0];
        private int next;

        Lines(ResultSet rows) {
            this.rows = rows;
        }

        @Override
        public int read() throws IOException {
            return isAtEnd() ? -1 : Byte.toUnsignedInt(line[next++]);
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (isAtEnd()) {
                return -1;
            }
            int count = Math.min(length, line.length - next);
            System.arraycopy(line, next, to, offset, count);
            next += count;
            return count;
        }

        private boolean isAtEnd() throws IOException {
            try {
                if (next < line.length) {
                    return false;
                }
                if (!rows.next()) {
                    return true;
                }
                line = (rows.getString(1) + "\n").getBytes(StandardCharsets.UTF_8);
                next = 0;
                return false;
            } catch (SQLException e) {
                throw new IOException("PostgreSQL ends in the middle of a table: SQLSTATE " + e.getSQLState(), e);
            }
        }
    }
}
