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
     * Creates the slot where it is missing, with failover where PostgreSQL supports it. A slot that PostgreSQL has invalidated, because it
     * held back too much, is created again: the table has what it missed.
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
}
