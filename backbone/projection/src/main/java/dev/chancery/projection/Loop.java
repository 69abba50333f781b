package dev.chancery.projection;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.projection.PositionTable.ReadTo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;

/**
 * What a runner's one thread does: poll, take each tenant's records in their turn, tend those that wait, save the offsets.
 *
 * <p>Nothing is in flight between two polls, so a rebalance finds everything committed; the tables tell where to go on.
 */
final class Loop implements ConsumerRebalanceListener {
    private static final Logger LOG = Logger.getLogger(Loop.class);
    private static final Duration POLL = Duration.ofMillis(200);
    /** SQLSTATE classes that say "not now": connection, resources, operator, system, serialization. */
    private static final Set<String> PASSING = Set.of("08", "25", "40", "53", "57", "58");

    private static final long SAVE_NANOS = 500_000_000;

    private final Projection projection;
    private final PositionTable table;
    private final LogTopic topic;
    private final ProjectionOptions options;
    private final Turns turns;
    private final Waiting waiting;
    private final Consumer<byte[], byte[]> consumer;
    private final Map<String, TenantProgress> tenants = new HashMap<>();
    private final Map<TopicPartition, ReadTo> saved = new HashMap<>();
    /** The broker's epoch of the last message read, a partition. */
    private final Map<TopicPartition, Integer> epochs = new HashMap<>();

    private final Map<String, Long> unannounced = new LinkedHashMap<>();

    private long savedAtNanos = System.nanoTime() - SAVE_NANOS;

    Loop(
            Projection projection,
            Database database,
            LogTopic topic,
            ProjectionOptions options,
            Positions positions,
            Search search,
            Consumer<byte[], byte[]> consumer) {
        this.projection = projection;
        this.table = new PositionTable(projection, database);
        this.topic = topic;
        this.options = options;
        this.turns = new Turns(table, options.maxRunRecords(), positions);
        this.waiting = new Waiting(projection, table, topic, options, turns, search);
        this.consumer = consumer;
    }

    /** One round. When it throws, nothing was saved that wasn't committed; call {@link #startOver} before the next. */
    void round() {
        ConsumerRecords<byte[], byte[]> polled = consumer.poll(POLL);
        polled.nextOffsets()
                .forEach((partition, next) -> next.leaderEpoch().ifPresent(epoch -> epochs.put(partition, epoch)));
        byTenant(polled).forEach(this::take);
        for (TenantProgress progress : held()) {
            applying(progress, () -> waiting.tend(progress, consumer));
        }
        if (System.nanoTime() - savedAtNanos > SAVE_NANOS) {
            saveOffsets();
        }
        announce();
    }

    private List<TenantProgress> held() {
        return tenants.values().stream().filter(TenantProgress::isHeld).toList();
    }

    private static Map<String, List<ConsumerRecord<byte[], byte[]>>> byTenant(ConsumerRecords<byte[], byte[]> polled) {
        var byTenant = new LinkedHashMap<String, List<ConsumerRecord<byte[], byte[]>>>();
        for (ConsumerRecord<byte[], byte[]> message : polled) {
            LogTopic.tenantOf(message)
                    .ifPresentOrElse(
                            tenant -> byTenant.computeIfAbsent(tenant, first -> new ArrayList<>())
                                    .add(message),
                            () -> LOG.errorf(
                                    "projection: message of no log passed over partition=%d offset=%d",
                                    message.partition(), message.offset()));
        }
        return byTenant;
    }

    private void take(String tenant, List<ConsumerRecord<byte[], byte[]>> messages) {
        TenantProgress progress = tenants.computeIfAbsent(
                tenant, first -> load(first, messages.getFirst().partition()));
        if (progress.stopped) {
            return;
        }
        var records = new ArrayList<LogRecord>(messages.size());
        MalformedRecord malformed = null;
        for (ConsumerRecord<byte[], byte[]> message : messages) {
            try {
                records.add(LogTopic.parse(tenant, message));
            } catch (MalformedRecord e) {
                malformed = e;
                break;
            }
        }
        applying(progress, () -> turns.take(progress, records));
        if (malformed != null && !progress.stopped) {
            stop(progress, progress.last + 1, "malformed record: " + malformed.getMessage());
        }
    }

