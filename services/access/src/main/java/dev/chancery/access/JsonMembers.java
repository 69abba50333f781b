package dev.chancery.access;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.RefusedException;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.util.Optional;

/** Reads a JSON object's members as the types that AuthZEN gives them. A member that is null counts as left out. */
final class JsonMembers {
    private JsonMembers() {}

    static JsonObject object(JsonObject json, String name) throws RefusedException {
        if (isLeftOut(json, name)) {
            throw new RefusedException(BoundaryRejection.INVALID_FIELD);
        }
        return optionalObject(json, name);
    }

    /** The object, or an empty one. */
    static JsonObject optionalObject(JsonObject json, String name) throws RefusedException {
        if (isLeftOut(json, name)) {
            return JsonValue.EMPTY_JSON_OBJECT;
        }
        if (json.get(name) instanceof JsonObject object) {
            return object;
        }
        throw new RefusedException(BoundaryRejection.MALFORMED);
    }

    static String text(JsonObject json, String name) throws RefusedException {
        return optionalText(json, name).orElseThrow(() -> new RefusedException(BoundaryRejection.INVALID_FIELD));
    }

    static Optional<String> optionalText(JsonObject json, String name) throws RefusedException {
        if (isLeftOut(json, name)) {
            return Optional.empty();
        }
        if (json.get(name) instanceof JsonString text) {
            return Optional.of(text.getString());
        }
        throw new RefusedException(BoundaryRejection.MALFORMED);
    }

    static boolean isLeftOut(JsonObject json, String name) {
        return json.getOrDefault(name, JsonValue.NULL).equals(JsonValue.NULL);
    }
}
