package dev.chancery.access;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.RefusedException;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.util.Optional;

/**
 * One question of AuthZEN 1.0 (section 5), as this decision point understands it: the required members and the one property that says
 * where. {@code context}, other properties and members that the standard doesn't know are free, and nothing is decided by them.
 *
 * @param workspace {@code resource.properties.workspace}
 */
record Evaluation(
        String subjectType,
        String subjectId,
        String action,
        String resourceType,
        String resourceId,
        Optional<String> workspace) {

    /** @throws RefusedException where a required member is missing or a member is of another type */
    static Evaluation of(JsonObject json) throws RefusedException {
        JsonObject subject = object(json, "subject");
        JsonObject action = object(json, "action");
        JsonObject resource = object(json, "resource");
        properties(subject);
        properties(action);
        object(json, "context", JsonValue.EMPTY_JSON_OBJECT);
        return new Evaluation(
                text(subject, "type"),
                text(subject, "id"),
                text(action, "name"),
                text(resource, "type"),
                text(resource, "id"),
                optionalText(properties(resource), "workspace"));
    }

    /** The capability that is asked about. */
    String capability() {
        return resourceType + ":" + action;
    }

    private static JsonObject properties(JsonObject of) throws RefusedException {
        return object(of, "properties", JsonValue.EMPTY_JSON_OBJECT);
    }

    private static JsonObject object(JsonObject json, String name) throws RefusedException {
        if (isLeftOut(json, name)) {
            throw new RefusedException(BoundaryRejection.INVALID_FIELD);
        }
        return object(json, name, JsonValue.EMPTY_JSON_OBJECT);
    }

    private static JsonObject object(JsonObject json, String name, JsonObject otherwise) throws RefusedException {
        if (isLeftOut(json, name)) {
            return otherwise;
        }
        if (json.get(name) instanceof JsonObject object) {
            return object;
        }
        throw new RefusedException(BoundaryRejection.MALFORMED);
    }

    private static String text(JsonObject json, String name) throws RefusedException {
        return optionalText(json, name).orElseThrow(() -> new RefusedException(BoundaryRejection.INVALID_FIELD));
    }

    private static Optional<String> optionalText(JsonObject json, String name) throws RefusedException {
        if (isLeftOut(json, name)) {
            return Optional.empty();
        }
        if (json.get(name) instanceof JsonString text) {
            return Optional.of(text.getString());
        }
        throw new RefusedException(BoundaryRejection.MALFORMED);
    }

    /** A member that is null counts as left out. */
    private static boolean isLeftOut(JsonObject json, String name) {
        return json.getOrDefault(name, JsonValue.NULL).equals(JsonValue.NULL);
    }
}
