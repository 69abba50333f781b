package dev.chancery.feature;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.projection.Projection;
import dev.chancery.projection.ProjectionOptions;
import dev.chancery.projection.Rebuild;
import dev.chancery.projection.ViewHash;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.function.Consumer;

/** Builds every projection a second time, from Kafka alone, in empty tables beside the live ones, and compares their contents. */
public final class ReplayCheck {
    private static final Duration AT_MOST = Duration.ofHours(6);

    private final String instanceId;
    private final Database database;
    private final Properties kafka;
    private final String topic;
    private final Consumer<String> say;

    /**
     * @param topic the log's
     * @param say takes a line for each log and projection, and one that sums up
     */
    public ReplayCheck(String instanceId, Database database, Properties kafka, String topic, Consumer<String> say) {
        this.instanceId = instanceId;
        this.database = database;
        this.kafka = kafka;
        this.topic = topic;
        this.say = say;
    }

    /** Whether every projection of these features comes to the same again, at the positions that the live ones stand at. */
    public boolean equal(List<FeatureDescription> features) {
        List<String> tenants = tenants();
        boolean equal = true;
        for (FeatureDescription feature : features) {
            if (feature.projection().isPresent()) {
                equal &= equal(feature.name(), feature.projection().get(), tenants);
            }
        }
        say.accept(equal ? "EQUAL " + tenants.size() + " logs" : "NOT EQUAL");
        return equal;
    }

    private boolean equal(String name, FeatureProjection described, List<String> tenants) {
        Projection live = described.rebuilt().apply(name, instanceId);
        String schema = name + "_replay";
        Projection rebuilt = described.rebuilt().apply(schema, instanceId);
        Map<String, ViewHash> wanted = contents(live, tenants);
        try {
            drop(schema);
            database.migrate(name, schema);
            new Rebuild(rebuilt, instanceId, database, kafka, topic, ProjectionOptions.defaults())
                    .upTo(positions(wanted), AT_MOST);
            return compare(name, wanted, contents(rebuilt, tenants));
        } finally {
            drop(schema);
        }
    }

    private Map<String, ViewHash> contents(Projection projection, List<String> tenants) {
        Map<String, ViewHash> contents = new LinkedHashMap<>();
        for (String tenant : tenants) {
            contents.put(
                    tenant,
                    database.inTenant(
                            DatabaseRole.REPLAY, tenant, connection -> projection.contents(connection, tenant)));
        }
        return contents;
    }

    private static Map<String, Long> positions(Map<String, ViewHash> live) {
        Map<String, Long> positions = new LinkedHashMap<>();
        live.forEach((tenant, contents) -> {
            if (contents.position() >= 0) {
                positions.put(tenant, contents.position());
            }
        });
        return positions;
    }

    private boolean compare(String projection, Map<String, ViewHash> live, Map<String, ViewHash> rebuilt) {
        boolean all = true;
        for (String tenant : live.keySet()) {
            ViewHash wanted = live.get(tenant);
            ViewHash found = rebuilt.get(tenant);
            boolean equal = Objects.equals(wanted, found);
            all &= equal;
            say.accept(String.format(
                    Locale.ROOT,
                    "%-5s %-36s %-6s %s",
                    equal ? "ok" : "DIFF",
                    tenant,
                    projection,
                    equal ? wanted : "live " + wanted + ", from Kafka " + found));
        }
        return all;
    }

    /** Every log there is. */
    private List<String> tenants() {
        return database.transaction(DatabaseRole.RELAY, connection -> {
            var tenants = new ArrayList<String>();
            try (var statement = connection.createStatement();
                    var rows = statement.executeQuery("SELECT tenant FROM log.head ORDER BY tenant")) {
                while (rows.next()) {
                    tenants.add(rows.getString(1));
                }
            }
            return tenants;
        });
    }

    private void drop(String schema) {
        database.transaction(DatabaseRole.OWNER, connection -> {
            try (var statement = connection.createStatement()) {
                return statement.execute("DROP SCHEMA IF EXISTS " + schema + " CASCADE");
            }
        });
    }
}
