package dev.chancery.quickstart.authzen;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.client.DecisionPointSettings;
import dev.chancery.client.LocalDecisionPoint;
import dev.chancery.quickstart.instance.RawClient;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.quickstart.instance.SigningKey;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.access.v1.ProveDecisionRequest;
import dev.chancery.schema.access.v1.SearchActionsRequest;
import dev.chancery.schema.access.v1.SearchResourcesRequest;
import dev.chancery.schema.access.v1.SearchSubjectsRequest;
import dev.chancery.schema.identity.v1.AllowAgentRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.EndMySessionsRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** An agent that acts for a user: what its commands are allowed, every answer about it allows, and nothing else. */
@Order(28)
class ActingIT {
    private static final String TYPE = "urn:ietf:params:oauth:token-type:access_token";
    private static final String DEFINE = "capability:define";
    private static final List<String> ASKING = List.of("access:check", "access:search");

    private final SharedInstance shared = SharedInstance.shared();
    private final OrganisationCalls calls = new OrganisationCalls(shared);
    private final Client administrator = calls.organisation();
    private int defined;

    /** @param token by which the agent acts for the user */
    private record Pair(Client agent, Client user, String token) {
        String agentId() {
            return OrganisationCalls.id(agent);
        }

        String userId() {
            return OrganisationCalls.id(user);
        }
    }

    @Test
    void commandsChecksSearchesAndTheClientAgree() {
        String[] grpc = shared.instance.grpc().split(":");
        SigningKey key = SigningKey.generate();
        JsonObject application = follower(key);
        var settings = DecisionPointSettings.of(
                        grpc[0],
                        Integer.parseInt(grpc[1]),
                        shared.instance.http(),
                        application.getString("clientId"),
                        key.pair().getPrivate())
                .withoutTls();
        try (var point = LocalDecisionPoint.start(settings)) {
            for (boolean agentMay : List.of(true, false)) {
                for (boolean userMay : List.of(true, false)) {
                    for (boolean allowed : List.of(true, false)) {
                        Pair pair = pair(agentMay, userMay, allowed);
                        String expected =
                                !agentMay ? "no-grant" : !allowed ? "not-delegated" : !userMay ? "no-grant" : "granted";
                        agree(point, pair, expected, "agent " + agentMay + ", user " + userMay + ", let " + allowed);
                    }
                }
            }
        }
    }

    private void agree(LocalDecisionPoint point, Pair pair, String expected, String as) {
        boolean granted = expected.equals("granted");
        Reply command = define(pair.token());
        assertThat(command.succeeded()).as(as).isEqualTo(granted);

        // The agent about itself, by name or not, and the application about the agent and its user.
        for (CheckRequest about : List.of(check("", ""), check(pair.agentId(), ""), check("", pair.userId()))) {
            assertThat(ask(pair.token(), about).json().getString("reason"))
                    .as(as)
                    .isEqualTo(expected);
        }
        assertThat(ask(administrator.token(), check(pair.agentId(), pair.userId()))
                        .json()
                        .getString("reason"))
                .as(as)
                .isEqualTo(expected);
        assertThat(evaluated(pair.token(), question(pair, false))).as(as).isEqualTo(expected);
        assertThat(evaluated(pair.token(), question(pair, true))).as(as).isEqualTo(expected);
        assertThat(evaluated(administrator.token(), question(pair, true)))
                .as(as)
                .isEqualTo(expected);
        var several = new JsonObject().put("evaluations", new JsonArray().add(question(pair, true)));
        assertThat(json(administrator.token(), "/access/v1/evaluations", several)
                        .getJsonArray("evaluations")
                        .getJsonObject(0)
                        .getBoolean("decision"))
                .as(as)
                .isEqualTo(granted);
        searches(pair, granted, as);
        Reply proved = ask(
                administrator.token(),
                ProveDecisionRequest.newBuilder()
                        .setPrincipalId(pair.agentId())
                        .setPrincipalActingForId(pair.userId())
                        .setCapability(DEFINE)
                        .build());
        assertThat(proved.json().getString("reason")).as(as).isEqualTo(expected);

        long position =
                Long.parseLong(proved.position().substring(proved.position().indexOf('@') + 1));
        assertThat(point.awaitPosition(position, Duration.ofSeconds(20)))
                .as("%s", point.trouble())
                .isTrue();
        assertThat(point.checkActing(pair.agentId(), pair.userId(), DEFINE, "", "")
                        .reason())
                .as(as)
                .isEqualTo(expected);
    }

