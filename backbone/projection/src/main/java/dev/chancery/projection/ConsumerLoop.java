package dev.chancery.projection;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.projection.PositionTable.ReadTo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;

/**
 * What a runner's one thread does: poll, apply each tenant's records in turn, retry the tenants that wait, save the offsets.
 *
 * <p>Nothing is in flight between two polls, so a rebalance finds everything committed; the tables tell where to go on. What concerns
 * one tenant stops that tenant or lets it wait, and the others go on; what concerns PostgreSQL or Kafka ends the round.
 *
 * <p><b>Limits:</b> {@link #MAX_TENANTS} in memory: those not heard of for longest are forgotten and loaded again when a record of
 * theirs comes. {@link #MAX_FAILED_BYTES} of records whose apply failed: past that they are dropped and asked for again.
 */
final class ConsumerLoop implements ConsumerRebalanceListener {
    /** Tenants whose progress is kept in memory; a poll may exceed it by the tenants that it brings. */
    static final int MAX_TENANTS = 10_000;

    /** Records, of all tenants together, kept in memory to be applied again after a failure. */
    static final long MAX_FAILED_BYTES = 16 << 20;

    /** Commits that {@link Projection#committed} has thrown for and will be called with again. */
    static final int MAX_UNANNOUNCED = 10_000;

    private static final Logger LOG = Logger.getLogger(ConsumerLoop.class);
    private static final Duration POLL = Duration.ofMillis(200);
    /** Records in one poll that are enough for a transaction each tenant: the loop doesn't rest after them. */
    private static final int ENOUGH_RECORDS = 500;

    /** SQLSTATE classes that say "not now": connection, resources, operator, system, serialization. */
    private static final Set<String> PASSING = Set.of("08", "25", "40", "53", "57", "58");

    private static final long SAVE_NANOS = 500_000_000;

    private final Projection projection;
    private final PositionTable table;
    private final LogTopic topic;
    private final ProjectionOptions options;
    private final RecordApplier applier;
    private final RecordReader reader;
    private final Quarantine quarantine;
    private final Positions positions;
    private final Consumer<byte[], byte[]> consumer;
    /** Least recently used first. */
    private final Map<String, TenantProgress> tenants = new LinkedHashMap<>(64, 0.75f, true);

    private final Set<TenantProgress> waiting = new LinkedHashSet<>();
    private final Map<TopicPartition, ReadTo> saved = new HashMap<>();
    /** The broker's epoch of the last message read, a partition. */
    private final Map<TopicPartition, Integer> epochs = new HashMap<>();

    private final Map<String, Long> unannounced = new LinkedHashMap<>();

    private long restUntilNanos = System.nanoTime();
    private long savedAtNanos = System.nanoTime() - SAVE_NANOS;

    ConsumerLoop(
            Projection projection,
            Database database,
            LogTopic topic,
            ProjectionOptions options,
            RecordReader reader,
            Positions positions,
            Consumer<byte[], byte[]> consumer) {
        this.projection = projection;
        this.table = new PositionTable(projection, database);
        this.topic = topic;
        this.options = options;
        this.applier = new RecordApplier(table, options.maxRunRecords(), positions);
        this.reader = reader;
        this.quarantine = new Quarantine(projection.name());
        this.positions = positions;
        this.consumer = consumer;
    }

    /** One round. When it throws, nothing was saved that wasn't committed; call {@link #startOver} before the next. */
    void round() {
        restUntilDue();
        ConsumerRecords<byte[], byte[]> polled = consumer.poll(POLL);
        polled.nextOffsets()
                .forEach((partition, next) -> next.leaderEpoch().ifPresent(epoch -> epochs.put(partition, epoch)));
        if (!polled.isEmpty()) {
            boolean enough = polled.count() >= ENOUGH_RECORDS;
            restUntilNanos = System.nanoTime() + (enough ? 0 : options.gather().toNanos());
        }
        reader.arrived();
        byTenant(polled).forEach(this::take);
        List.copyOf(waiting).stream().filter(this::isDue).forEach(this::retry);
        forgetLongUnused();
        if (System.nanoTime() - savedAtNanos > SAVE_NANOS) {
            saveOffsets();
        }
        announce();
    }

    /**
     * A transaction costs more than the few records that arrive at once. While this thread rests the broker gathers, and no thread
     * wakes for a record; when nothing arrives the next poll blocks. It doesn't rest while a reader waits for it.
     */
    private void restUntilDue() {
        long leftNanos = restUntilNanos - System.nanoTime();
        if (leftNanos > 0 && !positions.isAwaited()) {
            LockSupport.parkNanos(leftNanos);
        }
    }

