package dev.chancery.relay;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.kafka.Topics;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.utils.Utils;

/** The log's topic: made once, with a fixed number of partitions, and never another one after that. */
final class Topic {
    /** A record is at most 1 MiB in the table; the rest is room for key, headers and the batch around it. */
    static final int MAX_MESSAGE_BYTES = (1 << 20) + (64 << 10);

    private static final String PULSE_RETENTION_MILLIS = "600000";

    private Topic() {}

    /** Where a tenant's records lie: murmur2 of the key, as Kafka's own partitioner for keyed messages has it. */
    static int partitionOf(String tenant, int partitions) {
        return Utils.toPositive(Utils.murmur2(tenant.getBytes(StandardCharsets.UTF_8))) % partitions;
    }

    /**
     * Creates the topics at the first start. Later, checks that the log's topic is the same one.
     *
     * @throws RelayRefused when it is another, or has another number of partitions
     */
    static void ensure(Database database, KafkaClients kafka, RelayOptions options) {
        String name = options.topic();
        Optional<String> knownId = knownId(database, name);
        try (var topics = kafka.topics()) {
            if (knownId.isPresent() && topics.find(name).isEmpty()) {
                throw new RelayRefused(
                        "The topic " + name + " is gone: stop everything and let `./chancery repair` make it again");
            }
            TopicDescription found = topics.ensure(log(options));
            topics.ensure(pulses(options));
            requireRoom(topics, name);
            String id = found.topicId().toString();
            int partitions = found.partitions().size();
            if (partitions != options.partitions()) {
                throw new RelayRefused(
                        "The topic " + name + " has " + partitions + " partitions, not " + options.partitions());
            }
            if (knownId.isEmpty()) {
                database.transaction(DatabaseRole.RELAY, connection -> store(connection, name, id, partitions));
            } else if (!knownId.get().equals(id)) {
                throw new RelayRefused("The topic " + name
                        + " is another one than before, it was deleted and created again: stop everything and let"
                        + " `./chancery repair` make it anew");
            }
        }
    }

    /** With less, Kafka's producer would halve a batch of one record for ever. */
    private static void requireRoom(Topics topics, String name) {
        int room = topics.maxMessageBytes(name);
        if (room < MAX_MESSAGE_BYTES) {
            throw new KafkaException(
                    "The topic " + name + " takes messages of " + room + " bytes at most: set its max.message.bytes to "
                            + MAX_MESSAGE_BYTES + ", or let `./chancery repair` do it");
        }
    }

    /** The identity of the topic that the log went to. */
    static Optional<String> knownId(Database database, String name) {
        return database.transaction(DatabaseRole.RELAY, connection -> knownId(connection, name));
    }

    static NewTopic log(RelayOptions options) {
        return new NewTopic(options.topic(), options.partitions(), options.replicationFactor())
                .configs(Map.of(
                        TopicConfig.CLEANUP_POLICY_CONFIG,
                        TopicConfig.CLEANUP_POLICY_DELETE,
                        TopicConfig.RETENTION_MS_CONFIG,
                        "-1",
                        TopicConfig.RETENTION_BYTES_CONFIG,
                        "-1",
                        TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                        Integer.toString(MAX_MESSAGE_BYTES)));
    }

    /** A pulse is worth nothing after a moment: its topic needn't be the same as before, nor keep anything. */
    private static NewTopic pulses(RelayOptions options) {
        return new NewTopic(options.pulseTopic(), 1, options.replicationFactor())
                .configs(Map.of(
                        TopicConfig.CLEANUP_POLICY_CONFIG,
                        TopicConfig.CLEANUP_POLICY_DELETE,
                        TopicConfig.RETENTION_MS_CONFIG,
                        PULSE_RETENTION_MILLIS,
                        TopicConfig.SEGMENT_MS_CONFIG,
                        PULSE_RETENTION_MILLIS));
    }

    private static Optional<String> knownId(Connection connection, String name) throws SQLException {
        try (var query = connection.prepareStatement("SELECT topic_id FROM relay.topic WHERE name = ?")) {
            query.setString(1, name);
            try (var row = query.executeQuery()) {
                return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
            }
        }
    }

    private static boolean store(Connection connection, String name, String id, int partitions) throws SQLException {
        try (var insert = connection.prepareStatement("INSERT INTO relay.topic VALUES (?, ?, ?)")) {
            insert.setString(1, name);
            insert.setString(2, id);
            insert.setInt(3, partitions);
            return insert.executeUpdate() == 1;
        }
    }
}
