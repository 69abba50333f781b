package dev.chancery.projection;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.util.ArrayList;
import java.util.List;

/** What a projection needs after the log's topic was made anew. Its runner must not run meanwhile. */
public final class ProjectionRepair {
    private final Database database;
    private final String schema;
    private final List<String> tenants;

    /** @param tenants every log there is */
    public ProjectionRepair(Database database, String schema, List<String> tenants) {
        this.database = database;
        this.schema = schema;
        this.tenants = tenants;
    }

    /** The logs that it has stopped at, a line each. */
    public List<String> findings() {
        var findings = new ArrayList<String>();
        for (String tenant : tenants) {
            database.inTenant(DatabaseRole.OWNER, tenant, connection -> {
                try (var query = connection.prepareStatement("SELECT stopped_at, stopped_because FROM " + schema
                        + ".position WHERE tenant = ? AND stopped_at IS NOT NULL")) {
                    query.setString(1, tenant);
                    try (var row = query.executeQuery()) {
                        return row.next()
                                && findings.add("view " + schema + " stopped at " + row.getLong(1) + " of log " + tenant
                                        + ": " + row.getString(2));
                    }
                }
            });
        }
        return findings;
    }

    /** Reads the topic from its beginning, and goes on with the logs that were stopped. What was applied already is passed over. */
    public void startAgain() {
        database.transaction(DatabaseRole.OWNER, connection -> {
            try (var delete = connection.createStatement()) {
                // Messages are counted by offsets of the topic that is gone.
                delete.executeUpdate("DELETE FROM " + schema + ".quarantine");
                return delete.executeUpdate("DELETE FROM " + schema + ".offset");
            }
        });
        for (String tenant : tenants) {
            database.inTenant(DatabaseRole.OWNER, tenant, connection -> {
                try (var update = connection.prepareStatement("UPDATE " + schema
                        + ".position SET stopped_at = NULL, stopped_because = NULL WHERE tenant = ?")) {
                    update.setString(1, tenant);
                    return update.executeUpdate();
                }
            });
        }
    }
}
