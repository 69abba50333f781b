package dev.chancery.access;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.boundary.http.StandardEndpoints;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.Clock;
import dev.chancery.command.RefusedException;
import dev.chancery.kernel.Principal;
import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.access.v1.DecisionPath;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Map;

/**
 * OpenID AuthZEN Authorization API 1.0, as a policy decision point: one evaluation, several at once, and where they are. What subject,
 * resource and action mean here is in {@code docs/reference/authzen.md}. A deny is HTTP 200 with {@code decision: false}; the context
 * says why.
 */
@Path("/")
public class AuthZenEndpoint {
    /** Evaluations in one request. */
    static final int MAX_EVALUATIONS = 200;

    private static final JsonBuilderFactory JSON = Json.createBuilderFactory(Map.of());

    private final StandardEndpoints endpoints;

    @Inject
    public AuthZenEndpoint(StandardEndpoints endpoints) {
        this.endpoints = endpoints;
    }

    @GET
    @Path(".well-known/authzen-configuration")
    public Response metadata() throws RefusedException {
        String issuer = endpoints.feature(AccessService.class).issuer();
        return ok(JSON.createObjectBuilder()
                .add("policy_decision_point", issuer)
                .add("access_evaluation_endpoint", issuer + "/access/v1/evaluation")
                .add("access_evaluations_endpoint", issuer + "/access/v1/evaluations")
                .add("search_subject_endpoint", issuer + "/access/v1/search/subject")
                .add("search_resource_endpoint", issuer + "/access/v1/search/resource")
                .add("search_action_endpoint", issuer + "/access/v1/search/action")
                .build());
    }

    @POST
    @Path("access/v1/evaluation")
    @RunOnVirtualThread
    public Response evaluate() throws RefusedException {
        Checks checks = checks();
        return endpoints.admit(caller -> ok(evaluated(checks, caller, body(endpoints))));
    }

    @POST
    @Path("access/v1/evaluations")
    @RunOnVirtualThread
    public Response evaluateAll() throws RefusedException {
        Checks checks = checks();
        return endpoints.admit(caller -> {
            JsonObject body = body(endpoints);
            List<JsonObject> questions = Evaluations.of(body);
            return ok(
                    questions.isEmpty()
                            ? evaluated(checks, caller, body)
                            : evaluated(checks, caller, questions, Evaluations.Semantic.of(body)));
        });
    }

    private Checks checks() throws RefusedException {
        return endpoints.feature(AccessService.class).checks();
    }

    /** The standard knows no 415. */
    static JsonObject body(StandardEndpoints endpoints) throws RefusedException {
        try {
            return endpoints.json();
        } catch (RefusedException e) {
            throw e.rejection().equals(BoundaryRejection.MEDIA_TYPE)
                    ? new RefusedException(AccessRejection.NOT_JSON)
                    : e;
        }
    }

    private static JsonObject evaluated(Checks checks, Principal caller, JsonObject question) throws RefusedException {
        return json(checks.evaluate(caller, Evaluation.of(question), Clock.nowMicros()));
    }

    /** In their order, up to the one that decides where one is enough; what is no question is a deny. */
    private static JsonObject evaluated(
            Checks checks, Principal caller, List<JsonObject> questions, Evaluations.Semantic semantic)
            throws RefusedException {
        var answers = JSON.createArrayBuilder();
        for (JsonObject question : questions) {
            JsonObject answer = evaluatedAlone(checks, caller, question);
            answers.add(answer);
            if (semantic.endsAt(answer.getBoolean("decision"))) {
                break;
            }
        }
        return JSON.createObjectBuilder().add("evaluations", answers).build();
    }

    private static JsonObject evaluatedAlone(Checks checks, Principal caller, JsonObject question)
            throws RefusedException {
        Evaluation asked;
        try {
            asked = Evaluation.of(question);
        } catch (RefusedException e) {
            var error = JSON.createObjectBuilder()
                    .add("status", 400)
                    .add("message", e.rejection().message());
            return JSON.createObjectBuilder()
                    .add("decision", JsonValue.FALSE)
                    .add(
                            "context",
                            JSON.createObjectBuilder()
                                    .add("reason", e.rejection().code())
                                    .add("error", error))
                    .build();
        }
        return json(checks.evaluate(caller, asked, Clock.nowMicros()));
    }

    static JsonObject json(CheckReply reply) {
        var why = JSON.createObjectBuilder().add("reason", reply.getReason()).add("position", reply.getPosition());
        if (reply.getDecision()) {
            why.addAll(path(reply.getPath()));
        }
        if (!reply.getConsentScope().isEmpty()) {
            why.add("consent_scope", reply.getConsentScope());
        }
        if (reply.getStepUpSeconds() > 0) {
            why.add("step_up_seconds", reply.getStepUpSeconds());
        }
        return JSON.createObjectBuilder()
                .add("decision", reply.getDecision())
                .add("context", why)
                .build();
    }

    /** What a grant rests on. */
    static JsonObjectBuilder path(DecisionPath path) {
        JsonObjectBuilder said = JSON.createObjectBuilder()
                .add("assignment_id", path.getAssignmentId())
                .add("role", path.getRole())
                .add("scope", path.getWorkspaceId().isEmpty() ? "organisation" : path.getWorkspaceId())
                .add("capability", path.getCapability());
        if (!path.getGroup().isEmpty()) {
            said.add("group", path.getGroup());
        }
        if (path.getConsentIdsCount() > 0) {
            said.add("consent_ids", JSON.createArrayBuilder(path.getConsentIdsList()));
        }
        return path.getElevated() ? said.add("elevated", true) : said;
    }

    static Response ok(JsonObject body) {
        return Response.ok(body.toString().getBytes(UTF_8), MediaType.APPLICATION_JSON)
                .build();
    }
}
