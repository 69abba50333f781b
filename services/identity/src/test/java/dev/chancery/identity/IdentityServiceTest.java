package dev.chancery.identity;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.command.Answer;
import dev.chancery.command.Authentication;
import dev.chancery.command.Authorisation;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.Caller;
import dev.chancery.command.CommandRuns;
import dev.chancery.command.Ids;
import dev.chancery.command.Methods;
import dev.chancery.command.Pipeline;
import dev.chancery.command.Tokens;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.AdoptedContract;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.decision.DecisionPoint;
import dev.chancery.decision.Foundation;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Appender;
import dev.chancery.log.Draft;
import dev.chancery.log.Founding;
import dev.chancery.log.LogRejection;
import dev.chancery.log.NewEvent;
import dev.chancery.log.RelayGuard;
import dev.chancery.log.StreamScan;
import dev.chancery.log.Streams;
import dev.chancery.schema.Contract;
import dev.chancery.schema.FieldRules;
import dev.chancery.schema.identity.v1.ClaimOwnerReply;
import dev.chancery.schema.identity.v1.ClaimOwnerRequest;
import dev.chancery.schema.identity.v1.ContractAdopted;
import dev.chancery.schema.identity.v1.CreateOrganisationReply;
import dev.chancery.schema.identity.v1.CreateOrganisationRequest;
import dev.chancery.schema.identity.v1.IssueTokenReply;
import dev.chancery.schema.identity.v1.IssueTokenRequest;
import dev.chancery.schema.log.v1.Actor;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.testkit.Backing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Identity over a real log: what begins logs, who becomes the owner, and what a client assertion is worth. */
class IdentityServiceTest {
    private static final String SERVICE = "chancery.identity.v1.IdentityService/";
    private static final String INSTANCE = Principal.INSTANCE;

    private final Database database = Backing.database("keyring", "log");
    private final RelayGuard guard = new RelayGuard(database, DatabaseRole.IDENTITY, "no_such_slot", Long.MAX_VALUE);
    private final Founding founding = new Founding(database, DatabaseRole.IDENTITY);
    private final Contract contract = Contract.load();
    private final Client owner = new Client();

    @TempDir
    private Path directory;

    private KeyFileSealer sealer;
    private Appender appender;

    @BeforeEach
    void anEmptyInstallation() {
        sealer = KeyFileSealer.create(directory.resolve("key"));
        var keys = new SigningKeys(database, sealer);
        appender =
                new Appender(database, DatabaseRole.IDENTITY, "ch-test", keys.signer("ch-test/source/identity"), guard);
        database.transaction(DatabaseRole.RELAY, connection -> {
            try (var statement = connection.createStatement()) {
                return statement.executeUpdate("""
                        INSERT INTO log.reconciled (system_identifier, timeline)
                        SELECT system_identifier,
                               ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer
                        FROM pg_control_system()""");
            }
        });
    }

    @AfterEach
    void close() {
        appender.close();
        guard.close();
        database.close();
    }

    // Beginning

    @Test
    void theFirstStartBeginsTheInstallationsLogAndTheNextFindsItBegun() {
        new Process().start();
        assertThat(founding.size(INSTANCE)).isEqualTo(1);

        new Process().start();
        assertThat(founding.size(INSTANCE)).isEqualTo(1);
    }

    @Test
    void aStartFinishesAnInstallationThatACrashLeftEmpty() throws IOException {
        ByteString offered = claim().offer();
        founding.begin(INSTANCE);

        new Process().start();

        assertThat(founding.size(INSTANCE)).isEqualTo(1);
        assertThat(foundation().claimHash()).isEqualTo(offered);
        assertThat(foundation().claimHash()).isEqualTo(IdentityService.hashed(claimText()));
    }

    @Test
    void aStartFinishesAnOrganisationThatWasCreatedAndNotBegun() throws IOException {
        var first = new Process();
        first.start();
        String token = first.token(claimed(first).getClientId());
        var created =
                reply(CreateOrganisationReply.class, first.call("CreateOrganisation", organisation(), bearer(token)));
        String tenant = created.getOrganisationId();
        assertThat(founding.size(tenant)).isEqualTo(1);

        // The same creation, of which the organisation's log was never begun: as a crash in between leaves it.
        var another = first.createdOnly();
        assertThat(founding.size(another)).isEqualTo(-1);
        new Process().start();
        assertThat(founding.size(another)).isEqualTo(1);

        // And one whose log was begun and not written.
        var empty = first.createdOnly();
        founding.begin(empty);
        new Process().start();
        new Process().start();
        assertThat(founding.size(empty)).isEqualTo(1);
        assertThat(founding.size(tenant)).isEqualTo(1);
        assertThat(founded(empty).role()).isEqualTo("administrator");
    }

