package dev.chancery.quickstart.authzen;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.database.DatabaseRole;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.egress.v1.AllowHostRequest;
import dev.chancery.schema.egress.v1.ApproveOverrideRequest;
import dev.chancery.schema.egress.v1.ConnectRequest;
import dev.chancery.schema.egress.v1.DenyHostRequest;
import dev.chancery.schema.egress.v1.DisconnectRequest;
import dev.chancery.schema.egress.v1.EvaluateRequest;
import dev.chancery.schema.egress.v1.GetEgressPolicyRequest;
import dev.chancery.schema.egress.v1.ListOverridesRequest;
import dev.chancery.schema.egress.v1.RequestOverrideRequest;
import dev.chancery.schema.egress.v1.RevokeOverrideRequest;
import dev.chancery.schema.identity.v1.AddWorkspaceMemberRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.identity.v1.IssueTokenRequest;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Egress, as its users see it, against the packaged process. */
@Order(28)
class EgressIT {
    private static final String SERVICE = "chancery.egress.v1.EgressService/";

    private final SharedInstance shared = SharedInstance.shared();
    private final OrganisationCalls calls = new OrganisationCalls(shared);
    private Client administrator = shared.owner;
    private String workspace = "";

    @BeforeEach
    void anOrganisationWithAWorkspace() {
        administrator = calls.organisation();
        workspace = calls.done(
                        administrator, CreateWorkspaceRequest.newBuilder().setName("Research"))
                .json()
                .getString("workspaceId");
    }

    /** What a query answers that takes a change into account. */
    private JsonObject after(Reply change, String method, Message request) {
        Map<String, String> headers = new HashMap<>(administrator.headers());
        headers.put("Chancery-Position", change.position());
        Reply reply = shared.wire.rest(shared.method(SERVICE + method), request, headers);
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        return reply.json();
    }

    private JsonObject evaluated(Reply change, String url) {
        return after(
                change,
                "Evaluate",
                EvaluateRequest.newBuilder()
                        .setWorkspaceId(workspace)
                        .setUrl(url)
                        .build());
    }

    private String reason(Reply change, String url) {
        return evaluated(change, url).getString("reason");
    }

    private AllowHostRequest.Builder allow(String host) {
        return AllowHostRequest.newBuilder().setWorkspaceId(workspace).setHost(host);
    }

    @Test
    void listsDenialsAndConnectorsDecide() {
        Reply allowed = calls.done(administrator, allow("*.Example.com"));
        assertThat(evaluated(allowed, "https://api.example.com/v1"))
                .isEqualTo(new JsonObject()
                        .put("allow", true)
                        .put("reason", "workspace-allow")
                        .put("host", "api.example.com")
                        .put("code", "")
                        .put("hint", ""));
        assertThat(reason(allowed, "https://0x7f.1/")).isEqualTo("forbidden-address");
        assertThat(reason(allowed, "https://data.iana.org/")).isEqualTo("builtin-allow");

        Reply connected = calls.done(
                administrator,
                ConnectRequest.newBuilder()
                        .setWorkspaceId(workspace)
                        .setConnector("chat")
                        .addHosts("hooks.example.net"));
        assertThat(reason(connected, "https://hooks.example.net/")).isEqualTo("connector-allow");
        Reply disconnected = calls.done(
                administrator,
                DisconnectRequest.newBuilder().setWorkspaceId(workspace).setConnector("chat"));
        assertThat(reason(disconnected, "https://hooks.example.net/")).isEqualTo("not-allowlisted");

        Reply denied = calls.done(
                administrator,
                DenyHostRequest.newBuilder().setWorkspaceId(workspace).setHost("api.example.com"));
        JsonObject answer = evaluated(denied, "https://api.example.com/v1");
        assertThat(answer.getString("reason")).isEqualTo("explicit-deny");
        assertThat(answer.getString("code")).isEqualTo("egress.denied");
        assertThat(answer.getString("hint")).contains("override");
        JsonObject policy = after(
                denied,
                "GetEgressPolicy",
                GetEgressPolicyRequest.newBuilder().setWorkspaceId(workspace).build());
        assertThat(policy.getJsonArray("allow")).containsExactly("*.example.com");
        assertThat(policy.getJsonArray("deny")).containsExactly("api.example.com");

        Reply refused = calls.send(administrator, allow("*.co.uk"));
        assertThat(refused.code()).isEqualTo("egress.pattern");
        assertThat(refused.text()).contains("public suffix");
    }

