package dev.chancery.relay;

import io.debezium.connector.postgresql.PostgresConnector;
import org.apache.kafka.connect.connector.Task;

/** Debezium's PostgreSQL connector with {@link HeadConnectorTask} for its task. Public, since the engine makes it by its name. */
public final class HeadConnector extends PostgresConnector {
    @Override
    public Class<? extends Task> taskClass() {
        return HeadConnectorTask.class;
    }
}
