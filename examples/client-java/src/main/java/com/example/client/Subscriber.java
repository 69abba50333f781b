package com.example.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Prints one organisation's events of one feature as they happen. The topic has each event once, so there is nothing to remember. */
final class Subscriber {
    private Subscriber() {}

    static void subscribe(Path clientFile, String topic, String organisation) throws IOException {
        var client = new Properties();
        try (var reader = Files.newBufferedReader(clientFile)) {
            client.load(reader);
        }
        client.putIfAbsent("group.id", "subscriber-java-" + organisation);
        client.put("auto.offset.reset", "earliest");
        client.put("isolation.level", "read_committed");
        try (var consumer = new KafkaConsumer<>(client, new StringDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(topic));
            while (true) {
                for (var message : consumer.poll(Duration.ofSeconds(1))) {
                    if (organisation.equals(message.key())) {
                        System.out.println(attribute(message, "id") + " " + attribute(message, "type") + " "
                                + attribute(message, "subject"));
                    }
                }
                consumer.commitSync();
            }
        }
    }

    private static String attribute(ConsumerRecord<String, byte[]> message, String name) {
        return new String(message.headers().lastHeader("ce_" + name).value(), UTF_8);
    }
}
