package dev.chancery.quickstart.atrest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import dev.chancery.quickstart.authzen.OrganisationCalls;
import dev.chancery.quickstart.instance.Api;
import dev.chancery.quickstart.instance.ExampleRequests;
import dev.chancery.quickstart.instance.FrozenPostgres;
import dev.chancery.quickstart.instance.RawClient;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunCommand;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.egress.v1.ConnectRequest;
import dev.chancery.schema.egress.v1.DisconnectRequest;
import dev.chancery.schema.elevation.v1.ApprovalRule;
import dev.chancery.schema.elevation.v1.ApproveElevationRequest;
import dev.chancery.schema.elevation.v1.RequestElevationRequest;
import dev.chancery.schema.elevation.v1.SetElevationPolicyRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.vault.v1.BindSecretRequest;
import dev.chancery.schema.vault.v1.ConnectDatabaseRequest;
import dev.chancery.schema.vault.v1.CreateEnvironmentRequest;
import dev.chancery.schema.vault.v1.DestroySecretVersionRequest;
import dev.chancery.schema.vault.v1.IssueLeaseRequest;
import dev.chancery.schema.vault.v1.LeakChannel;
import dev.chancery.schema.vault.v1.LeakSeverity;
import dev.chancery.schema.vault.v1.ListSecretsRequest;
import dev.chancery.schema.vault.v1.ReadSecretRequest;
import dev.chancery.schema.vault.v1.RenewLeaseRequest;
import dev.chancery.schema.vault.v1.ReportSecretLeakRequest;
import dev.chancery.schema.vault.v1.RevokeLeaseRequest;
import dev.chancery.schema.vault.v1.RevokeSecretVersionRequest;
import dev.chancery.schema.vault.v1.RewrapEnvironmentRequest;
import dev.chancery.schema.vault.v1.RotateEnvironmentKeyRequest;
import dev.chancery.schema.vault.v1.RotateSecretRequest;
import dev.chancery.schema.vault.v1.SetCredentialTemplateRequest;
import dev.chancery.schema.vault.v1.SetSecretRotationRequest;
import dev.chancery.schema.vault.v1.WriteSecretRequest;
import dev.chancery.testkit.TargetPostgres;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** {@link Canaries} through every path that a secret's value has, those that fail too. */
final class TestSecrets {
    private static final String VAULT = "chancery.vault.v1.VaultService/";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int UNKNOWN_FIELD = 1_999;

    private final SharedInstance shared;
    private final OrganisationCalls calls;
    private final Canaries canaries;

    TestSecrets(SharedInstance shared, Canaries canaries) {
        this.shared = shared;
        this.calls = new OrganisationCalls(shared);
        this.canaries = canaries;
    }

    /** @param atLeast how many go through the paths of reads and writes, beside those of the other paths */
    void live(int atLeast) throws Exception {
        for (Client administrator : List.of(shared.a, shared.b)) {
            done(
                    Api.REST,
                    administrator,
                    "CreateEnvironment",
                    CreateEnvironmentRequest.newBuilder()
                            .setEnvironment("aviary")
                            .addReaders("administrator")
                            .addWriters("administrator")
                            .build());
        }
        for (int round = 0; canaries.count() < atLeast; round++) {
            shared.renewed(shared.a);
            shared.renewed(shared.b);
            for (Api api : Api.values()) {
                kept(api, round);
                refused(api, round);
            }
            refusedAsText(round);
            refusedAsBytes();
        }
        Client service = calls.somebody(shared.a, "secret:read", "database:lease");
        calls.done(
                shared.a,
                CreateEnvironmentRequest.newBuilder()
                        .setEnvironment("cage")
                        .setProduction(true)
                        .addReaders(OrganisationCalls.id(service))
                        .addReaders("keeper")
                        .addReaders("administrator")
                        .addWriters("administrator"));
        leaked();
        byAProgram(service);
        byAPerson();
        String workspace = calls.done(
                        shared.a, CreateWorkspaceRequest.newBuilder().setName("Aviary"))
                .json()
                .getString("workspaceId");
        ofAConnector(service, workspace);
        ofADatabase(service, workspace);
        whileTheLogIsAway();
    }

