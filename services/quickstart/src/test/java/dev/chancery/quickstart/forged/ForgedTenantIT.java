package dev.chancery.quickstart.forged;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import dev.chancery.boundary.ContextFields;
import dev.chancery.quickstart.instance.Api;
import dev.chancery.quickstart.instance.ExampleRequests;
import dev.chancery.quickstart.instance.RawClient;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.quickstart.instance.TestIssuer;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.options.v1.Options;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Actor and tenant come from the verified principal only. Every method of the contract, over both apis: its committed example
 * succeeds for its rightful caller; then it is sent by another tenant's administrator, with every name of context in every place that a
 * request has, and with forged tokens. Nothing of the other tenant is read, nothing is written. The matrix is the registry: a method
 * is in it the day it appears.
 */
@Order(10)
public class ForgedTenantIT {
    /** Succeeds once in an installation's life: over REST for {@link SharedInstance}, over gRPC in {@link StartFailuresIT}. */
    public static final String ONCE = "chancery.identity.v1.IdentityService/ClaimOwner";

    /** Spellings beyond the boundary's own list that it has to see through. */
    private static final List<String> SPELLINGS = List.of(
            "tenantId",
            "tenant_id",
            "Tenant-Id",
            "X-Tenant",
            "X-Tenant-Id",
            "X-Chancery-Tenant",
            "Chancery-Tenant",
            "organisationId",
            "organisation_id",
            "X-Organization-Id",
            "orgId",
            "TENANT",
            "actingFor",
            "on_behalf_of",
            "X-Actor",
            "userId",
            "sessionId",
            "activeWorkspace",
            "X-Workspace");

    /** What gateways and browsers add of themselves: nothing of it is read. */
    static Map<String, String> ofGateways(String tenant) {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        ContextFields.names().forEach(name -> headers.put("X-" + name, tenant));
        SPELLINGS.stream()
                .filter(name -> !ContextFields.isContextHeader(name))
                .forEach(name -> headers.put(name, tenant));
        headers.put("Cookie", "session=abc; tenant=" + tenant + "; userId=" + tenant + "; X-Actor=" + tenant);
        return headers;
    }

    private static Map<String, String> with(Map<String, String> headers, Map<String, String> more) {
        Map<String, String> all = new HashMap<>(headers);
        more.forEach((name, value) -> all.put(name.toLowerCase(Locale.ROOT), value));
        return all;
    }

    private static final Set<String> REFUSALS = Set.of(
            "request.context-field",
            "request.unknown-field",
            "request.malformed",
            "request.invalid-field",
            "request.no-such-path");

    private final SharedInstance shared = SharedInstance.shared();

    static Stream<Arguments> methods() {
        return SharedInstance.world().contract.methods().stream()
                .flatMap(method -> Stream.of(Api.values()).map(api -> Arguments.of(method.fullName(), api)));
    }

    static Stream<Arguments> authenticated() {
        return methods().filter(arguments -> !SharedInstance.world()
                .method((String) arguments.get()[0])
                .isPublic());
    }

    @ParameterizedTest
    @MethodSource("methods")
    void theExampleSucceedsForItsRightfulCaller(String name, Api api) {
        ContractMethod method = shared.method(name);
        if (name.equals(ONCE)) {
            assertThat(shared.claimed.succeeded()).isTrue();
            return;
        }
        Client caller = shared.rightful(method, shared.a);
        Message request = shared.requests.example(method, shared.a);
        Reply reply = api.call(
                shared.wire, method, request, with(shared.requests.headers(caller), ofGateways(shared.b.tenant())));
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        if (method.writes()) {
            assertThat(reply.position())
                    .matches(position -> position.startsWith(caller.tenant() + "@") || method.isPublic());
        }
    }

    /** What belongs to another tenant is to a caller as what does not exist at all: the very same answer, whatever a gateway adds. */
    @ParameterizedTest
    @MethodSource("methods")
    void anotherTenantsTargetsDoNotExist(String name, Api api) {
        ContractMethod method = shared.method(name);
        Map<String, String> theirs = shared.requests.standing(method, shared.a);
        Map<String, String> own = shared.requests.standing(method, shared.b);
        forgeAssertion(theirs);
        for (Map<String, String> values : mixtures(method, own, theirs)) {
            Map<String, String> madeUp = madeUp(values, theirs);
            Map<String, Long> before = shared.records.lengths();
            Reply reply = api.call(
                    shared.wire,
                    method,
                    ExampleRequests.fill(method, values),
                    with(shared.requests.headers(shared.b), ofGateways(shared.a.tenant())));
            Map<String, Long> after = shared.records.lengths();
            assertThat(others(after)).as("%s", reply).isEqualTo(others(before));
            assertReadsNothingOf(theirs, reply);
            if (method.instanceOnly()) {
                // In the caller's own log it may say who tried.
                assertThat(reply.succeeded()).as("%s", reply).isFalse();
            } else if (method.isPublic()) {
                assertThat(reply.succeeded()).as("%s", reply).isFalse();
                assertThat(after).isEqualTo(before);
            } else if (!targets(method).isEmpty()) {
                Reply ofNothing = api.call(
                        shared.wire, method, ExampleRequests.fill(method, madeUp), shared.requests.headers(shared.b));
                assertThat(reply.said()).isEqualTo(ofNothing.said());
                if (method.writes()) {
                    assertThat(reply.status()).as("%s", reply).isEqualTo(404);
                }
            }
        }
    }