    @Test
    void anOverrideIsApprovedBySomebodyElseAndEndsWhenItIsRevoked() {
        Client agent = calls.somebody(administrator, "override:request", "override:approve");
        String override = calls.done(
                        agent,
                        RequestOverrideRequest.newBuilder()
                                .setWorkspaceId(workspace)
                                .setHost("api.example.org")
                                .setMinutes(5)
                                .setReason("One file has to be fetched by hand."))
                .json()
                .getString("overrideId");
        var approval =
                ApproveOverrideRequest.newBuilder().setWorkspaceId(workspace).setOverrideId(override);
        assertThat(calls.send(agent, approval).code()).isEqualTo("egress.self-approval");

        Reply approved = calls.done(administrator, approval);
        assertThat(reason(approved, "https://api.example.org/")).isEqualTo("override");
        assertThat(state(approved)).isEqualTo("OVERRIDE_STATE_IN_FORCE");

        Reply revoked = calls.done(
                administrator,
                RevokeOverrideRequest.newBuilder().setWorkspaceId(workspace).setOverrideId(override));
        assertThat(reason(revoked, "https://api.example.org/")).isEqualTo("not-allowlisted");
        assertThat(state(revoked)).isEqualTo("OVERRIDE_STATE_REVOKED");
    }

    private String state(Reply change) {
        return after(
                        change,
                        "ListOverrides",
                        ListOverridesRequest.newBuilder()
                                .setWorkspaceId(workspace)
                                .build())
                .getJsonArray("overrides")
                .getJsonObject(0)
                .getString("state");
    }

    @Test
    void theSameDenialIsRecordedOnce() {
        Reply any = calls.done(administrator, allow("api.example.com"));
        for (int i = 0; i < 20; i++) {
            assertThat(reason(any, "https://nowhere.example.net/" + i)).isEqualTo("not-allowlisted");
        }
        assertThat(records("chancery.egress.v1.HostDenied")).isEqualTo(1);
    }

    /** There is no way outside here: what is allowed is refused once its name was looked up, or its address dialled. */
    @Test
    void theProxyDecidesByTheSameLists() throws Exception {
        Client agent = calls.somebody(administrator, "egress:use", "override:request");
        calls.done(
                administrator,
                AddWorkspaceMemberRequest.newBuilder()
                        .setWorkspaceId(workspace)
                        .setPrincipalId(OrganisationCalls.id(agent)));
        String token = shared.wire
                .rest(
                        shared.method("chancery.identity.v1.IdentityService/IssueToken"),
                        IssueTokenRequest.newBuilder()
                                .setClientAssertion(shared.assertion(agent.clientId(), agent.key()))
                                .setWorkspaceId(workspace)
                                .build(),
                        Map.of())
                .json()
                .getString("accessToken");

        assertThat(connect("api.invalid:443", "Bearer none")).contains("407", "proxy.token");
        assertThat(connect("api.invalid:443", "Bearer " + agent.token())).contains("403", "proxy.no-workspace");
        assertThat(connect("nowhere.example.net:443", "Bearer " + token))
                .contains("403", "egress.denied", "\"host\":\"nowhere.example.net\"", "not-allowlisted", "override");
        assertThat(records("chancery.proxy.v1.ConnectionDenied")).isEqualTo(1);

        calls.done(administrator, allow("api.chancery.invalid"));
        String allowed = await(() -> connect("api.chancery.invalid:443", "Bearer " + token), "proxy.unresolved");
        assertThat(allowed).contains("502");
        assertThat(connect("api.chancery.invalid:25", "Bearer " + token)).contains("403", "not-allowlisted");
        String basic = Base64.getEncoder().encodeToString(("any:" + token).getBytes(StandardCharsets.UTF_8));
        assertThat(connect("api.chancery.invalid:443", "Basic " + basic)).contains("proxy.unresolved");

        String override = calls.done(
                        agent,
                        RequestOverrideRequest.newBuilder()
                                .setWorkspaceId(workspace)
                                .setHost("one.chancery.invalid")
                                .setMinutes(5)
                                .setReason("One file has to be fetched by hand."))
                .json()
                .getString("overrideId");
        calls.done(
                administrator,
                ApproveOverrideRequest.newBuilder().setWorkspaceId(workspace).setOverrideId(override));
        await(() -> connect("one.chancery.invalid:443", "Bearer " + token), "proxy.unresolved");
        calls.done(
                administrator,
                RevokeOverrideRequest.newBuilder().setWorkspaceId(workspace).setOverrideId(override));
        await(() -> connect("one.chancery.invalid:443", "Bearer " + token), "not-allowlisted");
    }

    private String connect(String target, String credentials) throws IOException {
        try (var socket = new Socket("127.0.0.1", shared.instance.proxyPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write(("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\nProxy-Authorization: "
                                    + credentials + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** An edit is in force within two seconds. */
    private static String await(Callable<String> answer, String wanted) throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(5).toNanos();
        String last = answer.call();
        while (!last.contains(wanted) && System.nanoTime() < deadline) {
            last = answer.call();
        }
        assertThat(last).contains(wanted);
        return last;
    }

    private long records(String event) {
        return shared.inside.database().transaction(DatabaseRole.RELAY, connection -> {
            try (var query = connection.prepareStatement(
                    "SELECT count(*) FROM log.record WHERE tenant = ? AND ? = ANY (event_types)")) {
                query.setString(1, administrator.tenant());
                query.setString(2, event);
                try (var rows = query.executeQuery()) {
                    rows.next();
                    return rows.getLong(1);
                }
            }
        });
    }
}
