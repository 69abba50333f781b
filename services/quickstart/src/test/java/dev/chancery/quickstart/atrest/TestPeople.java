package dev.chancery.quickstart.atrest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.quickstart.instance.Api;
import dev.chancery.quickstart.instance.RawClient;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.quickstart.instance.SigningKey;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.access.v1.RevokeAssignmentRequest;
import dev.chancery.schema.identity.v1.CreateOrganisationRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.identity.v1.DeactivatePrincipalRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * People with names, addresses and reasons that nobody else has, in every place that a request has for them: what they do, what they are
 * refused, and what they bring along without being asked.
 */
final class TestPeople {
    private static final String IDENTITY = "chancery.identity.v1.IdentityService/";
    private static final String ACCESS = "chancery.access.v1.AccessService/";
    private static final String ROLE = "harbour.pilot";

    /** On Linux all of 127/8 is the loopback, and an address of it that is in no configuration can be searched for. */
    private static final boolean ADDRESSES_TO_CHOOSE =
            System.getProperty("os.name").startsWith("Linux");

    private final SharedInstance shared;
    private final List<String> hidden = new ArrayList<>();
    private final List<String> open = new ArrayList<>();
    private int number;

    TestPeople(SharedInstance shared) {
        this.shared = shared;
    }

    /** What must be found nowhere: what is personal or confidential, and tokens, assertions and the claim. */
    List<String> hidden() {
        List<String> all = new ArrayList<>(hidden);
        // The shorter ones are parts of names of roles.
        SharedInstance.secrets().stream().filter(secret -> secret.length() > 40).forEach(all::add);
        return all;
    }

    /** What is no secret, and is in every place where a record is. */
    List<String> open() {
        return List.copyOf(open);
    }

    private String hide(String value) {
        hidden.add(value);
        return value;
    }

    private String name() {
        return hide("Zoë Quillfeather-Nørgård the " + ++number + "th");
    }

    private String email() {
        return hide("zoe.quillfeather." + ++number + "@nørgård.example");
    }

    private String reason() {
        return hide("Covers for Zoë, whose daughter is ill, case " + ++number);
    }

    void live() {
        hidden.addAll(List.of("Olive Owner", "Ada Administrator", "Petra Principal", "petra-u", "Example u"));
        for (Api api : Api.values()) {
            for (Client administrator : List.of(shared.a, shared.b)) {
                done(api, administrator, ACCESS + "DefineRole", role());
                settle(api, administrator);
            }
            organisation(api);
            refused(api);
        }
        circumstances();
        standardFaces();
        open.add(ROLE);
    }

    private static Message role() {
        return DefineRoleRequest.newBuilder()
                .setRole(ROLE)
                .addCapabilities("role:read")
                .build();
    }

    // What they do

    private void settle(Api api, Client administrator) {
        done(api, administrator, IDENTITY + "CreateWorkspace", workspace());
        JsonObject person = done(api, administrator, IDENTITY + "CreatePrincipal", principal(name(), email()));
        String id = person.getString("principalId");
        open.add(id);
        String assignment = done(api, administrator, ACCESS + "AssignRole", assign(id, ROLE))
                .getString("assignmentId");
        done(
                api,
                administrator,
                ACCESS + "RevokeAssignment",
                RevokeAssignmentRequest.newBuilder()
                        .setAssignmentId(assignment)
                        .setPrincipalId(id)
                        .setReason(reason())
                        .build());
        done(api, administrator, IDENTITY + "DeactivatePrincipal", deactivate(id));
    }

    private void organisation(Api api) {
        done(
                api,
                shared.owner,
                IDENTITY + "CreateOrganisation",
                CreateOrganisationRequest.newBuilder()
                        .setName(hide("Quillfeather Harbour Lines " + ++number))
                        .setAdministratorName(name())
                        .setAdministratorKey(publicKey())
                        .build());
    }

    private Message workspace() {
        return CreateWorkspaceRequest.newBuilder()
                .setName(hide("Quillfeather's berth " + ++number))
                .build();
    }

    private static Message principal(String name, String email) {
        return CreatePrincipalRequest.newBuilder()
                .setType(PrincipalType.USER)
                .setDisplayName(name)
                .setEmail(email)
                .setPublicKey(publicKey())
                .build();
    }

    private Message assign(String id, String role) {
        return AssignRoleRequest.newBuilder()
                .setPrincipalId(id)
                .setRole(role)
                .setReason(reason())
                .build();
    }

    private Message deactivate(String id) {
        return DeactivatePrincipalRequest.newBuilder()
                .setPrincipalId(id)
                .setReason(reason())
                .build();
    }

    private static ByteString publicKey() {
        return ByteString.copyFrom(
                java.util.Base64.getDecoder().decode(SigningKey.generate().publicKey()));
    }

    private JsonObject done(Api api, Client caller, String method, Message request) {
        Reply reply = api.call(shared.wire, shared.method(method), request, caller.headers());
        assertThat(reply.succeeded()).as("%s: %s", method, reply).isTrue();
        return reply.json();
    }

    // What they are refused, each for another reason

