package dev.chancery.quickstart.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.EventHash;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.log.v1.EventRef;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Pulse;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/** Makes messages of every hostile kind that there is, for every topic; in a tenant's log they would make somebody its administrator. */
final class HostileMessages {
    static final String LOG = "log.v1";
    private static final String PULSES = "pulse.v1";
    private static final String CHECKPOINTS = "ledger.checkpoints.v1";
    private static final int HUGE = 900_000;
    /** Of the kind {@link Kind#HUGE}, how many are. */
    private static final int HUGE_OF = 20;

    private static final int FAR_AHEAD = 1_000;

    /** Of messages on the log's topic. {@link #REPLAYED} is a record, and no news. */
    private enum Kind {
        NULL_KEY,
        ODD_KEY,
        NULL_VALUE,
        EMPTY,
        GARBAGE,
        TRUNCATED,
        FLIPPED,
        HUGE,
        OTHER_KEY,
        OTHER_PARTITION,
        FORGED_BEFORE,
        FORGED_NEXT,
        FORGED_AHEAD,
        STRANGER,
        OTHER_INSTALLATION,
        REPLAYED
    }

    /** @param counts whether the projections have to count it */
    record Hostile(ProducerRecord<byte[], byte[]> message, boolean counts) {}

    private final Random random;
    private final Database database;
    private final String instanceId;
    private final List<String> tenants;
    private final String accomplice;
    private final int partitions;

    /**
     * @param tenants whose logs are attacked; the accomplice is of the first
     * @param partitions of the log's topic
     */
    HostileMessages(
            Random random,
            Database database,
            String instanceId,
            List<String> tenants,
            String accomplice,
            int partitions) {
        this.random = random;
        this.database = database;
        this.instanceId = instanceId;
        this.tenants = tenants;
        this.accomplice = accomplice;
        this.partitions = partitions;
    }

    Hostile next() {
        int topic = random.nextInt(10);
        if (topic == 0) {
            return new Hostile(new ProducerRecord<>(PULSES, 0, null, pulse()), false);
        }
        if (topic == 1) {
            byte[] checkpoint = ("chancery.example/" + tenant() + "\n9999\nAAAA\n\n- forged AAAA\n").getBytes(UTF_8);
            return new Hostile(
                    new ProducerRecord<>(CHECKPOINTS, key(tenant()), oneOf(null, bytes(100), checkpoint)), false);
        }
        return onTheLog(Kind.values()[random.nextInt(Kind.values().length)]);
    }

    /** A record at the tenant's next position: the one that a command would come to. */
    Hostile forgedNext(String tenant) {
        return new Hostile(new ProducerRecord<>(LOG, key(tenant), forged(instanceId, tenant, size(tenant))), true);
    }

    private Hostile onTheLog(Kind kind) {
        String tenant = tenant();
        long size = size(tenant);
        byte[] genuine = record(tenant, random.nextLong(size));
        byte @Nullable [] key = key(tenant);
        @Nullable Integer partition = null;
        byte @Nullable [] value = genuine;
        switch (kind) {
            case NULL_KEY -> {
                key = null;
                partition = random.nextInt(partitions);
            }
            case ODD_KEY -> key = oneOf(new byte[0], bytes(50), "no log's NAME".getBytes(UTF_8));
            case NULL_VALUE -> value = null;
            case EMPTY -> value = new byte[0];
            case GARBAGE -> value = bytes(1 + random.nextInt(2_000));
            case TRUNCATED -> value = Arrays.copyOf(genuine, random.nextInt(genuine.length));
            case FLIPPED -> value[random.nextInt(value.length)] ^= (byte) (1 << random.nextInt(8));
            case HUGE -> value = bytes(random.nextInt(HUGE_OF) == 0 ? HUGE : HUGE / HUGE_OF);
            case OTHER_KEY -> key = key(tenants.get((tenants.indexOf(tenant) + 1) % tenants.size()));
            case OTHER_PARTITION ->
                partition = (Utils.toPositive(Utils.murmur2(key(tenant))) + 1 + random.nextInt(partitions - 1))
                        % partitions;
            case FORGED_BEFORE -> value = forged(instanceId, tenant, random.nextLong(size));
            case FORGED_NEXT -> value = forged(instanceId, tenant, size);
            case FORGED_AHEAD -> value = forged(instanceId, tenant, size + 1 + random.nextInt(FAR_AHEAD));
            case STRANGER -> {
                String stranger = UUID.randomUUID().toString();
                key = key(stranger);
                value = forged(instanceId, stranger, random.nextInt(FAR_AHEAD));
            }
            case OTHER_INSTALLATION -> value = forged("ch-another", tenant, size);
            case REPLAYED -> {}
        }
        return new Hostile(new ProducerRecord<>(LOG, partition, key, value), kind != Kind.REPLAYED);
    }

