package dev.chancery.app.openapi;

import dev.chancery.boundary.Problem;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.kernel.Rejection;
import dev.chancery.log.LogRejection;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** With which codes a feature's methods refuse, by HTTP status: everybody's, the log's, and the feature's own. */
final class RefusalResponses {
    static final JsonObject PROBLEM = problem();

    private final Map<String, JsonObject> responses = new TreeMap<>();

    /** References for an operation of the feature, by status. */
    JsonObject of(String feature) {
        var references = new JsonObject();
        byStatus(feature).forEach((status, rejections) -> {
            String name = feature + "." + status;
            responses.computeIfAbsent(name, unknown -> response(rejections));
            references.put(status, new JsonObject().put("$ref", "#/components/responses/" + name));
        });
        return references;
    }

    JsonObject all() {
        var all = new JsonObject();
        responses.forEach(all::put);
        return all;
    }

    private static Map<String, List<Rejection>> byStatus(String feature) {
        Stream<Rejection> own = FeatureDescription.all().stream()
                .filter(one -> one.name().equals(feature))
                .flatMap(one -> one.rejections().stream());
        return Stream.concat(Stream.concat(BoundaryRejection.ALL.stream(), LogRejection.ALL.stream()), own)
                .sorted(java.util.Comparator.comparing(Rejection::code))
                .collect(Collectors.groupingBy(
                        rejection -> Integer.toString(Problem.httpStatus(rejection)),
                        TreeMap::new,
                        Collectors.toList()));
    }

    private static JsonObject response(List<Rejection> rejections) {
        String said = rejections.stream()
                .map(rejection -> "- `" + rejection.code() + "`: " + rejection.message())
                .collect(Collectors.joining("\n"));
        var codes = new JsonArray(rejections.stream().map(Rejection::code).toList());
        var schema = new JsonObject()
                .put("$ref", "#/components/schemas/Problem")
                .put("properties", new JsonObject().put("code", new JsonObject().put("enum", codes)));
        return new JsonObject()
                .put("description", said)
                .put("content", new JsonObject().put(Problem.MEDIA_TYPE, new JsonObject().put("schema", schema)));
    }

    /** RFC 9457, with members of our own. */
    private static JsonObject problem() {
        var properties = new JsonObject();
        for (String text : List.of("type", "title", "code", "message", "hint", "docsUrl", "requestId")) {
            properties.put(text, new JsonObject().put("type", "string"));
        }
        properties.put("status", new JsonObject().put("type", "integer"));
        return new JsonObject()
                .put("type", "object")
                .put("description", "Why a call was refused. `code` is stable; `hint` says what to do.")
                .put("properties", properties)
                .put("required", new JsonArray(List.copyOf(properties.fieldNames())));
    }
}
