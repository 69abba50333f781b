package dev.chancery.access;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.boundary.http.StandardEndpoints;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.RefusedException;
import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.access.v1.CheckRequest;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * OpenID AuthZEN 1.0 access evaluation, as a policy decision point. {@code subject.id} is a principal, {@code resource.type} and {@code
 * action.name} make the capability {@code type:name}, {@code resource.properties.workspace} says where. A deny is HTTP 200 with {@code
 * decision: false}; the context says why. Members that the standard allows and we don't use are ignored, as it asks.
 */
@Path("/access/v1/evaluation")
public class AuthZenEndpoint {
    private static final String CHECK = "chancery.access.v1.AccessService/Check";
    private static final String WORKSPACE = "/resource/properties/workspace";
    private static final int MAX_REQUEST_ID_CHARS = 128;
    private static final JsonBuilderFactory JSON = Json.createBuilderFactory(Map.of());

    private final StandardEndpoints endpoints;

    @Inject
    public AuthZenEndpoint(StandardEndpoints endpoints) {
        this.endpoints = endpoints;
    }

    @POST
    @RunOnVirtualThread
    public Response evaluate(@HeaderParam("X-Request-ID") @Nullable String requestId) throws RefusedException {
        var reply = (CheckReply)
                endpoints.call(CHECK, () -> request(endpoints.json())).reply();
        return Response.ok(json(reply).toString().getBytes(UTF_8), MediaType.APPLICATION_JSON)
                .header(
                        "X-Request-ID",
                        requestId == null || requestId.length() > MAX_REQUEST_ID_CHARS ? null : requestId)
                .build();
    }

    static JsonObject json(CheckReply reply) {
        var why = JSON.createObjectBuilder().add("reason", reply.getReason()).add("position", reply.getPosition());
        if (reply.getDecision()) {
            why.add("assignment_id", reply.getAssignmentId()).add("role", reply.getRole());
        }
        if (reply.getStepUpSeconds() > 0) {
            why.add("step_up_seconds", reply.getStepUpSeconds());
        }
        return JSON.createObjectBuilder()
                .add("decision", reply.getDecision())
                .add("context", why)
                .build();
    }

    static CheckRequest request(JsonObject json) throws RefusedException {
        refuseContext(json, "");
        JsonObject resource = required(json, "resource");
        String subject = text(required(json, "subject"), "id");
        if (subject.isEmpty()) {
            throw new RefusedException(BoundaryRejection.INVALID_FIELD);
        }
        return CheckRequest.newBuilder()
                .setPrincipalId(subject)
                .setCapability(text(resource, "type") + ":" + text(required(json, "action"), "name"))
                .setWorkspaceId(text(object(resource, "properties"), "workspace"))
                .build();
    }

    /** Refused at any depth, except for the one member by which the question says where it is about. */
    private static void refuseContext(JsonValue value, String path) throws RefusedException {
        if (value instanceof JsonArray array) {
            for (JsonValue item : array) {
                refuseContext(item, path);
            }
        } else if (value instanceof JsonObject object) {
            for (Map.Entry<String, JsonValue> member : object.entrySet()) {
                String at = path + "/" + member.getKey();
                if (!at.equals(WORKSPACE)) {
                    StandardEndpoints.refuseContext(List.of(member.getKey()));
                }
                refuseContext(member.getValue(), at);
            }
        }
    }

    private static JsonObject required(JsonObject json, String name) throws RefusedException {
        if (json.getOrDefault(name, JsonValue.NULL) == JsonValue.NULL) {
            throw new RefusedException(BoundaryRejection.INVALID_FIELD);
        }
        return object(json, name);
    }

    private static JsonObject object(JsonObject json, String name) throws RefusedException {
        return switch (json.getOrDefault(name, JsonValue.NULL)) {
            case JsonObject object -> object;
            case JsonValue value when value == JsonValue.NULL -> JsonValue.EMPTY_JSON_OBJECT;
            default -> throw new RefusedException(BoundaryRejection.MALFORMED);
        };
    }

    private static String text(JsonObject json, String name) throws RefusedException {
        return switch (json.getOrDefault(name, JsonValue.NULL)) {
            case JsonString text -> text.getString();
            case JsonValue value when value == JsonValue.NULL -> "";
            default -> throw new RefusedException(BoundaryRejection.MALFORMED);
        };
    }
}
