package dev.chancery.relay;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;

/** The replication slot that keeps the write-ahead log until the relay has seen it. */
final class Slot {
    private static final int FIRST_WITH_FAILOVER = 170_000;

    private final Database database;
    private final String name;

    Slot(Database database, String name) {
        this.database = database;
        this.name = name;
    }

    /**
     * Creates it where it is missing, able to fail over where PostgreSQL can do that. One that PostgreSQL has invalidated, since it held
     * back too much, is made anew: the table has what it missed.
     */
    void ensure() {
        database.transaction(DatabaseRole.RELAY, connection -> {
            try (var drop = connection.prepareStatement("SELECT pg_drop_replication_slot(slot_name)"
                    + " FROM pg_replication_slots WHERE slot_name = ? AND wal_status = 'lost'")) {
                drop.setString(1, name);
                drop.execute();
            }
            try (var query = connection.prepareStatement("SELECT 1 FROM pg_replication_slots WHERE slot_name = ?")) {
                query.setString(1, name);
                if (query.executeQuery().next()) {
                    return false;
                }
            }
            boolean failover;
            try (var statement = connection.createStatement();
                    var version = statement.executeQuery("SELECT current_setting('server_version_num')::integer")) {
                version.next();
                failover = version.getInt(1) >= FIRST_WITH_FAILOVER;
            }
            try (var create =
                    connection.prepareStatement("SELECT pg_create_logical_replication_slot(?, 'pgoutput', false, false"
                            + (failover ? ", true)" : ")"))) {
                create.setString(1, name);
                return create.execute();
            }
        });
    }

    /** Bytes of write-ahead log that the server keeps for the relay. */
    long retainedBytes() {
        return database.transaction(DatabaseRole.RELAY, connection -> {
            try (var query =
                    connection.prepareStatement("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint"
                            + " FROM pg_replication_slots WHERE slot_name = ?")) {
                query.setString(1, name);
                try (var row = query.executeQuery()) {
                    return row.next() ? row.getLong(1) : 0;
                }
            }
        });
    }
}