    /** Signed with B's key in A's name: A's own assertion would be A, and so would A's own refresh token. */
    private void forgeAssertion(Map<String, String> theirs) {
        theirs.computeIfPresent("refreshToken", (name, good) -> good.replace(shared.a.tenant(), shared.b.tenant()));
        theirs.computeIfPresent("assertion", (name, good) -> shared.assertion(shared.a.clientId(), shared.b.key()));
        // Another issuer's, whose keys the organisation doesn't know.
        theirs.computeIfPresent("subjectToken", (name, good) -> {
            TestIssuer unknown = TestIssuer.create();
            return unknown.token(unknown.claims("nobody").put("repository", "acme/app"));
        });
    }

    /** All of the other's values at once, and one at a time among the caller's own. */
    private static List<Map<String, String>> mixtures(
            ContractMethod method, Map<String, String> own, Map<String, String> theirs) {
        List<Map<String, String>> mixtures = new ArrayList<>();
        mixtures.add(theirs);
        for (String placeholder : theirs.keySet()) {
            if (isTenants(placeholder) && theirs.size() > 1) {
                Map<String, String> mixture = new TreeMap<>(own);
                mixture.put(placeholder, theirs.get(placeholder));
                mixtures.add(mixture);
            }
        }
        return mixtures;
    }

    private static Map<String, String> madeUp(Map<String, String> values, Map<String, String> theirs) {
        Map<String, String> madeUp = new HashMap<>(values);
        values.forEach((placeholder, value) -> {
            if (value.equals(theirs.get(placeholder)) && isTenants(placeholder)) {
                madeUp.put(
                        placeholder,
                        switch (placeholder) {
                            case "role", "elevationRole", "group", "environment", "purpose", "holder" -> "nobodys-name";
                            case "database" -> "nobodys-name/db/orders";
                            case "capability" -> "nobodys:name";
                            default -> UUID.randomUUID().toString();
                        });
            }
        });
        return madeUp;
    }

    /** Whether it names something of one tenant's; a connector has the same name with everybody, in a workspace that is one's own. */
    private static boolean isTenants(String placeholder) {
        return ExampleRequests.TENANT_BOUND.contains(placeholder) && !placeholder.equals("connector");
    }

    /** The example's fields that name something of a tenant. */
    private static List<FieldDescriptor> targets(ContractMethod method) {
        String example = dev.chancery.schema.Examples.of(method);
        return method.input().getFields().stream()
                .filter(field -> field.getOptions().getExtension(Options.field).getTarget())
                .filter(field -> ExampleRequests.TENANT_BOUND.stream()
                        .anyMatch(placeholder ->
                                example.contains("\"" + field.getJsonName() + "\": \"${" + placeholder + "}\"")))
                .toList();
    }

    private Map<String, Long> others(Map<String, Long> lengths) {
        Map<String, Long> others = new TreeMap<>(lengths);
        others.remove(shared.b.tenant());
        return others;
    }

