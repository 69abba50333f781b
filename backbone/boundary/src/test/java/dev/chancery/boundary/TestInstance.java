package dev.chancery.boundary;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.chancery.boundary.limits.RateLimits;
import dev.chancery.boundary.tokens.Authentication;
import dev.chancery.boundary.tokens.Tokens;
import dev.chancery.command.Authorisation;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult;
import dev.chancery.command.Caller;
import dev.chancery.command.CommandRuns;
import dev.chancery.command.DenialLimit;
import dev.chancery.command.Ids;
import dev.chancery.command.Methods;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.decision.DecisionPoint;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.Sealer;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Appender;
import dev.chancery.log.Draft;
import dev.chancery.log.LogCreation;
import dev.chancery.log.LogRejection;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Reaper;
import dev.chancery.log.RelayGuard;
import dev.chancery.log.ServerInStep;
import dev.chancery.log.StreamScan;
import dev.chancery.log.Streams;
import dev.chancery.schema.Contract;
import dev.chancery.schema.FieldRules;
import dev.chancery.schema.identity.v1.ContractAdopted;
import dev.chancery.schema.identity.v1.OrganisationFounded;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.log.v1.Actor;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.testkit.Backing;
import dev.chancery.testkit.TemporaryFile;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** All that a call stands on but HTTP and Kafka, on a database of its own. Nobody follows the log here. */
public final class TestInstance {
    public static final String ISSUER = "http://127.0.0.1:8080";
    public static final String ADA = "0199f2aa-0000-7000-8000-00000000000a";
    public static final String BEN = "0199f2aa-0000-7000-8000-00000000000b";
    public static final String FIRST_GRANT = "0199f2aa-0000-7000-8000-0000000000f0";

    public final Database database = Backing.database("keyring", "log");
    public final SigningKeys keys = new SigningKeys(database, sealer());
    public final Tokens tokens = new Tokens(ISSUER, keys.signer("ch-test/token"));
    public final Methods methods = new Methods(Contract.load());
    public final Pipeline pipeline;
    /** Answers reads once it was started. */
    public final DecisionPoint decisions =
            new DecisionPoint(new StreamScan(database, DatabaseRole.ACCESS), new Properties(), "log.v1", List.of());
    /** Whether the disk is full. */
    volatile boolean full;

    private final Streams streams = new Streams(database, DatabaseRole.IDENTITY);
    private final RelayGuard guard = new RelayGuard(database, DatabaseRole.IDENTITY, "no_such_slot", Long.MAX_VALUE);
    private final Map<String, Appender> appenders = new ConcurrentHashMap<>();

    public TestInstance() {
        this(RateLimits.none(), new DenialLimit(Integer.MAX_VALUE));
    }

    public TestInstance(RateLimits limits, DenialLimit denials) {
        ServerInStep.confirm(database);
        methods.rejections(BoundaryRejection.ALL).rejections(LogRejection.ALL);
        pipeline = new Pipeline(
                new Authentication(tokens),
                FieldRules.of(Contract.load()),
                new Authorisation(decisions, Map.of()),
                new CommandRuns(this::appender, streams, new Keyring(database, sealer()), methods, denials),
                limits);
    }

    private static final class Shared {
        static final Sealer SEALER = TemporaryFile.with(KeyFileSealer::create);
    }

    private static Sealer sealer() {
        return Shared.SEALER;
    }

    private Appender appender(String feature) {
        return appenders.computeIfAbsent(
                feature, unmade -> new Appender(database, role(feature), "ch-test", keys, guard.and(this::disk)));
    }

    private static DatabaseRole role(String feature) {
        return DatabaseRole.STANDARD.stream()
                .filter(role -> role.name().equals(feature))
                .findFirst()
                .orElseThrow();
    }

    private Optional<Rejection> disk() {
        return full ? Optional.of(LogRejection.DISK_FULL) : Optional.empty();
    }

