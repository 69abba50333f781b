package com.example.client;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.schema.log.v1.EventRef;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Follows one organisation's log: every record once, in order of position, also over a restart. */
final class Follower {
    private static final int SCHEME_BYTES = 1;
    private static final int SIGNATURE_BYTES = 64;

    private final Properties client = new Properties();
    private final String log;
    private final Path positionFile;
    private long next;

    /** @param log the organisation's id, or {@code instance} */
    Follower(Path clientFile, String log, Path positionFile) throws IOException {
        try (var reader = Files.newBufferedReader(clientFile)) {
            client.load(reader);
        }
        // A group of your own: names that begin with chancery- are the instance's.
        client.putIfAbsent("group.id", "client-java-" + log);
        client.put("auto.offset.reset", "earliest");
        client.put("enable.auto.commit", "false");
        this.log = log;
        this.positionFile = positionFile;
        this.next = Files.exists(positionFile)
                ? Long.parseLong(Files.readString(positionFile).strip())
                : 0;
    }

    void follow() throws IOException {
        try (var consumer = new KafkaConsumer<>(client, new StringDeserializer(), new ByteArrayDeserializer())) {
            stopWithTheProcess(consumer);
            consumer.subscribe(List.of("log.v1"));
            while (true) {
                for (var message : consumer.poll(Duration.ofSeconds(1))) {
                    take(message);
                }
                consumer.commitSync();
            }
        } catch (WakeupException e) {
            // Told to stop; the consumer has left its group.
        }
    }

    private static void stopWithTheProcess(KafkaConsumer<?, ?> consumer) {
        Thread following = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            consumer.wakeup();
            try {
                following.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
    }

    private void take(ConsumerRecord<String, byte[]> message) throws IOException {
        Header header = message.headers().lastHeader("position");
        if (!log.equals(message.key()) || header == null || message.value() == null) {
            return; // another organisation's, or no record at all
        }
        long position = ByteBuffer.wrap(header.value()).getLong();
        if (position < next) {
            return; // a double
        }
        if (position > next) {
            System.out.println("gap: " + position + " came ahead of " + next + ", and will come again after it");
            return;
        }
        apply(position, message.value());
        next = position + 1;
        // A program with a database of its own writes this in the transaction that writes what it made of the record.
        Path written =
                Files.writeString(positionFile.resolveSibling(positionFile.getFileName() + ".next"), next + "\n");
        Files.move(written, positionFile, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Here is where you do what you came for. Types that you don't know are to be skipped. */
    private static void apply(long position, byte[] value) throws InvalidProtocolBufferException {
        Statement statement = statement(Record.parseFrom(value));
        if (statement.getOutcome().getResult() == Result.SUCCESS) {
            for (EventRef event : statement.getOutcome().getEventsList()) {
                System.out.println(position + " " + event.getType() + " " + event.getStream());
            }
        }
    }

    private static Statement statement(Record record) throws InvalidProtocolBufferException {
        var entry = record.getEntry();
        return Statement.parseFrom(entry.substring(SCHEME_BYTES, entry.size() - SIGNATURE_BYTES));
    }
}
