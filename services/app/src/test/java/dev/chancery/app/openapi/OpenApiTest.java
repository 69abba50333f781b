package dev.chancery.app.openapi;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.Examples;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.JsonSchemaOptions;
import io.vertx.json.schema.OutputFormat;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.Validator;
import io.vertx.openapi.contract.OpenAPIVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * The document is valid OpenAPI 3.1, holds everything that the contract has, lets its examples through, and stands in the documentation.
 * {@code -Dchancery.write=true} writes it there.
 */
class OpenApiTest {
    private static final Path FILE =
            Path.of(System.getProperty("chancery.root", "../..")).resolve("docs/reference/openapi.json");
    private static final String ANYWHERE = "https://chancery.invalid/";
    private static final Vertx VERTX = Vertx.vertx();

    private static final String REFRESH_TOKEN =
            "chr_instance.0199f2aa-0000-7000-8000-000000000001.0199f2aa-0000-7000-8000-000000000002." + "A".repeat(22)
                    + "." + "B".repeat(43);
    private static final Map<String, String> VALUES = values();

    private static Map<String, String> values() {
        Map<String, String> values = new HashMap<>();
        Examples.PLACEHOLDERS.forEach(name -> values.put(name, "0199f2aa-0000-7000-8000-000000000001"));
        values.put("role", "approver");
        values.put("group", "clerks");
        values.put("capability", "invoice:approve");
        values.put("elevationRole", "repair");
        values.put("refreshToken", REFRESH_TOKEN);
        values.put("tokenKey", "deadbeef");
        values.put("signingKey", "ch-0123456789abcdef/dsar");
        values.put("signingKeyId", "deadbeef");
        values.put("environment", "prod");
        values.put("database", "prod/db/orders");
        values.put("connector", "chat");
        values.put("purpose", "research");
        values.put("holder", "crm");
        values.put("publicKey", "A".repeat(43) + "=");
        values.put("claim", "A".repeat(43));
        values.put("subjectToken", "eyJhbGciOiJFZDI1NTE5In0.eyJpc3MiOiIifQ.c2lnbmF0dXJl");
        values.put("inAnHour", "1798761600000");
        values.put("assertion", "eyJhbGciOiJFZDI1NTE5In0.eyJpc3MiOiIifQ.c2lnbmF0dXJl");
        values.put("unique", "a1");
        return values;
    }

    private final Contract contract = Contract.load();
    private final JsonObject document = OpenApi.of(contract).document();

    @AfterAll
    static void close() throws Exception {
        await(VERTX.close());
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(60, SECONDS);
    }

    @Test
    void theDocumentationHasIt() throws IOException {
        String expected = document.encodePrettily() + "\n";
        if (Boolean.getBoolean("chancery.write")) {
            Files.writeString(FILE, expected);
        }
        assertThat(Files.readString(FILE))
                .as(
                        "docs/reference/openapi.json is stale; write it with ./mvnw -pl services/app -am test -Dtest=OpenApiTest"
                                + " -Dsurefire.failIfNoSpecifiedTests=false -Dchancery.write=true")
                .isEqualTo(expected);
    }

    @Test
    void itIsValid() throws Exception {
        assertThat(violations(document)).isEmpty();
    }

    @Test
    void whatIsNotOpenApiIsFound() throws Exception {
        JsonObject broken = document.copy();
        broken.getJsonObject("paths")
                .getJsonObject("/metrics")
                .getJsonObject("get")
                .put("respones", new JsonObject());
        assertThat(violations(broken)).isNotEmpty();
    }

    /** The schema of 2022 wants an absolute token URL; the specification allows one that is relative to the server, as ours is. */
    private static List<String> violations(JsonObject given) throws Exception {
        JsonObject document = given.copy();
        document.getJsonObject("components")
                .getJsonObject("securitySchemes")
                .getJsonObject("oauth2")
                .getJsonObject("flows")
                .getJsonObject("clientCredentials")
                .put("tokenUrl", ANYWHERE + "oauth/token");
        OpenAPIVersion version = OpenAPIVersion.fromContract(document);
        assertThat(version).isEqualTo(OpenAPIVersion.V3_1);
        var repository = await(version.getRepository(VERTX, ANYWHERE));
        return said(await(version.validateContract(VERTX, repository, document)));
    }

    private static List<String> said(OutputUnit result) {
        return Boolean.TRUE.equals(result.getValid())
                ? List.of()
                : List.of(result.toJson().encode());
    }

