package dev.chancery.quickstart.newcomer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.database.DatabaseRole;
import dev.chancery.quickstart.authzen.OrganisationCalls;
import dev.chancery.quickstart.instance.ExampleRequests;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.egress.v1.ConnectRequest;
import dev.chancery.schema.egress.v1.DisconnectRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.vault.v1.BindSecretRequest;
import dev.chancery.schema.vault.v1.ConnectDatabaseRequest;
import dev.chancery.schema.vault.v1.CreateEnvironmentRequest;
import dev.chancery.schema.vault.v1.IssueLeaseRequest;
import dev.chancery.schema.vault.v1.LeakChannel;
import dev.chancery.schema.vault.v1.LeakSeverity;
import dev.chancery.schema.vault.v1.ListDatabasesRequest;
import dev.chancery.schema.vault.v1.ListLeasesRequest;
import dev.chancery.schema.vault.v1.PostgresRole;
import dev.chancery.schema.vault.v1.ReadSecretRequest;
import dev.chancery.schema.vault.v1.RenewLeaseRequest;
import dev.chancery.schema.vault.v1.ReportSecretLeakRequest;
import dev.chancery.schema.vault.v1.RevokeLeaseRequest;
import dev.chancery.schema.vault.v1.RotateSecretRequest;
import dev.chancery.schema.vault.v1.SecretRotator;
import dev.chancery.schema.vault.v1.SetCredentialTemplateRequest;
import dev.chancery.schema.vault.v1.SetSecretRotationRequest;
import dev.chancery.schema.vault.v1.SweepDatabaseRequest;
import dev.chancery.schema.vault.v1.WriteSecretRequest;
import dev.chancery.testkit.TargetPostgres;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Credentials of a database, as programs and operators use them: against the packaged process and a PostgreSQL beside it. */
@Order(29)
class LeaseIT {
    private static final Duration GONE = Duration.ofSeconds(40);

    private final SharedInstance shared = SharedInstance.shared();
    private final OrganisationCalls calls = new OrganisationCalls(shared);
    private final TargetPostgres target = ExampleRequests.target();
    private Client administrator = shared.owner;
    private Client service = shared.owner;
    private String workspace = "";

    @BeforeEach
    void aDatabaseWithACredential() {
        administrator = calls.organisation();
        service = calls.somebody(administrator, "database:lease", "secret:read");
        workspace = calls.done(
                        administrator, CreateWorkspaceRequest.newBuilder().setName("Orders"))
                .json()
                .getString("workspaceId");
        calls.done(
                administrator,
                CreateEnvironmentRequest.newBuilder()
                        .setEnvironment("prod")
                        .setProduction(true)
                        .addReaders(OrganisationCalls.id(service))
                        .addReaders("administrator")
                        .addWriters("administrator"));
        calls.done(
                administrator,
                WriteSecretRequest.newBuilder()
                        .setSecret("prod/orders/admin")
                        .setValue(SharedInstance.secret(target.adminPassword())));
        calls.done(
                administrator,
                ConnectDatabaseRequest.newBuilder()
                        .setDatabase("prod/orders")
                        .setHost("127.0.0.1")
                        .setPort(target.port())
                        .setDatabaseName(TargetPostgres.DATABASE)
                        .setAdminName(TargetPostgres.ADMIN)
                        .setAdminSecret("prod/orders/admin")
                        .setWorkspaceId(workspace));
        template("prod/orders/app", 600, 900);
    }

    private void template(String name, int ttlSeconds, int maxTtlSeconds) {
        calls.done(
                administrator,
                SetCredentialTemplateRequest.newBuilder()
                        .setSecret(name)
                        .setDatabase("prod/orders")
                        .addGrantedRoles(TargetPostgres.WRITER)
                        .setTtlSeconds(ttlSeconds)
                        .setMaxTtlSeconds(maxTtlSeconds));
    }

    private Reply issue(String name) {
        Reply reply = calls.done(service, IssueLeaseRequest.newBuilder().setSecret(name));
        SharedInstance.secret(reply.json().getString("password"));
        return reply;
    }

    private boolean letsIn(JsonObject credential) {
        return target.letsIn(credential.getString("username"), credential.getString("password"));
    }

    private boolean isGone(String role) {
        return RunningInstance.await(GONE, () -> !target.roles().contains(role));
    }

