package dev.chancery.access;

import dev.chancery.boundary.http.HttpReply;
import dev.chancery.boundary.http.StandardEndpoints;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult;
import dev.chancery.command.Caller;
import dev.chancery.command.Methods;
import dev.chancery.command.RefusedException;
import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.access.v1.CheckRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * OpenID AuthZEN 1.0 access evaluation, as a policy decision point. {@code subject.id} is a principal, {@code resource.type} and {@code
 * action.name} make the capability {@code type:name}, {@code resource.properties.workspace} says where. A deny is HTTP 200 with {@code
 * decision: false}; the context says why. Members that the standard allows and we don't use are ignored, as it asks.
 */
final class AuthZenEndpoint {
    private static final String WORKSPACE = "/resource/properties/workspace";

    void mount(StandardEndpoints faces) {
        Methods.Bound check = faces.method("chancery.access.v1.AccessService/Check");
        faces.mount(
                HttpMethod.POST, "/access/v1/evaluation", (context, caller) -> evaluate(faces, check, context, caller));
    }

    private static void evaluate(StandardEndpoints faces, Methods.Bound check, RoutingContext context, Caller caller)
            throws RefusedException {
        switch (faces.call(context, check, () -> request(StandardEndpoints.json(context)), caller)) {
            case CallResult.Refused refused -> throw new RefusedException(refused.rejection());
            case CallResult.Replied replied -> {
                var reply = (CheckReply) replied.reply();
                String id = context.request().getHeader("X-Request-ID");
                if (id != null && id.length() <= 128) {
                    context.response().putHeader("X-Request-ID", id);
                }
                HttpReply.send(context, "application/json", json(reply).getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    static String json(CheckReply reply) {
        var why = new JsonObject().put("reason", reply.getReason()).put("position", reply.getPosition());
        if (reply.getDecision()) {
            why.put("assignment_id", reply.getAssignmentId()).put("role", reply.getRole());
        }
        if (reply.getStepUpSeconds() > 0) {
            why.put("step_up_seconds", reply.getStepUpSeconds());
        }
        return new JsonObject()
                .put("decision", reply.getDecision())
                .put("context", why)
                .encode();
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

    /** At any depth, but for the one place where the standard's shape has us read whom or what the question is about. */
    private static void refuseContext(JsonObject object, String path) throws RefusedException {
        for (String name : object.fieldNames()) {
            String at = path + "/" + name;
            if (!at.equals(WORKSPACE)) {
                StandardEndpoints.refuseContext(List.of(name));
            }
            refuseContext(object.getValue(name), at);
        }
    }

    private static void refuseContext(@Nullable Object value, String path) throws RefusedException {
        if (value instanceof JsonObject object) {
            refuseContext(object, path);
        } else if (value instanceof JsonArray array) {
            for (Object item : array) {
                refuseContext(item, path);
            }
        }
    }

    private static JsonObject required(JsonObject json, String name) throws RefusedException {
        if (json.getValue(name) == null) {
            throw new RefusedException(BoundaryRejection.INVALID_FIELD);
        }
        return object(json, name);
    }

    private static JsonObject object(JsonObject json, String name) throws RefusedException {
        return switch (json.getValue(name)) {
            case null -> new JsonObject();
            case JsonObject object -> object;
            default -> throw new RefusedException(BoundaryRejection.MALFORMED);
        };
    }

    private static String text(JsonObject json, String name) throws RefusedException {
        return switch (json.getValue(name)) {
            case null -> "";
            case String text -> text;
            default -> throw new RefusedException(BoundaryRejection.MALFORMED);
        };
    }
}
