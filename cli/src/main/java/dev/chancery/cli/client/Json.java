package dev.chancery.cli.client;

import java.util.List;
import java.util.Map;
import org.jose4j.json.JsonUtil;
import org.jose4j.lang.JoseException;

/** JSON objects that are no message of the contract. */
public final class Json {
    private Json() {}

    /**
     * Reads an object.
     *
     * @throws IllegalArgumentException if it is not one JSON object
     */
    public static Map<String, Object> object(String text) {
        try {
            return JsonUtil.parseJson(text);
        } catch (JoseException e) {
            throw new IllegalArgumentException("not a JSON object", e);
        }
    }

    /** The member's text; empty where it is missing or something else. */
    public static String text(Map<String, Object> object, String name) {
        return object.get(name) instanceof String text ? text : "";
    }

    /** The member, itself an object; an empty one where it is missing or something else. */
    @SuppressWarnings("unchecked")
    public static Map<String, Object> member(Map<String, Object> object, String name) {
        return object.get(name) instanceof Map<?, ?> member ? (Map<String, Object>) member : Map.of();
    }

    /** The member's items; none where it is missing or something else. */
    public static List<?> items(Map<String, Object> object, String name) {
        return object.get(name) instanceof List<?> items ? items : List.of();
    }

    public static String write(Map<String, Object> object) {
        return JsonUtil.toJson(object);
    }
}
