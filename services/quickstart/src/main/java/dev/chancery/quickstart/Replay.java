package dev.chancery.quickstart;

import dev.chancery.app.Application;
import dev.chancery.app.Settings;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.ledger.LedgerProjection;
import dev.chancery.ledger.TreeHead;
import dev.chancery.projection.Projection;
import dev.chancery.projection.ProjectionOptions;
import dev.chancery.projection.Rebuild;
import dev.chancery.rbac.RbacProjection;
import dev.chancery.rbac.ViewHash;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

/**
 * {@code chancery replay --check}: builds the views and the ledger a second time, from Kafka alone, in empty tables beside the live
 * ones, and compares: the same view hash and the same root, for every tenant, at the positions that the live ones stand at.
 */
final class Replay {
    private static final Duration AT_MOST = Duration.ofHours(6);
    private static final String VIEWS = "rbac_replay";
    private static final String LEDGER = "ledger_replay";

    private final String instanceId;
    private final Database database;
    private final Properties kafka;

    private Replay(String instanceId, Database database, Properties kafka) {
        this.instanceId = instanceId;
        this.database = database;
        this.kafka = kafka;
    }

    /** Starts what is needed on a stopped directory, attaches to the servers of a running one; true when all is equal. */
    static boolean check(Options options) {
        if (DataDirectory.isHeld(options.data())) {
            try (Attached running = Attached.to(options.data())) {
                return new Replay(running.instanceId(), running.database(), running.kafkaClient()).check();
            }
        }
        try (DataDirectory data = DataDirectory.open(options.data(), false);
                Servers servers = Servers.start(data);
                Database database = servers.pooled()) {
            Application.migrate(database);
            return new Replay(data.instanceId(), database, servers.kafkaClient()).check();
        }
    }

    private boolean check() {
        Map<String, ViewHash> views = new LinkedHashMap<>();
        Map<String, TreeHead> heads = new LinkedHashMap<>();
        for (String tenant : tenants()) {
            views.put(tenant, read(tenant, connection -> ViewHash.of(connection, RbacProjection.LIVE, tenant)));
            heads.put(tenant, read(tenant, connection -> TreeHead.of(connection, "ledger", tenant)));
        }
        try {
            clear();
            database.migrate("rbac", VIEWS);
            database.migrate("ledger", LEDGER);
            rebuild(new RbacProjection(VIEWS), positions(views, ViewHash::position));
            rebuild(
                    new LedgerProjection(instanceId, DatabaseRole.REPLAY, LEDGER, tenant -> {}),
                    positions(heads, head -> head.size() - 1));
            return compare(views, heads);
        } finally {
            clear();
        }
    }

    private void rebuild(Projection projection, Map<String, Long> positions) {
        new Rebuild(projection, database, kafka, Settings.LOG_TOPIC, ProjectionOptions.defaults())
                .upTo(positions, AT_MOST);
    }

    private static <T> Map<String, Long> positions(Map<String, T> live, java.util.function.ToLongFunction<T> position) {
        Map<String, Long> positions = new LinkedHashMap<>();
        live.forEach((tenant, state) -> {
            if (position.applyAsLong(state) >= 0) {
                positions.put(tenant, position.applyAsLong(state));
            }
        });
        return positions;
    }

    private boolean compare(Map<String, ViewHash> views, Map<String, TreeHead> heads) {
        boolean equal = true;
        for (var live : views.entrySet()) {
            String tenant = live.getKey();
            equal &= say(tenant, "views", live.getValue(), read(tenant, c -> ViewHash.of(c, VIEWS, tenant)));
        }
        for (var live : heads.entrySet()) {
            String tenant = live.getKey();
            equal &= say(tenant, "ledger", live.getValue(), read(tenant, c -> TreeHead.of(c, LEDGER, tenant)));
        }
        System.out.println(equal ? "EQUAL " + views.size() + " logs" : "NOT EQUAL");
        return equal;
    }

    private static boolean say(String tenant, String what, Record live, Record rebuilt) {
        boolean equal = live.equals(rebuilt);
        System.out.printf(
                "%-5s %-36s %-6s %s%n",
                equal ? "ok" : "DIFF", tenant, what, equal ? live : "live " + live + ", from Kafka " + rebuilt);
        return equal;
    }

    /** Every log there is. */
    private java.util.List<String> tenants() {
        return database.transaction(DatabaseRole.RELAY, connection -> {
            var tenants = new java.util.ArrayList<String>();
            try (var statement = connection.createStatement();
                    var rows = statement.executeQuery("SELECT tenant FROM log.head ORDER BY tenant")) {
                while (rows.next()) {
                    tenants.add(rows.getString(1));
                }
            }
            return tenants;
        });
    }

    private <T> T read(String tenant, Database.Work<T> work) {
        return database.inTenant(DatabaseRole.REPLAY, tenant, work);
    }

    private void clear() {
        database.transaction(DatabaseRole.OWNER, (Connection connection) -> {
            drop(connection, VIEWS);
            drop(connection, LEDGER);
            return true;
        });
    }

    private static void drop(Connection connection, String schema) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("DROP SCHEMA IF EXISTS " + schema + " CASCADE");
        }
    }
}
