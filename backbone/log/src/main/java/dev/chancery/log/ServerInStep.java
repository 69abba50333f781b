package dev.chancery.log;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;

/**
 * Which PostgreSQL server, on which timeline, was last found in step with Kafka. Appends are refused on any other, and while the
 * relay refuses to run. The relay's role writes it.
 */
public final class ServerInStep {
    /** The server that was found in step, compared with the one that answers. */
    public enum Comparison {
        /** No server was found in step yet. */
        FIRST,
        SAME,
        OTHER_SERVER,
        /** The same data, but restored or failed over since. */
        OTHER_TIMELINE
    }

    // The timeline that is written now; the control file's may be that of the last checkpoint.
    private static final String SERVER = "SELECT system_identifier,"
            + " ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer FROM pg_control_system()";

    private ServerInStep() {}

    public static Comparison compare(Database database) {
        return database.transaction(DatabaseRole.RELAY, connection -> {
            try (var statement = connection.createStatement();
                    var row = statement.executeQuery(
                            "SELECT known.system_identifier = server.id, known.timeline = server.timeline"
                                    + " FROM log.reconciled known, (" + SERVER + ") AS server (id, timeline)")) {
                if (!row.next()) {
                    return Comparison.FIRST;
                }
                if (!row.getBoolean(1)) {
                    return Comparison.OTHER_SERVER;
                }
                return row.getBoolean(2) ? Comparison.SAME : Comparison.OTHER_TIMELINE;
            }
        });
    }

    /** Lets appends in: this server and Kafka were compared to the end. */
    public static void confirm(Database database) {
        update(
                database,
                "INSERT INTO log.reconciled (system_identifier, timeline) " + SERVER
                        + " ON CONFLICT (singleton) DO UPDATE SET in_step = true");
    }

    /**
     * Lets appends in on a server that was restored: what Kafka has of the logs was imported, or is made anew out of this server alone.
     */
    public static void adopt(Database database) {
        update(
                database,
                "INSERT INTO log.reconciled (system_identifier, timeline) " + SERVER
                        + " ON CONFLICT (singleton) DO UPDATE SET in_step = true,"
                        + " system_identifier = excluded.system_identifier, timeline = excluded.timeline");
    }

    /** Keeps appends out: what is written here would not reach Kafka, and might have to be undone. */
    public static void refuse(Database database) {
        update(database, "UPDATE log.reconciled SET in_step = false");
    }

    private static void update(Database database, String sql) {
        database.transaction(DatabaseRole.RELAY, connection -> {
            try (var statement = connection.createStatement()) {
                return statement.executeUpdate(sql);
            }
        });
    }
}