    private void searches(Pair pair, boolean granted, String as) {
        for (String token : List.of(pair.token(), administrator.token())) {
            boolean own = token.equals(pair.token());
            JsonObject question = question(pair, !own);
            assertThat(names(json(token, "/access/v1/search/action", question), "results", "name")
                            .contains("define"))
                    .as(as)
                    .isEqualTo(granted);
            assertThat(names(json(token, "/access/v1/search/subject", question), "results", "id")
                            .contains(pair.agentId()))
                    .as(as)
                    .isEqualTo(granted);
            assertThat(json(token, "/access/v1/search/resource", question)
                            .getJsonObject("context")
                            .getJsonArray("scopes")
                            .contains("organisation"))
                    .as(as)
                    .isEqualTo(granted);
            String actingFor = own ? "" : pair.userId();
            assertThat(names(
                                    ask(
                                                    token,
                                                    SearchActionsRequest.newBuilder()
                                                            .setPrincipalId(pair.agentId())
                                                            .setPrincipalActingForId(actingFor)
                                                            .setResourceType("capability")
                                                            .build())
                                            .json(),
                                    "actions",
                                    "capability")
                            .contains(DEFINE))
                    .as(as)
                    .isEqualTo(granted);
            assertThat(names(
                                    ask(
                                                    token,
                                                    SearchSubjectsRequest.newBuilder()
                                                            .setPrincipalActingForId(actingFor)
                                                            .setCapability(DEFINE)
                                                            .build())
                                            .json(),
                                    "subjects",
                                    "principalId")
                            .contains(pair.agentId()))
                    .as(as)
                    .isEqualTo(granted);
            assertThat(ask(
                                    token,
                                    SearchResourcesRequest.newBuilder()
                                            .setPrincipalId(own ? "" : pair.agentId())
                                            .setPrincipalActingForId(actingFor)
                                            .setCapability(DEFINE)
                                            .build())
                            .json()
                            .getJsonArray("scopes", new JsonArray())
                            .contains("organisation"))
                    .as(as)
                    .isEqualTo(granted);
        }
    }

    /** The user's sign-out reaches what acts for it: commands at once, reads within the bound of two seconds. */
    @Test
    void whatActsForAUserEndsWithTheUsersSessions() throws InterruptedException {
        Pair pair = pair(true, true, true);
        assertThat(define(pair.token()).succeeded()).isTrue();
        assertThat(ask(pair.token(), check("", "")).succeeded()).isTrue();

        Reply ended = ask(
                pair.user().token(),
                EndMySessionsRequest.newBuilder().setAll(true).build());
        assertThat(ended.succeeded()).as("%s", ended).isTrue();

        assertThat(define(pair.token()).code()).isEqualTo("auth.session-over");
        long bound = System.nanoTime() + Duration.ofSeconds(2).toNanos();
        String code;
        do {
            code = ask(pair.token(), check("", "")).code();
            Thread.sleep(20);
        } while (!code.equals("auth.session-over") && System.nanoTime() < bound);
        assertThat(code).isEqualTo("auth.session-over");
        assertThat(ask(pair.agent().token(), check("", "")).succeeded()).isTrue();
    }

