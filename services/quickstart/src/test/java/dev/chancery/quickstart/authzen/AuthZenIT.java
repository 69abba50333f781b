package dev.chancery.quickstart.authzen;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.quickstart.instance.SigningKey;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The certification scenario of the OpenID AuthZEN working group (Authorization API 1.0), levels Basic Core, Batch Core and Discovery,
 * with its own fixture, and what this decision point adds to it.
 */
@Order(25)
class AuthZenIT {
    private static final String ONE = "/access/v1/evaluation";
    private static final String SEVERAL = "/access/v1/evaluations";
    private static final String ALICE = "'subject':{'type':'user','id':'alice'}";
    private static final String BOB = "'subject':{'type':'user','id':'bob'}";
    private static final String READ = "'action':{'name':'read'}";
    private static final String WRITE = "'action':{'name':'write'}";
    private static final String RECORD = "'resource':{'type':'record','id':'record-1'}";
    private static final String GOOD = "{" + ALICE + "," + READ + "," + RECORD + "}";

    private static final SharedInstance SHARED = SharedInstance.shared();
    private static final Client CALLER = SHARED.b;
    private static String alice = "";
    private static String here = "";

    @BeforeAll
    static void theFixture() {
        done("DefineCapability", DefineCapabilityRequest.newBuilder().setCapability("record:read"));
        done("DefineCapability", DefineCapabilityRequest.newBuilder().setCapability("record:write"));
        done("DefineCapability", DefineCapabilityRequest.newBuilder().setCapability("workspace:enter"));
        done(
                "DefineRole",
                DefineRoleRequest.newBuilder()
                        .setRole("record-reader")
                        .addCapabilities("record:read")
                        .addCapabilities("workspace:enter"));
        done(
                "DefineRole",
                DefineRoleRequest.newBuilder().setRole("record-writer").addCapabilities("record:write"));
        alice = principal("alice", "alice@bücher.example");
        String bob = principal("bob", "");
        for (String reader : List.of(alice, bob)) {
            done(
                    "AssignRole",
                    AssignRoleRequest.newBuilder().setPrincipalId(reader).setRole("record-reader"));
        }
        done("AssignRole", AssignRoleRequest.newBuilder().setPrincipalId(alice).setRole("record-writer"));
        here = workspace(CALLER);
    }

    private static String principal(String externalName, String email) {
        return done(
                        "CreatePrincipal",
                        CreatePrincipalRequest.newBuilder()
                                .setType(PrincipalType.USER)
                                .setDisplayName("of the fixture")
                                .setExternalName(externalName)
                                .setEmail(email)
                                .setPublicKey(ByteString.copyFrom(Base64.getDecoder()
                                        .decode(SigningKey.generate().publicKey()))))
                .json()
                .getString("principalId");
    }

    private static String workspace(Client of) {
        return done(of, "CreateWorkspace", CreateWorkspaceRequest.newBuilder().setName("a place"))
                .json()
                .getString("workspaceId");
    }

    private static Reply done(String method, Message.Builder request) {
        return done(CALLER, method, request);
    }

    private static Reply done(Client caller, String method, Message.Builder request) {
        String service = request.getDescriptorForType().getFile().getPackage().contains("identity")
                ? "chancery.identity.v1.IdentityService/"
                : "chancery.access.v1.AccessService/";
        Map<String, String> headers = new HashMap<>(caller.headers());
        headers.put("Idempotency-Key", UUID.randomUUID().toString());
        Reply reply = SHARED.wire.rest(SHARED.method(service + method), request.build(), headers);
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        newest = reply.position().isEmpty() ? newest : caller == CALLER ? reply.position() : newest;
        return reply;
    }

    private static String newest = "";

    private static Reply send(String path, String body, Map<String, String> more) {
        Map<String, String> headers = new HashMap<>(CALLER.headers());
        headers.put("Chancery-Position", newest);
        headers.putAll(more);
        return SHARED.wire.http("POST", path, headers, body.replace('\'', '"').getBytes(UTF_8));
    }

    private static Reply evaluate(String body) {
        return send(ONE, body, Map.of());
    }

    private static void decides(boolean expected, String body) {
        Reply reply = evaluate(body);
        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        assertThat(reply.json().getBoolean("decision"))
                .as("%s: %s", body, reply)
                .isEqualTo(expected);
    }

    private static void because(String reason, String body) {
        decides(reason.equals("granted"), body);
        assertThat(evaluate(body).json().getJsonObject("context").getString("reason"))
                .as(body)
                .isEqualTo(reason);
    }

    // Basic Core

    @Test
    void theFixturesDecisions() {
        decides(true, GOOD);
        decides(true, "{" + ALICE + "," + WRITE + "," + RECORD + "}");
        decides(true, "{" + BOB + "," + READ + "," + RECORD + "}");
        decides(false, "{" + BOB + "," + WRITE + "," + RECORD + "}");
    }