    /** The records among the messages; the others are passed over, so what is no record takes no record's place. */
    private Map<String, List<LogRecord>> byTenant(ConsumerRecords<byte[], byte[]> polled) {
        var byTenant = new LinkedHashMap<String, List<LogRecord>>();
        for (ConsumerRecord<byte[], byte[]> message : polled) {
            try {
                LogRecord record = reader.read(message);
                byTenant.computeIfAbsent(record.tenant(), first -> new ArrayList<>())
                        .add(record);
            } catch (Foreign e) {
                quarantine.add(message.partition(), message.offset(), e.reason);
            }
        }
        return byTenant;
    }

    private void take(String tenant, List<LogRecord> records) {
        TenantProgress progress = tenants.computeIfAbsent(
                tenant, first -> load(first, records.getFirst().partition()));
        if (progress.isStopped()) {
            return;
        }
        if (progress.isRetrying()) {
            records.forEach(progress::drop);
        } else {
            apply(progress, records);
        }
        noteWhetherItWaits(progress);
    }

    private TenantProgress load(String tenant, int partition) {
        PositionTable.Position position = table.of(tenant);
        return new TenantProgress(tenant, partition, position.last(), position.stopped());
    }

    private void apply(TenantProgress progress, List<LogRecord> records) {
        long before = progress.last();
        try {
            applier.apply(progress, records);
            progress.keepFailed(List.of());
        } catch (ForkFound e) {
            stop(progress, e.position(), "fork");
        } catch (PositionTable.MovedOn e) {
            throw e;
        } catch (RuntimeException e) {
            throwIfPassing(e);
            keepFailed(progress, records);
            failed(progress, e);
        }
        if (progress.last() > before) {
            unannounced.put(progress.tenant, progress.last());
            if (!progress.isRetrying()) {
                progress.backOffAnew(options.minBackoff(), options.maxBackoff());
            }
        }
    }

    private static void throwIfPassing(RuntimeException e) {
        if (e instanceof DatabaseUnavailable unavailable) {
            String state = unavailable.sqlState();
            if (state == null || PASSING.contains(state.substring(0, 2))) {
                throw unavailable;
            }
        }
    }

    private void keepFailed(TenantProgress progress, List<LogRecord> records) {
        long bytes = waiting.stream()
                .filter(other -> other != progress)
                .flatMap(other -> other.failed().stream())
                .mapToLong(LogRecord::bytes)
                .sum();
        bytes += records.stream().mapToLong(LogRecord::bytes).sum();
        if (bytes <= MAX_FAILED_BYTES) {
            progress.keepFailed(records);
        } else {
            progress.keepFailed(List.of());
            records.forEach(progress::drop);
        }
    }

    private void failed(TenantProgress progress, RuntimeException cause) {
        progress.backOff(options.minBackoff(), options.maxBackoff());
        LOG.errorf(
                cause,
                "projection: failed, trying again projection=%s tenant=%s last=%d millis=%d",
                projection.name(),
                progress.tenant,
                progress.last(),
                progress.pause().toMillis());
    }

    /**
     * Whether a tenant's next attempt may be made. Far behind the end of the partition nothing is asked for: what is missing may lie
     * ahead, sent again for an earlier request.
     */
    private boolean isDue(TenantProgress progress) {
        var partition = new TopicPartition(topic.name(), progress.partition);
        return progress.isDue()
                && (progress.isRetrying() || consumer.currentLag(partition).orElse(0) < options.maxPollRecords());
    }

    /** Another attempt at what a tenant waits for. */
    private void retry(TenantProgress progress) {
        if (progress.isRetrying()) {
            apply(progress, progress.failed());
        } else {
            requestMissing(progress);
        }
        noteWhetherItWaits(progress);
    }

    private void requestMissing(TenantProgress progress) {
        progress.backOff(options.minBackoff(), options.maxBackoff());
        LOG.errorf(
                "projection: records missing from Kafka, asking the relay projection=%s tenant=%s from=%d to=%d",
                projection.name(), progress.tenant, progress.missingFrom(), progress.missingTo());
        try {
            table.requestRepublish(progress.tenant, progress.missingFrom(), progress.missingTo());
            progress.requested();
        } catch (RuntimeException e) {
            throwIfPassing(e);
            failed(progress, e);
        }
    }

    private void noteWhetherItWaits(TenantProgress progress) {
        if (progress.isWaiting()) {
            waiting.add(progress);
            return;
        }
        if (waiting.remove(progress) && !progress.isStopped()) {
            LOG.infof(
                    "projection: going on projection=%s tenant=%s position=%d",
                    projection.name(), progress.tenant, progress.last());
        }
        progress.settle();
    }

    private void stop(TenantProgress progress, long at, String because) {
        LOG.errorf(
                "projection: tenant stopped projection=%s tenant=%s position=%d because=%s",
                projection.name(), progress.tenant, at, because);
        table.stop(progress.tenant, at, because);
        progress.stop();
    }

