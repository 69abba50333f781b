package dev.chancery.identity;

import static dev.chancery.identity.Requests.asking;
import static dev.chancery.identity.Requests.bearer;
import static dev.chancery.identity.Requests.claiming;
import static dev.chancery.identity.Requests.nobody;
import static dev.chancery.identity.Requests.organisation;
import static dev.chancery.identity.Requests.reply;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.boundary.Pipeline;
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
import dev.chancery.decision.AdoptedContract;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.decision.DecisionPoint;
import dev.chancery.decision.FirstGrant;
import dev.chancery.feature.LedgerMode;
import dev.chancery.feature.SessionLimits;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.Eraser;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.RotatingKey;
import dev.chancery.keyring.SealContext;
import dev.chancery.keyring.SigningKeyRotation;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Appender;
import dev.chancery.log.Claims;
import dev.chancery.log.Draft;
import dev.chancery.log.LogCreation;
import dev.chancery.log.LogRejection;
import dev.chancery.log.NewEvent;
import dev.chancery.log.RelayGuard;
import dev.chancery.log.ServerInStep;
import dev.chancery.log.StreamScan;
import dev.chancery.log.Streams;
import dev.chancery.schema.Contract;
import dev.chancery.schema.FieldRules;
import dev.chancery.schema.identity.v1.ClaimOwnerReply;
import dev.chancery.schema.identity.v1.ContractAdopted;
import dev.chancery.schema.identity.v1.CreateOrganisationReply;
import dev.chancery.schema.identity.v1.IssueTokenReply;
import dev.chancery.schema.identity.v1.OrganisationCreated;
import dev.chancery.schema.log.v1.Actor;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.testkit.Backing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** An installation over a real log, empty at first, and the processes that serve it. */
final class Installation implements AutoCloseable {
    static final String INSTANCE = Principal.INSTANCE;

    private static final long AWAIT_NANOS = 30_000_000_000L;
    private static final String SERVICE = "chancery.identity.v1.IdentityService/";
    private static final String FEDERATION = "chancery.identity.v1.FederationService/";

    final Database database = Backing.database("keyring", "log");
    final LogCreation founding = new LogCreation(database, DatabaseRole.IDENTITY);
    final Contract contract = Contract.load();
    final Client owner = new Client();

    SessionLimits limits = SessionLimits.DEFAULT;
    LedgerMode mode = LedgerMode.STANDARD;
    RateLimits rates = RateLimits.none();
    private final Path directory;
    private final KeyFileSealer sealer;
    private final RelayGuard guard = new RelayGuard(database, DatabaseRole.IDENTITY, "no_such_slot", Long.MAX_VALUE);
    private final Appender appender;
    private final List<Process> processes = new ArrayList<>();

    Installation(Path directory) {
        this.directory = directory;
        this.sealer = KeyFileSealer.create(directory.resolve("key"));
        this.appender = appender();
        ServerInStep.confirm(database);
    }

    /** As another process has it. */
    Appender appender() {
        return new Appender(database, DatabaseRole.IDENTITY, "ch-test", new SigningKeys(database, sealer), guard);
    }

    @Override
    public void close() {
        processes.forEach(Process::stop);
        appender.close();
        guard.close();
        database.close();
    }

    /** The position of a tenant's last record. */
    long head(String tenant) {
        return new StreamScan(database, DatabaseRole.ACCESS)
                .lastPositions(java.util.Set.of(tenant))
                .get(tenant);
    }

    /** Another process's, with nothing cached. */
    OrganisationProvisioner founder() {
        return new OrganisationProvisioner(
                founding,
                appender,
                new Streams(database, DatabaseRole.IDENTITY),
                new Keyring(database, sealer),
                contract);
    }

    /** One process of the installation, with nothing cached. */
    final class Process {
        private final Streams streams = new Streams(database, DatabaseRole.IDENTITY);
        private final Keyring keyring = new Keyring(database, sealer, mode.hidden(contract));
        final SigningKeys signingKeys = new SigningKeys(database, sealer);
        final SigningKeyRotation rotation = new SigningKeyRotation(database, signingKeys, "ch-test");
        final RotatingKey tokenKey = new RotatingKey(database, sealer, signingKeys, "ch-test/token");
        final Tokens tokens = new Tokens(Client.ISSUER, tokenKey::signer, () -> tokenKey.known().stream()
                .map(RotatingKey.Known::key)
                .toList());
        private final Methods methods = new Methods(contract);
        private final IdentityService service = IdentityService.create(
                founding,
                appender,
                streams,
                keyring,
                new Claims(database, DatabaseRole.IDENTITY),
                contract,
                tokens,
                tokenKey,
                rotation,
                limits,
                claim(),
                database);
        private final Pipeline pipeline;
        private final DenialLimit denials = new DenialLimit(Integer.MAX_VALUE);

        Process() {
            service.register(methods);
            methods.rejections(BoundaryRejection.ALL)
                    .rejections(LogRejection.ALL)
                    .rejections(IdentityRejection.ALL)
                    .rejections(FederationRejection.ALL);
            var decisions = new DecisionPoint(
                    new StreamScan(database, DatabaseRole.ACCESS), new Properties(), "log.v1", List.of());
            pipeline = new Pipeline(
                    new Authentication(tokens),
                    FieldRules.of(contract),
                    new Authorisation(decisions, Map.of()),
                    new CommandRuns(feature -> appender, streams, keyring, methods, denials),
                    rates);
        }

