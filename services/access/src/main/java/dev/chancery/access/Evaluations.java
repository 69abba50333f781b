package dev.chancery.access;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.RefusedException;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.util.ArrayList;
import java.util.List;

/** Several questions of AuthZEN 1.0 in one request (section 6). */
final class Evaluations {
    private static final List<String> DEFAULTED = List.of("subject", "action", "resource", "context");

    private Evaluations() {}

    /** When no more questions need an answer. */
    enum Semantic {
        EXECUTE_ALL,
        DENY_ON_FIRST_DENY,
        PERMIT_ON_FIRST_PERMIT;

        boolean endsAt(boolean granted) {
            return switch (this) {
                case EXECUTE_ALL -> false;
                case DENY_ON_FIRST_DENY -> !granted;
                case PERMIT_ON_FIRST_PERMIT -> granted;
            };
        }

        /** {@code options.evaluations_semantic}; all are answered where nothing is said. */
        static Semantic of(JsonObject body) throws RefusedException {
            JsonValue options = body.getOrDefault("options", JsonValue.EMPTY_JSON_OBJECT);
            if (!(options instanceof JsonObject object)) {
                throw new RefusedException(BoundaryRejection.MALFORMED);
            }
            JsonValue semantic = object.getOrDefault("evaluations_semantic", Json.createValue("execute_all"));
            if (!(semantic instanceof JsonString text)) {
                throw new RefusedException(BoundaryRejection.MALFORMED);
            }
            return switch (text.getString()) {
                case "execute_all" -> EXECUTE_ALL;
                case "deny_on_first_deny" -> DENY_ON_FIRST_DENY;
                case "permit_on_first_permit" -> PERMIT_ON_FIRST_PERMIT;
                default -> throw new RefusedException(BoundaryRejection.INVALID_FIELD);
            };
        }
    }

    /**
     * The questions, each with what it leaves out taken from the request's own members; none where the request is itself the question.
     *
     * @throws RefusedException where there are too many, or what should be a list of objects is none
     */
    static List<JsonObject> of(JsonObject body) throws RefusedException {
        JsonValue evaluations = body.getOrDefault("evaluations", JsonValue.EMPTY_JSON_ARRAY);
        if (!(evaluations instanceof JsonArray array)) {
            throw new RefusedException(BoundaryRejection.MALFORMED);
        }
        if (array.size() > AuthZenEndpoint.MAX_EVALUATIONS) {
            throw new RefusedException(AccessRejection.TOO_MANY_EVALUATIONS);
        }
        List<JsonObject> questions = new ArrayList<>();
        for (JsonValue one : array) {
            if (!(one instanceof JsonObject question)) {
                throw new RefusedException(BoundaryRejection.MALFORMED);
            }
            questions.add(withDefaults(question, body));
        }
        return questions;
    }

    /** A member replaces the default as a whole, but for {@code type}, {@code id} and {@code name}, which it may leave to the default. */
    private static JsonObject withDefaults(JsonObject question, JsonObject defaults) {
        JsonObjectBuilder whole = Json.createObjectBuilder(question);
        for (String name : DEFAULTED) {
            JsonValue standard = defaults.get(name);
            JsonValue own = question.get(name);
            if (own == null && standard != null) {
                whole.add(name, standard);
            } else if (own instanceof JsonObject part
                    && standard instanceof JsonObject other
                    && !name.equals("context")) {
                JsonObjectBuilder merged = Json.createObjectBuilder(part);
                for (String required : List.of("type", "id", "name")) {
                    if (!part.containsKey(required) && other.containsKey(required)) {
                        merged.add(required, other.get(required));
                    }
                }
                whole.add(name, merged);
            }
        }
        return whole.build();
    }
}
