package dev.chancery.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.embedded.ServerNotStarted.Reason;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.utils.Exit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class EmbeddedKafkaTest {
    private static final int LARGE_BYTES = 1_153_434; // 1.1 MiB

    @Test
    void recordsAreKeptAcrossAStopThoughThePortChanges(@TempDir Path directory) throws Exception {
        var large = new byte[LARGE_BYTES];
        new Random(1).nextBytes(large);
        try (var kafka = EmbeddedKafka.start(directory, 0)) {
            assertThat(kafka.isAlive()).isTrue();
            KafkaRecords.createTopic(kafka);
            KafkaRecords.write(kafka, new byte[] {1});
            KafkaRecords.write(kafka, large);

            assertThatThrownBy(() -> EmbeddedKafka.start(directory, 0))
                    .isInstanceOfSatisfying(
                            ServerNotStarted.class, e -> assertThat(e.reason()).isEqualTo(Reason.DIRECTORY_IN_USE));
        }

        List<String> told = Collections.synchronizedList(new ArrayList<>());
        try (var kafka = EmbeddedKafka.start(directory, 0, told::add)) {
            assertThat(KafkaRecords.read(kafka)).containsExactly(new byte[] {1}, large);

            Exit.halt(3);
            Exit.exit(4);

            assertThat(kafka.isAlive()).isFalse();
            assertThat(told).containsExactly("kafka-fatal how=halt status=3", "kafka-fatal how=exit status=4");
        }
    }

    @Test
    void anOccupiedPortIsSaidInOneLine(@TempDir Path directory) throws Exception {
        try (var occupied = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = occupied.getLocalPort();

            assertThatThrownBy(() -> EmbeddedKafka.start(directory, port))
                    .hasMessage("Kafka cannot use port " + port + ": something else listens there");
        }
    }

    @Test
    void aDirectoryThatIsNoneOfKafkasIsRefusedAndLeftAlone(@TempDir Path directory) throws Exception {
        Path file = Files.createDirectories(directory.resolve("data/log.v1-0")).resolve("00000000000000000000.log");
        Files.writeString(file, "precious");

        assertThatThrownBy(() -> EmbeddedKafka.start(directory, 0))
                .isInstanceOfSatisfying(
                        ServerNotStarted.class, e -> assertThat(e.reason()).isEqualTo(Reason.DIRECTORY_DAMAGED));
        assertThat(file).hasContent("precious");
    }
}