    private TenantProgress load(String tenant, int partition) {
        PositionTable.Position position = table.of(tenant);
        return new TenantProgress(tenant, partition, position.last(), position.stopped(), options.maxAheadRecords());
    }

    /** What concerns one tenant stops or holds that one; what concerns PostgreSQL goes up. */
    private void applying(TenantProgress progress, Runnable work) {
        long before = progress.last;
        try {
            work.run();
        } catch (ForkFound e) {
            stop(progress, e.position(), "fork");
        } catch (DatabaseUnavailable e) {
            if (isPassing(e)) {
                throw e;
            }
            waiting.failed(progress, e);
        } catch (PositionTable.MovedOn e) {
            throw e;
        } catch (RuntimeException e) {
            waiting.failed(progress, e);
        }
        if (progress.last > before) {
            waiting.moved(progress);
            unannounced.put(progress.tenant, progress.last);
        }
    }

    private static boolean isPassing(DatabaseUnavailable e) {
        String state = e.sqlState();
        return state == null || PASSING.contains(state.substring(0, 2));
    }

    private void stop(TenantProgress progress, long at, String because) {
        LOG.errorf(
                "projection: tenant stopped projection=%s tenant=%s position=%d because=%s",
                projection.name(), progress.tenant, at, because);
        table.stop(progress.tenant, at, because);
        progress.release(options.maxAheadRecords());
        progress.stopped = true;
    }

    /**
     * Up to what was polled, but not past what a tenant still waits for. Now and then: what is read again after a crash is known by its
     * position.
     */
    void saveOffsets() {
        savedAtNanos = System.nanoTime();
        List<TenantProgress> held = held();
        var changed = new HashMap<TopicPartition, ReadTo>();
        for (TopicPartition partition : consumer.assignment()) {
            long next = consumer.position(partition);
            for (TenantProgress progress : held) {
                if (progress.partition == partition.partition()) {
                    next = Math.min(next, progress.heldOffset);
                }
            }
            var readTo = new ReadTo(next, epochs.getOrDefault(partition, ReadTo.NO_EPOCH));
            if (!readTo.equals(saved.get(partition))) {
                changed.put(partition, readTo);
            }
        }
        if (!changed.isEmpty()) {
            table.saveOffsets(changed.entrySet().stream()
                    .collect(Collectors.toMap(entry -> entry.getKey().partition(), Map.Entry::getValue)));
            saved.putAll(changed);
        }
    }

    private void announce() {
        unannounced.entrySet().removeIf(commit -> {
            try {
                projection.committed(commit.getKey(), commit.getValue());
                return true;
            } catch (RuntimeException e) {
                LOG.warnf(
                        e,
                        "projection: commit not announced yet projection=%s tenant=%s",
                        projection.name(),
                        commit.getKey());
                return false;
            }
        });
    }

    /** Forgets what wasn't saved, so that it is read again; of what was committed nobody may have heard. */
    void startOver() {
        tenants.clear();
        saved.clear();
        begin(consumer.assignment());
    }

    private void begin(Collection<TopicPartition> partitions) {
        seek(partitions);
        Set<Integer> mine = partitions.stream().map(TopicPartition::partition).collect(Collectors.toSet());
        table.all().forEach((tenant, position) -> {
            if (position.last() >= 0 && !position.stopped() && mine.contains(topic.partitionOf(tenant))) {
                unannounced.put(tenant, position.last());
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
        unannounced.keySet().removeIf(tenant -> gone.contains(topic.partitionOf(tenant)));
        saved.keySet().removeAll(partitions);
        epochs.keySet().removeAll(partitions);
    }

    int waitingTenants() {
        return held().size();
    }

    int stoppedTenants() {
        return (int)
                tenants.values().stream().filter(progress -> progress.stopped).count();
    }

    /** Messages between here and the ends of the partitions, as far as the last fetches told. */
    long lagRecords() {
        return consumer.assignment().stream()
                .mapToLong(partition -> consumer.currentLag(partition).orElse(0))
                .sum();
    }
}
