package dev.chancery.testkit.log;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.Sealer;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Appender;
import dev.chancery.log.Draft;
import dev.chancery.log.LogCreation;
import dev.chancery.log.NewEvent;
import dev.chancery.log.ServerInStep;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The log of one installation, on a database that has the schemas of the keyring and the log, as a process of any feature appends to it.
 * Nothing relays it: tests read it from PostgreSQL.
 */
public final class LogFixture implements AutoCloseable {
    public static final String INSTANCE = "ch-test";

    private final Database database;
    private final SigningKeys keys;
    private final Map<String, Appender> appenders = new HashMap<>();

    public LogFixture(Database database, Sealer sealer) {
        this.database = database;
        this.keys = new SigningKeys(database, sealer);
        ServerInStep.confirm(database);
    }

    /** The keys that records are signed with. */
    public SigningKeys keys() {
        return keys;
    }

    /** The appender of this process; the same each time. */
    public synchronized Appender appender(DatabaseRole role) {
        return appenders.computeIfAbsent(role.name(), name -> anotherAppender(role));
    }

    /** As another process has it, which closes it. */
    public Appender anotherAppender(DatabaseRole role) {
        return new Appender(database, role, INSTANCE, keys, Optional::empty);
    }

    /** A new organisation, whose log is empty. */
    public String organisation() {
        String tenant = UUID.randomUUID().toString();
        begin(tenant);
        return tenant;
    }

    public void begin(String tenant) {
        new LogCreation(database, DatabaseRole.IDENTITY).begin(tenant);
    }

    /** That the system did something, and it worked. */
    public static Statement.Builder statement(UUID entryId) {
        Statement.Builder statement = Statement.newBuilder()
                .setEntryId(ByteString.copyFrom(ByteBuffer.allocate(16)
                        .putLong(entryId.getMostSignificantBits())
                        .putLong(entryId.getLeastSignificantBits())
                        .flip()))
                .setAction("test.happen")
                .setOutcome(Outcome.newBuilder().setResult(Result.SUCCESS));
        statement.getActorBuilder().setType(ActorType.ACTOR_TYPE_SYSTEM).setId("system");
        return statement;
    }

    /** An id that no record has. */
    public static UUID entryId() {
        UUID random = UUID.randomUUID();
        return new UUID(random.getMostSignificantBits() & ~0xF000L | 0x7000L, random.getLeastSignificantBits());
    }

    /**
     * Appends one record.
     *
     * @param version of the stream that it rests on
     */
    public AppendResult append(DatabaseRole by, String tenant, StreamId stream, long version, List<Message> events) {
        return append(by, tenant, entryId(), stream, version, events);
    }

    /**
     * Appends one record under an id.
     *
     * @param version of the stream that it rests on
     */
    public AppendResult append(
            DatabaseRole by, String tenant, UUID entryId, StreamId stream, long version, List<Message> events) {
        return append(
                by,
                tenant,
                statement(entryId).build(),
                events.stream().map(event -> new NewEvent(stream, event)),
                Map.of(stream, version));
    }

    /**
     * Appends one record.
     *
     * @param basis the versions of the streams that it rests on
     */
    public AppendResult append(
            DatabaseRole by, String tenant, Statement statement, Stream<NewEvent> events, Map<StreamId, Long> basis) {
        return appender(by)
                .append(new Draft(tenant, statement, 0, events.toList(), List.of(), Optional.empty(), basis));
    }

    /** @return its position, of a result that has to be one */
    public static long position(AppendResult result) {
        if (result instanceof AppendResult.Appended appended) {
            return appended.position();
        }
        throw new AssertionError(result);
    }

    @Override
    public void close() {
        appenders.values().forEach(Appender::close);
    }
}
