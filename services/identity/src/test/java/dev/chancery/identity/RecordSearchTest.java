package dev.chancery.identity;

import static dev.chancery.identity.Requests.bearer;
import static dev.chancery.identity.Requests.code;
import static dev.chancery.identity.Requests.offline;
import static dev.chancery.identity.Requests.organisation;
import static dev.chancery.identity.Requests.reply;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.command.CallResult;
import dev.chancery.command.Caller;
import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.LedgerMode;
import dev.chancery.identity.Installation.Process;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.MalformedRecord;
import dev.chancery.schema.identity.v1.CreateOrganisationReply;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.FindRecordsReply;
import dev.chancery.schema.identity.v1.FindRecordsRequest;
import dev.chancery.schema.identity.v1.FoundRecord;
import dev.chancery.schema.identity.v1.IssueTokenReply;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.identity.v1.SessionOpened;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.log.v1.Statement;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What records keep of where calls came from, and how it is found, over a real log. */
class RecordSearchTest {
    private static final String INSTANCE = Installation.INSTANCE;
    private static final String HOME = "203.0.113.7";
    private static final String OFFICE = "198.51.100.20";
    private static final String IPV6 = "2001:db8:0:0:0:0:0:7";

    @TempDir
    private Path directory;

    private Installation installation;
    private Process process;
    private String ownerId = "";
    private String clientId = "";

    @BeforeEach
    void anOwner() throws IOException {
        installation = new Installation(directory);
        in(LedgerMode.STANDARD);
        var claimed = installation.claimed(process);
        ownerId = claimed.getOwnerId();
        clientId = claimed.getClientId();
    }

    @AfterEach
    void close() {
        installation.close();
    }

    private void in(LedgerMode mode) {
        installation.mode = mode;
        process = installation.new Process();
        process.start();
    }

    private String signIn(String address) {
        return signIn(clientId, address);
    }

    private String signIn(String client, String address) {
        return reply(
                        IssueTokenReply.class,
                        process.call(
                                "IssueToken", offline(installation.owner.assertion(client)), Requests.from(address)))
                .getAccessToken();
    }

    private static FindRecordsRequest.Builder wanted() {
        return FindRecordsRequest.newBuilder().setReason("Incident 17");
    }

    private CallResult ask(FindRecordsRequest.Builder wanted) {
        return process.call("FindRecords", wanted.build(), bearer(process.token(clientId)));
    }

    private FindRecordsReply found(FindRecordsRequest.Builder wanted) {
        return reply(FindRecordsReply.class, ask(wanted));
    }

    private List<FoundRecord> from(String address) {
        return found(wanted().setAddress(address)).getRecordsList();
    }

