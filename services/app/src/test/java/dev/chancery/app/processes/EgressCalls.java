package dev.chancery.app.processes;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.app.processes.TestClient.Caller;
import dev.chancery.app.processes.TestClient.Reply;
import dev.chancery.app.processes.TestInstallation.Member;
import dev.chancery.cli.client.ClientKey;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A workspace of an installation whose programs go out through its proxy: an agent's calls and its administrator's. */
final class EgressCalls {
    private static final String SERVICE = "egress.v1.EgressService/";
    private static final String VAULT = "vault.v1.VaultService/";
    private static final String IDENTITY = "identity.v1.IdentityService/";

    private final TestClient client;
    private final Member core;
    private final Member proxy;
    final Caller administrator;
    final Caller agent;
    private final String workspace;

    EgressCalls(TestClient client, Member core, Member proxy, Caller administrator) throws IOException {
        this.client = client;
        this.core = core;
        this.proxy = proxy;
        this.administrator = administrator;
        workspace = done(administrator, IDENTITY + "CreateWorkspace", new JsonObject().put("name", "Research"))
                .json()
                .getString("workspaceId");
        ClientKey key = ClientKey.generate("nobody");
        JsonObject created = done(
                        administrator,
                        IDENTITY + "CreatePrincipal",
                        new JsonObject()
                                .put("type", "AGENT")
                                .put("displayName", "An agent")
                                .put("publicKey", TestClient.bytes(key.publicKey())))
                .json();
        String id = created.getString("principalId");
        done(
                administrator,
                "access.v1.AccessService/DefineRole",
                new JsonObject()
                        .put("role", "goes-out")
                        .put("capabilities", List.of("egress:use", "override:request")));
        done(
                administrator,
                "access.v1.AccessService/AssignRole",
                new JsonObject().put("principalId", id).put("role", "goes-out").put("reason", "It fetches."));
        done(
                administrator,
                IDENTITY + "AddWorkspaceMember",
                new JsonObject().put("workspaceId", workspace).put("principalId", id));
        String token = client.call(
                        core.base(),
                        IDENTITY + "IssueToken",
                        new JsonObject()
                                .put("clientAssertion", TestClient.assertion(created.getString("clientId"), key))
                                .put("workspaceId", workspace),
                        Map.of())
                .done()
                .json()
                .getString("accessToken");
        agent = new Caller(administrator.tenant(), token);
    }

    private Reply done(Caller caller, String method, JsonObject request) throws IOException {
        return client.call(core.base(), method, request, TestClient.headers(caller))
                .done();
    }

    /** A command about the workspace. */
    Reply change(Caller caller, String method, JsonObject request) throws IOException {
        return done(caller, method.contains("/") ? method : SERVICE + method, request.put("workspaceId", workspace));
    }

    /** Whether the proxy, which speaks in clear on this machine, lets the agent out to a host: names that end in {@code .invalid} have no address, and it says so then. */
    boolean isLetOut(String host) throws IOException {
        String answer;
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), proxy.proxyPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write(("CONNECT " + host + ":443 HTTP/1.1\r\nHost: " + host
                                    + ":443\r\nProxy-Authorization: Bearer " + agent.token() + "\r\n\r\n")
                            .getBytes(US_ASCII));
            answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
        if (answer.contains("not-allowlisted") || answer.contains("proxy.unavailable")) {
            return false;
        }
        if (answer.contains("proxy.unresolved")) {
            return true;
        }
        throw new IOException("neither let out nor denied: " + answer);
    }

    /** Whether a core says that the agent may reach a host. */
    boolean isAllowed(Member asked, String host) throws IOException {
        Reply reply = client.call(
                asked.base(),
                SERVICE + "Evaluate",
                new JsonObject().put("workspaceId", workspace).put("url", "https://" + host + "/"),
                Map.of("Authorization", "Bearer " + agent.token()));
        // A core whose list may be old says so, and allows nothing.
        assertThat(reply.status()).as("%s", reply.json()).isIn(200, 503);
        return reply.status() == 200 && reply.json().getBoolean("allow");
    }

    /** A secret that is bound to a connector of the workspace. */
    void bind(String secret, String connector) throws IOException {
        done(
                administrator,
                VAULT + "CreateEnvironment",
                new JsonObject()
                        .put("environment", secret.substring(0, secret.indexOf('/')))
                        .put("readers", List.of("administrator"))
                        .put("writers", List.of("administrator")));
        done(
                administrator,
                VAULT + "WriteSecret",
                new JsonObject().put("secret", secret).put("value", "Q7-token"));
        change(
                administrator,
                VAULT + "BindSecret",
                new JsonObject().put("secret", secret).put("connector", connector));
    }

    /** Whether a core hands it out; if it does not, because its connector was disconnected. */
    boolean isRead(Member asked, String secret) throws IOException {
        Reply reply = client.call(
                asked.base(),
                VAULT + "ReadSecret",
                new JsonObject().put("secret", secret),
                Map.of("Authorization", "Bearer " + administrator.token()));
        assertThat(reply.json().getString("code", "read"))
                .as("%s", reply.json())
                .isIn("read", "vault.disconnected", "vault.no-current-version");
        return reply.status() == 200;
    }

    /** A question that may fail while a process is down. */
    @FunctionalInterface
    interface Question {
        boolean ask() throws IOException;
    }

    /**
     * Asks until a time is over, and answers when the last question began that was answered with yes; {@code Long.MIN_VALUE}: none was. A
     * question that fails is no yes.
     */
    static long lastYesNanos(long untilNanos, Question question) {
        long last = Long.MIN_VALUE;
        while (System.nanoTime() < untilNanos) {
            long begun = System.nanoTime();
            try {
                last = question.ask() ? begun : last;
                Thread.sleep(Duration.ofMillis(20));
            } catch (IOException e) {
                // It is down.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return last;
            }
        }
        return last;
    }
}
