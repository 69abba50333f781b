package dev.chancery.projection;

import dev.chancery.database.Database;
import dev.chancery.kafka.KafkaClients;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Reads the log's topic from its beginning, in no consumer group, into the empty tables of a projection: the same records, the
 * same rows. The projection names the role and schema that the rebuilt tables lie in.
 *
 * <p>One pass suffices: where Kafka lost records and the relay sent them again, it sent everything after them again too.
 * {@code committed} isn't called, and nothing is republished: a record that the topic lacks ends its tenant before it.
 */
public final class Rebuild {
    private final Projection projection;
    private final PositionTable table;
    private final LogTopic topic;
    private final RecordApplier applier;
    private final RecordReader reader;

    /** @param instanceId the installation whose sources' records are applied; what else lies on the topic is passed over */
    public Rebuild(
            Projection projection,
            String instanceId,
            Database database,
            Properties kafka,
            String topic,
            ProjectionOptions options) {
        this.projection = projection;
        this.table = new PositionTable(projection, database);
        this.topic = new LogTopic(new KafkaClients(kafka), topic, options);
        this.reader = new RecordReader(this.topic, instanceId, database, projection.role());
        this.applier = new RecordApplier(
                table, options.maxRunRecords(), new Positions(database, projection.role(), projection.schema()));
    }

    /**
     * Applies every tenant's records up to and including the given position; tenants that aren't named are left out.
     *
     * @return the last position applied of each tenant named; less than asked where the topic lacks a record
     * @throws ForkFound when the topic has two records at one position
     * @throws IllegalStateException when it takes longer
     */
    public Map<String, Long> upTo(Map<String, Long> positions, Duration atMost) {
        long deadline = System.nanoTime() + atMost.toNanos();
        var tenants = new HashMap<String, TenantProgress>();
        positions.keySet().forEach(tenant -> tenants.put(tenant, load(tenant)));
        try (var consumer = topic.consumer(Optional.empty())) {
            if (topic.check(consumer)) {
                read(consumer, positions, tenants, deadline);
            }
        }
        var reached = new HashMap<String, Long>();
        tenants.forEach((tenant, progress) -> reached.put(tenant, progress.last()));
        return reached;
    }

    private TenantProgress load(String tenant) {
        return new TenantProgress(
                tenant, topic.partitionOf(tenant), table.of(tenant).last(), false);
    }

    private void read(
            Consumer<byte[], byte[]> consumer,
            Map<String, Long> positions,
            Map<String, TenantProgress> tenants,
            long deadline) {
        KafkaClients.readUpTo(consumer, consumer.endOffsets(topic.partitions()), messages -> {
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException("the rebuild of " + projection.name() + " took too long");
            }
            var byTenant = new HashMap<String, List<LogRecord>>();
            reader.arrived();
            for (ConsumerRecord<byte[], byte[]> message : messages) {
                read(message)
                        .filter(record -> record.position() <= positions.getOrDefault(record.tenant(), -1L))
                        .ifPresent(record -> byTenant.computeIfAbsent(record.tenant(), first -> new ArrayList<>())
                                .add(record));
            }
            byTenant.forEach((tenant, records) -> {
                TenantProgress progress = tenants.get(tenant);
                if (progress != null) {
                    applier.apply(progress, records);
                }
            });
        });
    }

    private Optional<LogRecord> read(ConsumerRecord<byte[], byte[]> message) {
        try {
            return Optional.of(reader.read(message));
        } catch (Foreign e) {
            return Optional.empty();
        }
    }
}