    // Reads and writes

    private void kept(Api api, int round) {
        String name = name(api, round);
        assertThat(write(api, shared.a, name, canaries.next())).isEqualTo("1");
        String value = canaries.next();
        write(api, shared.a, name, value);
        assertThat(read(api, name, 0)).isEqualTo(value);
        done(
                api,
                shared.a,
                "RotateEnvironmentKey",
                RotateEnvironmentKeyRequest.newBuilder()
                        .setEnvironment("aviary")
                        .build());
        done(
                api,
                shared.a,
                "RewrapEnvironment",
                RewrapEnvironmentRequest.newBuilder().setEnvironment("aviary").build());
        assertThat(read(api, name, 2)).isEqualTo(value);
        done(
                api,
                shared.a,
                "SetSecretRotation",
                SetSecretRotationRequest.newBuilder()
                        .setSecret(name)
                        .setOwnerId(OrganisationCalls.id(shared.a))
                        .setEveryDays(1)
                        .setGenerated(true)
                        .build());
        done(
                api,
                shared.a,
                "RotateSecret",
                RotateSecretRequest.newBuilder().setSecret(name).build());
        canaries.noted(read(api, name, 3));
        done(
                api,
                shared.a,
                "RevokeSecretVersion",
                RevokeSecretVersionRequest.newBuilder()
                        .setSecret(name)
                        .setSecretVersion(1)
                        .build());
        done(
                api,
                shared.a,
                "DestroySecretVersion",
                DestroySecretVersionRequest.newBuilder()
                        .setSecret(name)
                        .setSecretVersion(2)
                        .build());
        refused(api, shared.a, "vault.version-ended", "ReadSecret", reading(name, 1));
        refused(api, shared.a, "vault.version-ended", "ReadSecret", reading(name, 2));
        done(
                api,
                shared.a,
                "ListSecrets",
                ListSecretsRequest.newBuilder().setEnvironment("aviary").build());
    }

    private static String name(Api api, int round) {
        return "aviary/" + api.name().toLowerCase(Locale.ROOT) + "/r" + round;
    }

    private void refused(Api api, int round) {
        String name = name(api, round);
        refused(
                api,
                shared.a,
                "vault.no-such-environment",
                "WriteSecret",
                writing("nowhere/db/password", canaries.next()));
        // Nobody's: another organisation's environment of the same name is another.
        refused(api, shared.b, "vault.no-such-secret", "ReadSecret", reading(name, 0));
        invalid(api, writing(canaries.next() + "/db/password", canaries.next()));
        invalid(api, writing(name, canaries.next() + "\0"));
        invalid(api, writing(name, canaries.next() + "x".repeat(Canaries.MAX_CHARACTERS)));
        invalid(api, writing(name, canaries.next()).toBuilder().setReason("\n").build());
        Client nobody = new Client("", "", shared.a.key(), canaries.plain());
        refused(api, nobody, "auth.token-invalid", "WriteSecret", writing(name, canaries.next()));
        Client stranger = calls.somebody(shared.a);
        refused(api, stranger, "auth.forbidden", "WriteSecret", writing(name, canaries.next()));
        refused(api, stranger, "auth.forbidden", "ReadSecret", reading(name, 0));
        Client colleague = calls.somebody(shared.a, "secret:read", "secret:write");
        refused(api, colleague, "vault.not-listed", "WriteSecret", writing(name, canaries.next()));
        refused(api, colleague, "vault.not-listed", "ReadSecret", reading(name, 0));
    }

    private void invalid(Api api, Message request) {
        refused(api, shared.a, "request.invalid-field", "WriteSecret", request);
    }