    private Pair pair(boolean agentMay, boolean userMay, boolean allowed) {
        Client agent = calls.somebody(administrator, capabilities(agentMay));
        Client user = calls.somebody(
                PrincipalType.USER, administrator, capabilities(userMay, "delegation:create", "session:end"));
        Reply let = ask(
                user.token(),
                AllowAgentRequest.newBuilder()
                        .setAgentId(OrganisationCalls.id(agent))
                        .addAllCapabilities(List.of(capabilities(allowed)))
                        .setUntilMillis(Instant.now().plusSeconds(600).toEpochMilli())
                        .build());
        assertThat(let.succeeded()).as("%s", let).isTrue();
        Map<String, String> form = new TreeMap<>();
        form.put("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
        form.put("subject_token", user.token());
        form.put("subject_token_type", TYPE);
        form.put("actor_token", agent.token());
        form.put("actor_token_type", TYPE);
        String body = form.entrySet().stream()
                .map(field -> field.getKey() + "=" + RawClient.encode(field.getValue()))
                .collect(Collectors.joining("&"));
        Reply issued = shared.wire.http(
                "POST",
                "/oauth/token",
                Map.of("Content-Type", "application/x-www-form-urlencoded"),
                body.getBytes(UTF_8));
        assertThat(issued.status()).as("%s", issued).isEqualTo(200);
        return new Pair(agent, user, SharedInstance.secret(issued.json().getString("access_token")));
    }

    private static String[] capabilities(boolean mayDefine, String... more) {
        var all = new java.util.ArrayList<>(ASKING);
        all.addAll(List.of(more));
        if (mayDefine) {
            all.add(DEFINE);
        }
        return all.toArray(String[]::new);
    }

    private JsonObject follower(SigningKey key) {
        JsonObject service = calls.done(
                        administrator,
                        CreatePrincipalRequest.newBuilder()
                                .setType(PrincipalType.SERVICE)
                                .setDisplayName("an application")
                                .setPublicKey(OrganisationCalls.bytes(key)))
                .json();
        calls.done(
                administrator,
                DefineRoleRequest.newBuilder().setRole("follower").addCapabilities("access:follow"));
        calls.done(
                administrator,
                AssignRoleRequest.newBuilder()
                        .setPrincipalId(service.getString("principalId"))
                        .setRole("follower"));
        return service;
    }

    private static CheckRequest check(String principalId, String actingForId) {
        return CheckRequest.newBuilder()
                .setPrincipalId(principalId)
                .setPrincipalActingForId(actingForId)
                .setCapability(DEFINE)
                .build();
    }

    private static JsonObject question(Pair pair, boolean namesTheUser) {
        var subject = new JsonObject().put("type", "agent").put("id", pair.agentId());
        if (namesTheUser) {
            subject.put("properties", new JsonObject().put("acting_for", pair.userId()));
        }
        return new JsonObject()
                .put("subject", subject)
                .put("action", new JsonObject().put("name", "define"))
                .put("resource", new JsonObject().put("type", "capability").put("id", DEFINE))
                .put("page", new JsonObject().put("limit", 200));
    }

    private String evaluated(String token, JsonObject question) {
        return json(token, "/access/v1/evaluation", question)
                .getJsonObject("context")
                .getString("reason");
    }

    private JsonObject json(String token, String path, JsonObject body) {
        Reply reply = shared.wire.http(
                "POST",
                path,
                Map.of("Authorization", "Bearer " + token, "Content-Type", "application/json"),
                body.encode().getBytes(UTF_8));
        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        return reply.json();
    }

    private static List<String> names(JsonObject reply, String list, String name) {
        return reply.getJsonArray(list, new JsonArray()).stream()
                .map(one -> ((JsonObject) one).getString(name))
                .toList();
    }

    private Reply define(String token) {
        return ask(
                token,
                DefineCapabilityRequest.newBuilder()
                        .setCapability("thing:used-" + ++defined)
                        .build());
    }

    private Reply ask(String token, Message request) {
        String contractPackage = request.getDescriptorForType().getFile().getPackage();
        String name = contractPackage.split("\\.")[1];
        String service = request instanceof AllowAgentRequest
                ? "FederationService"
                : Character.toUpperCase(name.charAt(0)) + name.substring(1) + "Service";
        String method = request.getDescriptorForType().getName().replaceFirst("Request$", "");
        Map<String, String> headers = new HashMap<>(Map.of("Authorization", "Bearer " + token));
        return shared.wire.rest(shared.method(contractPackage + "." + service + "/" + method), request, headers);
    }
}
