package dev.chancery.projection;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Tends tenants that can't go on: behind a gap the partition is searched from its beginning, then the relay is asked for what
 * isn't there; what failed is tried again. Always bounded, never skipping, and the other tenants go on meanwhile.
 */
final class Waiting {
    private static final Logger LOG = Logger.getLogger(Waiting.class);

    private final Projection projection;
    private final PositionTable table;
    private final LogTopic topic;
    private final ProjectionOptions options;
    private final Turns turns;
    private final Search searching;

    Waiting(
            Projection projection,
            PositionTable table,
            LogTopic topic,
            ProjectionOptions options,
            Turns turns,
            Search searching) {
        this.projection = projection;
        this.table = table;
        this.topic = topic;
        this.options = options;
        this.turns = turns;
        this.searching = searching;
    }

    /** One look at a tenant that is held. */
    void tend(TenantProgress progress, Consumer<byte[], byte[]> consumer) {
        CompletableFuture<Ahead> search = progress.search;
        if (search != null && !search.isDone()) {
            return;
        }
        if (search != null) {
            progress.search = null;
            progress.ahead.addAll(result(search));
            progress.mustSearch = false;
            turns.takeWaiting(progress);
        }
        if (progress.ahead.isEmpty() && progress.ahead.isIncomplete()) {
            // What was let go lies before where the loop has come.
            progress.ahead = new Ahead(options.maxAheadRecords());
            progress.mustSearch = true;
        }
        if (progress.ahead.isEmpty() && !progress.mustSearch) {
            LOG.infof(
                    "projection: going on projection=%s tenant=%s position=%d",
                    projection.name(), progress.tenant, progress.last);
            progress.release(options.maxAheadRecords());
        } else if (isDue(progress)) {
            retry(progress, consumer);
        }
    }

    private void retry(TenantProgress progress, Consumer<byte[], byte[]> consumer) {
        backOff(progress);
        if (progress.mustSearch) {
            LOG.warnf(
                    "projection: gap, searching projection=%s tenant=%s last=%d",
                    projection.name(), progress.tenant, progress.last);
            var partition = new TopicPartition(topic.name(), progress.partition);
            progress.search = searching.above(progress.tenant, progress.last, partition, consumer.position(partition));
        } else if (progress.ahead.firstPosition() > progress.last + 1) {
            LOG.errorf(
                    "projection: gap isn't in Kafka, asking the relay projection=%s tenant=%s last=%d next=%d",
                    projection.name(), progress.tenant, progress.last, progress.ahead.firstPosition());
            table.requestRepublish(progress.tenant, progress.last + 1, progress.ahead.firstPosition() - 1);
        } else {
            turns.takeWaiting(progress);
        }
    }

    private static Ahead result(CompletableFuture<Ahead> search) {
        try {
            return search.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** An apply failed for a reason of this tenant's own: its records wait, the others' don't. */
    void failed(TenantProgress progress, @Nullable Throwable cause) {
        backOff(progress);
        LOG.errorf(
                cause,
                "projection: failed, trying again projection=%s tenant=%s last=%d millis=%d",
                projection.name(),
                progress.tenant,
                progress.last,
                progress.backoff.toMillis());
    }

    /** It gets on. While it is held still, what it has asked for may be on its way: it isn't asked for again meanwhile. */
    void moved(TenantProgress progress) {
        progress.backoff = Duration.ZERO;
        if (progress.isHeld()) {
            backOff(progress);
        }
    }

    private static boolean isDue(TenantProgress progress) {
        return progress.backoff.isZero() || System.nanoTime() - progress.retryAtNanos >= 0;
    }

    private void backOff(TenantProgress progress) {
        Duration doubled = progress.backoff.isZero() ? options.minBackoff() : progress.backoff.multipliedBy(2);
        progress.backoff = doubled.compareTo(options.maxBackoff()) < 0 ? doubled : options.maxBackoff();
        progress.retryAtNanos = System.nanoTime() + progress.backoff.toNanos();
    }
}
