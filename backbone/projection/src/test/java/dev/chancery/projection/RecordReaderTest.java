package dev.chancery.projection;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.testkit.Backing;
import java.util.Properties;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Messages that a source's key signed before and after it was withdrawn. */
class RecordReaderTest {
    private final String tenant = UUID.randomUUID().toString();
    private Database database;
    private Records records;
    private LogTopic topic;
    private RecordReader reader;

    @BeforeEach
    void aReader() {
        database = Backing.database("keyring", "log");
        var kafka = new Properties();
        kafka.setProperty("bootstrap.servers", Backing.kafka().bootstrapServers());
        records = new Records(kafka, "unused", database);
        topic = new LogTopic(
                new KafkaClients(kafka), "unused", ProjectionOptions.defaults().withPartitions(1));
        reader = reader();
    }

    /** With nothing in memory. */
    private RecordReader reader() {
        return new RecordReader(topic, Records.INSTANCE, database, DatabaseRole.RBAC);
    }

    @AfterEach
    void close() {
        records.close();
        database.close();
    }

    @Test
    void whatAWithdrawnKeySignedIsARecordOnlyIfTheLogHasIt() throws Exception {
        byte[] committed = records.signed(tenant, 0, "r0");
        commit(committed);
        byte[] another = records.signed(tenant, 0, "another");
        byte[] next = records.signed(tenant, 1, "next");
        assertThat(read(committed).position()).isZero();
        // Nobody can tell yet.
        assertThat(read(next).position()).isEqualTo(1);

        records.withdrawKey();
        reader = reader();
        assertThat(read(committed).position()).isZero();
        assertThatThrownBy(() -> read(next)).isInstanceOf(Foreign.class);
        assertThatThrownBy(() -> read(another)).isInstanceOf(Foreign.class);
    }

    @Test
    void aReaderThatKnewTheKeyLearnsThatItWasWithdrawn() throws Exception {
        byte[] forged = records.signed(tenant, 0, "forged");
        assertThat(read(forged).position()).isZero();
        records.withdrawKey();
        long deadline = System.nanoTime() + 10_000_000_000L;
        boolean believed = true;
        while (believed && System.nanoTime() < deadline) {
            try {
                read(forged);
                Thread.onSpinWait();
            } catch (Foreign e) {
                believed = false;
            }
        }
        assertThat(believed).isFalse();
    }

    private LogRecord read(byte[] value) throws Foreign {
        reader.arrived();
        return reader.read(new ConsumerRecord<>("unused", 0, 0, tenant.getBytes(UTF_8), value));
    }

    private void commit(byte[] record) {
        database.inTenant(DatabaseRole.IDENTITY, tenant, connection -> {
            var begin = connection.prepareStatement("INSERT INTO log.head VALUES (?, 0, 0)");
            begin.setString(1, tenant);
            begin.executeUpdate();
            var insert = connection.prepareStatement("INSERT INTO log.record VALUES (?, 0, 'identity', '{}', ?)");
            insert.setString(1, tenant);
            insert.setBytes(2, record);
            return insert.executeUpdate();
        });
    }
}