    private void refused(Api api) {
        String email = email();
        done(api, shared.a, IDENTITY + "CreatePrincipal", principal(name(), email));
        for (String same : List.of(email, email.toUpperCase(Locale.ROOT), email.replace("@", "\u200b@"))) {
            refused(api, shared.a, "identity.email-taken", IDENTITY + "CreatePrincipal", principal(name(), same));
        }
        String own = shared.a.clientId().substring(shared.a.tenant().length() + 1);
        refused(api, shared.a, "access.self-grant", ACCESS + "AssignRole", assign(own, ROLE));
        refused(api, shared.a, "request.invalid-field", ACCESS + "AssignRole", assign(own, name()));
        refused(api, shared.a, "request.invalid-field", IDENTITY + "DeactivatePrincipal", deactivate(email()));
        refused(
                api,
                shared.a,
                "request.invalid-field",
                IDENTITY + "CreatePrincipal",
                principal(name() + "\n", email()));
        refused(api, shared.a, "auth.forbidden", IDENTITY + "CreateOrganisation", organisation());
        Client nobody = new Client("", "", SigningKey.generate(), hide("Bearer of Quillfeather's token " + ++number));
        refused(api, nobody, "auth.token-invalid", IDENTITY + "CreatePrincipal", principal(name(), email()));
    }

    private Message organisation() {
        return CreateOrganisationRequest.newBuilder()
                .setName(name())
                .setAdministratorName(name())
                .setAdministratorKey(publicKey())
                .build();
    }

    private void refused(Api api, Client caller, String code, String method, Message request) {
        Reply reply = api.call(shared.wire, shared.method(method), request, caller.headers());
        assertThat(reply.code()).as("%s: %s", method, reply).isEqualTo(code);
    }

    // What they bring along

    private void circumstances() {
        Map<String, String> headers = new HashMap<>(shared.a.headers());
        headers.put("User-Agent", hide("Quillfeather-Browser/7.1 (Zoes own machine)"));
        headers.put("Idempotency-Key", hide("zoe.quillfeather@keys.example"));
        headers.put("X-Forwarded-For", hide("203.0.113.217"));
        headers.put("Forwarded", "for=" + hide("198.51.100.143") + ";by=x");
        headers.put("From", hide("zoe.quillfeather@from.example"));
        headers.put("Referer", "https://" + hide("zoe.quillfeather.example/diary"));
        headers.put("Cookie", "name=" + hide("ZoeQuillfeatherCookie"));
        headers.put("Baggage", "who=" + hide("ZoeQuillfeatherBaggage"));
        headers.put("Tracestate", "zoe=" + hide("quillfeathertrace"));
        ContractMethod create = shared.method(IDENTITY + "CreateWorkspace");
        for (int i = 0; i < 2; i++) {
            Reply reply = shared.wire.rest(create, workspace(), headers);
            // The second time the key is taken.
            assertThat(reply.code()).as("%s", reply).isEqualTo(i == 0 ? "" : "idempotency.key-reused");
        }
        hide("grpc-java-netty");
        for (String target : List.of(
                "/rbac/v1/roles?" + hide("quillfeathers-parameter") + "=" + hide("quillfeathers-value"),
                "/identity/v1/" + hide("quillfeathers-path"),
                "/rbac/v1/assignments?principalId=" + hide("quillfeathers-principal"))) {
            assertThat(shared.wire
                            .http("GET", target, shared.a.headers(), new byte[0])
                            .status())
                    .isBetween(400, 404);
        }
        fromElsewhere();
    }

    private void fromElsewhere() {
        if (ADDRESSES_TO_CHOOSE) {
            byte[] body = RawClient.body(shared.method(IDENTITY + "CreateWorkspace"), workspace());
            String head = "POST /identity/v1/workspaces HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                    + "Content-Type: application/json\r\nContent-Length: " + body.length + "\r\nAuthorization: Bearer "
                    + shared.a.token() + "\r\n\r\n";
            byte[] request = (head + new String(body, UTF_8)).getBytes(UTF_8);
            Reply reply = shared.wire.raw(request, hide("127.43.210.99"));
            assertThat(reply.succeeded()).as("%s", reply).isTrue();
        }
    }

    private void standardFaces() {
        JsonObject question = new JsonObject()
                .put("subject", new JsonObject().put("type", "user").put("id", email()))
                .put("action", new JsonObject().put("name", "read"))
                .put("resource", new JsonObject().put("type", "role").put("id", name()));
        Reply evaluated = shared.wire.http(
                "POST",
                "/access/v1/evaluation",
                shared.a.headers(),
                question.encode().getBytes(UTF_8));
        assertThat(evaluated.status()).as("%s", evaluated).isIn(200, 400);
        String form = "grant_type=client_credentials&username=" + RawClient.encode(email()) + "&password="
                + RawClient.encode(name());
        Reply token = shared.wire.http(
                "POST",
                "/oauth/token",
                Map.of("Content-Type", "application/x-www-form-urlencoded"),
                form.getBytes(UTF_8));
        assertThat(token.status()).as("%s", token).isIn(400, 401);
        assertThat(Set.copyOf(hidden)).doesNotContainAnyElementsOf(open);
    }
}
