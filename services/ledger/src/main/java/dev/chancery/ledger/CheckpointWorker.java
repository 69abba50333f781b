package dev.chancery.ledger;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.jboss.logging.Logger;

/**
 * Signs checkpoints beside the consumer, so that growing trees waits for no signature and no broker. It works in rounds: a
 * log that has grown since the last round gets one checkpoint, so the faster logs grow, the more entries a signature covers, and a log
 * gets no more than one checkpoint in {@link #ROUND_MILLIS}.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@link #MAX_DUE} tenants wait, each once; then {@link #due} blocks. A tenant whose
 * checkpoint failed is tried again every {@link #RETRY_MILLIS}; the others are not held up by it.
 */
public final class CheckpointWorker implements AutoCloseable {
    /** Tenants that wait for a checkpoint at most, those that failed among them. */
    static final int MAX_DUE = 100_000;

    /** The least time from one round to the next: what an entry waits at most until its signature is begun. */
    static final long ROUND_MILLIS = 50;

    static final long RETRY_MILLIS = 1_000;

    /** How long {@link #close} waits for the checkpoint that is being made. */
    static final long STOP_MILLIS = 10_000;

    private static final Logger LOG = Logger.getLogger(CheckpointWorker.class);

    private final Checkpoints checkpoints;
    private final Thread thread = new Thread(this::run, "ledger-checkpoints");
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Set<String> due = new LinkedHashSet<>();
    private final Set<String> failed = new LinkedHashSet<>();
    private long retryAtNanos;

    public CheckpointWorker(Checkpoints checkpoints) {
        this.checkpoints = checkpoints;
        thread.setDaemon(true);
    }

    /** Starts, with every tenant due: the process before this one may have died between a commit and its signature. */
    public void start() {
        List<String> tenants = checkpoints.tenants();
        thread.start();
        tenants.forEach(this::due);
    }

    /** Says that the tenant's log has grown, or may have. Blocks only while {@link #MAX_DUE} tenants wait. */
    public synchronized void due(String tenant) {
        if (due.contains(tenant) || failed.contains(tenant)) {
            return;
        }
        try {
            while (due.size() + failed.size() >= MAX_DUE && !stopped()) {
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
            while (!stopped()) {
                long begun = System.nanoTime();
                for (String tenant : round()) {
                    update(tenant);
                }
                long tookMillis = NANOSECONDS.toMillis(System.nanoTime() - begun);
                closing.await(ROUND_MILLIS - tookMillis, MILLISECONDS);
            }
        } catch (InterruptedException e) {
            LOG.warn("checkpoints stopped while one was being made");
        }
    }

    /** Waits until a tenant is due and takes all that are; none once closed. */
    private synchronized List<String> round() throws InterruptedException {
        while (due.isEmpty() && !retryIsDue() && !stopped()) {
            wait(failed.isEmpty() ? 0 : RETRY_MILLIS);
        }
        if (retryIsDue()) {
            due.addAll(failed);
            failed.clear();
        }
        List<String> round = stopped() ? List.of() : List.copyOf(due);
        due.clear();
        notifyAll();
        return round;
    }

    private boolean retryIsDue() {
        return !failed.isEmpty() && System.nanoTime() - retryAtNanos >= 0;
    }

    private void update(String tenant) {
        if (stopped()) {
            return;
        }
        try {
            checkpoints.signAndPublish(tenant);
        } catch (RuntimeException | Error e) {
            // Whatever it was: the other tenants get their checkpoints.
            LOG.errorf(e, "checkpoint not signed or not published; tenant=%s retry_millis=%d", tenant, RETRY_MILLIS);
            synchronized (this) {
                if (failed.isEmpty()) {
                    retryAtNanos = System.nanoTime() + MILLISECONDS.toNanos(RETRY_MILLIS);
                }
                failed.add(tenant);
            }
        }
    }

    private boolean stopped() {
        return closing.getCount() == 0;
    }

    /** Finishes the checkpoint that is being made and begins no other. What was due is made after the next start. */
    @Override
    public void close() {
        closing.countDown();
        synchronized (this) {
            notifyAll();
        }
        try {
            if (!thread.join(Duration.ofMillis(STOP_MILLIS))) {
                thread.interrupt();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