    /** Well-formed to the last byte, but for 64 zeros where a signature belongs. */
    private byte[] forged(String instance, String tenant, long position) {
        ByteString body = RoleAssigned.newBuilder()
                .setAssignmentId(UUID.randomUUID().toString())
                .setPrincipalId(accomplice)
                .setRole("administrator")
                .build()
                .toByteString();
        String stream = "access/assignments/" + accomplice;
        String type = RoleAssigned.getDescriptor().getFullName();
        Statement.Builder statement = template(tenant)
                .setOrigin(instance + "/" + tenant)
                .setPosition(position)
                .setFeature("access")
                .setOutcome(Outcome.newBuilder()
                        .setResult(Result.SUCCESS)
                        .addEvents(EventRef.newBuilder()
                                .setStream(stream)
                                .setVersion(1)
                                .setType(type)
                                .setHash(ByteString.copyFrom(EventHash.of(tenant, stream, 1, type, body)))));
        return Record.newBuilder()
                .setEntry(ByteString.copyFrom(new byte[] {1})
                        .concat(statement.build().toByteString())
                        .concat(ByteString.copyFrom(new byte[64])))
                .addBodies(body)
                .build()
                .toByteArray();
    }

    /** Everything else of it, its source's key too, is a genuine statement's. */
    private Statement.Builder template(String tenant) {
        try {
            byte[] entry = Record.parseFrom(record(tenants.contains(tenant) ? tenant : tenants.getFirst(), 0))
                    .getEntry()
                    .toByteArray();
            return Statement.parser().parseFrom(entry, 1, EntryFrame.of(entry).statementBytes()).toBuilder()
                    .clearIntent();
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Says of any time, long ago or to come, that the topic is complete up to anywhere. */
    private byte @Nullable [] pulse() {
        byte[] pulse = Pulse.newBuilder()
                .setAtMicros(
                        System.currentTimeMillis() * 1_000 + random.nextLong(-1_000_000_000_000L, 1_000_000_000_000L))
                .addNextOffsets(random.nextLong(1L << 40))
                .build()
                .toByteArray();
        return oneOf(null, bytes(100), pulse, pulse);
    }

    private byte @Nullable [] oneOf(byte @Nullable []... values) {
        return values[random.nextInt(values.length)];
    }

    private String tenant() {
        return tenants.get(random.nextInt(tenants.size()));
    }

    private static byte[] key(String tenant) {
        return tenant.getBytes(UTF_8);
    }

    private byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    private long size(String tenant) {
        return read("SELECT next_position FROM log.head WHERE tenant = ?", tenant, 0, Long.class);
    }

    private byte[] record(String tenant, long position) {
        return read("SELECT record FROM log.record WHERE tenant = ? AND position = ?", tenant, position, byte[].class);
    }

    private <T> T read(String sql, String tenant, long position, Class<T> type) {
        return database.transaction(DatabaseRole.RELAY, connection -> {
            try (var query = connection.prepareStatement(sql)) {
                query.setString(1, tenant);
                if (query.getParameterMetaData().getParameterCount() > 1) {
                    query.setLong(2, position);
                }
                try (var row = query.executeQuery()) {
                    row.next();
                    return type.cast(row.getObject(1));
                }
            }
        });
    }
}
