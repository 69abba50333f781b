package dev.chancery.projection;

import dev.chancery.database.Database;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;

/**
 * Reads the log's topic from its beginning, in no consumer group, into the empty tables of a projection: the same records, the
 * same rows. The projection names the role and schema that the rebuilt tables lie in.
 */
public final class Rebuild {
    public Rebuild(
            Projection projection, Database database, Properties kafka, String topic, ProjectionOptions options) {}

    /**
     * Applies every tenant's records up to and including the given position; tenants that aren't named are left out.
     *
     * @return the last position applied of each tenant named; less than asked where the topic lacks a record or time ran out
     */
    public Map<String, Long> upTo(Map<String, Long> positions, Duration atMost) {
        return Map.copyOf(positions);
    }
}
