package dev.chancery.quickstart.authzen;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.Signer;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.quickstart.InstanceAccess;
import dev.chancery.quickstart.instance.LogRecords;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.quickstart.instance.SigningKey;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.identity.v1.CreateOrganisationRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.log.v1.Statement;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** Calls of people in an organisation of their own. */
public final class OrganisationCalls {
    final SharedInstance shared;

    /** Where each client's newest role was assigned: its reads take that into account, as if it had assigned the role itself. */
    private final Map<String, String> assigned = new ConcurrentHashMap<>();

    public OrganisationCalls(SharedInstance shared) {
        this.shared = shared;
    }

    /** A new organisation's administrator. */
    public Client organisation() {
        SigningKey key = SigningKey.generate();
        String clientId = done(
                        shared.owner,
                        CreateOrganisationRequest.newBuilder()
                                .setName("Acme")
                                .setAdministratorName("Ada")
                                .setAdministratorKey(bytes(key)))
                .json()
                .getString("clientId");
        return shared.signedIn(clientId, key);
    }

    public Reply send(Client caller, Message.Builder request) {
        Map<String, String> headers = new HashMap<>(caller.headers());
        var called = shared.contract.methods().stream()
                .filter(method -> method.input()
                        .getFullName()
                        .equals(request.getDescriptorForType().getFullName()))
                .findFirst()
                .orElseThrow();
        if (called.writes()) {
            headers.put("Idempotency-Key", UUID.randomUUID().toString());
        } else if (assigned.containsKey(caller.clientId())) {
            headers.put("Chancery-Position", assigned.get(caller.clientId()));
        }
        return shared.wire.rest(called, request.build(), headers);
    }

    public Reply done(Client caller, Message.Builder request) {
        Reply reply = send(caller, request);
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        return reply;
    }

    /** Somebody new who holds just this, or nothing. */
    public Client somebody(Client by, String... capabilities) {
        return somebody(PrincipalType.AGENT, by, capabilities);
    }

    public Client somebody(PrincipalType type, Client by, String... capabilities) {
        SigningKey key = SigningKey.generate();
        String clientId = done(
                        by,
                        CreatePrincipalRequest.newBuilder()
                                .setType(type)
                                .setDisplayName("somebody")
                                .setPublicKey(bytes(key)))
                .json()
                .getString("clientId");
        Client client = shared.signedIn(clientId, key);
        if (capabilities.length > 0) {
            String role = "role-" + UUID.randomUUID();
            done(by, DefineRoleRequest.newBuilder().setRole(role).addAllCapabilities(List.of(capabilities)));
            assign(by, client, role);
        }
        return client;
    }

    /** The new assignment's id. */
    public String assign(Client by, Client to, String role) {
        Reply reply =
                done(by, AssignRoleRequest.newBuilder().setPrincipalId(id(to)).setRole(role));
        assigned.put(to.clientId(), reply.position());
        return reply.json().getString("assignmentId");
    }

    /** The record at a position, as replies have it. */
    public Statement statement(String position) {
        String[] parts = position.split("@");
        return shared.inside.database().transaction(DatabaseRole.RELAY, connection -> {
            try (var query =
                    connection.prepareStatement("SELECT record FROM log.record WHERE tenant = ? AND position = ?")) {
                query.setString(1, parts[0]);
                query.setLong(2, Long.parseLong(parts[1]));
                try (var rows = query.executeQuery()) {
                    rows.next();
                    return LogRecords.statement(rows.getBytes(1));
                }
            }
        });
    }

    /** What comes back for a sign-in with a key. */
    Reply token(String clientId, SigningKey key) {
        return shared.wire.http(
                "POST",
                "/oauth/token",
                Map.of("Content-Type", "application/x-www-form-urlencoded"),
                SharedInstance.tokenForm(shared.assertion(clientId, key)).getBytes(UTF_8));
    }

    static ByteString bytes(SigningKey key) {
        return ByteString.copyFrom(Base64.getDecoder().decode(key.publicKey()));
    }

    public static String id(Client client) {
        return client.clientId().substring(client.tenant().length() + 1);
    }

    /** A token by the instance's own key, of somebody who signed in then and so. */
    public String signedIn(Client client, Instant at, String acr) throws IOException {
        Signer own = new SigningKeys(shared.inside.database(), InstanceAccess.sealer(shared.instance.data()))
                .signer(shared.inside.instanceId() + "/token");
        String[] parts = client.token().split("\\.");
        var header =
                decoded(parts[0]).put("kid", "%08x".formatted(own.verifierKey().keyId()));
        var claims = decoded(parts[1]).put("auth_time", at.getEpochSecond());
        claims.remove("acr");
        if (!acr.isEmpty()) {
            claims.put("acr", acr);
        }
        return SharedInstance.secret(SigningKey.jwt(header, claims, own::sign));
    }

    private static JsonObject decoded(String part) {
        return new JsonObject(new String(Base64.getUrlDecoder().decode(part), UTF_8));
    }
}
