package dev.chancery.app.openapi;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractEndpoint;
import dev.chancery.schema.ContractMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Writes the document; one for each. */
final class OpenApi {
    private static final String STANDARD = "/openapi/standard-endpoints.json";
    private static final String JSON = "application/json";
    /** Where a method's capability and flags are, for tools. */
    private static final String EXTENSION = "x-chancery";

    private final MessageSchemas schemas = new MessageSchemas();
    private final RefusalResponses refusals = new RefusalResponses();
    private final JsonObject standard = resource();
    private final JsonObject paths = new JsonObject();

    private OpenApi() {}

    static OpenApi of(Contract contract) {
        var made = new OpenApi();
        contract.methods()
                .forEach(method ->
                        made.add(method.httpMethod(), method.pathTemplate().text(), made.operation(method)));
        contract.endpoints().stream()
                .filter(endpoint -> !endpoint.isGrpc())
                .forEach(endpoint -> made.add(
                        endpoint.httpMethod(), endpoint.path().replace("=**}", "}"), made.operation(endpoint)));
        return made;
    }

    JsonObject document() {
        JsonObject components = standard.getJsonObject("components").copy();
        JsonObject all = components.getJsonObject("schemas");
        all.put("Problem", RefusalResponses.PROBLEM);
        schemas.all().forEach(schema -> all.put(schema.getKey(), schema.getValue()));
        components.put("responses", refusals.all());
        return standard.getJsonObject("document").copy().put("paths", paths).put("components", components);
    }

    private void add(String httpMethod, String path, JsonObject operation) {
        if (!paths.containsKey(path)) {
            paths.put(path, new JsonObject());
        }
        paths.getJsonObject(path).put(httpMethod.toLowerCase(Locale.ROOT), operation);
    }

    private JsonObject operation(ContractMethod method) {
        var operation = new JsonObject()
                .put(
                        "operationId",
                        method.fullName().replaceFirst("^chancery\\.", "").replace('/', '.'))
                .put("tags", new JsonArray().add(method.feature()))
                .put("summary", words(method.name()))
                .put("description", described(method))
                .put("parameters", parameters(method));
        if (method.isPublic()) {
            operation.put("security", new JsonArray());
        }
        if (!method.httpMethod().equals("GET")) {
            operation.put("requestBody", body(method));
        }
        var answered = new JsonObject()
                .put("description", "Done.")
                .put("headers", headers(method))
                .put("content", json(schemas.reply(method.output())));
        return operation
                .put("responses", new JsonObject().put("200", answered).mergeIn(refusals.of(method.feature())))
                .put(EXTENSION, declared(method));
    }

    /** {@code CreatePrincipal} as {@code Create principal}. */
    private static String words(String name) {
        String apart = name.replaceAll("(?<=[a-z])(?=[A-Z])", " ");
        return apart.charAt(0) + apart.substring(1).toLowerCase(Locale.ROOT);
    }

    private static String described(ContractMethod method) {
        List<String> said = new ArrayList<>();
        said.add(method.isPublic() ? "Needs no access token." : "Needs the capability `" + method.capability() + "`.");
        if (!method.widenedBy().isEmpty()) {
            said.add("`" + String.join("`, `", method.widenedBy()) + "` lets its caller do more.");
        }
        if (method.stepUpSeconds() > 0) {
            said.add("Needs an authentication at most " + method.stepUpSeconds() + " s old.");
        }
        if (method.instanceOnly()) {
            said.add("For the installation's own operators.");
        }
        if (method.writes()) {
            said.add("The log calls it `" + method.auditAction() + "`.");
        }
        return String.join(" ", said);
    }

    private static JsonObject declared(ContractMethod method) {
        return new JsonObject()
                .put("grpc", method.fullName())
                .put("capability", method.capability())
                .put("widenedBy", new JsonArray(method.widenedBy()))
                .put("auditAction", method.auditAction())
                .put("privileged", method.privileged())
                .put("instanceOnly", method.instanceOnly())
                .put("stepUpSeconds", method.stepUpSeconds());
    }

    private static JsonArray parameters(ContractMethod method) {
        var parameters = new JsonArray();
        List<String> inPath = method.pathTemplate().variables();
        for (String variable : inPath) {
            FieldDescriptor field = method.input().findFieldByName(variable);
            parameters.add(parameter("path", variable, true, MessageSchemas.scalar(field)));
        }
        if (method.httpMethod().equals("GET")) {
            method.input().getFields().stream()
                    .filter(field -> !inPath.contains(field.getName()))
                    .forEach(field -> parameters.add(
                            parameter("query", field.getJsonName(), false, MessageSchemas.scalar(field))));
        }
        String header = method.writes() ? "IdempotencyKey" : "Position";
        parameters.add(referenced(header));
        return method.isPublic() ? parameters.add(referenced("Challenge")) : parameters;
    }

    private static JsonObject referenced(String header) {
        return new JsonObject().put("$ref", "#/components/parameters/" + header);
    }

    private static JsonObject parameter(String in, String name, boolean required, JsonObject schema) {
        return new JsonObject()
                .put("name", name)
                .put("in", in)
                .put("required", required)
                .put("schema", schema);
    }

    private JsonObject body(ContractMethod method) {
        List<String> inPath = method.pathTemplate().variables();
        boolean required = method.input().getFields().stream()
                .filter(field -> !inPath.contains(field.getName()))
                .anyMatch(field -> field.getOptions()
                        .getExtension(dev.chancery.schema.options.v1.Options.field)
                        .getRequired());
        return new JsonObject().put("required", required).put("content", json(schemas.request(method.input(), inPath)));
    }

    private static JsonObject headers(ContractMethod method) {
        var headers = new JsonObject();
        for (String name :
                method.writes() ? List.of("Chancery-Position", "Chancery-Request") : List.of("Chancery-Request")) {
            headers.put(name, new JsonObject().put("$ref", "#/components/headers/" + name));
        }
        return headers;
    }

    private static JsonObject json(JsonObject schema) {
        return new JsonObject().put(JSON, new JsonObject().put("schema", schema));
    }

    /** What the standards say, and here what the contract says. Those of OAuth refuse in OAuth's own words. */
    private JsonObject operation(ContractEndpoint endpoint) {
        JsonObject described = standard.getJsonObject("operations").getJsonObject(endpoint.toString());
        if (described == null) {
            throw new IllegalStateException(endpoint + " is not in " + STANDARD);
        }
        JsonObject operation = described
                .copy()
                .put("tags", new JsonArray().add(endpoint.feature()))
                .put("summary", endpoint.what());
        if (endpoint.isPublic()) {
            operation.put("security", new JsonArray());
        } else {
            operation
                    .put("description", "Needs the capability `" + endpoint.capability() + "`.")
                    .put("responses", operation.getJsonObject("responses").mergeIn(refusals.of(endpoint.feature())))
                    .put(EXTENSION, new JsonObject(Map.of("capability", endpoint.capability())));
        }
        return operation;
    }

    private static JsonObject resource() {
        try (InputStream in = OpenApi.class.getResourceAsStream(STANDARD)) {
            if (in == null) {
                throw new IllegalStateException(STANDARD + " is not on the class path");
            }
            return new JsonObject(new String(in.readAllBytes(), UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