    @Test
    void everyReferenceLeadsSomewhere() {
        List<String> broken = new ArrayList<>();
        references(document, broken);
        assertThat(broken).isEmpty();
    }

    private void references(Object node, List<String> broken) {
        switch (node) {
            case JsonObject object -> {
                if (object.getValue("$ref") instanceof String reference) {
                    Object at = document;
                    for (String step : reference.substring(2).split("/")) {
                        at = at instanceof JsonObject parent ? parent.getValue(step) : null;
                    }
                    if (at == null) {
                        broken.add(reference);
                    }
                }
                object.forEach(member -> references(member.getValue(), broken));
            }
            case JsonArray array -> array.forEach(item -> references(item, broken));
            case null, default -> {}
        }
    }

    @Test
    void everyMethodAndEndpointIsInIt() {
        List<String> expected = new ArrayList<>();
        contract.methods()
                .forEach(method -> expected.add(
                        method.httpMethod() + " " + method.pathTemplate().text()));
        contract.endpoints().stream()
                .filter(endpoint -> !endpoint.isGrpc())
                .forEach(endpoint -> expected.add(endpoint.toString().replace("=**}", "}")));
        List<String> found = new ArrayList<>();
        List<String> ids = new ArrayList<>();
        document.getJsonObject("paths").forEach(path -> ((JsonObject) path.getValue()).forEach(operation -> {
            found.add(operation.getKey().toUpperCase(java.util.Locale.ROOT) + " " + path.getKey());
            ids.add(((JsonObject) operation.getValue()).getString("operationId"));
        }));
        assertThat(found).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(ids).doesNotContainNull().doesNotHaveDuplicates();
    }

    /** Those that a client sends in a body: the contract's own examples pass, and with a field that no method knows they don't. */
    @Test
    void theExamplesOfTheContractPass() {
        int checked = 0;
        for (ContractMethod method : contract.methods()) {
            JsonObject operation = operation(method);
            if (!operation.containsKey("requestBody")) {
                continue;
            }
            JsonObject example = new JsonObject(Examples.fill(Examples.of(method), VALUES));
            method.pathTemplate()
                    .variables()
                    .forEach(variable -> example.remove(
                            method.input().findFieldByName(variable).getJsonName()));
            JsonObject schema = operation
                    .getJsonObject("requestBody")
                    .getJsonObject("content")
                    .getJsonObject("application/json")
                    .getJsonObject("schema");
            assertThat(problems(schema, example))
                    .as("%s %s", method.fullName(), example)
                    .isEmpty();
            assertThat(problems(schema, example.copy().put("nonsense", 1)))
                    .as(method.fullName())
                    .isNotEmpty();
            checked++;
        }
        assertThat(checked).isGreaterThan(10);
    }

    @Test
    void rulesOfFieldsAreInIt() {
        ContractMethod method = contract.method("chancery.identity.v1.IdentityService/CreatePrincipal")
                .orElseThrow();
        JsonObject good = new JsonObject(Examples.fill(Examples.of(method), VALUES));
        JsonObject schema = new JsonObject().put("$ref", "#/components/schemas/identity.v1.CreatePrincipalRequest");
        assertThat(problems(schema, good)).isEmpty();
        for (String required : List.of("type", "displayName", "publicKey")) {
            JsonObject without = good.copy();
            without.remove(required);
            assertThat(problems(schema, without)).as("without %s", required).isNotEmpty();
        }
        Map<String, String> wrong = Map.of(
                "type", "PRINCIPAL_TYPE_UNSPECIFIED", "displayName", " ", "publicKey", "AAAA", "email", "nobody");
        wrong.forEach((field, value) -> assertThat(problems(schema, good.copy().put(field, value)))
                .as("%s", field)
                .isNotEmpty());
        assertThat(problems(schema, good.copy().put("email", ""))).isEmpty();
    }

    private JsonObject operation(ContractMethod method) {
        return document.getJsonObject("paths")
                .getJsonObject(method.pathTemplate().text())
                .getJsonObject(method.httpMethod().toLowerCase(java.util.Locale.ROOT));
    }

    private List<String> problems(JsonObject schema, JsonObject value) {
        JsonObject whole = schema.copy().put("components", document.getJsonObject("components"));
        return said(Validator.create(
                        JsonSchema.of(whole),
                        new JsonSchemaOptions()
                                .setDraft(Draft.DRAFT202012)
                                .setBaseUri(ANYWHERE)
                                .setOutputFormat(OutputFormat.Basic))
                .validate(value));
    }
}