    private List<LogRecord> log(String tenant) {
        return installation.database.inTenant(DatabaseRole.IDENTITY, tenant, connection -> {
            var records = new ArrayList<LogRecord>();
            try (var query =
                    connection.prepareStatement("SELECT record FROM log.record WHERE tenant = ? ORDER BY position")) {
                query.setString(1, tenant);
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        records.add(LogRecord.parse(tenant, rows.getBytes(1), 0, 0));
                    }
                }
            } catch (MalformedRecord e) {
                throw new AssertionError(e);
            }
            return records;
        });
    }

    /** What the log holds sealed of where the last session's sign-in came from. */
    private List<Sealed> whereFrom() throws IOException {
        LogRecord record = log(INSTANCE).stream()
                .filter(each ->
                        each.events().stream().anyMatch(event -> event.type().endsWith("SessionOpened")))
                .reduce((first, second) -> second)
                .orElseThrow();
        Statement statement = record.statement();
        var opened = SessionOpened.parseFrom(record.events().getLast().body());
        List<Sealed> values = new ArrayList<>(List.of(statement.getClient(), opened.getClient(), opened.getAddress()));
        if (statement.hasAddress()) {
            values.add(statement.getAddress());
        }
        return values;
    }

    @Test
    void inTheStandardModeAddressesAreSealedAndFound() throws IOException {
        signIn(HOME);

        assertThat(whereFrom())
                .hasSize(3)
                .allMatch(value -> value.getCiphertext().size() >= 48);
        assertThat(from(HOME)).singleElement().satisfies(record -> {
            assertThat(record.getPrincipalId()).isEqualTo(ownerId);
            assertThat(record.getAction()).isEqualTo("identity.token.issue");
            assertThat(log(INSTANCE).get((int) record.getPosition()).statement().getRecordedAtMicros())
                    .isEqualTo(record.getRecordedAtMicros());
        });
        assertThat(from(OFFICE)).isEmpty();
    }

    @Test
    void inThePrivacyEnhancedModeTheLogHasNoAddressAndItIsFound() throws IOException {
        in(LedgerMode.PRIVACY_ENHANCED);
        signIn(HOME);

        assertThat(whereFrom()).hasSize(4).allMatch(value -> value.getCiphertext()
                .isEmpty());
        assertThat(from(HOME)).extracting(FoundRecord::getPrincipalId).containsExactly(ownerId);
        assertThat(from(OFFICE)).isEmpty();
        // Reasons are for whoever asks why, and stay sealed.
        assertThat(log(INSTANCE))
                .filteredOn(record -> record.statement().hasReason())
                .isNotEmpty()
                .allMatch(record ->
                        !record.statement().getReason().getCiphertext().isEmpty());
    }

    @Test
    void whatBothModesWroteIsFoundInBoth() {
        signIn(HOME);
        in(LedgerMode.PRIVACY_ENHANCED);
        signIn(HOME);
        signIn(OFFICE);
        List<FoundRecord> found = from(HOME);
        in(LedgerMode.STANDARD);

        assertThat(found)
                .hasSize(2)
                .isSortedAccordingTo((one, other) -> Long.compare(other.getPosition(), one.getPosition()));
        assertThat(from(HOME)).isEqualTo(found);
        assertThat(from(OFFICE)).hasSize(1);
    }

    @Test
    void aClientIsFoundToo() {
        signIn(HOME);
        in(LedgerMode.PRIVACY_ENHANCED);
        signIn(HOME);

        assertThat(found(wanted().setAddress(HOME).setClient("test")).getRecordsList())
                .hasSize(2);
        assertThat(found(wanted().setClient("test").setPageSize(200)).getRecordsList())
                .hasSizeGreaterThan(2);
        assertThat(found(wanted().setAddress(HOME).setClient("Test")).getRecordsList())
                .isEmpty();
        assertThat(found(wanted().setClient("tes")).getRecordsList()).isEmpty();
    }

    @Test
    void anAddressIsFoundInAnyOfItsSpellings() {
        in(LedgerMode.PRIVACY_ENHANCED);
        signIn(IPV6);

        for (String spelling : List.of(IPV6, "2001:db8::7", "2001:DB8:0::0007")) {
            assertThat(from(spelling)).as(spelling).hasSize(1);
        }
        assertThat(from("2001:db8::8")).isEmpty();
        assertThat(from("no.address")).isEmpty();
    }

    @Test
    void theNextPageGoesOnWhereThisOneEnds() {
        in(LedgerMode.PRIVACY_ENHANCED);
        for (int i = 0; i < 3; i++) {
            signIn(HOME);
        }
        List<FoundRecord> all = from(HOME);

        FindRecordsReply first = found(wanted().setAddress(HOME).setPageSize(2));
        FindRecordsReply second = found(wanted().setAddress(HOME).setPageSize(2).setBefore(first.getNextBefore()));

        assertThat(all).hasSize(3);
        assertThat(first.getRecordsList()).isEqualTo(all.subList(0, 2));
        assertThat(second.getRecordsList()).isEqualTo(all.subList(2, 3));
        assertThat(second.getNextBefore()).isZero();
        assertThat(found(wanted().setAddress(HOME).setBefore(-1)).getRecordsList())
                .isEqualTo(all);
    }

    @Test
    void onlyTheTimeThatIsAskedForIsRead() {
        in(LedgerMode.PRIVACY_ENHANCED);
        for (int i = 0; i < 3; i++) {
            signIn(HOME);
            long millis = System.currentTimeMillis();
            Installation.await(() -> System.currentTimeMillis() > millis + 1);
        }
        List<FoundRecord> all = from(HOME);
        assertThat(all).hasSize(3);
        long middle = all.get(1).getRecordedAtMicros() / 1000;

        assertThat(between(middle, middle + 1)).isEqualTo(all.subList(1, 2));
        assertThat(between(middle, 0)).isEqualTo(all.subList(0, 2));
        assertThat(between(0, middle)).isEqualTo(all.subList(2, 3));
        assertThat(between(middle + 1, middle + 1)).isEmpty();
        assertThat(between(0, 1)).isEmpty();
        assertThat(between(-1, Long.MAX_VALUE)).isEqualTo(all);

        FindRecordsReply first =
                found(wanted().setAddress(HOME).setFromMillis(middle).setPageSize(1));
        FindRecordsReply second = found(
                wanted().setAddress(HOME).setFromMillis(middle).setPageSize(2).setBefore(first.getNextBefore()));
        assertThat(second.getRecordsList()).isEqualTo(all.subList(1, 2));
        assertThat(second.getNextBefore()).as("what is older was not asked for").isZero();
    }

    private List<FoundRecord> between(long fromMillis, long toMillis) {
        return found(wanted().setAddress(HOME).setFromMillis(fromMillis).setToMillis(toMillis))
                .getRecordsList();
    }

    @Test
    void anotherOrganisationFindsNothing() {
        in(LedgerMode.PRIVACY_ENHANCED);
        signIn(HOME);
        var acme = reply(
                CreateOrganisationReply.class,
                process.call(
                        "CreateOrganisation",
                        organisation().toBuilder()
                                .setAdministratorKey(installation.owner.publicKey())
                                .build(),
                        bearer(process.token(clientId))));
        Installation.await(() -> installation.founded(acme.getOrganisationId()).isClaimed());
        Caller caller = bearer(signIn(acme.getClientId(), OFFICE));

        assertThat(reply(
                                FindRecordsReply.class,
                                process.call(
                                        "FindRecords", wanted().setAddress(HOME).build(), caller))
                        .getRecordsList())
                .isEmpty();
        assertThat(reply(
                                FindRecordsReply.class,
                                process.call(
                                        "FindRecords",
                                        wanted().setAddress(OFFICE).build(),
                                        caller))
                        .getRecordsList())
                .extracting(FoundRecord::getPrincipalId)
                .containsExactly(acme.getAdministratorId());
    }

    @Test
    void whoWasErasedIsFoundNoMore() {
        in(LedgerMode.PRIVACY_ENHANCED);
        var created = reply(
                CreatePrincipalReply.class,
                process.call(
                        "CreatePrincipal",
                        CreatePrincipalRequest.newBuilder()
                                .setType(PrincipalType.USER)
                                .setDisplayName("Ben")
                                .setPublicKey(installation.owner.publicKey())
                                .build(),
                        bearer(process.token(clientId))));
        signIn(created.getClientId(), HOME);
        signIn(HOME);
        assertThat(from(HOME))
                .extracting(FoundRecord::getPrincipalId)
                .containsExactly(ownerId, created.getPrincipalId());

        installation.destroy(INSTANCE, created.getPrincipalId());
        in(LedgerMode.PRIVACY_ENHANCED);

        assertThat(from(HOME)).extracting(FoundRecord::getPrincipalId).containsExactly(ownerId);
    }

    @Test
    void thatSomebodyAskedIsRecordedAndWhatForIsNot() {
        in(LedgerMode.PRIVACY_ENHANCED);
        signIn(HOME);
        long before = installation.head(INSTANCE);

        from(HOME);

        List<LogRecord> asked = log(INSTANCE).stream()
                .filter(record -> record.position() > before
                        && record.statement().getAction().equals("identity.record.find"))
                .toList();
        assertThat(asked).hasSize(2).allMatch(record -> record.events().isEmpty());
        assertThat(asked.getFirst().statement().hasIntent()).isTrue();
        assertThat(asked.getFirst().statement().hasReason()).isTrue();
    }

    @Test
    void somethingHasToBeAskedFor() {
        assertThat(code(ask(wanted()))).isEqualTo("identity.which-records");
        assertThat(code(ask(wanted().setAddress(HOME).setPageSize(201)))).isEqualTo("identity.page-size");
        assertThat(code(ask(FindRecordsRequest.newBuilder().setAddress(HOME)))).isEqualTo("request.invalid-field");
        assertThat(code(process.call("FindRecords", wanted().setAddress(HOME).build(), Requests.nobody())))
                .isEqualTo("auth.token-missing");
        assertThat(code(process.call(
                        "FindRecords",
                        wanted().setAddress(HOME).build(),
                        bearer(signIn(somebodyWithoutARole(), HOME)))))
                .isEqualTo("auth.forbidden");
    }

    private String somebodyWithoutARole() {
        return reply(
                        CreatePrincipalReply.class,
                        process.call(
                                "CreatePrincipal",
                                CreatePrincipalRequest.newBuilder()
                                        .setType(PrincipalType.USER)
                                        .setDisplayName("Ben")
                                        .setPublicKey(installation.owner.publicKey())
                                        .build(),
                                bearer(process.token(clientId))))
                .getClientId();
    }
}