    /** What only text can be: no JSON, under another name, in another place, another type; and the same key for another value. */
    private void refusedAsText(int round) {
        String quoted = new JsonObject().put("value", canaries.next()).encode();
        String fields = quoted.substring(1, quoted.length() - 1);
        post("request.malformed", "{\"secret\": \"aviary/x\", " + fields + ", ", "application/json");
        post("request.malformed", "{\"secret\": \"aviary/x\", " + fields.replaceFirst("\"$", ""), "application/json");
        post(
                "request.unknown-field",
                new JsonObject()
                        .put("secret", "aviary/x")
                        .put("valve", canaries.next())
                        .encode(),
                "application/json");
        post("request.media-type", fields, "text/plain");
        for (String path : List.of("environments/aviary/secrets?value=", "secrets/")) {
            Reply reply = shared.wire.http(
                    "GET", "/vault/v1/" + path + RawClient.encode(canaries.plain()), shared.a.headers(), new byte[0]);
            assertThat(canaries.answered(reply).succeeded()).as("%s", reply).isFalse();
        }
        Map<String, String> headers = new HashMap<>(shared.a.headers());
        headers.put("Idempotency-Key", "the-same-" + round);
        ContractMethod write = shared.method(VAULT + "WriteSecret");
        for (String code : List.of("", "idempotency.key-reused")) {
            Reply reply = shared.wire.rest(write, writing(name(Api.REST, round), canaries.next()), headers);
            assertThat(canaries.answered(reply).code()).as("%s", reply).isEqualTo(code);
        }
    }

    private void post(String code, String body, String type) {
        Map<String, String> headers = new HashMap<>(shared.a.headers());
        headers.put("Content-Type", type);
        Reply reply = canaries.answered(shared.wire.http("POST", "/vault/v1/secrets", headers, body.getBytes(UTF_8)));
        assertThat(reply.code()).as("%s", reply).isEqualTo(code);
    }

    /** What only bytes can be: cut off, in a field that nobody knows, to a method that is not there. */
    private void refusedAsBytes() {
        ContractMethod write = shared.method(VAULT + "WriteSecret");
        byte[] request = writing("aviary/x", canaries.next()).toByteArray();
        var unknown = UnknownFieldSet.newBuilder()
                .addField(
                        UNKNOWN_FIELD,
                        UnknownFieldSet.Field.newBuilder()
                                .addLengthDelimited(ByteString.copyFromUtf8(canaries.next()))
                                .build())
                .build();
        for (Reply reply : List.of(
                shared.wire.grpc(
                        write.fullName(), Arrays.copyOf(request, request.length - 1), shared.a.headers(), write),
                shared.wire.grpc(
                        write.fullName(),
                        WriteSecretRequest.newBuilder()
                                .setSecret("aviary/x")
                                .setUnknownFields(unknown)
                                .build()
                                .toByteArray(),
                        shared.a.headers(),
                        write),
                shared.wire.grpc(VAULT + "PutSecret", request, shared.a.headers(), write))) {
            assertThat(canaries.answered(reply).succeeded()).as("%s", reply).isFalse();
        }
    }

    // The other paths

    private void leaked() {
        write(Api.REST, shared.a, "aviary/leaked", canaries.next());
        canaries.answered(calls.done(
                shared.a,
                SetSecretRotationRequest.newBuilder()
                        .setSecret("aviary/leaked")
                        .setOwnerId(OrganisationCalls.id(shared.a))
                        .setGenerated(true)));
        canaries.answered(calls.done(
                shared.a,
                ReportSecretLeakRequest.newBuilder()
                        .setSecret("aviary/leaked")
                        .setChannel(LeakChannel.LEAK_CHANNEL_CHAT)
                        .setSeverity(LeakSeverity.LEAK_SEVERITY_SEV_1)));
        canaries.noted(read(Api.REST, "aviary/leaked", 0));
    }

