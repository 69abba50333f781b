package dev.chancery.projection;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.kafka.KafkaClients;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.WakeupException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Runs one projection over the log's topic: consumer group {@code chancery-<name>}, offsets and positions in its own tables.
 * When Kafka or PostgreSQL can't be reached it tries again, after a growing, bounded pause, and skips nothing.
 *
 * <p><b>Thread safety:</b> safe. <b>Destruction:</b> {@link #close} ends its thread; records that weren't committed are read again
 * at the next start.
 */
public final class ProjectionRunner implements AutoCloseable {
    /** Groups with this prefix belong to projections: whoever else joins one takes their partitions. */
    public static final String GROUP_PREFIX = "chancery-";

    private static final Logger LOG = Logger.getLogger(ProjectionRunner.class);
    private static final Duration STOP = Duration.ofSeconds(20);

    /** How old {@link #health} may be. */
    private static final Duration HEALTH = Duration.ofSeconds(1);

    private final Projection projection;
    private final String instanceId;
    private final Database database;
    private final ProjectionOptions options;
    private final Positions positions;
    private final LogTopic topic;
    private final Thread thread;
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile @Nullable Consumer<byte[], byte[]> consumer;
    private volatile boolean healthy;
    private volatile int waitingTenants;
    private volatile ViewHealth health = ViewHealth.UNKNOWN;
    private long healthDueNanos = System.nanoTime();
    private volatile long lagRecords;
    private Duration backoff;

    /**
     * @param instanceId the installation whose sources' records are applied
     * @param kafka how to reach Kafka: {@code bootstrap.servers} and security
     */
    public ProjectionRunner(
            Projection projection,
            String instanceId,
            Database database,
            Properties kafka,
            String topic,
            ProjectionOptions options) {
        this.instanceId = instanceId;
        this.projection = projection;
        this.database = database;
        this.options = options;
        this.positions = new Positions(database, projection.role(), projection.schema());
        this.topic = new LogTopic(new KafkaClients(kafka), topic, options);
        this.thread = Thread.ofPlatform()
                .name("chancery-projection-" + projection.name())
                .unstarted(this::run);
        this.backoff = options.minBackoff();
        positions.onWait(() -> LockSupport.unpark(thread));
    }

    /**
     * Checks the topic and starts the loop. When Kafka can't be reached or the topic does not exist yet, it starts all the same and
     * tries again; see {@link #healthy}.
     *
     * @throws IllegalStateException when the topic has another number of partitions
     */
    public void start() {
        try (var probe = topic.consumer(Optional.empty())) {
            topic.check(probe);
        } catch (KafkaException e) {
            LOG.warnf(e, "projection: Kafka not reached yet projection=%s", projection.name());
        }
        try {
            refreshHealth();
        } catch (DatabaseUnavailable e) {
            LOG.warnf("projection: PostgreSQL not reached yet projection=%s cause=%s", projection.name(), e);
        }
        thread.start();
    }

    private void run() {
        while (closed.getCount() > 0) {
            try (var current = topic.consumer(Optional.of(group(projection.name())))) {
                consumer = current;
                if (topic.check(current)) {
                    follow(current);
                } else {
                    pause();
                }
            } catch (WakeupException e) {
                // close() woke it: the loop's condition sees that.
                LOG.debugf("projection: woken projection=%s", projection.name());
            } catch (RuntimeException e) {
                failed(e);
                pause();
            } finally {
                consumer = null;
                healthy = false;
            }
        }
    }

    private void follow(Consumer<byte[], byte[]> current) {
        var reader = new RecordReader(topic, instanceId, database, projection.role());
        var loop = new ConsumerLoop(projection, database, topic, options, reader, positions, current);
        current.subscribe(List.of(topic.name()), loop);
        while (closed.getCount() > 0) {
            try {
                loop.round();
                refreshHealth();
                healthy = !current.assignment().isEmpty();
                backoff = options.minBackoff();
            } catch (WakeupException e) {
                LOG.debugf("projection: woken to end projection=%s", projection.name());
                break;
            } catch (KafkaException e) {
                throw e;
            } catch (RuntimeException e) {
                failed(e);
                // The paused consumer stays in its group during the pause.
                current.pause(current.assignment());
                if (!startOver(loop, current)) {
                    return;
                }
                current.resume(current.assignment());
            }
            waitingTenants = loop.waitingTenants();
            lagRecords = loop.lagRecords();
        }
        loop.saveOffsets();
    }

    /** Answers whether to go on. If not, this was closed meanwhile, and no offset of what was read may be saved. */
    private boolean startOver(ConsumerLoop loop, Consumer<byte[], byte[]> current) {
        boolean over = false;
        while (!over && closed.getCount() > 0) {
            current.poll(backoff);
            lengthenBackoff();
            try {
                loop.startOver();
                over = true;
            } catch (RuntimeException e) {
                failed(e);
            }
        }
        return over;
    }

    private void refreshHealth() {
        long now = System.nanoTime();
        if (now - healthDueNanos >= 0) {
            health = new PositionTable(projection, database).health();
            healthDueNanos = now + HEALTH.toNanos();
        }
    }

    private void failed(RuntimeException e) {
        healthy = false;
        LOG.warnf(e, "projection: failed, trying again projection=%s millis=%d", projection.name(), backoff.toMillis());
    }

    private void pause() {
        try {
            closed.await(backoff.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        lengthenBackoff();
    }

    private void lengthenBackoff() {
        Duration doubled = backoff.multipliedBy(2);
        backoff = doubled.compareTo(options.maxBackoff()) < 0 ? doubled : options.maxBackoff();
    }

    /** The consumer group of a projection. */
    public static String group(String projection) {
        return GROUP_PREFIX + projection;
    }

    /** The projection's name. */
    public String name() {
        return projection.name();
    }

    /** For everything in this process that waits for this projection. */
    public Positions positions() {
        return positions;
    }

    /** Whether the loop runs, has partitions and met no failure that it still retries. */
    public boolean healthy() {
        return healthy;
    }

    /** Tenants that wait for a missing record, or for an apply that failed. */
    public int waitingTenants() {
        return waitingTenants;
    }

    /** What the tables say, as of about a second ago while this is {@link #healthy}. */
    public ViewHealth health() {
        return health;
    }

    /** Messages on the topic that aren't polled yet. */
    public long lagRecords() {
        return lagRecords;
    }

    @Override
    public void close() {
        closed.countDown();
        Consumer<byte[], byte[]> current = consumer;
        if (current != null) {
            current.wakeup();
        }
        try {
            if (thread.getState() != Thread.State.NEW && !thread.join(STOP)) {
                thread.interrupt();
                LOG.warnf("projection: didn't stop projection=%s seconds=%d", projection.name(), STOP.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
