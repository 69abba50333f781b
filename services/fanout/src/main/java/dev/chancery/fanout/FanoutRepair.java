package dev.chancery.fanout;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kafka.KafkaClients;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Compares the event topics with what was sent to them. One that lacks events is deleted, and the projection begins again: it fills the
 * topic anew, and sends nothing to those that are whole. The projection must not run meanwhile.
 */
final class FanoutRepair {
    private final Database database;
    private final KafkaClients kafka;
    private final List<String> topics;

    FanoutRepair(Database database, Properties kafka, List<String> topics) {
        this.database = database;
        this.kafka = new KafkaClients(kafka);
        this.topics = topics;
    }

    /** What the topics lack, a line each. */
    List<String> findings() {
        return lacking().stream()
                .map(topic -> topic + " lacks events that were sent to it")
                .toList();
    }

    /** Makes the topics anew; answers what is left. */
    List<String> apply() {
        Set<String> lacking = lacking();
        if (lacking.isEmpty()) {
            return List.of();
        }
        forgetPositions(lacking);
        try (var admin = kafka.topics()) {
            lacking.forEach(admin::delete);
        }
        for (String tenant : tenants()) {
            database.inTenant(DatabaseRole.FANOUT, tenant, connection -> {
                try (var statement = connection.createStatement()) {
                    statement.addBatch("DELETE FROM fanout.sent");
                    statement.addBatch("UPDATE fanout.position SET position = -1");
                    return statement.executeBatch().length;
                }
            });
        }
        return database.transaction(DatabaseRole.FANOUT, connection -> {
            try (var statement = connection.createStatement()) {
                statement.executeUpdate("UPDATE fanout.offset SET next_offset = 0, leader_epoch = -1");
                return List.of();
            }
        });
    }

    private Set<String> lacking() {
        Map<String, Long> sent = new HashMap<>();
        for (String tenant : tenants()) {
            database.inTenant(DatabaseRole.FANOUT, tenant, connection -> {
                try (var query = connection.prepareStatement("SELECT topic, events FROM fanout.sent");
                        var rows = query.executeQuery()) {
                    while (rows.next()) {
                        sent.put(EventTopics.positionKey(rows.getString(1), tenant), rows.getLong(2));
                    }
                    return sent.size();
                }
            });
        }
        Map<String, Long> there = new HashMap<>();
        for (String topic : topics) {
            if (!topic.equals(EventTopics.POSITIONS)) {
                EventTopics.read(
                        kafka,
                        partitions(topic),
                        (tenant, event) -> there.merge(EventTopics.positionKey(topic, tenant), 1L, Long::sum));
            }
        }
        Set<String> lacking = new TreeSet<>();
        sent.forEach((key, events) -> {
            if (there.getOrDefault(key, 0L) < events) {
                lacking.add(key.substring(0, key.indexOf('/')));
            }
        });
        return lacking;
    }

    private void forgetPositions(Set<String> lacking) {
        List<TopicPartition> partitions = partitions(EventTopics.POSITIONS);
        for (TopicPartition partition : partitions) {
            var stale = new TreeSet<String>();
            EventTopics.read(kafka, List.of(partition), (key, value) -> {
                if (lacking.contains(key.substring(0, key.indexOf('/')))) {
                    stale.add(key);
                }
            });
            try (var producer = kafka.producer(EventTopics.ANSWER, Map.of())) {
                var answers = new ArrayList<Future<?>>();
                stale.forEach(key -> answers.add(producer.send(new ProducerRecord<>(
                        EventTopics.POSITIONS, partition.partition(), key.getBytes(UTF_8), null))));
                answers.forEach(answer -> KafkaClients.await(answer, EventTopics.ANSWER));
            }
        }
    }

    private List<TopicPartition> partitions(String topic) {
        try (var admin = kafka.topics()) {
            return admin.find(topic)
                    .map(found -> IntStream.range(0, found.partitions().size())
                            .mapToObj(partition -> new TopicPartition(topic, partition))
                            .toList())
                    .orElse(List.of());
        }
    }

    private List<String> tenants() {
        return database.transaction(DatabaseRole.FANOUT, connection -> {
            var tenants = new ArrayList<String>();
            try (var query = connection.prepareStatement("SELECT tenant FROM fanout.position ORDER BY tenant");
                    var rows = query.executeQuery()) {
                while (rows.next()) {
                    tenants.add(rows.getString(1));
                }
            }
            return tenants;
        });
    }
}
