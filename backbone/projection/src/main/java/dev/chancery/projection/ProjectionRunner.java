package dev.chancery.projection;

import dev.chancery.database.Database;
import java.util.Properties;

/** Runs one projection over the log's topic: consumer group {@code chancery-<name>}, offsets and positions in its own tables. */
public final class ProjectionRunner implements AutoCloseable {
    private final Positions positions;

    /** @param kafka how to reach Kafka: {@code bootstrap.servers} and security */
    public ProjectionRunner(
            Projection projection, Database database, Properties kafka, String topic, ProjectionOptions options) {
        this.positions = new Positions(database, projection.role(), projection.schema());
    }

    /** Checks the topic and starts the loop. */
    public void start() {}

    /** Shared by whoever waits for this projection in this process. */
    public Positions positions() {
        return positions;
    }

    /** Whether the loop runs, has its partitions and met no failure that it still retries. */
    public boolean healthy() {
        return false;
    }

    /** Tenants that wait for a missing record. */
    public int waitingTenants() {
        return 0;
    }

    /** Tenants stopped by a fork or an unreadable record. */
    public int stoppedTenants() {
        return 0;
    }

    @Override
    public void close() {}
}
