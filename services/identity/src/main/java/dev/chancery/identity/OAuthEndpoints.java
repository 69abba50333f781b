package dev.chancery.identity;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.boundary.http.HttpReply;
import dev.chancery.boundary.http.StandardEndpoints;
import dev.chancery.boundary.tokens.Tokens;
import dev.chancery.command.CallResult;
import dev.chancery.command.RefusedException;
import dev.chancery.kernel.Rejection;
import dev.chancery.schema.identity.v1.IssueTokenReply;
import dev.chancery.schema.identity.v1.IssueTokenRequest;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonObjectBuilder;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.ResponseBuilder;
import java.net.URLDecoder;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What OAuth clients expect: the token endpoint (RFC 6749, client credentials with {@code private_key_jwt} of RFC 7523), its keys
 * (RFC 7517) and its metadata (RFC 8414). A thin translation of {@code IdentityService/IssueToken}. None of them asks for an access
 * token: the token request holds its own credential, keys and metadata are public.
 */
@Path("/")
@RunOnVirtualThread
public class OAuthEndpoints {
    private static final String ISSUE_TOKEN = "chancery.identity.v1.IdentityService/IssueToken";
    private static final String ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    /** Keys and metadata change with a deployment at most; a client that finds a new key id asks again. */
    private static final String CACHED = "max-age=300";

    private static final JsonBuilderFactory JSON = Json.createBuilderFactory(Map.of());

    private final StandardEndpoints endpoints;

    @Inject
    public OAuthEndpoints(StandardEndpoints endpoints) {
        this.endpoints = endpoints;
    }

    /** The keys that verify access tokens. */
    @GET
    @Path("oauth/jwks.json")
    public Response keys() throws RefusedException {
        return json(tokens().keySet()).header(HttpHeaders.CACHE_CONTROL, CACHED).build();
    }

    @GET
    @Path(".well-known/oauth-authorization-server")
    public Response metadata(@HeaderParam(HttpHeaders.HOST) @Nullable String host) throws RefusedException {
        String issuer = new Issuers(tokens().issuer()).at(host);
        return json(JSON.createObjectBuilder()
                        .add("issuer", issuer)
                        .add("token_endpoint", issuer + "/oauth/token")
                        .add("jwks_uri", issuer + "/oauth/jwks.json")
                        .add("grant_types_supported", array("client_credentials"))
                        .add("token_endpoint_auth_methods_supported", array("private_key_jwt"))
                        .add("token_endpoint_auth_signing_alg_values_supported", array("Ed25519", "EdDSA", "ES256"))
                        .add("response_types_supported", JSON.createArrayBuilder()))
                .header(HttpHeaders.CACHE_CONTROL, CACHED)
                .build();
    }

    @POST
    @Path("oauth/token")
    public Response token(@HeaderParam(HttpHeaders.CONTENT_TYPE) @Nullable String mediaType) throws RefusedException {
        tokens();
        Map<String, String> form;
        try {
            form = form(new String(endpoints.body(), UTF_8));
            StandardEndpoints.refuseContext(form.keySet());
        } catch (IllegalArgumentException e) {
            return error(400, "invalid_request", "Send each parameter once, URL-encoded.");
        } catch (RefusedException e) {
            return error(400, "invalid_request", e.refused().message());
        }
        if (mediaType == null
                || !mediaType.toLowerCase(Locale.ROOT).startsWith(MediaType.APPLICATION_FORM_URLENCODED)) {
            return error(400, "invalid_request", "Send Content-Type: " + MediaType.APPLICATION_FORM_URLENCODED + ".");
        }
        if (!"client_credentials".equals(form.get("grant_type"))) {
            return error(400, "unsupported_grant_type", "Send grant_type=client_credentials.");
        }
        if (!form.getOrDefault("scope", "").isBlank()) {
            // RFC 6749, 3.3: what is not granted as it was asked for is not to be dropped in silence.
            return error(400, "invalid_scope", "There are no scopes: leave scope out. Roles say what a token may do.");
        }
        if (!ASSERTION_TYPE.equals(form.get("client_assertion_type"))) {
            return error(400, "invalid_request", "Send client_assertion_type=" + ASSERTION_TYPE + ".");
        }
        String assertion = form.getOrDefault("client_assertion", "");
        String client = form.get("client_id");
        if (client != null
                && !ClientAssertion.read(assertion)
                        .map(ClientAssertion::clientId)
                        .equals(Optional.of(client))) {
            // RFC 7521, 4.2: a client that names itself twice has to name the same both times.
            return error(401, "invalid_client", "client_id is not the subject of the client assertion.");
        }
        IssueTokenRequest request = IssueTokenRequest.newBuilder()
                .setClientAssertion(assertion)
                .setWorkspaceId(form.getOrDefault("workspace_id", ""))
                .build();
        try {
            return issued(endpoints.call(ISSUE_TOKEN, () -> request));
        } catch (RefusedException e) {
            return refused(e.rejection());
        }
    }

    private Tokens tokens() throws RefusedException {
        return endpoints.feature(IdentityService.class).tokens();
    }

    private static Response issued(CallResult.Replied replied) {
        var reply = (IssueTokenReply) replied.reply();
        ResponseBuilder response = json(JSON.createObjectBuilder()
                        .add("access_token", reply.getAccessToken())
                        .add("token_type", reply.getTokenType())
                        .add("expires_in", reply.getExpiresInSeconds()))
                .header("Pragma", "no-cache");
        replied.position().ifPresent(position -> response.header("Chancery-Position", position));
        return response.build();
    }

    private static Response refused(Rejection rejection) {
        Response response =
                switch (rejection.kind()) {
                    case UNAUTHENTICATED -> error(401, "invalid_client", rejection.message() + " " + rejection.hint());
                    case TOO_MANY -> error(429, "temporarily_unavailable", rejection.message());
                    case UNAVAILABLE, INTERNAL -> error(503, "temporarily_unavailable", rejection.message());
                    default -> error(400, "invalid_request", rejection.message());
                };
        // RFC 6749, 5.2: a challenge answers credentials in a header. Here they are in the body, and clients that see
        // one look no further.
        HttpReply.advice(rejection).forEach((name, value) -> {
            if (!name.equals(HttpHeaders.WWW_AUTHENTICATE)) {
                response.getHeaders().putSingle(name, value);
            }
        });
        return response;
    }

    /** RFC 6749, 5.2. */
    private static Response error(int status, String error, String description) {
        return json(JSON.createObjectBuilder().add("error", error).add("error_description", description))
                .status(status)
                .build();
    }

    private static ResponseBuilder json(JsonObjectBuilder object) {
        return json(object.build().toString());
    }

    private static ResponseBuilder json(String json) {
        return Response.ok(json.getBytes(UTF_8), MediaType.APPLICATION_JSON);
    }

    private static JsonArrayBuilder array(String... values) {
        return JSON.createArrayBuilder(List.of(values));
    }

    /** @throws IllegalArgumentException where a parameter can't be decoded or is sent twice (RFC 6749, 3.2) */
    private static Map<String, String> form(String body) {
        Map<String, String> values = new HashMap<>();
        for (String pair : body.split("&", -1)) {
            int equals = pair.indexOf('=');
            String name = URLDecoder.decode(equals < 0 ? pair : pair.substring(0, equals), UTF_8);
            String value = URLDecoder.decode(equals < 0 ? "" : pair.substring(equals + 1), UTF_8);
            if (values.put(name, value) != null) {
                throw new IllegalArgumentException("twice");
            }
        }
        return values;
    }
}
