package dev.chancery.notices;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.command.Ids;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.NoticeOptions;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SealContext;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Streams;
import dev.chancery.projection.LogRecord;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.notices.v1.ListNoticesRequest;
import dev.chancery.schema.notices.v1.Notice;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.testkit.Backing;
import dev.chancery.testkit.TemporaryFile;
import dev.chancery.testkit.log.LogFixture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/** An organisation's log, the projection of it, and a sender, on a real database; Kafka is left out: the records are read from the table. */
final class NoticesFixture implements AutoCloseable {
    /** Its keys are wrapped by one sealer. */
    private static final Database DATABASE = Backing.database("keyring", "log", "relay", "projection", "notices");

    private static final KeyFileSealer SEALER = TemporaryFile.with(KeyFileSealer::create);

    final Database database = DATABASE;
    final String tenant = UUID.randomUUID().toString();
    final Keyring keyring;
    final Streams streams;
    final NoticeRecords records;

    private final LogFixture log = new LogFixture(database, SEALER);
    private final Map<StreamId, Long> versions = new HashMap<>();
    private long next;

    NoticesFixture() {
        keyring = new Keyring(database, SEALER);
        streams = new Streams(database, DatabaseRole.NOTICES);
        records = new NoticeRecords(log.appender(DatabaseRole.NOTICES), streams);
        log.begin(tenant);
    }

    /** A user with this address, who is there from here on. */
    String person(String address) {
        String id = UUID.randomUUID().toString();
        UUID entryId = Ids.uuidV7();
        var created = PrincipalCreated.newBuilder().setPrincipalId(id).setType(PrincipalType.USER);
        if (!address.isEmpty()) {
            created.setEmail(
                    sealed(id, entryId, PrincipalCreated.getDescriptor().getFullName(), address));
        }
        happens(entryId, stream(id), created.build());
        return id;
    }

    Sealed sealed(String principal, UUID entryId, String type, String address) {
        return keyring.seal(
                new SealContext(tenant, principal, RetentionClass.RETENTION_CLASS_ACCOUNT, entryId, type, "email"),
                address);
    }

    static StreamId stream(String principal) {
        return StreamId.of("identity", "principal", principal);
    }

    void happens(String principal, Message event) {
        happens(Ids.uuidV7(), stream(principal), event);
    }

    /** What another feature than identity says of a principal. */
    void happensTo(String principal, Message event) {
        String kind = event.getDescriptorForType().getFile().getPackage().contains("access") ? "access" : "elevation";
        happens(Ids.uuidV7(), StreamId.of(kind, kind.equals("access") ? "assignments" : "holder", principal), event);
    }

    void happens(UUID entryId, StreamId stream, Message event) {
        long version = versions.merge(stream, 1L, Long::sum) - 1;
        String feature = stream.value().substring(0, stream.value().indexOf('/'));
        append(
                feature,
                LogFixture.statement(entryId).setAction(feature + ".test.happen"),
                Stream.of(new NewEvent(stream, event)),
                Map.of(stream, version));
        streams.moved(tenant, List.of(stream));
    }

    /** A sign-in with the person's key that was refused. */
    void signInFails(String principal) {
        Statement.Builder statement = signIn();
        statement.getActorBuilder().setType(ActorType.ACTOR_TYPE_USER).setId(principal);
        statement.getOutcomeBuilder().setCode("identity.assertion-time");
        append("identity", statement, Stream.of(), Map.of());
    }

    /** So many sign-ins under a principal's name that were refused, in one record. */
    void signInsFail(String principal, int times) {
        Statement.Builder statement = signIn();
        statement.getTargetBuilder().setType("principal").setId(principal);
        statement.getOutcomeBuilder().setCode("identity.assertion-invalid").setDenials(times == 1 ? 0 : times);
        append("identity", statement, Stream.of(), Map.of());
    }

    /** A service that somebody creates. */
    String service(String creator) {
        String id = UUID.randomUUID().toString();
        Statement.Builder statement = LogFixture.statement(Ids.uuidV7()).setAction("identity.principal.create");
        statement.getActorBuilder().setType(ActorType.ACTOR_TYPE_USER).setId(creator);
        var created = PrincipalCreated.newBuilder().setPrincipalId(id).setType(PrincipalType.SERVICE);
        StreamId stream = stream(id);
        versions.put(stream, 1L);
        append("identity", statement, Stream.of(new NewEvent(stream, created.build())), Map.of(stream, 0L));
        return id;
    }

    /** As if whoever was told of failures had been told a day before. */
    void aDayAfterFailuresWereTold() {
        database.inTenant(DatabaseRole.NOTICES, tenant, connection -> {
            try (var update = connection.prepareStatement("UPDATE notices.failure SET told_micros = told_micros - ?")) {
                update.setLong(1, Duration.ofDays(1).toNanos() / 1_000);
                return update.executeUpdate();
            }
        });
    }

    private static Statement.Builder signIn() {
        Statement.Builder statement = LogFixture.statement(Ids.uuidV7()).setAction("identity.token.issue");
        statement.getOutcomeBuilder().setResult(Result.DENIED);
        return statement;
    }

    private void append(
            String feature, Statement.Builder statement, Stream<NewEvent> events, Map<StreamId, Long> basis) {
        DatabaseRole role = DatabaseRole.STANDARD.stream()
                .filter(each -> each.name().equals(feature))
                .findFirst()
                .orElseThrow();
        LogFixture.position(log.append(role, tenant, statement.build(), events, basis));
    }

    /** Has the projection apply what the log has got since. */
    void project() {
        var projection = new NoticesProjection("notices", DatabaseRole.NOTICES);
        List<LogRecord> run = new ArrayList<>();
        database.inTenant(DatabaseRole.NOTICES, tenant, connection -> {
            try (var query = connection.prepareStatement(
                    "SELECT record FROM log.record WHERE tenant = ? AND position >= ? ORDER BY position")) {
                query.setString(1, tenant);
                query.setLong(2, next);
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        run.add(LogRecord.parse(tenant, rows.getBytes(1), 0, 0));
                    }
                }
            } catch (dev.chancery.projection.MalformedRecord e) {
                throw new AssertionError(e);
            }
            projection.apply(connection, tenant, run);
            return true;
        });
        next += run.size();
    }

    /** As if what is due now had been due for so long. */
    void dueFor(Duration time) {
        database.inTenant(DatabaseRole.NOTICES, tenant, connection -> {
            try (var update = connection.prepareStatement("UPDATE notices.pending SET due_micros = due_micros - ?")) {
                update.setLong(1, time.toNanos() / 1_000);
                return update.executeUpdate();
            }
        });
    }

    NoticeSender sender(NoticeOptions options, Channel... channels) {
        return new NoticeSender(database, records, streams, keyring, List.of(channels), options);
    }

    static NoticeOptions attempts(int count) {
        return new NoticeOptions(Optional.empty(), Optional.empty(), count, Duration.ofMillis(1));
    }

    /** Newest first. */
    List<Notice> notices() throws Exception {
        return new NoticeList(database)
                .page(tenant, ListNoticesRequest.getDefaultInstance())
                .getNoticesList();
    }

    static ByteString device(int number) {
        return ByteString.copyFrom(new byte[] {0, 0, 0, 0, 0, 0, 0, (byte) number});
    }

    @Override
    public void close() {
        log.close();
        // The next test's sender would find them.
        database.inTenant(DatabaseRole.NOTICES, tenant, connection -> {
            try (var statement = connection.createStatement()) {
                return statement.executeUpdate("DELETE FROM notices.pending");
            }
        });
    }
}
