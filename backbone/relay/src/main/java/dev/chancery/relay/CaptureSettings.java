package dev.chancery.relay;

import dev.chancery.database.DatabaseAccess;
import dev.chancery.database.DatabaseRole;
import java.util.Properties;
import java.util.regex.Pattern;

/** How Debezium is set up: heads and marks only, no snapshot, no retries of its own. */
final class CaptureSettings {
    /** How often the slot is told how far Kafka has come. */
    private static final long CONFIRM_MILLIS = 1_000;
    /** How long one step of the engine's start or stop may take: connecting, ending a thread. */
    private static final long STEP_MILLIS = 10_000;

    private static final long STOP_MILLIS = 2_000;

    private CaptureSettings() {}

    /**
     * @param mark the prefix of the marks to report; also makes the names of the engine's threads and metrics unique
     */
    static Properties of(DatabaseAccess access, RelayOptions options, String mark) {
        var settings = new Properties();
        source(settings, access, options);
        captured(settings, mark);
        settings.setProperty("max.batch.size", Integer.toString(options.captureBatchSize()));
        settings.setProperty("max.queue.size", Integer.toString(options.captureQueueSize()));
        settings.setProperty(
                "poll.interval.ms", Long.toString(options.capturePollInterval().toMillis()));
        settings.setProperty("record.processing.threads", "1");
        settings.setProperty("offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore");
        settings.setProperty("offset.flush.interval.ms", Long.toString(CONFIRM_MILLIS));
        // A failure ends the engine: the relay checks the server, reads the table and makes a new one.
        settings.setProperty("errors.max.retries", "0");
        settings.setProperty("slot.max.retries", "0");
        settings.setProperty("retriable.restart.connector.wait.ms", "100");
        settings.setProperty("connection.validation.timeout.ms", Long.toString(STEP_MILLIS));
        settings.setProperty("task.management.timeout.ms", Long.toString(STEP_MILLIS));
        settings.setProperty("lsn.flush.timeout.ms", Long.toString(STOP_MILLIS));
        settings.setProperty("executor.shutdown.timeout.ms", Long.toString(STOP_MILLIS));
        return settings;
    }

    private static void source(Properties settings, DatabaseAccess access, RelayOptions options) {
        settings.setProperty("connector.class", HeadConnector.class.getName());
        settings.setProperty("database.hostname", access.host());
        settings.setProperty("database.port", Integer.toString(access.port()));
        settings.setProperty("database.dbname", access.name());
        Properties signIn = access.properties(DatabaseRole.RELAY);
        signIn.stringPropertyNames()
                .forEach(name -> settings.setProperty(
                        switch (name) {
                            case "user", "password" -> "database." + name;
                            default -> "driver." + name;
                        },
                        signIn.getProperty(name)));
        settings.setProperty("driver.socketTimeout", "30");
        settings.setProperty("driver.connectTimeout", "5");
        settings.setProperty("driver.logServerErrorDetail", "false");
        settings.setProperty("plugin.name", "pgoutput");
        settings.setProperty("publication.name", "chancery_log");
        settings.setProperty("publication.autocreate.mode", "disabled");
        settings.setProperty("slot.name", options.slot());
        settings.setProperty("snapshot.mode", "no_data");
    }

    private static void captured(Properties settings, String mark) {
        settings.setProperty("name", mark);
        settings.setProperty("topic.prefix", mark);
        settings.setProperty("table.include.list", "log.head");
        settings.setProperty("column.include.list", "log.head.tenant,log.head.next_position");
        settings.setProperty("message.prefix.include.list", Pattern.quote(mark));
        settings.setProperty("binary.handling.mode", "bytes");
        settings.setProperty("tombstones.on.delete", "false");
    }
}