    /** A tenant that waits for the relay can be forgotten once it has asked: what it waits for comes all the same. */
    private void forgetLongUnused() {
        var oldest = tenants.values().iterator();
        while (tenants.size() > MAX_TENANTS && oldest.hasNext()) {
            TenantProgress progress = oldest.next();
            if (progress.hasUnrequested()) {
                requestMissing(progress);
            }
            if (progress.resumeOffset() == Long.MAX_VALUE) {
                oldest.remove();
                waiting.remove(progress);
            }
        }
    }

    /**
     * Up to what was polled, but not past what a waiting tenant still needs from Kafka. Now and then only: what is read again after a
     * crash is recognised by its position.
     */
    void saveOffsets() {
        savedAtNanos = System.nanoTime();
        var changed = new HashMap<TopicPartition, ReadTo>();
        for (TopicPartition partition : consumer.assignment()) {
            long next = consumer.position(partition);
            for (TenantProgress progress : waiting) {
                if (progress.partition == partition.partition()) {
                    next = Math.min(next, progress.resumeOffset());
                }
            }
            var readTo = new ReadTo(next, epochs.getOrDefault(partition, ReadTo.NO_EPOCH));
            if (!readTo.equals(saved.get(partition))) {
                changed.put(partition, readTo);
            }
        }
        if (!changed.isEmpty() || !quarantine.unsaved().isEmpty()) {
            table.saveOffsets(
                    changed.entrySet().stream()
                            .collect(Collectors.toMap(entry -> entry.getKey().partition(), Map.Entry::getValue)),
                    quarantine.unsaved());
            quarantine.saved();
            saved.putAll(changed);
        }
    }

    private void announce() {
        unannounced.entrySet().removeIf(commit -> isAnnounced(commit.getKey(), commit.getValue()));
        requireFewUnannounced();
    }

    private boolean isAnnounced(String tenant, long position) {
        try {
            projection.committed(tenant, position);
            return true;
        } catch (RuntimeException e) {
            LOG.warnf(e, "projection: commit not announced yet projection=%s tenant=%s", projection.name(), tenant);
            return false;
        }
    }

    /** Past the limit nothing is remembered: starting over announces every tenant's commit again, from the table. */
    private void requireFewUnannounced() {
        if (unannounced.size() > MAX_UNANNOUNCED) {
            unannounced.clear();
            throw new IllegalStateException("too many commits could not be announced");
        }
    }

    /** Forgets what wasn't saved, so that it is read again, and announces every commit again. */
    void startOver() {
        tenants.clear();
        waiting.clear();
        saved.clear();
        begin(consumer.assignment());
    }

    private void begin(Collection<TopicPartition> partitions) {
        seek(partitions);
        Set<Integer> mine = partitions.stream().map(TopicPartition::partition).collect(Collectors.toSet());
        quarantine.forget(mine);
        quarantine.begin(table.passedOverTo());
        table.eachApplied((tenant, last) -> {
            if (mine.contains(topic.partitionOf(tenant)) && !isAnnounced(tenant, last)) {
                unannounced.put(tenant, last);
                requireFewUnannounced();
            }
        });
    }

    /** With the epoch Kafka tells when the broker has lost what was read, and goes back to there, though others lie there now. */
    private void seek(Collection<TopicPartition> partitions) {
        Map<Integer, ReadTo> offsets = table.offsets();
        for (TopicPartition partition : partitions) {
            ReadTo readTo = offsets.get(partition.partition());
            if (readTo == null) {
                consumer.seekToBeginning(List.of(partition));
            } else {
                consumer.seek(partition, new OffsetAndMetadata(readTo.nextOffset(), readTo.knownEpoch(), ""));
                readTo.knownEpoch().ifPresent(epoch -> epochs.put(partition, epoch));
                saved.put(partition, readTo);
            }
        }
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        if (!partitions.isEmpty()) {
            begin(partitions);
        }
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        Set<Integer> gone = partitions.stream().map(TopicPartition::partition).collect(Collectors.toSet());
        tenants.values().removeIf(progress -> gone.contains(progress.partition));
        waiting.removeIf(progress -> gone.contains(progress.partition));
        unannounced.keySet().removeIf(tenant -> gone.contains(topic.partitionOf(tenant)));
        quarantine.forget(gone);
        saved.keySet().removeAll(partitions);
        epochs.keySet().removeAll(partitions);
    }

    int waitingTenants() {
        return waiting.size();
    }

    /** Messages between here and the ends of the partitions, as of the last fetches. */
    long lagRecords() {
        return consumer.assignment().stream()
                .mapToLong(partition -> consumer.currentLag(partition).orElse(0))
                .sum();
    }
}