    /** Whom a tenant has keys for. */
    public List<String> keys(String tenant) {
        return database.inTenant(DatabaseRole.KEYRING, tenant, connection -> {
            List<String> subjects = new ArrayList<>();
            try (var query = connection.prepareStatement(
                    "SELECT DISTINCT subject FROM keyring.subject_key WHERE tenant = ? AND subject <> ''")) {
                query.setString(1, tenant);
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        subjects.add(rows.getString(1));
                    }
                }
            }
            return subjects;
        });
    }

    /** A new organisation: Ada holds the first grant, Ben is there and holds nothing. Its log has one record. */
    public String organisation() {
        String tenant = UUID.randomUUID().toString();
        new LogCreation(database, DatabaseRole.IDENTITY).begin(tenant);
        append(
                "identity",
                tenant,
                Map.of(),
                new NewEvent(
                        AuthorityStreams.foundation(tenant),
                        OrganisationFounded.newBuilder()
                                .setOrganisationId(tenant)
                                .setAdministratorId(ADA)
                                .setAssignmentId(FIRST_GRANT)
                                .build()),
                new NewEvent(
                        AuthorityStreams.CONTRACT,
                        ContractAdopted.newBuilder()
                                .addAllCapabilities(Contract.load().capabilities(false))
                                .build()),
                principal(ADA),
                principal(BEN));
        return tenant;
    }

    private static NewEvent principal(String id) {
        return new NewEvent(
                AuthorityStreams.principal(id),
                PrincipalCreated.newBuilder()
                        .setPrincipalId(id)
                        .setType(PrincipalType.USER)
                        .build());
    }

    /** Something that another process appends; to streams that are empty unless {@code versions} says otherwise. */
    public void append(String feature, String tenant, Map<StreamId, Long> versions, NewEvent... events) {
        Map<StreamId, Long> basis = new HashMap<>(versions);
        Arrays.stream(events).forEach(event -> basis.putIfAbsent(event.stream(), 0L));
        var statement = Statement.newBuilder()
                .setEntryId(ByteString.copyFrom(Ids.bytes(Ids.uuidV7())))
                .setActor(
                        Actor.newBuilder().setType(ActorType.ACTOR_TYPE_SYSTEM).setId("system"))
                .setAction("test.meanwhile")
                .setOutcome(Outcome.newBuilder().setResult(Result.SUCCESS))
                .build();
        AppendResult result = appender(feature)
                .append(new Draft(tenant, statement, 0, List.of(events), List.of(), Optional.empty(), basis));
        if (!(result instanceof AppendResult.Appended)) {
            throw new AssertionError(result);
        }
    }

    public CallResult call(String method, Message request, Caller caller) {
        return pipeline.call(methods.find(method), () -> request, caller);
    }

    public Caller as(String id, String tenant) {
        return new Caller(
                Ids.uuidV7().toString(),
                Optional.of(token(id, tenant)),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                "127.0.0.1",
                "test");
    }

    public Caller as(String id, String tenant, String idempotencyKey) {
        Caller caller = as(id, tenant);
        return new Caller(
                caller.requestId(),
                caller.bearer(),
                Optional.of(idempotencyKey),
                Optional.empty(),
                Optional.empty(),
                caller.address(),
                caller.client());
    }

    public String token(String id, String tenant) {
        return tokens.issue(Ids.uuidV7().toString(), user(id, tenant), Optional.empty(), Instant.now());
    }

    public static Principal user(String id, String tenant) {
        return new Principal(
                Principal.Type.USER,
                id,
                tenant,
                Optional.empty(),
                "",
                Optional.empty(),
                Instant.ofEpochSecond(Instant.now().getEpochSecond()));
    }

    /** A tenant's records from a position on. */
    public List<Statement> statements(String tenant, int from) {
        return database.inTenant(DatabaseRole.IDENTITY, tenant, connection -> {
            try (var query = connection.prepareStatement(
                    "SELECT record FROM log.record WHERE tenant = ? AND position >= ? ORDER BY position")) {
                query.setString(1, tenant);
                query.setLong(2, from);
                List<Statement> statements = new ArrayList<>();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        statements.add(statement(rows.getBytes(1)));
                    }
                }
                return statements;
            }
        });
    }

    private static Statement statement(byte[] record) {
        try {
            ByteString entry = Record.parseFrom(record).getEntry();
            return Statement.parseFrom(entry.substring(1, entry.size() - 64));
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    /** Lets the deadline of a tenant's open intents be over. */
    public void letDeadlinesPass(String tenant) {
        try (var connection = Backing.postgres().superuser(database.name());
                var update = connection.prepareStatement(
                        "UPDATE log.open_intent SET deadline_micros = 1 WHERE tenant = ?")) {
            update.setString(1, tenant);
            update.executeUpdate();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    public void reap() {
        try (var reaper =
                new Reaper(database, DatabaseRole.ACCESS, appender("access"), () -> Ids.bytes(Ids.uuidV7()))) {
            reaper.reap();
        }
    }
}
