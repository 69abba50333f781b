package dev.chancery.quickstart.newcomer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.quickstart.authzen.OrganisationCalls;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunCommand;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.RunningInstance.Ended;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.elevation.v1.ApprovalRule;
import dev.chancery.schema.elevation.v1.ApproveElevationRequest;
import dev.chancery.schema.elevation.v1.RequestElevationRequest;
import dev.chancery.schema.elevation.v1.SetElevationPolicyRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.notices.v1.ListNoticesRequest;
import dev.chancery.schema.vault.v1.CreateEnvironmentRequest;
import dev.chancery.schema.vault.v1.DestroySecretVersionRequest;
import dev.chancery.schema.vault.v1.HttpIssuer;
import dev.chancery.schema.vault.v1.LeakChannel;
import dev.chancery.schema.vault.v1.LeakSeverity;
import dev.chancery.schema.vault.v1.ListEnvironmentsRequest;
import dev.chancery.schema.vault.v1.ListInventoryRequest;
import dev.chancery.schema.vault.v1.ListSecretLeaksRequest;
import dev.chancery.schema.vault.v1.ListSecretsRequest;
import dev.chancery.schema.vault.v1.OAuthRefresh;
import dev.chancery.schema.vault.v1.ReadSecretRequest;
import dev.chancery.schema.vault.v1.ReportSecretLeakRequest;
import dev.chancery.schema.vault.v1.RetireEnvironmentKeyRequest;
import dev.chancery.schema.vault.v1.RewrapEnvironmentRequest;
import dev.chancery.schema.vault.v1.RotateEnvironmentKeyRequest;
import dev.chancery.schema.vault.v1.RotateSecretRequest;
import dev.chancery.schema.vault.v1.SecretRotator;
import dev.chancery.schema.vault.v1.SetEnvironmentAccessRequest;
import dev.chancery.schema.vault.v1.SetSecretAccessRequest;
import dev.chancery.schema.vault.v1.SetSecretRotationRequest;
import dev.chancery.schema.vault.v1.WriteSecretRequest;
import dev.chancery.story.ClearText;
import dev.chancery.testkit.IssuerServer;
import dev.chancery.testkit.TokenServer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The vault, as programs and operators use it: over REST and by {@code chancery run}, against the packaged process. */
@Order(28)
class VaultIT {
    private final SharedInstance shared = SharedInstance.shared();
    private final OrganisationCalls calls = new OrganisationCalls(shared);
    private Client administrator = shared.owner;
    private Client service = shared.owner;

    @TempDir
    private Path directory;

    @BeforeEach
    void anEnvironment() {
        administrator = calls.organisation();
        service = calls.somebody(administrator, "secret:read");
        calls.done(
                administrator,
                CreateEnvironmentRequest.newBuilder()
                        .setEnvironment("prod")
                        .setProduction(true)
                        .addReaders(OrganisationCalls.id(service))
                        .addReaders("administrator")
                        .addWriters("administrator"));
    }

    private int write(String secret, String value) {
        return calls.done(
                        administrator,
                        WriteSecretRequest.newBuilder().setSecret(secret).setValue(SharedInstance.secret(value)))
                .json()
                .getInteger("secretVersion");
    }

    private Reply read(Client caller, String secret, int version) {
        return calls.send(
                caller, ReadSecretRequest.newBuilder().setSecret(secret).setSecretVersion(version));
    }

    /** What a list says once it knows all that was written. */
    private JsonObject list(String method, Message request) {
        Map<String, String> headers = new HashMap<>(administrator.headers());
        // Changes nothing, and has a position.
        headers.put(
                "Chancery-Position",
                calls.done(administrator, SetSecretAccessRequest.newBuilder().setSecret("prod/db/password"))
                        .position());
        return shared.wire
                .rest(shared.method("chancery.vault.v1.VaultService/" + method), request, headers)
                .json();
    }

