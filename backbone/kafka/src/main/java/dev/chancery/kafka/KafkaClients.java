package dev.chancery.kafka;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.apache.kafka.common.security.scram.ScramLoginModule;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Makes the clients of one Kafka cluster. What every client needs (addresses, TLS) comes from one configuration; what keeps records safe
 * is set here and can't be forgotten; what a client wants besides is passed when it is made.
 *
 * <p><b>Use:</b> {@code new KafkaClients(Map.of("bootstrap.servers", "localhost:9092")).consumer(Map.of("group.id", "rbac"))}. Keys and
 * values are bytes. Whoever makes a client closes it.
 *
 * <p><b>Thread safety:</b> safe; a consumer that it makes is not.
 */
public final class KafkaClients {
    private static final Duration POLL = Duration.ofMillis(500);

    /** Empty polls in a row after which Kafka counts as unavailable. */
    private static final int MAX_EMPTY_POLLS = 40;

    private final Map<String, Object> configuration;

    /** @param configuration as the map of {@code quarkus-kafka-client}: any property of Kafka's clients, {@code bootstrap.servers} at least */
    public KafkaClients(Map<?, ?> configuration) {
        var copy = new HashMap<String, Object>();
        configuration.forEach((name, value) -> copy.put((String) name, value));
        this.configuration = Map.copyOf(copy);
    }

    /** A consumer that commits no offsets by itself and creates no topic. Where it starts without an offset is the caller's to say. */
    public Consumer<byte[], byte[]> consumer(Map<String, ?> settings) {
        Map<String, Object> all = with(settings);
        all.putIfAbsent(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        all.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        all.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        return new KafkaConsumer<>(all, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /**
     * A producer whose acknowledged records are on every in-sync replica, once and in the order in which they were sent.
     *
     * @param delivery how long a record may take, retries included, until its sending fails
     */
    public Producer<byte[], byte[]> producer(Duration delivery, Map<String, ?> settings) {
        int deliveryMillis = Math.toIntExact(delivery.toMillis());
        Map<String, Object> all = with(settings);
        all.put(ProducerConfig.ACKS_CONFIG, "all");
        all.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        all.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        all.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, deliveryMillis);
        all.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, deliveryMillis);
        all.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, deliveryMillis / 2);
        return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** Creates and checks topics. */
    public Topics topics() {
        return new Topics(Admin.create(new HashMap<>(configuration)));
    }

    /** Makes users and access control lists. */
    public Accounts accounts() {
        return new Accounts(Admin.create(new HashMap<>(configuration)));
    }

    /** The configuration of clients that show a password on this machine's loopback; the broker never sees it, nor does who stands in for it. */
    public static Properties byPassword(String bootstrapServers, String user, String password) {
        var configuration = new Properties();
        configuration.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        configuration.put(CommonClientConfigs.SECURITY_PROTOCOL_CONFIG, SecurityProtocol.SASL_PLAINTEXT.name);
        configuration.put(SaslConfigs.SASL_MECHANISM, "SCRAM-SHA-512");
        configuration.put(
                SaslConfigs.SASL_JAAS_CONFIG,
                ScramLoginModule.class.getName() + " required username=\"" + user + "\" password=\"" + password
                        + "\";");
        return configuration;
    }

    private Map<String, Object> with(Map<String, ?> settings) {
        var all = new HashMap<String, Object>(configuration);
        all.putAll(settings);
        return all;
    }

    /**
     * Reads partitions from their beginning up to these offsets, exclusive.
     *
     * @throws KafkaException when Kafka returns nothing for too long
     */
    public static void readUpTo(
            Consumer<byte[], byte[]> consumer,
            Map<TopicPartition, Long> ends,
            java.util.function.Consumer<Iterable<ConsumerRecord<byte[], byte[]>>> messages) {
        consumer.assign(ends.keySet());
        consumer.seekToBeginning(ends.keySet());
        readOn(consumer, ends, messages);
    }

    /**
     * Reads partitions from some offsets up to others, exclusive. One that begins at its end, or behind it, is not read.
     *
     * @throws KafkaException when Kafka returns nothing for too long
     */
    public static void readBetween(
            Consumer<byte[], byte[]> consumer,
            Map<TopicPartition, Long> begins,
            Map<TopicPartition, Long> ends,
            java.util.function.Consumer<Iterable<ConsumerRecord<byte[], byte[]>>> messages) {
        Map<TopicPartition, Long> reading = new HashMap<>(ends);
        reading.entrySet().removeIf(end -> begins.getOrDefault(end.getKey(), 0L) >= end.getValue());
        consumer.assign(reading.keySet());
        reading.keySet().forEach(partition -> consumer.seek(partition, begins.getOrDefault(partition, 0L)));
        readOn(consumer, reading, messages);
    }

    private static void readOn(
            Consumer<byte[], byte[]> consumer,
            Map<TopicPartition, Long> ends,
            java.util.function.Consumer<Iterable<ConsumerRecord<byte[], byte[]>>> messages) {
        int emptyPolls = 0;
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            var polled = consumer.poll(POLL);
            emptyPolls = polled.isEmpty() ? emptyPolls + 1 : 0;
            if (emptyPolls > MAX_EMPTY_POLLS) {
                throw new KafkaException("Kafka returns no more messages");
            }
            messages.accept(polled);
        }
    }

    /**
     * What a client's future answers.
     *
     * @throws KafkaException when Kafka refused, or did not answer in time
     */
    public static <T> T await(Future<T> answer, Duration atMost) {
        try {
            return answer.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException cause ? cause : new KafkaException(e.getCause());
        } catch (TimeoutException e) {
            throw new KafkaException("Kafka did not answer within " + atMost.toMillis() + " ms", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted", e);
        }
    }
}
