package dev.chancery.log;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.util.HashSet;
import java.util.Set;

/** The logs that take no more appends, because what Kafka has of them contradicts what PostgreSQL has. The relay's role stops them. */
public final class StoppedLogs {
    private StoppedLogs() {}

    public static Set<String> tenants(Database database) {
        return database.transaction(DatabaseRole.RELAY, connection -> {
            var stopped = new HashSet<String>();
            try (var query = connection.prepareStatement("SELECT tenant FROM log.head WHERE forked_at IS NOT NULL");
                    var rows = query.executeQuery()) {
                while (rows.next()) {
                    stopped.add(rows.getString(1));
                }
            }
            return stopped;
        });
    }

    /** Lets all go on: their topic has been made anew, out of PostgreSQL alone. */
    public static void goOn(Database database) {
        database.transaction(DatabaseRole.RELAY, connection -> {
            try (var update = connection.createStatement()) {
                return update.executeUpdate("UPDATE log.head SET forked_at = NULL WHERE forked_at IS NOT NULL");
            }
        });
    }

    /** Lets one go on: what its owner does about it has to be recorded in it. */
    public static void goOn(Database database, String tenant) {
        database.transaction(DatabaseRole.RELAY, connection -> {
            try (var update = connection.prepareStatement("UPDATE log.head SET forked_at = NULL WHERE tenant = ?")) {
                update.setString(1, tenant);
                return update.executeUpdate();
            }
        });
    }

    /** Stops a tenant's appends at {@code position}. A log that is stopped already stays stopped where it was. */
    public static void stop(Database database, String tenant, long position) {
        database.transaction(DatabaseRole.RELAY, connection -> {
            try (var update = connection.prepareStatement(
                    "UPDATE log.head SET forked_at = ? WHERE tenant = ? AND forked_at IS NULL")) {
                update.setLong(1, position);
                update.setString(2, tenant);
                return update.executeUpdate();
            }
        });
    }
}
