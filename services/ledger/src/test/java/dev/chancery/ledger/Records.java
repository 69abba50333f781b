package dev.chancery.ledger;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import dev.chancery.projection.LogRecord;
import dev.chancery.schema.log.v1.Actor;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.EventRef;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.log.v1.Target;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Records of a usual shape and size, the same for the same arguments. Their signatures are noise: the ledger does not look at them. */
final class Records {
    static final String INSTANCE = "ch-5f0c1d7a9b3e42aa";
    static final String TENANT = "0199f2aa-0000-7000-8000-000000000001";
    static final String OTHER_TENANT = "0199f2aa-0000-7000-8000-000000000002";

    private Records() {}

    static List<LogRecord> from(String tenant, long first, long beforeLast) {
        return LongStream.range(first, beforeLast).mapToObj(n -> at(tenant, n)).toList();
    }

    /** Every fourth has no bodies, as an intent has none; the others have one to three. */
    static LogRecord at(String tenant, long position) {
        int events = (int) (position % 4);
        var random = new Random(position);
        List<ByteString> bodies = IntStream.range(0, events)
                .mapToObj(n -> bytes(random, 40 + random.nextInt(200)))
                .toList();
        return of(tenant, position, INSTANCE + "/" + tenant, bodies);
    }

    static LogRecord of(String tenant, long position, String origin, List<ByteString> bodies) {
        var random = new Random(position);
        var outcome = Outcome.newBuilder().setResult(Result.SUCCESS);
        for (int n = 0; n < bodies.size(); n++) {
            outcome.addEvents(EventRef.newBuilder()
                    .setStream("access/assignments/" + position)
                    .setVersion(n + 1)
                    .setType("chancery.access.v1.RoleAssigned")
                    .setHash(bytes(random, 32)));
        }
        Statement statement = Statement.newBuilder()
                .setOrigin(origin)
                .setPosition(position)
                .setRecordedAtMicros(1_790_000_000_000_000L + position)
                .setEntryId(bytes(random, 16))
                .setFeature("access")
                .setSourceKey(0x5f0c1d7a)
                .setActor(Actor.newBuilder()
                        .setType(ActorType.ACTOR_TYPE_USER)
                        .setId("0199f2aa-0000-7000-8000-00000000abcd")
                        .addRoles("owner"))
                .setAction("access.role.assign")
                .setTarget(Target.newBuilder().setType("user").setId("0199f2aa-0000-7000-8000-00000000beef"))
                .setRequestId("0199f2aa-0000-7000-8000-00000000cafe")
                .setIdempotencyKeyHash(bytes(random, 32))
                .setRequestHash(bytes(random, 32))
                .setOutcome(outcome)
                .build();
        var entry = new ByteArrayOutputStream();
        entry.write(0x01);
        entry.writeBytes(statement.toByteArray());
        entry.writeBytes(bytes(random, 64).toByteArray());
        return new LogRecord(tenant, position, entry.toByteArray(), statement, bodies, 0, position);
    }

    static LogRecord withEntry(LogRecord record, byte[] entry) {
        return new LogRecord(
                record.tenant(), record.position(), entry, record.statement(), record.bodies(), 0, record.offset());
    }

    static LogRecord withBodies(LogRecord record, String... bodies) {
        return new LogRecord(
                record.tenant(),
                record.position(),
                record.entry(),
                record.statement(),
                List.of(bodies).stream()
                        .map(body -> ByteString.copyFrom(body, UTF_8))
                        .toList(),
                0,
                record.offset());
    }

    private static ByteString bytes(Random random, int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return ByteString.copyFrom(bytes);
    }
}