    @Test
    void contextPropertiesAndUnknownMembersAreFree() {
        decides(
                true,
                "{" + ALICE + "," + READ + "," + RECORD
                        + ",'context':{'time':'2025-06-27T18:03-07:00','ip':'192.168.1.1','tenant':'t','user':{'org':['o']}}}");
        decides(
                true,
                "{'subject':{'type':'user','id':'alice','properties':{'department':'Sales','role':'manager','tenant':'t'}},"
                        + "'action':{'name':'read','properties':{'method':'GET','session':1}},"
                        + "'resource':{'type':'record','id':'record-1','properties':{'status':'active','owner':'bob','organization':'o'}}}");
        decides(true, "{" + ALICE + "," + READ + "," + RECORD + ",'foo':'bar','futureField':{'nested':true}}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{" + READ + "," + RECORD + "}",
                "{" + ALICE + "," + RECORD + "}",
                "{" + ALICE + "," + READ + "}",
                "{'subject':{'id':'alice'}," + READ + "," + RECORD + "}",
                "{'subject':{'type':'user'}," + READ + "," + RECORD + "}",
                "{" + ALICE + ",'action':{}," + RECORD + "}",
                "{" + ALICE + "," + READ + ",'resource':{'id':'record-1'}}",
                "{" + ALICE + "," + READ + ",'resource':{'type':'record'}}",
                "{'subject':{'type':5,'id':'alice'}," + READ + "," + RECORD + "}",
                "{" + ALICE + "," + READ + ",'resource':{'type':'record','id':5}}",
                "{not json",
                "",
                "{'subject':'alice'," + READ + "," + RECORD + "}",
                "{" + ALICE + ",'action':{'name':123}," + RECORD + "}"
            })
    void whatIsNoEvaluationIsABadRequest(String body) {
        Reply reply = send(ONE, body, Map.of("X-Request-ID", "mine"));

        assertThat(reply.status()).as("%s", reply).isEqualTo(400);
        assertThat(reply.header("x-request-id")).isEqualTo("mine");
    }

    @Test
    void anotherContentTypeIsABadRequest() {
        assertThat(send(ONE, GOOD, Map.of("Content-Type", "text/plain")).status())
                .isEqualTo(400);
    }

    @Test
    void theCallersRequestIdComesBack() {
        String longest = "r".repeat(2_000);

        assertThat(send(ONE, GOOD, Map.of("X-Request-ID", longest)).header("x-request-id"))
                .isEqualTo(longest);
        assertThat(send(ONE, GOOD, Map.of("X-Request-ID", "a", "Authorization", "Bearer no"))
                        .everything())
                .startsWith("401")
                .contains("x-request-id=a");
        assertThat(send(ONE, GOOD, Map.of("X-Request-ID", "b", "Content-Type", "text/plain"))
                        .header("x-request-id"))
                .isEqualTo("b");
        assertThat(send(ONE, "x".repeat(70_000), Map.of("X-Request-ID", "c")).everything())
                .startsWith("413")
                .contains("x-request-id=c");
        assertThat(evaluate(GOOD).status()).isEqualTo(200);
    }

    @Test
    void theSameQuestionHasTheSameAnswer() {
        for (int i = 0; i < 3; i++) {
            decides(true, GOOD);
        }
    }

    // Batch Core

    private static List<Boolean> decisions(Reply reply) {
        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        JsonArray answers = reply.json().getJsonArray("evaluations");
        return answers.stream()
                .map(answer -> ((JsonObject) answer).getBoolean("decision"))
                .toList();
    }

    @Test
    void severalEvaluationsAreAnsweredInTheirOrder() {
        assertThat(decisions(send(
                        SEVERAL,
                        "{" + ALICE + "," + READ
                                + ",'evaluations':[{'resource':{'type':'record','id':'record-1'}},{'resource':{'type':'record','id':'record-2'}}]}",
                        Map.of())))
                .containsExactly(true, true);
        assertThat(decisions(send(
                        SEVERAL,
                        "{" + BOB + "," + RECORD + ",'evaluations':[{" + READ + "},{" + WRITE + "}]}",
                        Map.of())))
                .containsExactly(true, false);
        assertThat(decisions(send(
                        SEVERAL,
                        "{'evaluations':[" + GOOD + ",{" + BOB + "," + WRITE + "," + RECORD + "}]}",
                        Map.of())))
                .containsExactly(true, false);
        assertThat(decisions(send(
                        SEVERAL,
                        "{" + ALICE + "," + READ + ",'context':{'time':'x'},'evaluations':[{" + RECORD + "},{" + RECORD
                                + ",'context':{'source':'batch-override'}}]}",
                        Map.of())))
                .containsExactly(true, true);
    }

    @Test
    void anEvaluationThatIsNoneIsADenyAmongTheOthers() {
        assertThat(decisions(
                        send(SEVERAL, "{" + ALICE + "," + READ + ",'evaluations':[{" + RECORD + "},{}]}", Map.of())))
                .containsExactly(true, false);
    }