    @Test
    void anotherContractIsAdoptedByEveryLogOnce() throws IOException {
        var process = new Process();
        process.start();
        String tenant = createdBy(process, claimed(process).getClientId());
        withAnotherContract(INSTANCE);
        withAnotherContract(tenant);

        new Process().start();
        long instanceSize = founding.size(INSTANCE);
        new Process().start();

        assertThat(adopted(INSTANCE).sha256()).isEqualTo(ByteString.copyFrom(contract.sha256()));
        assertThat(adopted(tenant).sha256()).isEqualTo(ByteString.copyFrom(contract.sha256()));
        assertThat(adopted(tenant).capabilities()).containsExactlyInAnyOrderElementsOf(contract.capabilities(false));
        assertThat(founding.size(tenant)).isEqualTo(3);
        assertThat(founding.size(INSTANCE)).isEqualTo(instanceSize);
    }

    // The owner

    @Test
    void theClaimMakesOneOwnerAndIsWithdrawn() throws IOException {
        var process = new Process();
        process.start();
        String claim = claimText();

        assertThat(claimed(process).getOwnerId()).isEqualTo(foundation().holder());

        assertThat(claim().isOffered()).isFalse();
        assertThat(code(process.call("ClaimOwner", claiming(claim, new Client()), nobody())))
                .isEqualTo("identity.claim-invalid");
        assertThat(process.token("instance." + foundation().holder())).isNotEmpty();
    }

    @Test
    void whoLostTheReplyGetsItWithTheSameKey() throws IOException {
        var process = new Process();
        process.start();
        String claim = claimText();
        var first = process.call("ClaimOwner", claiming(claim, owner), nobody("key"));

        assertThat(reply(ClaimOwnerReply.class, first).getClientId()).startsWith("instance.");
        assertThat(process.call("ClaimOwner", claiming(claim, owner), nobody("key")))
                .isEqualTo(first);
    }

    @Test
    void anotherClaimIsNoneAndLeavesNoRecord() {
        var process = new Process();
        process.start();

        assertThat(code(process.call("ClaimOwner", claiming("A".repeat(43), owner), nobody())))
                .isEqualTo("identity.claim-invalid");
        assertThat(founding.size(INSTANCE)).isEqualTo(1);
        assertThat(claim().isOffered()).isTrue();
    }

    @Test
    void aKeyThatIsNoPointOnTheCurveIsRefused() throws IOException {
        var process = new Process();
        process.start();
        var request = claiming(claimText(), owner).toBuilder();
        var small = ByteString.copyFrom(new byte[] {1}).concat(ByteString.copyFrom(new byte[31]));
        var none = ByteString.copyFrom(new byte[] {2}).concat(ByteString.copyFrom(new byte[31]));

        for (ByteString key : List.of(small, none, ByteString.copyFrom(new byte[32]))) {
            assertThat(code(process.call("ClaimOwner", request.setPublicKey(key).build(), nobody())))
                    .isEqualTo("identity.key-unusable");
        }
        assertThat(foundation().isClaimed()).isFalse();
    }

    @Test
    void aStartAfterACrashWithdrawsAClaimThatWasUsed() throws IOException {
        var process = new Process();
        process.start();
        String claim = claimText();
        claimed(process);
        Files.writeString(claim().file(), claim);

        new Process().start();

        assertThat(claim().isOffered()).isFalse();
    }

    // Tokens

    @Test
    void anAssertionIsGoodForOneToken() throws IOException {
        var process = new Process();
        process.start();
        String clientId = claimed(process).getClientId();
        String assertion = owner.assertion(clientId);

        var issued = reply(IssueTokenReply.class, process.call("IssueToken", asking(assertion), nobody()));
        assertThat(issued.getExpiresInSeconds()).isEqualTo(600);

        assertThat(code(process.call("IssueToken", asking(assertion), nobody())))
                .isEqualTo("identity.assertion-replayed");
        assertThat(code(new Process().call("IssueToken", asking(assertion), nobody("key"))))
                .isEqualTo("identity.assertion-replayed");
    }

    @Test
    void anAssertionByAnotherKeyOrOfNobodyIsRefused() throws IOException {
        var process = new Process();
        process.start();
        String clientId = claimed(process).getClientId();

        assertThat(code(process.call("IssueToken", asking(new Client().assertion(clientId)), nobody())))
                .isEqualTo("identity.assertion-invalid");
        assertThat(code(process.call(
                        "IssueToken",
                        asking(owner.assertion("instance.0199f2aa-0000-7000-8000-00000000000b")),
                        nobody())))
                .isEqualTo("identity.assertion-invalid");
    }

    /** One process of the installation, with nothing cached. */
    private final class Process {
        private final Streams streams = new Streams(database, DatabaseRole.IDENTITY);
        private final Keyring keyring = new Keyring(database, sealer);
        private final Tokens tokens =
                new Tokens(Client.ISSUER, new SigningKeys(database, sealer).signer("ch-test/token"));
        private final Methods methods = new Methods(contract);
        private final IdentityService service =
                IdentityService.create(founding, appender, streams, keyring, contract, tokens, claim());
        private final Pipeline pipeline;

