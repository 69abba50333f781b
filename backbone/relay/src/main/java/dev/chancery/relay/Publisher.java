package dev.chancery.relay;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.relay.Progress.Mark;
import dev.chancery.schema.log.v1.Statement;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Sends each tenant's records in order of position, and stores progress when Kafka has acknowledged all of a batch. A failure fails the
 * batch and this publisher with it: the next session finds out what arrived.
 *
 * <p><b>Thread safety:</b> safe; batches are sent one after the other, whatever thread calls.
 */
final class Publisher implements AutoCloseable {
    static final String POSITION_HEADER = "position";
    static final String KIND_HEADER = "kind";
    private static final byte[] INTENT = "intent".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] OUTCOME = "outcome".getBytes(StandardCharsets.US_ASCII);
    private static final Logger LOG = Logger.getLogger(Publisher.class);
    /** How long a captured commit may take to be visible in the table: with synchronous replicas it waits for them. */
    private static final Duration VISIBLE = Duration.ofSeconds(10);

    private static final int PRODUCER_BATCH_BYTES = 256 << 10;
    private static final long VISIBLE_PAUSE_NANOS = 100_000;

    private final LogTable log;
    private final Progress progress;
    private final RelayOptions options;
    private final Producer<byte[], byte[]> producer;
    private volatile @Nullable Exception heartbeatFailure;
    private final Set<String> stopped = ConcurrentHashMap.newKeySet();

    Publisher(LogTable log, Progress progress, KafkaClients kafka, RelayOptions options) {
        this.log = log;
        this.progress = progress;
        this.options = options;
        this.producer = kafka.producer(
                options.deliveryTimeout(),
                Map.of(
                        ProducerConfig.BATCH_SIZE_CONFIG,
                        PRODUCER_BATCH_BYTES,
                        ProducerConfig.COMPRESSION_TYPE_CONFIG,
                        "none",
                        ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                        Topic.MAX_MESSAGE_BYTES));
    }

    /**
     * Sends from the table what of these logs Kafka hasn't, up to and including the given positions and whatever was committed since;
     * of several tenants together, as much as a batch may hold.
     *
     * <p>A commit is captured when it is on disk. Others see it in the table a moment later: this waits for that moment.
     */
    void catchUp(Map<String, Long> lastPositions) {
        var behind = new LinkedHashMap<>(lastPositions);
        long progressedAtNanos = System.nanoTime();
        while (true) {
            behind.entrySet().removeIf(tenant -> isUpTo(tenant.getKey(), tenant.getValue()));
            if (behind.isEmpty()) {
                return;
            }
            if (sendNext(behind.keySet())) {
                progressedAtNanos = System.nanoTime();
            } else if (System.nanoTime() - progressedAtNanos > VISIBLE.toNanos()) {
                stopWhereTheLogHasAHole(behind.keySet());
                behind.keySet().removeAll(stopped);
                if (!behind.isEmpty()) {
                    throw new IllegalStateException(
                            "committed records not yet visible in the table: " + behind.keySet());
                }
            } else {
                LockSupport.parkNanos(VISIBLE_PAUSE_NANOS);
            }
        }
    }

    /** A head that others see says that the records before it can be seen too; one that nobody sees yet says nothing. */
    private void stopWhereTheLogHasAHole(Collection<String> tenants) {
        Map<String, Long> visible = log.lastPositions();
        for (String tenant : tenants) {
            long missing = progress.of(tenant) + 1;
            if (visible.getOrDefault(tenant, -1L) >= missing
                    && log.at(tenant, List.of(missing)).isEmpty()) {
                stop(tenant, missing, "missing from the log");
            }
        }
    }

    private boolean isUpTo(String tenant, long position) {
        return progress.of(tenant) >= position || stopped.contains(tenant);
    }

    /** Whether there was something to send. */
    private synchronized boolean sendNext(Collection<String> tenants) {
        var batch = new ArrayList<CommittedRecord>();
        int bytes = 0;
        for (String tenant : tenants) {
            if (batch.size() >= options.maxBatchRecords() || bytes >= options.maxBatchBytes()) {
                break;
            }
            List<CommittedRecord> rows = log.read(
                    tenant,
                    progress.of(tenant) + 1,
                    Long.MAX_VALUE,
                    options.maxBatchRecords() - batch.size(),
                    options.maxBatchBytes() - bytes);
            batch.addAll(rows);
            bytes += rows.stream().mapToInt(row -> row.record().length).sum();
        }
        send(batch, true);
        return !batch.isEmpty();
    }

    /**
     * Says up to where the topic is complete. A heartbeat that is lost is not sent again: the next one follows soon.
     *
     * @throws KafkaException when an earlier one could not be sent: the next session looks for the topic, and makes it where it is gone
     */
    void sendPulse(long atMicros) {
        Exception failed = heartbeatFailure;
        if (failed != null) {
            throw new KafkaException("the heartbeat could not be sent", failed);
        }
        producer.send(
                new ProducerRecord<>(
                        options.pulseTopic(), 0, null, Heartbeats.pulse(atMicros, progress, options.partitions())),
                (answer, failure) -> heartbeatFailure = failure);
    }

    /**
     * Sends {@code from} and what follows it again, as much as a batch may hold. What Kafka hasn't had yet is left to {@link #catchUp}.
     *
     * @return where the rest begins; empty when Kafka has everything again
     */
    synchronized OptionalLong republish(String tenant, long from) {
        long end = progress.of(tenant);
        if (from > end || stopped.contains(tenant)) {
            return OptionalLong.empty();
        }
        List<CommittedRecord> rows = log.read(tenant, from, end, options.maxBatchRecords(), options.maxBatchBytes());
        if (rows.isEmpty()) {
            throw new IllegalStateException("no record at " + tenant + "@" + from);
        }
        send(rows, false);
        long next = from + rows.size();
        return next > end ? OptionalLong.empty() : OptionalLong.of(next);
    }

    /** Sends nothing more of these tenants. */
    void stop(Set<String> tenants) {
        stopped.addAll(tenants);
    }

    /** Tenants that aren't relayed: forked, or with a record that contradicts its row. */
    Set<String> stopped() {
        return Set.copyOf(stopped);
    }

    private void send(List<CommittedRecord> rows, boolean advances) {
        if (rows.isEmpty()) {
            return;
        }
        var sent = new ArrayList<CommittedRecord>(rows.size());
        var answers = new ArrayList<Future<RecordMetadata>>(rows.size());
        for (CommittedRecord row : rows) {
            if (!stopped.contains(row.tenant())) {
                message(row).ifPresent(message -> {
                    answers.add(producer.send(message));
                    sent.add(row);
                });
            }
        }
        var acknowledged = new HashMap<String, Mark>();
        for (int i = 0; i < sent.size(); i++) {
            RecordMetadata answer =
                    KafkaClients.await(answers.get(i), options.deliveryTimeout().multipliedBy(2));
            if (answer.offset() < progress.nextOffset(answer.partition())) {
                // The broker has lost records that it had acknowledged; the next session finds out which. Only this one
                // knows that they were there: later, other records may lie at their offsets.
                progress.forget(answer.partition());
                throw new KafkaException("the topic's end went back: partition " + answer.partition());
            }
            acknowledged.put(
                    sent.get(i).tenant(), new Mark(sent.get(i).position(), answer.partition(), answer.offset()));
        }
        if (advances) {
            progress.advance(acknowledged);
        }
    }

    /** Empty for a record that isn't what its row says: it would stop every consumer, so its tenant waits here. */
    private Optional<ProducerRecord<byte[], byte[]>> message(CommittedRecord row) {
        Statement statement;
        try {
            statement = CommittedRecord.statementOf(row.record());
        } catch (InvalidProtocolBufferException e) {
            stop(row.tenant(), row.position(), "unreadable");
            return Optional.empty();
        }
        if (statement.getPosition() != row.position() || !statement.getOrigin().endsWith("/" + row.tenant())) {
            stop(row.tenant(), row.position(), "of another position or log");
            return Optional.empty();
        }
        var message = new ProducerRecord<>(
                options.topic(),
                Topic.partitionOf(row.tenant(), options.partitions()),
                row.tenant().getBytes(StandardCharsets.UTF_8),
                row.record());
        message.headers()
                .add(
                        POSITION_HEADER,
                        ByteBuffer.allocate(Long.BYTES).putLong(row.position()).array())
                .add(KIND_HEADER, statement.hasOutcome() ? OUTCOME : INTENT);
        return Optional.of(message);
    }

    /** Its appends stop too: what came after could not be sent, and nobody would know. */
    private void stop(String tenant, long position, String because) {
        stopped.add(tenant);
        log.stop(tenant, position);
        LOG.errorf(
                "relay: record not sent, tenant stopped tenant=%s position=%d because=%s", tenant, position, because);
    }

    @Override
    public void close() {
        producer.close(Duration.ZERO);
    }
}