    @Test
    void withoutAListItIsOneEvaluation() {
        assertThat(send(SEVERAL, GOOD, Map.of()).json().getBoolean("decision")).isTrue();
        assertThat(send(SEVERAL, "{" + ALICE + "," + READ + "," + RECORD + ",'evaluations':[]}", Map.of())
                        .json()
                        .getBoolean("decision"))
                .isTrue();
    }

    @Test
    void oneAnswerMayBeEnough() {
        String all = "{" + BOB + "," + RECORD + ",'options':{'evaluations_semantic':'%s'},'evaluations':[{" + READ
                + "},{" + WRITE + "},{" + READ + "}]}";

        assertThat(decisions(send(SEVERAL, all.formatted("execute_all"), Map.of())))
                .containsExactly(true, false, true);
        assertThat(decisions(send(SEVERAL, all.formatted("deny_on_first_deny"), Map.of())))
                .containsExactly(true, false);
        assertThat(decisions(send(SEVERAL, all.formatted("permit_on_first_permit"), Map.of())))
                .containsExactly(true);
        assertThat(send(SEVERAL, all.formatted("some"), Map.of()).status()).isEqualTo(400);
    }

    // Discovery

    @Test
    void whereTheEndpointsAreIsPublic() {
        Reply metadata = SHARED.wire.http("GET", "/.well-known/authzen-configuration", Map.of(), new byte[0]);

        assertThat(metadata.json())
                .isEqualTo(new JsonObject()
                        .put("policy_decision_point", SHARED.instance.http())
                        .put("access_evaluation_endpoint", SHARED.instance.http() + ONE)
                        .put("access_evaluations_endpoint", SHARED.instance.http() + SEVERAL)
                        .put("search_subject_endpoint", SHARED.instance.http() + "/access/v1/search/subject")
                        .put("search_resource_endpoint", SHARED.instance.http() + "/access/v1/search/resource")
                        .put("search_action_endpoint", SHARED.instance.http() + "/access/v1/search/action"));
    }

    // What is not the organisation's, or not there

    @Test
    void aSubjectIsWhoItsTypeSaysAndIsNamedThreeWays() {
        for (String name : List.of(alice, "alice", "alice@bücher.example", "Alice@XN--BCHER-KVA.example.")) {
            because("granted", GOOD.replace("'alice'", "'" + name + "'"));
        }
        for (String name : List.of(
                "Alice",
                "nobody",
                "nobody@x.example",
                UUID.randomUUID().toString(),
                "",
                "a b'".trim().replace("'", ""))) {
            because("unknown-principal", GOOD.replace("'alice'", "'" + name + "'"));
        }
        for (String type : List.of("agent", "service", "banana", "USER", "")) {
            because("unknown-principal", GOOD.replace("'type':'user'", "'type':'" + type + "'"));
        }
        because("no-grant", GOOD.replace("'read'", "'can_rëad/*'"));
        because("no-grant", GOOD.replace("'type':'record'", "'type':'Account'"));
    }

    @Test
    void aWorkspaceOfAnotherOrganisationOrNoneIsNoYes() {
        String where = GOOD.replace("'record-1'", "'record-1','properties':{'workspace':'%s'}");

        because("granted", where.formatted(here));
        for (String elsewhere : List.of(workspace(SHARED.a), UUID.randomUUID().toString(), alice, "x")) {
            because("unknown-workspace", where.formatted(elsewhere));
        }
    }

    @Test
    void aResourceThatChanceryKeepsIsThere() {
        String enter = "{" + ALICE + ",'action':{'name':'enter'},'resource':{'type':'workspace','id':'%s'}}";

        because("granted", enter.formatted(here));
        for (String elsewhere : List.of(workspace(SHARED.a), UUID.randomUUID().toString(), alice)) {
            because("unknown-resource", enter.formatted(elsewhere));
        }
        because("no-grant", "{" + ALICE + "," + READ + ",'resource':{'type':'principal','id':'bob'}}");
        because("unknown-resource", "{" + ALICE + "," + READ + ",'resource':{'type':'principal','id':'carol'}}");
    }

    @Test
    void checkSaysTheSameOfWorkspaces() {
        var check = CheckRequest.newBuilder().setPrincipalId(alice).setCapability("record:read");

        assertThat(checked(check.setWorkspaceId(here)).getString("reason")).isEqualTo("granted");
        for (String elsewhere : List.of(workspace(SHARED.a), UUID.randomUUID().toString(), alice)) {
            JsonObject reply = checked(check.setWorkspaceId(elsewhere));
            assertThat(reply.getBoolean("decision", false)).as("%s", reply).isFalse();
            assertThat(reply.getString("reason")).isEqualTo("unknown-workspace");
        }
    }

    private static JsonObject checked(CheckRequest.Builder request) {
        return SHARED.wire
                .rest(SHARED.method("chancery.access.v1.AccessService/Check"), request.build(), CALLER.headers())
                .json();
    }
}
