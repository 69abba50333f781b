package dev.chancery.ledger;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Signs checkpoints beside the consumer, so that growing trees waits for no signature and no broker. A tenant that grows while its
 * turn has not come has one turn: the faster logs grow, the more entries a signature covers.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@link #MAX_DUE} tenants wait, each once; then {@link #due} waits. What fails is
 * tried again after {@link #RETRY_MILLIS}, for as long as the worker runs.
 */
public final class CheckpointWorker implements AutoCloseable {
    /** Tenants that wait for their turn at most. */
    static final int MAX_DUE = 100_000;

    static final long RETRY_MILLIS = 1_000;

    /** How long {@link #close} waits for the turn that is under way. */
    static final long STOP_MILLIS = 10_000;

    private static final Logger LOG = Logger.getLogger(CheckpointWorker.class);

    private final Checkpoints checkpoints;
    private final Thread thread = new Thread(this::run, "ledger-checkpoints");
    private final LinkedHashSet<String> due = new LinkedHashSet<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    private boolean stopped;

    public CheckpointWorker(Checkpoints checkpoints) {
        this.checkpoints = checkpoints;
        thread.setDaemon(true);
    }

    public void start() {
        thread.start();
    }

    /** The tenant's log has grown, or may have. Waits only while {@link #MAX_DUE} tenants do. Nothing is due once closed. */
    public synchronized void due(String tenant) {
        try {
            while (due.size() >= MAX_DUE && !due.contains(tenant) && !stopped) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        due.add(tenant);
        notifyAll();
    }

    private void run() {
        try {
            for (String tenant = next(); tenant != null; tenant = next()) {
                try {
                    checkpoints.bring(tenant);
                } catch (RuntimeException e) {
                    LOG.errorf(
                            e,
                            "checkpoint not signed or not published; tenant=%s retry_millis=%d",
                            tenant,
                            RETRY_MILLIS);
                    again(tenant);
                }
            }
        } catch (InterruptedException e) {
            LOG.warn("checkpoints stopped in the middle of a turn");
        }
    }

    private synchronized @Nullable String next() throws InterruptedException {
        while (due.isEmpty() && !stopped) {
            wait();
        }
        notifyAll();
        return stopped ? null : due.removeFirst();
    }

    private void again(String tenant) throws InterruptedException {
        synchronized (this) {
            due.add(tenant);
        }
        closing.await(RETRY_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Ends the turn that is under way and takes no other. What was due is brought up after the next start. */
    @Override
    public void close() {
        synchronized (this) {
            stopped = true;
            notifyAll();
        }
        closing.countDown();
        try {
            if (!thread.join(Duration.ofMillis(STOP_MILLIS))) {
                thread.interrupt();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