    private void byAProgram(Client service) throws Exception {
        Path directory = Files.createTempDirectory(shared.instance.data().getParent(), "program-");
        var command = new RunCommand(shared.instance, service, directory);
        List<String> program = List.of("sh", "-c", "test ${#PASSWORD} -gt 40");
        String value = canaries.plain();
        write(Api.REST, shared.a, "cage/program", value);
        Map<String, Integer> exitCodes =
                Map.of("vault://cage/program", 0, "vault://cage/nothing", 1, "vault://aviary/leaked", 2);
        for (var expected : exitCodes.entrySet()) {
            RunningInstance.Ended ended = command.run("cage", Map.of("PASSWORD", expected.getKey()), program);
            assertThat(ended.exitCode()).as("%s", ended).isEqualTo(expected.getValue());
            canaries.said(ended.out() + ended.err());
        }
    }

    /** By break-glass: without it, without a reason, too long after it signed in, and then rightfully. */
    private void byAPerson() throws IOException {
        String value = canaries.next();
        write(Api.REST, shared.a, "cage/person", value);
        refused(Api.REST, shared.a, "vault.break-glass-only", "ReadSecret", reading("cage/person", 0));
        calls.done(shared.a, DefineRoleRequest.newBuilder().setRole("keeper").addCapabilities("secret:read"));
        calls.done(
                shared.a,
                SetElevationPolicyRequest.newBuilder()
                        .setRole("keeper")
                        .setMaxMinutes(30)
                        .addApprovals(ApprovalRule.newBuilder()
                                .setRole("administrator")
                                .setApprovers(1)));
        Client keeper = calls.somebody(PrincipalType.USER, shared.a, "elevation:request");
        String elevation = calls.done(
                        keeper,
                        RequestElevationRequest.newBuilder().setRole("keeper").setReason("A bird is ill."))
                .json()
                .getString("elevationId");
        calls.done(
                shared.a,
                ApproveElevationRequest.newBuilder()
                        .setElevationId(elevation)
                        .setPrincipalId(OrganisationCalls.id(keeper))
                        .setApproverRole("administrator"));
        refused(Api.REST, keeper, "vault.break-glass-only", "ReadSecret", reading("cage/person", 0));
        var request = ReadSecretRequest.newBuilder().setSecret("cage/person").setReason("A bird is ill.");
        String old = calls.signedIn(keeper, Instant.now().minusSeconds(601), "phr");
        refused(
                Api.REST,
                new Client(keeper.tenant(), keeper.clientId(), keeper.key(), old),
                "auth.step-up",
                "ReadSecret",
                request.build());
        assertThat(calls.done(keeper, request).json().getString("value")).isEqualTo(value);
    }

    private void ofAConnector(Client service, String workspace) {
        write(Api.REST, shared.a, "cage/connector", canaries.next());
        canaries.answered(calls.done(
                shared.a,
                ConnectRequest.newBuilder()
                        .setWorkspaceId(workspace)
                        .setConnector("shop")
                        .addHosts("shop.example.com")));
        canaries.answered(calls.done(
                shared.a,
                BindSecretRequest.newBuilder()
                        .setSecret("cage/connector")
                        .setWorkspaceId(workspace)
                        .setConnector("shop")));
        assertThat(calls.send(service, ReadSecretRequest.newBuilder().setSecret("cage/connector"))
                        .succeeded())
                .isTrue();
        canaries.answered(calls.done(
                shared.a,
                DisconnectRequest.newBuilder().setWorkspaceId(workspace).setConnector("shop")));
        refused(Api.REST, service, "vault.disconnected", "ReadSecret", reading("cage/connector", 0));
    }

