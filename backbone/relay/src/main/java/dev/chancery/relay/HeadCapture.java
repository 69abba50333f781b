package dev.chancery.relay;

import dev.chancery.database.Database;
import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Debezium's engine on {@code log.head}: reports, in the order of commit, which tenant's head has moved and which marks passed by.
 * It lives until it fails or is closed; a new session makes a new one.
 *
 * <p><b>What the slot keeps:</b> a start begins where the slot was last confirmed, so nothing that committed after that is missed.
 * An event is confirmed to the slot only after {@link #acknowledge}, one event later. The engine's own offsets live in memory and
 * never decide where a start begins.
 */
final class HeadCapture implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(HeadCapture.class);
    /** How long an engine that is starting may take until it can be stopped, and how long stopping it may take. */
    private static final Duration STOP = Duration.ofSeconds(20);
    /** How long a stopped engine's thread may take to end by itself. */
    private static final Duration ENDING = Duration.ofMillis(500);

    private final Database database;
    private final RelayOptions options;
    private final String mark;
    private final HeadUpdates updates;
    private final AtomicReference<@Nullable RecordChangeEvent<SourceRecord>> acknowledged = new AtomicReference<>();
    private final CountDownLatch stoppable = new CountDownLatch(1);
    private final Thread thread =
            Thread.ofPlatform().name("chancery-relay-capture").daemon().unstarted(this::run);
    private volatile @Nullable DebeziumEngine<RecordChangeEvent<SourceRecord>> engine;
    private volatile @Nullable Throwable failure;
    private volatile boolean closed;

    /**
     * @param mark the prefix of this session's marks
     * @param updates takes what was captured, and its end
     */
    HeadCapture(Database database, RelayOptions options, String mark, HeadUpdates updates) {
        this.database = database;
        this.options = options;
        this.mark = mark;
        this.updates = updates;
    }

    /** Starts in the background: what committed meanwhile is captured all the same. */
    void start() {
        thread.start();
    }

    private void run() {
        try {
            var building = DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
                    .using(CaptureSettings.of(database.access(), options, mark))
                    .using(new DebeziumEngine.ConnectorCallback() {
                        @Override
                        public void pollingStarted() {
                            stoppable.countDown();
                        }
                    })
                    .using((success, message, error) -> ended(error))
                    .notifying(this::handle)
                    .build();
            engine = building;
            building.run();
        } catch (RuntimeException | Error e) {
            ended(e);
        } finally {
            ended(null);
        }
    }

    private void ended(@Nullable Throwable error) {
        if (error != null && failure == null && !closed) {
            failure = error;
        }
        stoppable.countDown();
        updates.end();
    }

    /** What ended it; null when nothing did, or it was closed. */
    @Nullable
    Throwable failure() {
        return failure;
    }

    /** Everything up to and including this event is in Kafka: the slot may let go of it. */
    void acknowledge(RecordChangeEvent<SourceRecord> event) {
        acknowledged.set(event);
    }

    private void handle(
            List<RecordChangeEvent<SourceRecord>> events,
            DebeziumEngine.RecordCommitter<RecordChangeEvent<SourceRecord>> committer)
            throws InterruptedException {
        for (RecordChangeEvent<SourceRecord> event : events) {
            if (event.record().value() instanceof Struct value) {
                report(value, event);
            }
        }
        // Marks come several times a second: what is acknowledged now is confirmed with the next one at the latest.
        RecordChangeEvent<SourceRecord> done = acknowledged.getAndSet(null);
        if (done != null) {
            committer.markProcessed(done);
            committer.markBatchFinished();
        }
    }

    private void report(Struct value, RecordChangeEvent<SourceRecord> event) {
        if (value.schema().field("message") != null) {
            Struct message = value.getStruct("message");
            if (mark.equals(message.getString("prefix"))) {
                updates.marked(Long.parseLong(text(message.get("content"))), event);
            }
        } else {
            Struct head = value.getStruct("after");
            updates.moved(head.getString("tenant"), head.getInt64("next_position") - 1, event);
        }
    }

    private static String text(Object content) {
        return content instanceof ByteBuffer buffer
                ? StandardCharsets.UTF_8.decode(buffer.duplicate()).toString()
                : new String((byte[]) content, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        closed = true;
        if (thread.getState() == Thread.State.NEW) {
            return;
        }
        try {
            // While its task is starting the engine can't be stopped.
            stoppable.await(STOP.toMillis(), TimeUnit.MILLISECONDS);
            stopEngine();
            // Stopped at the wrong moment the engine waits for a task that was never begun; everything else has ended
            // by then.
            if (!thread.join(ENDING)) {
                thread.interrupt();
            }
            if (!thread.join(STOP)) {
                LOG.warnf("relay: the capture of heads didn't stop seconds=%d", STOP.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void stopEngine() {
        DebeziumEngine<RecordChangeEvent<SourceRecord>> running = engine;
        if (running == null) {
            return;
        }
        try {
            running.close();
        } catch (IOException | IllegalStateException e) {
            // It has ended, or is ending, by itself.
            LOG.debug("relay: engine closed", e);
        }
    }
}
