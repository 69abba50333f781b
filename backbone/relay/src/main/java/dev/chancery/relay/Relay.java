package dev.chancery.relay;

import dev.chancery.database.Database;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.log.StoppedLogs;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the log's topic in step with the log. After a failure of PostgreSQL, Kafka or the capture it starts again by itself, with a
 * bounded and growing wait, and checks everything anew.
 *
 * <p><b>Use:</b> {@code new Relay(database, kafka, RelayOptions.defaults(name))}, {@link #start}, and {@link #close} in the end.
 *
 * <p><b>Thread safety:</b> safe. <b>Destruction:</b> {@link #close} stops all of its threads; what was not yet acknowledged is sent at
 * the next start.
 */
public final class Relay implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Relay.class);
    private static final Duration STOP = Duration.ofSeconds(40);

    private final Database database;
    private final KafkaClients kafka;
    private final RelayOptions options;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread supervisor = Thread.ofPlatform().name("chancery-relay").unstarted(this::supervise);
    private volatile @Nullable RelaySession session;
    private final TopicWatch watch;
    private volatile boolean healthy;
    private volatile @Nullable String refusal;
    private Duration backoff;

    /** @param kafka the configuration of Kafka's clients: {@code bootstrap.servers} and security */
    public Relay(Database database, Map<?, ?> kafka, RelayOptions options) {
        this.database = database;
        this.kafka = new KafkaClients(kafka);
        this.options = options;
        this.watch = new TopicWatch(database, this.kafka, options);
        this.backoff = options.minBackoff();
    }

    /**
     * Checks server, topic and the topic's end, then relays. Where PostgreSQL or Kafka can't be reached, or another relay runs,
     * this returns and the relay tries again; see {@link #healthy}.
     *
     * @throws RelayRefused when it must not run
     */
    public void start() {
        try {
            session = RelaySession.open(database, kafka, options);
        } catch (RelayRefused e) {
            throw e;
        } catch (RuntimeException e) {
            LOG.warn("relay: not started yet", e);
        }
        supervisor.start();
        watch.start();
    }

    private void supervise() {
        while (closed.getCount() > 0) {
            try (RelaySession current = session != null ? session : RelaySession.open(database, kafka, options)) {
                session = current;
                // close() counts down before it looks for a session to stop: one of the two sees the other.
                if (current != null && closed.getCount() > 0) {
                    current.relay(this::running);
                }
            } catch (RelayRefused e) {
                refusal = e.getMessage();
                LOG.errorf("relay: refused because=%s", e.getMessage());
                return;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (RuntimeException | Error e) {
                LOG.warnf(e, "relay: failed, starting again millis=%d", backoff.toMillis());
            } finally {
                session = null;
                healthy = false;
            }
            pause();
        }
    }

    private void running() {
        healthy = true;
        backoff = options.minBackoff();
        LOG.infof("relay: running topic=%s", options.topic());
    }

    private void pause() {
        try {
            closed.await(backoff.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Duration doubled = backoff.multipliedBy(2);
        backoff = doubled.compareTo(options.maxBackoff()) < 0 ? doubled : options.maxBackoff();
    }

    /** Whether records are relayed right now. */
    public boolean healthy() {
        return healthy;
    }

    /** Why the relay has stopped for good, when it has. */
    public Optional<String> refusal() {
        return Optional.ofNullable(refusal);
    }

    /** What is wrong with the log's topic: gone, or another one. */
    public Optional<String> complaint() {
        return watch.complaint();
    }

    /** What an operator should look at: deleted records, stopped logs. */
    public List<String> warnings() {
        return watch.warnings();
    }

    /** Committed records that are not known to be in Kafka. Stopped tenants are left out. */
    public long lagRecords() {
        RelaySession current = session;
        Progress progress = current == null ? Progress.load(database) : current.progress();
        return new LogTable(database)
                .lastPositions().entrySet().stream()
                        .mapToLong(last -> last.getValue() - progress.of(last.getKey()))
                        .sum();
    }

    /** Tenants that are not relayed: forked, or with a record that contradicts its row; whoever found it, and however long ago. */
    public int stoppedTenants() {
        return StoppedLogs.tenants(database).size();
    }

    @Override
    public void close() {
        closed.countDown();
        watch.close();
        RelaySession current = session;
        if (current != null) {
            current.stop();
        }
        try {
            if (supervisor.isAlive() && !supervisor.join(STOP)) {
                supervisor.interrupt();
                LOG.warnf("relay: didn't stop seconds=%d", STOP.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        RelaySession neverRelayed = session;
        if (neverRelayed != null && !supervisor.isAlive()) {
            neverRelayed.close();
        }
    }
}
