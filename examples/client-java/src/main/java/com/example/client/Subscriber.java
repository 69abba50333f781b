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
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Prints one organisation's events of one feature as they happen. The topic has each event once, so there is nothing to remember. An
 * event that can't be read is parked, and holds up none that follow it.
 */
final class Subscriber {
    private Subscriber() {}

    static void subscribe(Path clientFile, String topic, String organisation, Path parkedFile) throws IOException {
        var client = new Properties();
        try (var reader = Files.newBufferedReader(clientFile)) {
            client.load(reader);
        }
        client.putIfAbsent("group.id", "subscriber-java-" + organisation);
        client.put("auto.offset.reset", "earliest");
        client.put("isolation.level", "read_committed");
        var parked = new ParkedEvents(parkedFile);
        try (var consumer = new KafkaConsumer<>(client, new StringDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(topic));
            while (true) {
                for (var message : consumer.poll(Duration.ofSeconds(1))) {
                    if (organisation.equals(message.key())) {
                        Event event = event(message);
                        if (!event.apply()) {
                            parked.park(event);
                        }
                    }
                }
                // Only now: what was neither printed nor parked comes again.
                consumer.commitSync();
            }
        }
    }

    private static Event event(ConsumerRecord<String, byte[]> message) {
        return new Event(
                attribute(message, "id"),
                attribute(message, "type"),
                attribute(message, "subject"),
                message.value() == null ? new byte[0] : message.value());
    }

    private static String attribute(ConsumerRecord<String, byte[]> message, String name) {
        Header header = message.headers().lastHeader("ce_" + name);
        return header == null || header.value() == null ? "" : new String(header.value(), UTF_8);
    }
}