        Process() {
            service.register(methods);
            methods.rejections(BoundaryRejection.values()).rejections(LogRejection.values());
            var decisions = new DecisionPoint(
                    new StreamScan(database, DatabaseRole.ACCESS), new Properties(), "log.v1", "pulse.v1");
            pipeline = new Pipeline(
                    new Authentication(tokens),
                    FieldRules.of(contract),
                    new Authorisation(decisions, Map.of()),
                    new CommandRuns(feature -> appender, streams, keyring, methods));
        }

        void start() {
            service.start();
        }

        Answer call(String method, Message request, Caller caller) {
            return pipeline.call(methods.find(SERVICE + method), () -> request, caller);
        }

        String token(String clientId) {
            return reply(IssueTokenReply.class, call("IssueToken", asking(owner.assertion(clientId)), nobody()))
                    .getAccessToken();
        }

        /** An organisation's creation in the installation's log, and nothing after it. */
        String createdOnly() {
            String organisation = Ids.uuidV7().toString();
            String administrator = Ids.uuidV7().toString();
            var entryId = Ids.uuidV7();
            String type = "chancery.identity.v1.OrganisationCreated";
            var retention = dev.chancery.schema.options.v1.RetentionClass.RETENTION_CLASS_ACCOUNT;
            var created = dev.chancery.schema.identity.v1.OrganisationCreated.newBuilder()
                    .setOrganisationId(organisation)
                    .setName(keyring.seal(
                            new dev.chancery.keyring.SealContext(INSTANCE, "", retention, entryId, type, "name"),
                            "Acme"))
                    .setAdministratorId(administrator)
                    .setAdministratorName(keyring.seal(
                            new dev.chancery.keyring.SealContext(
                                    INSTANCE, administrator, retention, entryId, type, "administrator_name"),
                            "Ada"))
                    .setAdministratorKey(new Client().publicKey())
                    .setAssignmentId(Ids.uuidV7().toString())
                    .build();
            append(INSTANCE, entryId, Map.of(), StreamId.of("identity", "organisation", organisation), created);
            return organisation;
        }
    }

    private void append(
            String tenant, java.util.UUID entryId, Map<StreamId, Long> basis, StreamId stream, Message event) {
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

    private void withAnotherContract(String tenant) {
        append(
                tenant,
                Ids.uuidV7(),
                Map.of(AuthorityStreams.CONTRACT, 1L),
                AuthorityStreams.CONTRACT,
                ContractAdopted.newBuilder()
                        .setSha256(ByteString.copyFromUtf8("another"))
                        .build());
    }

    private OwnerClaim claim() {
        return new OwnerClaim(directory.resolve("owner-claim"), () -> {});
    }

    private String claimText() throws IOException {
        return Files.readString(claim().file()).strip();
    }

    private ClaimOwnerReply claimed(Process process) throws IOException {
        return reply(ClaimOwnerReply.class, process.call("ClaimOwner", claiming(claimText(), owner), nobody()));
    }

    private String createdBy(Process process, String clientId) {
        return reply(
                        CreateOrganisationReply.class,
                        process.call("CreateOrganisation", organisation(), bearer(process.token(clientId))))
                .getOrganisationId();
    }

    private static CreateOrganisationRequest organisation() {
        return CreateOrganisationRequest.newBuilder()
                .setName("Acme")
                .setAdministratorName("Ada")
                .setAdministratorKey(new Client().publicKey())
                .build();
    }

    private static ClaimOwnerRequest claiming(String claim, Client by) {
        return ClaimOwnerRequest.newBuilder()
                .setClaim(claim)
                .setDisplayName("Olga")
                .setPublicKey(by.publicKey())
                .build();
    }

    private static IssueTokenRequest asking(String assertion) {
        return IssueTokenRequest.newBuilder().setClientAssertion(assertion).build();
    }

    private Foundation foundation() {
        return founded(INSTANCE);
    }

    private Foundation founded(String tenant) {
        return new Streams(database, DatabaseRole.IDENTITY)
                .load(tenant, AuthorityStreams.foundation(tenant), Foundation.FOLD)
                .state();
    }

    private AdoptedContract adopted(String tenant) {
        return new Streams(database, DatabaseRole.IDENTITY)
                .load(tenant, AuthorityStreams.CONTRACT, AdoptedContract.FOLD)
                .state();
    }

    private static Caller nobody() {
        return caller(Optional.empty(), Optional.empty());
    }

    private static Caller nobody(String idempotencyKey) {
        return caller(Optional.empty(), Optional.of(idempotencyKey));
    }

    private static Caller bearer(String token) {
        return caller(Optional.of(token), Optional.empty());
    }

    private static Caller caller(Optional<String> bearer, Optional<String> key) {
        return new Caller(Ids.uuidV7().toString(), bearer, key, Optional.empty(), "127.0.0.1", "test");
    }

    private static <R extends Message> R reply(Class<R> type, Answer answer) {
        assertThat(answer).isInstanceOf(Answer.Replied.class);
        return type.cast(((Answer.Replied) answer).reply());
    }

    private static String code(Answer answer) {
        return answer instanceof Answer.Refused refused ? refused.rejection().code() : "ok";
    }
}
