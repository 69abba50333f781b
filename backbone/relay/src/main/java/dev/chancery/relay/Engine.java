package dev.chancery.relay;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Debezium's engine, decoding inserts into {@code log.record}. It lives until it fails or is closed; whoever runs it makes a
 * new one.
 *
 * <p>Its offsets are kept in memory: after a start it may begin later than where it ended, and the relay reads the table for
 * what lies between.
 */
final class Engine implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Engine.class);
    private static final Duration STOP = Duration.ofSeconds(20);
    private static final String ROWS = ".log.record";

    private final Consumer<List<Row>> rows;
    private final CountDownLatch ended;
    private final CountDownLatch started = new CountDownLatch(1);
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final DebeziumEngine<RecordChangeEvent<SourceRecord>> engine;
    private final Thread thread;

    /**
     * @param rows takes each batch in the order of commit; the batch is finished when it returns
     * @param ended counted down when the engine has ended
     */
    Engine(Database database, RelayOptions options, Consumer<List<Row>> rows, CountDownLatch ended) {
        this.rows = rows;
        this.ended = ended;
        this.engine = DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
                .using(configuration(database, options))
                .using(new DebeziumEngine.ConnectorCallback() {
                    @Override
                    public void pollingStarted() {
                        started.countDown();
                    }
                })
                .using((success, message, error) -> {
                    failure.compareAndSet(null, error);
                    started.countDown();
                })
                .notifying(this::handle)
                .build();
        this.thread = Thread.ofPlatform().name("chancery-relay-engine").daemon().unstarted(this::run);
    }

    private static Properties configuration(Database database, RelayOptions options) {
        var properties = new Properties();
        properties.setProperty("name", "chancery-relay");
        properties.setProperty("connector.class", "io.debezium.connector.postgresql.PostgresConnector");
        properties.setProperty("topic.prefix", "chancery");
        properties.setProperty("database.hostname", database.host());
        properties.setProperty("database.port", Integer.toString(database.port()));
        properties.setProperty("database.dbname", database.name());
        properties.setProperty("database.user", DatabaseRole.RELAY.roleName());
        properties.setProperty("database.password", database.passwordOf(DatabaseRole.RELAY));
        properties.setProperty("plugin.name", "pgoutput");
        properties.setProperty("publication.name", "chancery_log");
        properties.setProperty("publication.autocreate.mode", "disabled");
        properties.setProperty("slot.name", options.slot());
        properties.setProperty("slot.max.retries", "0");
        properties.setProperty("snapshot.mode", "no_data");
        properties.setProperty("table.include.list", "log.record");
        properties.setProperty("column.include.list", "log.record.tenant,log.record.position,log.record.record");
        properties.setProperty("binary.handling.mode", "bytes");
        properties.setProperty("tombstones.on.delete", "false");
        properties.setProperty("message.prefix.exclude.list", ".*");
        // The default of 500 is what every record would wait.
        properties.setProperty("poll.interval.ms", "1");
        properties.setProperty("max.batch.size", Integer.toString(options.maxBatchRecords()));
        properties.setProperty("max.queue.size", Integer.toString(4 * options.maxBatchRecords()));
        properties.setProperty("max.queue.size.in.bytes", Integer.toString(4 * options.maxBatchBytes()));
        properties.setProperty(
                "heartbeat.interval.ms", Long.toString(options.heartbeat().toMillis()));
        // Something to decode where nothing is appended: otherwise the slot holds other databases' write-ahead log.
        properties.setProperty("heartbeat.action.query", "SELECT pg_logical_emit_message(false, 'chancery.relay', '')");
        properties.setProperty("offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore");
        properties.setProperty("offset.flush.interval.ms", "1000");
        properties.setProperty("record.processing.threads", "1");
        properties.setProperty("record.processing.order", "ORDERED");
        // A failure ends the engine; the relay checks the server, reads the table and begins a new one.
        properties.setProperty("errors.max.retries", "0");
        return properties;
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            engine.run();
        } catch (RuntimeException | Error e) {
            failure.compareAndSet(null, e);
        } finally {
            ended.countDown();
            started.countDown();
        }
    }

    /** Waits until the engine reads the write-ahead log. */
    void awaitStarted(Duration atMost) throws InterruptedException {
        if (!started.await(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IllegalStateException("the engine didn't start within " + atMost.toSeconds() + " s");
        }
    }

    /** What ended it; null when nothing did, or it was closed. */
    @Nullable
    Throwable failure() {
        return failure.get();
    }

    private void handle(
            List<RecordChangeEvent<SourceRecord>> events,
            DebeziumEngine.RecordCommitter<RecordChangeEvent<SourceRecord>> committer)
            throws InterruptedException {
        var batch = new ArrayList<Row>(events.size());
        for (RecordChangeEvent<SourceRecord> event : events) {
            SourceRecord source = event.record();
            if (source.topic().endsWith(ROWS) && source.value() instanceof Struct change) {
                batch.add(row(change.getStruct("after")));
            }
        }
        try {
            rows.accept(batch);
        } catch (RuntimeException e) {
            failure.compareAndSet(null, e);
            throw e;
        }
        for (RecordChangeEvent<SourceRecord> event : events) {
            committer.markProcessed(event);
        }
        committer.markBatchFinished();
    }

    private static Row row(Struct after) {
        return new Row(after.getString("tenant"), after.getInt64("position"), bytes(after.get("record")));
    }

    private static byte[] bytes(Object value) {
        if (value instanceof ByteBuffer buffer) {
            byte[] copy = new byte[buffer.remaining()];
            buffer.duplicate().get(copy);
            return copy;
        }
        return (byte[]) value;
    }

    @Override
    public void close() {
        try {
            engine.close();
        } catch (IOException | IllegalStateException e) {
            // It had ended by itself.
            LOG.debug("relay: engine closed", e);
        }
        try {
            if (thread.getState() != Thread.State.NEW && !thread.join(STOP)) {
                thread.interrupt();
                LOG.warnf("relay: engine didn't stop seconds=%d", STOP.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
