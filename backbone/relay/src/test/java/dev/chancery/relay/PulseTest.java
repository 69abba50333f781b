package dev.chancery.relay;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.database.DatabaseRole;
import dev.chancery.schema.log.v1.Pulse;
import dev.chancery.testkit.Backing;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

/** How far the topic is complete, as the relay says it to all who follow. */
class PulseTest extends WithRelay {
    @Test
    void aPulseSaysHowFarTheTopicIsComplete() {
        start();
        tenants.append(a, 3);
        long committedMicros = System.currentTimeMillis() * 1000;
        int partition = Topic.partitionOf(a, 3);
        Pulse pulse = pulseAfter(committedMicros);
        assertThat(pulse.getNextOffsetsList()).hasSize(3);
        assertThat(pulse.getNextOffsets(partition)).isEqualTo(3);
        tenants.append(a, 4);
        assertThat(pulseAfter(System.currentTimeMillis() * 1000).getNextOffsets(partition))
                .isEqualTo(7);
    }

    @Test
    void aMessageThatAnybodyPutsIntoTheWriteAheadLogIsNoMark() {
        start();
        database.transaction(DatabaseRole.RBAC, connection -> connection
                .createStatement()
                .execute("SELECT pg_logical_emit_message(true, 'chancery.pulse', '9999999999999999'),"
                        + " pg_logical_emit_message(true, 'chancery.pulse', 'no number')"));
        tenants.append(a, 1);
        read(1);
        List<ConsumerRecord<byte[], byte[]>> pulses = pulsesUntil(System.currentTimeMillis() * 1000);
        assertThat(pulses).allMatch(pulse -> pulse(pulse).getAtMicros() < 9_999_999_999_999_999L);
        assertThat(relay.healthy()).isTrue();
    }

    @Test
    void noPulseOvertakesACommittedRecord() {
        start();
        var committedByMicros = new ArrayList<Long>();
        for (int i = 0; i < 200; i++) {
            tenants.append(a, 1);
            // This clock has milliseconds: by the next one it was committed for sure.
            committedByMicros.add((System.currentTimeMillis() + 1) * 1000);
        }
        List<ConsumerRecord<byte[], byte[]>> pulses = pulsesUntil(committedByMicros.getLast());
        assertThat(pulses).hasSizeGreaterThan(2);
        for (ConsumerRecord<byte[], byte[]> record : pulses) {
            Pulse pulse = pulse(record);
            long committed = committedByMicros.stream()
                    .filter(micros -> micros <= pulse.getAtMicros())
                    .count();
            assertThat(pulse.getNextOffsets(Topic.partitionOf(a, 3))).isGreaterThanOrEqualTo(committed);
        }
    }

    /** All pulses up to the first that speaks of a later time. */
    private List<ConsumerRecord<byte[], byte[]>> pulsesUntil(long micros) {
        try (var reader = new TopicReader(Backing.kafka().bootstrapServers(), options.pulseTopic())) {
            return reader.readUntil(
                    pulses -> !pulses.isEmpty() && pulse(pulses.getLast()).getAtMicros() > micros, BOUND);
        }
    }

    private Pulse pulseAfter(long micros) {
        return pulsesUntil(micros).stream()
                .map(PulseTest::pulse)
                .filter(pulse -> pulse.getAtMicros() > micros)
                .findFirst()
                .orElseThrow();
    }

    private static Pulse pulse(ConsumerRecord<byte[], byte[]> record) {
        try {
            return Pulse.parseFrom(record.value());
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }
}