    /** With a wrong password of its administrator's, and with the right one. */
    private void ofADatabase(Client service, String workspace) {
        TargetPostgres target = ExampleRequests.target();
        write(Api.REST, shared.a, "cage/admin", canaries.next());
        canaries.answered(calls.done(
                shared.a,
                ConnectDatabaseRequest.newBuilder()
                        .setDatabase("cage/orders")
                        .setHost("127.0.0.1")
                        .setPort(target.port())
                        .setDatabaseName(TargetPostgres.DATABASE)
                        .setAdminName(TargetPostgres.ADMIN)
                        .setAdminSecret("cage/admin")
                        .setWorkspaceId(workspace)));
        canaries.answered(calls.done(
                shared.a,
                SetCredentialTemplateRequest.newBuilder()
                        .setSecret("cage/app")
                        .setDatabase("cage/orders")
                        .addGrantedRoles(TargetPostgres.WRITER)
                        .setTtlSeconds(600)
                        .setMaxTtlSeconds(900)));
        var issue = IssueLeaseRequest.newBuilder().setSecret("cage/app");
        assertThat(canaries.answered(calls.send(service, issue)).code()).isEqualTo("vault.admin-refused");
        write(Api.REST, shared.a, "cage/admin", canaries.noted(target.adminPassword()));
        JsonObject lease = calls.done(service, issue).json();
        canaries.noted(lease.getString("password"));
        var url = calls.done(service, ReadSecretRequest.newBuilder().setSecret("cage/app"))
                .json()
                .getString("value");
        canaries.noted(URI.create(url).getUserInfo().split(":")[1]);
        canaries.answered(calls.done(service, RenewLeaseRequest.newBuilder().setLeaseId(lease.getString("leaseId"))));
        canaries.answered(calls.done(shared.a, RevokeLeaseRequest.newBuilder().setLeaseId(lease.getString("leaseId"))));
    }

    /** PostgreSQL doesn't answer: nothing is recorded, and nothing released. */
    private void whileTheLogIsAway() throws Exception {
        shared.renewed(shared.a);
        String name = name(Api.REST, 0);
        List<Future<Reply>> replies = new ArrayList<>();
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            try (var _ = FrozenPostgres.of(shared.instance)) {
                for (Api api : Api.values()) {
                    for (Message request : List.of(writing(name, canaries.next()), reading(name, 0))) {
                        String method = VAULT + (request instanceof ReadSecretRequest ? "ReadSecret" : "WriteSecret");
                        replies.add(callers.submit(
                                () -> api.call(shared.wire, shared.method(method), request, shared.a.headers())));
                    }
                }
                for (Future<Reply> reply : replies) {
                    assertThat(canaries.answered(reply.get(LIMIT.toSeconds(), TimeUnit.SECONDS))
                                    .status())
                            .isEqualTo(503);
                }
            }
        }
        assertThat(RunningInstance.await(LIMIT, () -> shared.wire
                        .rest(shared.method(VAULT + "ReadSecret"), reading(name, 0), shared.a.headers())
                        .succeeded()))
                .as("goes on")
                .isTrue();
    }

    private String write(Api api, Client caller, String name, String value) {
        return done(api, caller, "WriteSecret", writing(name, value))
                .getValue("secretVersion")
                .toString();
    }

    private String read(Api api, String name, int version) {
        Reply reply =
                api.call(shared.wire, shared.method(VAULT + "ReadSecret"), reading(name, version), shared.a.headers());
        assertThat(reply.succeeded()).as("reading of " + name).isTrue();
        canaries.said(reply.headers().toString());
        return reply.json().getString("value");
    }

    private static WriteSecretRequest writing(String name, String value) {
        return WriteSecretRequest.newBuilder().setSecret(name).setValue(value).build();
    }

    private static Message reading(String name, int version) {
        return ReadSecretRequest.newBuilder()
                .setSecret(name)
                .setSecretVersion(version)
                .build();
    }

    private JsonObject done(Api api, Client caller, String method, Message request) {
        Reply reply = api.call(shared.wire, shared.method(VAULT + method), request, caller.headers());
        assertThat(reply.succeeded()).as("%s: %s", method, reply).isTrue();
        return canaries.answered(reply).json();
    }

    private void refused(Api api, Client caller, String code, String method, Message request) {
        Reply reply = api.call(shared.wire, shared.method(VAULT + method), request, caller.headers());
        assertThat(canaries.answered(reply).code()).as("%s: %s", method, reply).isEqualTo(code);
    }
}
