package dev.chancery.relay;

import io.debezium.config.CommonConnectorConfig;
import io.debezium.config.Configuration;
import io.debezium.connector.postgresql.PostgresConnectorTask;
import io.debezium.connector.postgresql.PostgresOffsetContext;
import io.debezium.connector.postgresql.PostgresPartition;
import io.debezium.pipeline.ChangeEventSourceCoordinator;

/**
 * Parts two waits that Debezium sets with one property, {@code poll.interval.ms}. The thread that reads from PostgreSQL rests that long
 * when nothing came; this one must be short, since a head may wait for it. The thread that hands heads over waits that long for a batch.
 * It is woken by the first head, as a batch is one head, so its wait may be long; and it should be, because it spins through the last
 * millisecond of each.
 */
public final class HeadConnectorTask extends PostgresConnectorTask {
    /** Also how late a failure of the reading thread may be noticed. */
    private static final long HAND_OVER_MILLIS = 200;

    @Override
    public ChangeEventSourceCoordinator<PostgresPartition, PostgresOffsetContext> start(Configuration config) {
        // The reading thread has its setting from preStart.
        return super.start(config.edit()
                .with(CommonConnectorConfig.POLL_INTERVAL_MS, HAND_OVER_MILLIS)
                .build());
    }
}