        void start() {
            processes.add(this);
            service.start();
        }

        void stop() {
            service.stop();
        }

        /** Has the records written that wait for their minute to be over. */
        void writeShared() {
            denials.close();
        }

        CallResult call(String method, Message request, Caller caller) {
            return pipeline.call(methods.find(SERVICE + method), () -> request, caller);
        }

        CallResult federation(String method, Message request, Caller caller) {
            return pipeline.call(methods.find(FEDERATION + method), () -> request, caller);
        }

        String token(String clientId) {
            return reply(IssueTokenReply.class, call("IssueToken", asking(owner.assertion(clientId)), nobody()))
                    .getAccessToken();
        }

        /** An organisation's creation in the installation's log, and nothing after it. */
        String createdOnly() {
            UUID entryId = Ids.uuidV7();
            return created(entryId, entryId);
        }

        /** The same, with names that were sealed to another record: nobody can open them. */
        String createdUnreadable() {
            return created(Ids.uuidV7(), Ids.uuidV7());
        }

        private String created(UUID entryId, UUID sealedTo) {
            String organisation = Ids.uuidV7().toString();
            String administrator = Ids.uuidV7().toString();
            append(
                    INSTANCE,
                    entryId,
                    Map.of(),
                    StreamId.of("identity", "organisation", organisation),
                    OrganisationCreated.newBuilder()
                            .setOrganisationId(organisation)
                            .setName(sealed("", sealedTo, "name", "Acme"))
                            .setAdministratorId(administrator)
                            .setAdministratorName(sealed(administrator, sealedTo, "administrator_name", "Ada"))
                            .setAdministratorKey(new Client().publicKey())
                            .setAssignmentId(Ids.uuidV7().toString())
                            .build());
            return organisation;
        }

        private Sealed sealed(String subject, UUID entryId, String field, String text) {
            return keyring.seal(
                    new SealContext(
                            INSTANCE,
                            subject,
                            RetentionClass.RETENTION_CLASS_ACCOUNT,
                            entryId,
                            OrganisationCreated.getDescriptor().getFullName(),
                            field),
                    text);
        }
    }

    private void append(String tenant, UUID entryId, Map<StreamId, Long> basis, StreamId stream, Message event) {
        var statement = Statement.newBuilder()
                .setEntryId(ByteString.copyFrom(Ids.bytes(entryId)))
                .setActor(
                        Actor.newBuilder().setType(ActorType.ACTOR_TYPE_SYSTEM).setId("system"))
                .setAction("test.happen")
                .setOutcome(Outcome.newBuilder().setResult(Result.SUCCESS))
                .build();
        Map<StreamId, Long> versions = basis.isEmpty() ? Map.of(stream, 0L) : basis;
        assertThat(appender.append(new Draft(
                        tenant,
                        statement,
                        0,
                        List.of(new NewEvent(stream, event)),
                        List.of(),
                        Optional.empty(),
                        versions)))
                .isInstanceOf(AppendResult.Appended.class);
    }

    void withAnotherContract(String tenant) {
        withAnotherContract(tenant, 1);
    }

    /** @param adoptions how many contracts the log has adopted so far */
    void withAnotherContract(String tenant, long adoptions) {
        append(
                tenant,
                Ids.uuidV7(),
                Map.of(AuthorityStreams.CONTRACT, adoptions),
                AuthorityStreams.CONTRACT,
                ContractAdopted.newBuilder()
                        .setSha256(ByteString.copyFromUtf8("another"))
                        .build());
    }

    void sql(DatabaseRole role, String sql) {
        database.transaction(role, connection -> {
            try (var statement = connection.createStatement()) {
                return statement.execute(sql);
            }
        });
    }

    static void await(BooleanSupplier condition) {
        long startedNanos = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - startedNanos > AWAIT_NANOS) {
                throw new AssertionError("not within 30 s");
            }
            LockSupport.parkNanos(10_000_000);
        }
    }

    OwnerClaim claim() {
        return new OwnerClaim(directory.resolve("owner-claim"), () -> {});
    }

    String claimText() throws IOException {
        return Files.readString(claim().file()).strip();
    }

    ClaimOwnerReply claimed(Process process) throws IOException {
        return reply(ClaimOwnerReply.class, process.call("ClaimOwner", claiming(claimText(), owner), nobody()));
    }

    String createdBy(Process process, String clientId) {
        return reply(
                        CreateOrganisationReply.class,
                        process.call("CreateOrganisation", organisation(), bearer(process.token(clientId))))
                .getOrganisationId();
    }

    /** With nothing cached. */
    Streams streams() {
        return new Streams(database, DatabaseRole.IDENTITY);
    }

    String opened(String tenant, SealedValue value) {
        return value.open(new Keyring(database, sealer), tenant);
    }

    /** Has somebody forgotten, as another process does it. */
    void destroy(String tenant, String subject) {
        new Keyring(database, sealer).eraser().destroy(tenant, subject, Eraser.allClasses());
    }

    FirstGrant foundation() {
        return founded(INSTANCE);
    }

    FirstGrant founded(String tenant) {
        return new Streams(database, DatabaseRole.IDENTITY)
                .load(tenant, AuthorityStreams.foundation(tenant), FirstGrant.FOLD)
                .state();
    }

    AdoptedContract adopted(String tenant) {
        return new Streams(database, DatabaseRole.IDENTITY)
                .load(tenant, AuthorityStreams.CONTRACT, AdoptedContract.FOLD)
                .state();
    }
}