    private JsonObject listed(String secret) {
        return list(
                        "ListSecrets",
                        ListSecretsRequest.newBuilder().setEnvironment("prod").build())
                .getJsonArray("secrets")
                .stream()
                .map(JsonObject.class::cast)
                .filter(one -> one.getString("secret").equals(secret))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aSecretIsWrittenReadTurnedAndDestroyedAndTheListShowsAllButTheValue() {
        write("prod/db/password", "Schloss-Neuschwanstein-1");
        assertThat(write("prod/db/password", "Schloss-Neuschwanstein-2")).isEqualTo(2);
        assertThat(read(service, "prod/db/password", 0).json().getString("value"))
                .isEqualTo("Schloss-Neuschwanstein-2");
        assertThat(read(service, "prod/db/password", 1).json().getString("value"))
                .isEqualTo("Schloss-Neuschwanstein-1");
        calls.done(
                administrator,
                DestroySecretVersionRequest.newBuilder()
                        .setSecret("prod/db/password")
                        .setSecretVersion(1));
        assertThat(read(service, "prod/db/password", 1).code()).isEqualTo("vault.version-ended");
        calls.done(
                administrator,
                SetSecretRotationRequest.newBuilder()
                        .setSecret("prod/db/password")
                        .setOwnerId(OrganisationCalls.id(administrator))
                        .setEveryDays(90)
                        .setGenerated(true));
        calls.done(
                administrator,
                RotateSecretRequest.newBuilder().setSecret("prod/db/password").setCompromised(true));
        assertThat(read(service, "prod/db/password", 2).code()).isEqualTo("vault.version-ended");
        assertThat(SharedInstance.secret(
                        read(service, "prod/db/password", 0).json().getString("value")))
                .matches("[A-Za-z0-9_-]{43}");
        JsonObject secret = listed("prod/db/password");
        assertThat(secret.getInteger("currentVersion")).isEqualTo(3);
        assertThat(secret.getBoolean("overdue", false)).isFalse();
        assertThat(secret.getJsonArray("versions").stream()
                        .map(JsonObject.class::cast)
                        .map(one -> one.getString("state").replace("SECRET_VERSION_STATE_", "") + " "
                                + one.getString("reads", "0")))
                .containsExactly("DESTROYED 1", "REVOKED 1", "CURRENT 1");
        assertThat(secret.encode()).doesNotContain("Neuschwanstein");
    }

    @Test
    void aReadIsInTheLogBeforeItIsReleasedAndARefusedOneIsToo() {
        write("prod/db/password", "Schloss-Linderhof-1");
        Client stranger = calls.somebody(administrator);
        Client colleague = calls.somebody(administrator, "secret:read");

        assertThat(read(stranger, "prod/db/password", 0).code()).isEqualTo("auth.forbidden");
        assertThat(read(colleague, "prod/db/password", 0).code()).isEqualTo("vault.not-listed");
        assertThat(read(service, "test/db/password", 0).code()).isEqualTo("vault.no-such-environment");
        Reply released = read(service, "prod/db/password", 0);
        assertThat(released.succeeded()).isTrue();
        Statement outcome = calls.statement(released.position());
        assertThat(outcome.getAction()).isEqualTo("vault.secret.read");
        assertThat(outcome.getTarget().getId()).isEqualTo("prod:db:password:1");
        assertThat(outcome.getOutcome().getIntent().getPosition()).isLessThan(outcome.getPosition());
        Statement intent = calls.statement(
                administrator.tenant() + "@" + outcome.getOutcome().getIntent().getPosition());
        assertThat(intent.hasIntent()).isTrue();
        assertThat(intent.getTarget().getId()).isEqualTo("prod:db:password");
        assertThat(intent.getActor().getId()).isEqualTo(OrganisationCalls.id(service));
    }

    @Test
    void theSameIdempotencyKeyGetsNoValueASecondTime() {
        write("prod/db/password", "Schloss-Herrenchiemsee-1");
        Map<String, String> headers = new HashMap<>(service.headers());
        headers.put("Idempotency-Key", "read-it-once");
        var method = shared.method("chancery.vault.v1.VaultService/ReadSecret");
        var request =
                ReadSecretRequest.newBuilder().setSecret("prod/db/password").build();

        assertThat(shared.wire.rest(method, request, headers).json().getString("value"))
                .isEqualTo("Schloss-Herrenchiemsee-1");
        Reply again = shared.wire.rest(method, request, headers);
        assertThat(again.code()).isEqualTo("idempotency.key-reused");
        assertThat(again.everything()).doesNotContain("Herrenchiemsee");
    }

    @Test
    void aPersonReadsNothingInProductionWithoutBreakGlass() {
        write("prod/db/password", "Schloss-Hohenschwangau-1");

        // Its administrator is a person.
        assertThat(read(administrator, "prod/db/password", 0).code()).isEqualTo("vault.break-glass-only");
    }

    @Test
    void aPersonReadsInProductionByBreakGlassIfFreshlyAuthenticatedAndItsApproversAreTold() throws IOException {
        write("prod/db/password", "Schloss-Hohenschwangau-2");
        Client engineer = calls.somebody(PrincipalType.USER, administrator, "elevation:request");
        calls.done(
                administrator, DefineRoleRequest.newBuilder().setRole("repair").addCapabilities("secret:read"));
        calls.done(
                administrator,
                SetEnvironmentAccessRequest.newBuilder()
                        .setEnvironment("prod")
                        .addReaders(OrganisationCalls.id(service))
                        .addReaders("repair")
                        .addWriters("administrator"));
        calls.done(
                administrator,
                SetElevationPolicyRequest.newBuilder()
                        .setRole("repair")
                        .setMaxMinutes(30)
                        .addApprovals(ApprovalRule.newBuilder()
                                .setRole("administrator")
                                .setApprovers(1)));
        String elevation = calls.done(
                        engineer,
                        RequestElevationRequest.newBuilder().setRole("repair").setReason("The database is down."))
                .json()
                .getString("elevationId");
        calls.done(
                administrator,
                ApproveElevationRequest.newBuilder()
                        .setElevationId(elevation)
                        .setPrincipalId(OrganisationCalls.id(engineer))
                        .setApproverRole("administrator"));
        var request = ReadSecretRequest.newBuilder().setSecret("prod/db/password");

        assertThat(calls.send(engineer, request).code()).as("says no reason").isEqualTo("vault.break-glass-only");
        request.setReason("To repair the database.");
        String old = calls.signedIn(engineer, Instant.now().minusSeconds(601), "phr");
        Reply challenged = shared.wire.rest(
                shared.method("chancery.vault.v1.VaultService/ReadSecret"),
                request.build(),
                Map.of("Authorization", "Bearer " + old));
        assertThat(challenged.code()).isEqualTo("auth.step-up");
        assertThat(challenged.everything()).contains("600");
        Reply read = calls.done(engineer, request);
        assertThat(read.json().getString("value")).isEqualTo("Schloss-Hohenschwangau-2");
        assertThat(calls.statement(read.position()).getActor().getElevation()).isEqualTo(elevation);
        assertThat(RunningInstance.await(RunningInstance.START_LIMIT, () -> calls.done(
                                administrator,
                                ListNoticesRequest.newBuilder().setPrincipalId(OrganisationCalls.id(administrator)))
                        .json()
                        .encode()
                        .contains("NOTICE_KIND_SECRET_READ")))
                .isTrue();
    }

    @Test
    void aLeakEndsWhatWasReadAndTheListShowsWhoHasNothingNewer() {
        write("prod/db/password", "Burg-Hornberg-1");
        calls.done(
                administrator,
                SetSecretRotationRequest.newBuilder()
                        .setSecret("prod/db/password")
                        .setOwnerId(OrganisationCalls.id(administrator))
                        .setGenerated(true));
        assertThat(read(service, "prod/db/password", 0).succeeded()).isTrue();
        long exposed = System.currentTimeMillis() - 3_600_000;
        var report = ReportSecretLeakRequest.newBuilder()
                .setSecret("prod/db/password")
                .setChannel(LeakChannel.LEAK_CHANNEL_PUBLIC_REPOSITORY)
                .setSeverity(LeakSeverity.LEAK_SEVERITY_SEV_1)
                .setFirstExposedAtMillis(exposed);
        Client stranger = calls.somebody(administrator, "secret:manage");
        assertThat(calls.send(stranger, report).code()).isEqualTo("vault.not-listed");
        JsonObject reported = calls.done(administrator, report).json();

        assertThat(reported.getInteger("secretVersion")).isEqualTo(2);
        assertThat(Long.parseLong(reported.getString("respondByMillis")) - System.currentTimeMillis())
                .isBetween(1L, 900_000L);
        assertThat(read(service, "prod/db/password", 1).code()).isEqualTo("vault.version-ended");
        JsonObject leak = leak();
        assertThat(leak.getString("incidentId")).isEqualTo(reported.getString("incidentId"));
        assertThat(leak.getInteger("waiting")).isOne();
        assertThat(leak.getBoolean("unused", false)).isFalse();
        JsonObject reader = leak.getJsonArray("readers").getJsonObject(0);
        assertThat(reader.getString("readerId")).isEqualTo(OrganisationCalls.id(service));
        assertThat(reader.getString("reads")).isEqualTo("1");
        assertThat(reader.getBoolean("exposed")).isTrue();

        SharedInstance.secret(read(service, "prod/db/password", 0).json().getString("value"));
        assertThat(leak().getInteger("waiting", 0)).isZero();
        assertThat(leak().getBoolean("unused")).isTrue();
    }

    @Test
    void aServiceMakesTheValuesAndTakesBackWhatLeaked() {
        String workspace = calls.done(
                        administrator, CreateWorkspaceRequest.newBuilder().setName("Mail"))
                .json()
                .getString("workspaceId");
        String key = "Burg-Eltz" + "-signs-for-it-1";
        write("prod/db/signing", key);
        try (var issuer = IssuerServer.start(key)) {
            var rotation = SetSecretRotationRequest.newBuilder()
                    .setSecret("prod/db/password")
                    .setOwnerId(OrganisationCalls.id(administrator))
                    .setEveryDays(90)
                    .setRotator(SecretRotator.newBuilder()
                            .setHttpIssuer(HttpIssuer.newBuilder()
                                    .setUrl(issuer.url())
                                    .setKeySecret("prod/db/signing")
                                    .setWorkspaceId(workspace)));
            for (String[] wrong : new String[][] {
                {"http://issuer.example.com", "prod/db/signing", "vault.rotator"},
                {issuer.url(), "prod/db/password", "vault.rotator"},
                {issuer.url(), "test/db/signing", "vault.other-environment"},
                {issuer.url(), "prod/db/nothing", "vault.no-such-secret"}
            }) {
                var refused = rotation.clone();
                refused.getRotatorBuilder()
                        .getHttpIssuerBuilder()
                        .setUrl(wrong[0])
                        .setKeySecret(wrong[1]);
                assertThat(calls.send(administrator, refused).code()).isEqualTo(wrong[2]);
            }
            assertThat(calls.send(administrator, rotation.clone().setRotator(SecretRotator.getDefaultInstance()))
                            .code())
                    .isEqualTo("vault.rotator");
            Client writer = writerWhoReadsNothing();
            assertThat(calls.send(writer, rotation).code())
                    .as("what one may not read, one has nothing signed by")
                    .isEqualTo("vault.not-listed");
            calls.done(administrator, rotation);
            assertThat(calls.done(
                                    administrator,
                                    RotateSecretRequest.newBuilder().setSecret("prod/db/password"))
                            .json()
                            .getInteger("secretVersion"))
                    .isOne();
            String first = made(1);
            assertThat(issuer.takes(first)).isTrue();
            JsonObject item = list(
                            "ListInventory",
                            ListInventoryRequest.newBuilder()
                                    .setEnvironment("prod")
                                    .build())
                    .getJsonArray("secrets")
                    .getJsonObject(0);
            assertThat(item.getString("rotator")).isEqualTo("ROTATOR_KIND_HTTP_ISSUER");

            assertThat(calls.done(
                                    administrator,
                                    ReportSecretLeakRequest.newBuilder()
                                            .setSecret("prod/db/password")
                                            .setChannel(LeakChannel.LEAK_CHANNEL_CHAT)
                                            .setSeverity(LeakSeverity.LEAK_SEVERITY_SEV_1))
                            .json()
                            .getInteger("secretVersion"))
                    .isEqualTo(2);
            assertThat(read(service, "prod/db/password", 1).code()).isEqualTo("vault.version-ended");
            assertThat(issuer.takes(made(2))).isTrue();
            assertThat(RunningInstance.await(RunningInstance.START_LIMIT, () -> leak().getInteger("atIssuer", 0) == 0))
                    .isTrue();
            assertThat(leak().getInteger("issued")).isOne();
            assertThat(issuer.takes(first)).isFalse();
            assertThat(issuer.live()).isOne();
        }
    }

    @Test
    void anAuthorisationServerGivesTheTokensAndRevokesWhatLeaked() {
        String workspace = calls.done(
                        administrator, CreateWorkspaceRequest.newBuilder().setName("Calendar"))
                .json()
                .getString("workspaceId");
        try (var server = TokenServer.start()) {
            write("prod/db/refresh", server.refreshToken());
            write("prod/db/client", server.clientSecret());
            calls.done(
                    administrator,
                    SetSecretRotationRequest.newBuilder()
                            .setSecret("prod/db/password")
                            .setOwnerId(OrganisationCalls.id(administrator))
                            .setRotator(SecretRotator.newBuilder()
                                    .setOauthRefresh(OAuthRefresh.newBuilder()
                                            .setTokenUrl(server.tokenUrl())
                                            .setRevocationUrl(server.revocationUrl())
                                            .setClientId(TokenServer.CLIENT)
                                            .setClientSecret("prod/db/client")
                                            .setRefreshSecret("prod/db/refresh")
                                            .setWorkspaceId(workspace))));
            // Its tokens last six seconds: without a schedule, another is asked for after four.
            server.expiresIn = 6;
            calls.done(administrator, RotateSecretRequest.newBuilder().setSecret("prod/db/password"));
            assertThat(server.takes(made(1))).isTrue();
            server.expiresIn = 3_600;
            String second = made(2);
            assertThat(server.takes(second)).isTrue();
            assertThat(SharedInstance.secret(
                            read(service, "prod/db/refresh", 0).json().getString("value")))
                    .isEqualTo(server.refreshToken());

            calls.done(
                    administrator,
                    ReportSecretLeakRequest.newBuilder()
                            .setSecret("prod/db/password")
                            .setChannel(LeakChannel.LEAK_CHANNEL_CHAT)
                            .setSeverity(LeakSeverity.LEAK_SEVERITY_SEV_1));
            assertThat(server.takes(made(3))).isTrue();
            assertThat(RunningInstance.await(RunningInstance.START_LIMIT, () -> leak().getInteger("atIssuer", 0) == 0))
                    .isTrue();
            assertThat(server.takes(second)).isFalse();
            assertThat(server.sawATheft()).isFalse();
        }
    }

    private Client writerWhoReadsNothing() {
        Client writer = calls.somebody(administrator, "secret:manage");
        calls.done(
                administrator,
                SetEnvironmentAccessRequest.newBuilder()
                        .setEnvironment("prod")
                        .addReaders(OrganisationCalls.id(service))
                        .addReaders("administrator")
                        .addWriters("administrator")
                        .addWriters(OrganisationCalls.id(writer)));
        return writer;
    }

    /** What a rotator made, once it is there. */
    private String made(int version) {
        assertThat(RunningInstance.await(RunningInstance.START_LIMIT, () -> read(service, "prod/db/password", version)
                        .succeeded()))
                .isTrue();
        return SharedInstance.secret(
                read(service, "prod/db/password", version).json().getString("value"));
    }

    private JsonObject leak() {
        return list(
                        "ListSecretLeaks",
                        ListSecretLeaksRequest.newBuilder()
                                .setEnvironment("prod")
                                .setSecret("prod/db/password")
                                .build())
                .getJsonArray("leaks")
                .getJsonObject(0);
    }

    @Test
    void environmentsAreListedByPages() {
        for (String name : List.of("test", "dev", "stage")) {
            calls.done(administrator, CreateEnvironmentRequest.newBuilder().setEnvironment(name));
        }
        write("prod/db/password", "Burg-Hohenzollern");
        JsonObject first = list(
                "ListEnvironments",
                ListEnvironmentsRequest.newBuilder().setPageSize(3).build());
        JsonObject rest = list(
                "ListEnvironments",
                ListEnvironmentsRequest.newBuilder()
                        .setPage(first.getString("nextPage"))
                        .build());

        assertThat(names(first)).containsExactly("dev", "prod", "stage");
        assertThat(names(rest)).containsExactly("test");
        assertThat(rest.getString("nextPage", "")).isEmpty();
        assertThat(calls.send(
                                administrator,
                                ListEnvironmentsRequest.newBuilder().setPageSize(201))
                        .code())
                .isEqualTo("vault.page");
    }

    private static List<String> names(JsonObject page) {
        return page.getJsonArray("environments").stream()
                .map(one -> ((JsonObject) one).getString("environment"))
                .toList();
    }

    @Test
    void anEnvironmentsKeyTurnsWhileSecretsAreReadAndTheCensusIsRightToTheRow() {
        for (int i = 0; i < 7; i++) {
            write("prod/db/password", "Burg-Eltz-" + i);
        }
        calls.done(administrator, RotateEnvironmentKeyRequest.newBuilder().setEnvironment("prod"));
        write("prod/db/other", "Burg-Eltz-other");
        assertThat(keys()).isEqualTo("1:7 2:1");
        assertThat(calls.send(
                                administrator,
                                RetireEnvironmentKeyRequest.newBuilder()
                                        .setEnvironment("prod")
                                        .setKeyVersion(1))
                        .code())
                .isEqualTo("vault.key-in-use");
        JsonObject some = calls.done(
                        administrator,
                        RewrapEnvironmentRequest.newBuilder()
                                .setEnvironment("prod")
                                .setAtMost(3))
                .json();
        assertThat(some.getString("left")).isEqualTo("4");
        assertThat(read(service, "prod/db/password", 1).succeeded()).isTrue();
        assertThat(read(service, "prod/db/password", 7).succeeded()).isTrue();
        calls.done(administrator, RewrapEnvironmentRequest.newBuilder().setEnvironment("prod"));
        calls.done(
                administrator,
                RetireEnvironmentKeyRequest.newBuilder().setEnvironment("prod").setKeyVersion(1));
        assertThat(keys()).isEqualTo("2:8");
        for (int version = 1; version <= 7; version++) {
            assertThat(read(service, "prod/db/password", version).json().getString("value"))
                    .isEqualTo("Burg-Eltz-" + (version - 1));
        }
    }

    private String keys() {
        return String.join(
                " ",
                list("ListEnvironments", ListEnvironmentsRequest.getDefaultInstance())
                        .getJsonArray("environments")
                        .getJsonObject(0)
                        .getJsonArray("keys")
                        .stream()
                        .map(JsonObject.class::cast)
                        .map(key -> key.getInteger("keyVersion") + ":" + key.getString("wraps"))
                        .toList());
    }

    @Test
    void aProgramInNodeGetsItsSecretsInItsEnvironmentAndNothingOfThemIsOnTheDisk() throws Exception {
        write("prod/db/password", "Wartburg \"quoted\"\nand a second line");
        var command = new RunCommand(shared.instance, service, directory);
        boolean node = Program.exists("node");
        List<String> program = node
                ? List.of(
                        "node",
                        "-e",
                        "process.stdout.write(require('crypto').createHash('sha256').update(process.env.DB_PASSWORD).digest('hex')); process.exit(7)")
                : List.of("sh", "-c", "printf %s \"$DB_PASSWORD\" | sha256sum | cut -c1-64 | tr -d '\\n'; exit 7");

        Ended ended = command.run("prod", Map.of("DB_PASSWORD", "vault://prod/db/password"), program);
        assertThat(ended.exitCode()).as("%s", ended).isEqualTo(7);
        assertThat(ended.out())
                .isEqualTo(HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256")
                                .digest("Wartburg \"quoted\"\nand a second line".getBytes(UTF_8))));
        Ended refused = command.run("prod", Map.of("DB_PASSWORD", "vault://prod/db/nothing"), program);
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err()).contains("DB_PASSWORD: vault.no-such-secret: ");
        assertThat(ClearText.of(List.of("Wartburg \"quoted\"")).below(directory).found())
                .isEmpty();
    }

    @Test
    void termReachesTheProgramAndItsExitCodeComesBack() throws Exception {
        Path ready = directory.resolve("ready");
        Process running = new RunCommand(shared.instance, service, directory)
                .start(
                        "prod",
                        Map.of(),
                        List.of("sh", "-c", "trap 'exit 9' TERM; : >" + ready + "; while :; do sleep 0.05; done"));
        assertThat(RunningInstance.await(RunningInstance.START_LIMIT, () -> Files.exists(ready)))
                .isTrue();
        running.destroy();
        assertThat(running.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(running.exitValue()).isEqualTo(9);
    }
}