    private JsonObject list(String method, Message request) {
        Map<String, String> headers = new HashMap<>(administrator.headers());
        // Changes nothing, and has a position.
        headers.put(
                "Chancery-Position",
                calls.done(
                                administrator,
                                CreateEnvironmentRequest.newBuilder()
                                        .setEnvironment("prod")
                                        .setProduction(true)
                                        .addReaders(OrganisationCalls.id(service))
                                        .addReaders("administrator")
                                        .addWriters("administrator"))
                        .position());
        return shared.wire
                .rest(shared.method("chancery.vault.v1.LeaseService/" + method), request, headers)
                .json();
    }

    private JsonObject listed(String leaseId) {
        return list(
                        "ListLeases",
                        ListLeasesRequest.newBuilder().setEnvironment("prod").build())
                .getJsonArray("leases")
                .stream()
                .map(JsonObject.class::cast)
                .filter(lease -> lease.getString("leaseId").equals(leaseId))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aCredentialIsIssuedRenewedAndTakenAwayWithItsConnections() throws Exception {
        Reply issued = issue("prod/orders/app");
        JsonObject credential = issued.json();
        String leaseId = credential.getString("leaseId");
        Statement outcome = calls.statement(issued.position());
        assertThat(outcome.getAction()).isEqualTo("vault.lease.issue");
        assertThat(outcome.getTarget().getId()).isEqualTo(leaseId);
        assertThat(calls.statement(administrator.tenant() + "@"
                                + outcome.getOutcome().getIntent().getPosition())
                        .hasIntent())
                .isTrue();
        assertThat(calls.send(administrator, RenewLeaseRequest.newBuilder().setLeaseId(leaseId))
                        .code())
                .isEqualTo("vault.no-such-lease");
        long ends = Long.parseLong(
                calls.done(service, RenewLeaseRequest.newBuilder().setLeaseId(leaseId))
                        .json()
                        .getString("endsAtMillis"));
        assertThat(ends).isGreaterThan(Long.parseLong(credential.getString("endsAtMillis")));
        try (Connection holder = target.signIn(credential.getString("username"), credential.getString("password"));
                var statement = holder.createStatement()) {
            statement.execute("INSERT INTO shop.item VALUES ('tea')");
            calls.done(administrator, RevokeLeaseRequest.newBuilder().setLeaseId(leaseId));
            assertThat(isGone(credential.getString("username"))).isTrue();
            assertThat(holder.isValid(5)).isFalse();
        }
        assertThat(letsIn(credential)).isFalse();
        assertThat(RunningInstance.await(
                        GONE,
                        () -> !listed(leaseId).getString("droppedAtMillis", "0").equals("0")))
                .isTrue();
        assertThat(listed(leaseId).getString("end")).isEqualTo("LEASE_END_REVOKED");
        assertThat(calls.send(service, RenewLeaseRequest.newBuilder().setLeaseId(leaseId))
                        .code())
                .isEqualTo("vault.lease-ended");
    }

    @Test
    void aLeaseThatIsOverEndsByItselfThoughItsDatabaseWasAway() {
        template("prod/orders/short", 2, 2);
        JsonObject first = issue("prod/orders/short").json();
        assertThat(letsIn(first)).isTrue();
        assertThat(isGone(first.getString("username"))).isTrue();

        template("prod/orders/short", 5, 5);
        JsonObject second = issue("prod/orders/short").json();
        target.kill();
        try {
            long over = Long.parseLong(second.getString("endsAtMillis"));
            assertThat(RunningInstance.await(GONE, () -> System.currentTimeMillis() > over + 1_000))
                    .isTrue();
        } finally {
            target.restart();
        }
        assertThat(letsIn(second)).isFalse();
        assertThat(isGone(second.getString("username"))).isTrue();
        assertThat(RunningInstance.await(GONE, () -> "LEASE_END_EXPIRED"
                        .equals(listed(second.getString("leaseId")).getString("end"))))
                .isTrue();
    }

    @Test
    void aReferenceToACredentialIsReadLikeASecretAndLasts() {
        Reply read = calls.done(service, ReadSecretRequest.newBuilder().setSecret("prod/orders/app"));
        var url = URI.create(SharedInstance.secret(read.json().getString("value")));
        String[] user = url.getUserInfo().split(":");
        SharedInstance.secret(user[1]);

        assertThat(url.getScheme() + " " + url.getHost() + " " + url.getPort() + url.getPath())
                .isEqualTo("postgresql 127.0.0.1 " + target.port() + "/orders");
        assertThat(target.letsIn(user[0], user[1])).isTrue();
        long until = Long.parseLong(read.json().getString("untilMillis")) - System.currentTimeMillis();
        assertThat(until).isBetween(500_000L, 600_000L);
        // What a person may not read, one may not lease either; and no secret takes the name.
        assertThat(calls.send(administrator, IssueLeaseRequest.newBuilder().setSecret("prod/orders/app"))
                        .code())
                .isEqualTo("vault.break-glass-only");
        assertThat(calls.send(
                                administrator,
                                WriteSecretRequest.newBuilder()
                                        .setSecret("prod/orders/app")
                                        .setValue("x"))
                        .code())
                .isEqualTo("vault.is-a-template");
        Client stranger = calls.somebody(administrator, "database:lease");
        assertThat(calls.send(stranger, IssueLeaseRequest.newBuilder().setSecret("prod/orders/app"))
                        .code())
                .isEqualTo("vault.not-listed");
    }

    @Test
    void aLeakedReferenceTakesItsCredentialsAwayAndItsAdministratorsPasswordAll() throws Exception {
        JsonObject first = issue("prod/orders/app").json();
        try (Connection holder = target.signIn(first.getString("username"), first.getString("password"))) {
            report("prod/orders/app");
            assertThat(isGone(first.getString("username"))).isTrue();
            assertThat(holder.isValid(5)).isFalse();
        }
        JsonObject second = issue("prod/orders/app").json();
        report("prod/orders/admin");
        assertThat(isGone(second.getString("username"))).isTrue();
        assertThat(RunningInstance.await(GONE, () -> "LEASE_END_LEAKED"
                        .equals(listed(second.getString("leaseId")).getString("end"))))
                .isTrue();
        assertThat(calls.send(service, IssueLeaseRequest.newBuilder().setSecret("prod/orders/app"))
                        .code())
                .isEqualTo("vault.no-admin-secret");
    }

    private void report(String secret) {
        calls.done(
                administrator,
                ReportSecretLeakRequest.newBuilder()
                        .setSecret(secret)
                        .setChannel(LeakChannel.LEAK_CHANNEL_CHAT)
                        .setSeverity(LeakSeverity.LEAK_SEVERITY_SEV_2));
    }

    /** A token of a connector's, and credentials; what is bound to nothing stays. */
    @Test
    void whatIsBoundToAConnectorEndsWithinASecondOfItsDisconnection() {
        calls.done(
                administrator,
                ConnectRequest.newBuilder()
                        .setWorkspaceId(workspace)
                        .setConnector("shop")
                        .addHosts("shop.example.com"));
        for (String name : List.of("prod/shop/token", "prod/shop/other")) {
            calls.done(
                    administrator,
                    WriteSecretRequest.newBuilder().setSecret(name).setValue("Q7-token"));
        }
        for (String name : List.of("prod/shop/token", "prod/orders/app")) {
            calls.done(
                    administrator,
                    BindSecretRequest.newBuilder()
                            .setSecret(name)
                            .setWorkspaceId(workspace)
                            .setConnector("shop"));
        }
        assertThat(Long.parseLong(read("prod/shop/token").json().getString("untilMillis")))
                .as("whoever keeps it asks again in a second")
                .isLessThanOrEqualTo(System.currentTimeMillis() + 1_000);
        JsonObject credential = issue("prod/orders/app").json();
        assertThat(letsIn(credential)).isTrue();

        calls.done(
                administrator,
                DisconnectRequest.newBuilder().setWorkspaceId(workspace).setConnector("shop"));
        long disconnected = System.nanoTime();
        assertThat(read("prod/shop/token").code()).isEqualTo("vault.disconnected");
        assertThat(calls.send(service, IssueLeaseRequest.newBuilder().setSecret("prod/orders/app"))
                        .code())
                .isIn("vault.disconnected", "vault.no-such-secret");
        long refused = System.nanoTime();
        assertThat(isGone(credential.getString("username"))).isTrue();
        long gone = System.nanoTime();
        assertThat(RunningInstance.await(GONE, () -> isDestroyed("prod/shop/token")))
                .isTrue();
        long destroyed = System.nanoTime();
        System.out.printf(
                "after a disconnection: refused within %d ms, role gone within %d ms, key destroyed within %d ms%n",
                (refused - disconnected) / 1_000_000,
                (gone - disconnected) / 1_000_000,
                (destroyed - disconnected) / 1_000_000);
        assertThat(Duration.ofNanos(refused - disconnected)).isLessThan(Duration.ofSeconds(1));
        assertThat(letsIn(credential)).isFalse();
        assertThat(listed(credential.getString("leaseId")).getString("end")).isEqualTo("LEASE_END_DISCONNECTED");

        assertThat(read("prod/shop/other").succeeded()).as("bound to nothing").isTrue();
        calls.done(
                administrator,
                ConnectRequest.newBuilder()
                        .setWorkspaceId(workspace)
                        .setConnector("shop")
                        .addHosts("shop.example.com"));
        assertThat(read("prod/shop/token").code()).as("a new connection").isEqualTo("vault.no-current-version");
        calls.done(
                administrator,
                WriteSecretRequest.newBuilder().setSecret("prod/shop/token").setValue("Q7-another"));
        assertThat(read("prod/shop/token").json().getString("value")).isEqualTo("Q7-another");
    }

    private Reply read(String name) {
        return calls.send(service, ReadSecretRequest.newBuilder().setSecret(name));
    }

    private boolean isDestroyed(String name) {
        return shared.inside.database().inTenant(DatabaseRole.VAULT, administrator.tenant(), connection -> {
            try (var query = connection.prepareStatement(
                    "SELECT bool_and(state = 'DESTROYED') FROM secretring.data_key WHERE tenant = ? AND secret = ?")) {
                query.setString(1, administrator.tenant());
                query.setString(2, name);
                try (var row = query.executeQuery()) {
                    row.next();
                    return row.getBoolean(1);
                }
            }
        });
    }

    /** A role that somebody made; its password is the secret's value. */
    @Test
    void aRolesPasswordTurnsAndALeakEndsItsConnections() throws Exception {
        target.execute(
                "postgres",
                "CREATE ROLE orders_report LOGIN",
                "GRANT orders_report TO " + TargetPostgres.ADMIN + " WITH ADMIN OPTION");
        calls.done(
                administrator,
                SetSecretRotationRequest.newBuilder()
                        .setSecret("prod/orders/report")
                        .setOwnerId(OrganisationCalls.id(administrator))
                        .setRotator(SecretRotator.newBuilder()
                                .setPostgresRole(PostgresRole.newBuilder()
                                        .setDatabase("prod/orders")
                                        .addRoles("orders_report"))));
        calls.done(administrator, RotateSecretRequest.newBuilder().setSecret("prod/orders/report"));
        String[] first = made("prod/orders/report", 1);
        try (Connection program = target.signIn(first[0], first[1])) {
            report("prod/orders/report");
            String[] second = made("prod/orders/report", 2);
            assertThat(target.letsIn(second[0], second[1])).isTrue();
            assertThat(target.letsIn(first[0], first[1])).isFalse();
            assertThat(RunningInstance.await(GONE, () -> !isValid(program))).isTrue();
        }
    }

    private static boolean isValid(Connection connection) {
        try {
            return connection.isValid(5);
        } catch (SQLException e) {
            return false;
        }
    }

    /** Name and password, once they are there. */
    private String[] made(String secret, int version) {
        var request = ReadSecretRequest.newBuilder().setSecret(secret).setSecretVersion(version);
        assertThat(RunningInstance.await(
                        GONE, () -> calls.send(service, request).succeeded()))
                .isTrue();
        var url = URI.create(
                SharedInstance.secret(calls.done(service, request).json().getString("value")));
        String[] user = url.getUserInfo().split(":");
        SharedInstance.secret(user[1]);
        return user;
    }

    @Test
    void aSweepShowsWhatIsThere() {
        JsonObject live = issue("prod/orders/app").json();
        String prefix = live.getString("username").substring(0, 22);
        // Made in 2023, and in no record.
        String stray = prefix + "018c0000000070008000000000000001";
        target.execute("postgres", "SET ROLE " + TargetPostgres.ADMIN, "CREATE ROLE " + stray + " LOGIN PASSWORD 'x'");

        JsonObject swept = calls.done(
                        administrator, SweepDatabaseRequest.newBuilder().setDatabase("prod/orders"))
                .json();
        assertThat(swept.getInteger("live")).isOne();
        assertThat(target.roles()).doesNotContain(stray).contains(live.getString("username"));
        assertThat(list(
                                "ListDatabases",
                                ListDatabasesRequest.newBuilder()
                                        .setEnvironment("prod")
                                        .build())
                        .getJsonArray("databases")
                        .getJsonObject(0)
                        .getInteger("openLeases"))
                .isOne();
    }
}