    private void assertReadsNothingOf(Map<String, String> theirs, Reply reply) {
        assertThat(reply.everything()).doesNotContain(shared.a.tenant());
        theirs.values().forEach(value -> assertThat(reply.everything()).doesNotContain(value));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void aNameOfContextIsRefusedWhereverItStands(String name, Api api) {
        ContractMethod method = shared.method(name);
        Message request = ExampleRequests.fill(method, shared.requests.standing(method, shared.a));
        Client caller = shared.rightful(method, shared.a);
        Map<String, Long> before = shared.records.lengths();
        if (api == Api.REST) {
            inRest(method, request, caller);
        } else {
            inGrpc(method, request, caller);
        }
        assertThat(shared.records.lengths()).isEqualTo(before);
    }

    private void inRest(ContractMethod method, Message request, Client caller) {
        boolean get = method.httpMethod().equals("GET");
        String path = RawClient.path(method, request);
        for (String context : names()) {
            String value = shared.b.tenant();
            assertContext(send(method, path, request, caller, Map.of(ours(context), value)));
            assertContext(send(method, path + "?" + context + "=" + value, request, caller, Map.of()));
            JsonObject body = new JsonObject(new String(
                    RawClient.body(method, request).length == 0
                            ? "{}".getBytes(UTF_8)
                            : RawClient.body(method, request),
                    UTF_8));
            Reply inBody = shared.wire.http(
                    method.httpMethod(),
                    path,
                    caller.headers(),
                    body.copy().put(context, value).encode().getBytes(UTF_8));
            if (get) {
                assertThat(inBody.code()).as("%s", inBody).isEqualTo("request.malformed");
            } else {
                assertContext(inBody);
            }
        }
        for (String context : List.of("tenant", "organisationId", "actor")) {
            if (!get) {
                nested(method, path, request, caller, context);
            }
            String value = context + "=" + shared.b.tenant();
            assertRefused(send(method, path + ";" + value, request, caller, Map.of()));
            assertRefused(send(method, path.replaceFirst("/v1", ";" + value + "/v1"), request, caller, Map.of()));
            assertRefused(send(method, "/" + context + "/" + shared.b.tenant() + path, request, caller, Map.of()));
            assertRefused(send(method, "/" + shared.b.tenant() + path, request, caller, Map.of()));
            assertRefused(send(method, path + "/" + context + "/" + shared.b.tenant(), request, caller, Map.of()));
        }
    }

    /** Inside each field, and inside one that there is not. */
    private void nested(ContractMethod method, String path, Message request, Client caller, String context) {
        JsonObject body = new JsonObject(new String(RawClient.body(method, request), UTF_8));
        Stream.concat(body.fieldNames().stream().toList().stream(), Stream.of("extra"))
                .forEach(field -> {
                    JsonObject spoilt = body.copy().put(field, new JsonObject().put(context, shared.b.tenant()));
                    assertRefused(shared.wire.http(
                            method.httpMethod(),
                            path,
                            caller.headers(),
                            spoilt.encode().getBytes(UTF_8)));
                });
    }

    private Reply send(ContractMethod method, String path, Message request, Client caller, Map<String, String> more) {
        Map<String, String> headers = new HashMap<>(caller.headers());
        headers.putAll(more);
        return shared.wire.http(method.httpMethod(), path, headers, RawClient.body(method, request));
    }

    private void inGrpc(ContractMethod method, Message request, Client caller) {
        for (String context : names()) {
            for (String suffix : List.of("", "-bin")) {
                Map<String, String> metadata = new HashMap<>(caller.headers());
                metadata.put(ours(context).toLowerCase(Locale.ROOT) + suffix, shared.b.tenant());
                assertContext(shared.wire.grpc(method, request, metadata));
            }
        }
        for (int number : List.of(15, 999, 19_999)) {
            var unknown = UnknownFieldSet.newBuilder()
                    .addField(
                            number,
                            UnknownFieldSet.Field.newBuilder()
                                    .addLengthDelimited(ByteString.copyFromUtf8(shared.b.tenant()))
                                    .build())
                    .build();
            Reply reply = shared.wire.grpc(
                    method, request.toBuilder().setUnknownFields(unknown).build(), caller.headers());
            assertThat(reply.code()).as("%s", reply).isEqualTo("request.unknown-field");
        }
    }

    /** The name as a header that we could be thought to take. */
    private static String ours(String name) {
        return ContextFields.isContextHeader(name) ? name : "Chancery-" + name;
    }

    private static Set<String> names() {
        Set<String> names = new LinkedHashSet<>(ContextFields.names());
        names.addAll(SPELLINGS);
        return names;
    }

    private static void assertContext(Reply reply) {
        assertThat(reply.code()).as("%s", reply).isEqualTo("request.context-field");
    }

    private static void assertRefused(Reply reply) {
        assertThat(reply.code()).as("%s", reply).isIn(REFUSALS);
    }

    @ParameterizedTest
    @MethodSource("authenticated")
    void aForgedTokenIsWorthNothing(String name, Api api) {
        ContractMethod method = shared.method(name);
        Message request = ExampleRequests.fill(method, shared.requests.standing(method, shared.a));
        Map<String, Long> before = shared.records.lengths();
        ForgedTokens.of(shared).forEach((what, forged) -> {
            Reply reply = api.call(shared.wire, method, request, Map.of("Authorization", "Bearer " + forged.token()));
            assertThat(reply.status()).as("%s: %s", what, reply).isEqualTo(401);
            assertThat(reply.code()).as("%s: %s", what, reply).isEqualTo(forged.code());
        });
        for (Map<String, String> headers : List.of(
                Map.<String, String>of(),
                Map.of("Authorization", "Basic " + shared.a.token()),
                Map.of("Authorization", shared.a.token()),
                Map.of("X-Authorization", "Bearer " + shared.a.token()))) {
            Reply reply = api.call(shared.wire, method, request, headers);
            assertThat(reply.status()).isEqualTo(401);
            assertThat(reply.code()).isEqualTo("auth.token-missing");
        }
        assertThat(shared.records.lengths()).isEqualTo(before);
    }
}
