package dev.chancery.fanout;

import dev.chancery.database.DatabaseRole;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.Projection;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Sends the events of a run, then counts them. A crash between the two has the run applied again, and {@link EventTopics} sends nothing
 * twice.
 *
 * @param sends a run of one tenant's records; returns once all of their events can be read
 */
record FanoutProjection(String schema, DatabaseRole role, Consumer<List<LogRecord>> sends) implements Projection {
    @Override
    public String name() {
        return "fanout";
    }

    @Override
    public List<String> tables() {
        return List.of("sent");
    }

    @Override
    public void apply(Connection connection, String tenant, List<LogRecord> run) throws SQLException {
        Map<String, Long> counts = new TreeMap<>();
        run.stream()
                .flatMap(record -> record.events().stream())
                .forEach(event -> counts.merge(EventTopics.ofStream(event.stream()), 1L, Long::sum));
        if (counts.isEmpty()) {
            return;
        }
        sends.accept(run);
        try (var upsert = connection.prepareStatement("INSERT INTO " + schema
                + ".sent (tenant, topic, events) VALUES (?, ?, ?)"
                + " ON CONFLICT (tenant, topic) DO UPDATE SET events = sent.events + excluded.events")) {
            for (Map.Entry<String, Long> count : counts.entrySet()) {
                upsert.setString(1, tenant);
                upsert.setString(2, count.getKey());
                upsert.setLong(3, count.getValue());
                upsert.addBatch();
            }
            upsert.executeBatch();
        }
    }
}
