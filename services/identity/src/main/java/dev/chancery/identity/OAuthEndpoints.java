package dev.chancery.identity;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.boundary.http.HttpReply;
import dev.chancery.boundary.http.StandardEndpoints;
import dev.chancery.boundary.tokens.Tokens;
import dev.chancery.command.CallResult;
import dev.chancery.command.RefusedException;
import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.Rejection.Kind;
import dev.chancery.schema.identity.v1.ExchangeTokenReply;
import dev.chancery.schema.identity.v1.ExchangeTokenRequest;
import dev.chancery.schema.identity.v1.IssueTokenReply;
import dev.chancery.schema.identity.v1.IssueTokenRequest;
import dev.chancery.schema.identity.v1.RefreshTokenReply;
import dev.chancery.schema.identity.v1.RefreshTokenRequest;
import dev.chancery.schema.identity.v1.SignOutRequest;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What OAuth clients expect: the token endpoint (RFC 6749, client credentials with {@code private_key_jwt} of RFC 7523, refresh
 * tokens, token exchange of RFC 8693), revocation (RFC 7009), the keys (RFC 7517) and the metadata (RFC 8414). A thin translation of {@code IdentityService}. None of them asks for an access
 * token: the token request holds its own credential, keys and metadata are public.
 */
@Path("/")
@RunOnVirtualThread
public class OAuthEndpoints {
    private static final String ISSUE_TOKEN = "chancery.identity.v1.IdentityService/IssueToken";
    private static final String REFRESH_TOKEN = "chancery.identity.v1.IdentityService/RefreshToken";
    private static final String SIGN_OUT = "chancery.identity.v1.IdentityService/SignOut";
    private static final String OFFLINE = "offline_access";
    private static final String EXCHANGE_TOKEN = "chancery.identity.v1.FederationService/ExchangeToken";
    private static final String TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
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
                        .add("grant_types_supported", array("client_credentials", "refresh_token", TOKEN_EXCHANGE))
                        .add("scopes_supported", array(OFFLINE))
                        .add("revocation_endpoint", issuer + "/oauth/revoke")
                        .add("revocation_endpoint_auth_methods_supported", array("none"))
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
        OAuthForm form;
        try {
            form = OAuthForm.read(endpoints.body(), mediaType);
        } catch (IllegalArgumentException e) {
            return error(400, "invalid_request", String.valueOf(e.getMessage()));
        }
        return switch (form.get("grant_type")) {
            case "client_credentials" -> clientCredentials(form);
            case "refresh_token" -> refresh(form);
            case TOKEN_EXCHANGE -> exchange(form);
            default ->
                error(
                        400,
                        "unsupported_grant_type",
                        "Send grant_type=client_credentials, refresh_token or " + TOKEN_EXCHANGE + ".");
        };
    }

    private Response clientCredentials(OAuthForm form) {
        String scope = form.get("scope").strip();
        if (!scope.isEmpty() && !scope.equals(OFFLINE)) {
            // RFC 6749, 3.3: what is not granted as it was asked for is not to be dropped in silence.
            return error(
                    400,
                    "invalid_scope",
                    "There is one scope, " + OFFLINE + ", for a session: roles say what a token may do.");
        }
        if (!ASSERTION_TYPE.equals(form.get("client_assertion_type"))) {
            return error(400, "invalid_request", "Send client_assertion_type=" + ASSERTION_TYPE + ".");
        }
        String assertion = form.get("client_assertion");
        if (isAnother(form, ClientAssertion.read(assertion).map(ClientAssertion::clientId))) {
            // RFC 7521, 4.2: a client that names itself twice has to name the same both times.
            return error(401, "invalid_client", "client_id is not the subject of the client assertion.");
        }
        IssueTokenRequest request = IssueTokenRequest.newBuilder()
                .setClientAssertion(assertion)
                .setWorkspaceId(form.get("workspace_id"))
                .setOffline(scope.equals(OFFLINE))
                .setDevice(form.get("device"))
                .build();
        try {
            CallResult.Replied replied = endpoints.call(ISSUE_TOKEN, () -> request);
            var reply = (IssueTokenReply) replied.reply();
            return issued(replied, reply.getAccessToken(), reply.getExpiresInSeconds(), reply.getRefreshToken(), scope);
        } catch (RefusedException e) {
            return refused(e.refused());
        }
    }

    /** RFC 6749, 6. */
    private Response refresh(OAuthForm form) {
        String refreshToken = form.get("refresh_token");
        if (!ASSERTION_TYPE.equals(form.get("client_assertion_type"))) {
            return error(
                    401, "invalid_client", "Send client_assertion_type=" + ASSERTION_TYPE + " and client_assertion.");
        }
        if (isAnother(
                form,
                RefreshToken.read(refreshToken)
                        .map(token -> Principals.clientId(token.tenant(), token.principalId())))) {
            return error(400, "invalid_grant", "The refresh token is another client's.");
        }
        RefreshTokenRequest request = RefreshTokenRequest.newBuilder()
                .setRefreshToken(refreshToken)
                .setClientAssertion(form.get("client_assertion"))
                .build();
        try {
            CallResult.Replied replied = endpoints.call(REFRESH_TOKEN, () -> request);
            var reply = (RefreshTokenReply) replied.reply();
            return issued(
                    replied, reply.getAccessToken(), reply.getExpiresInSeconds(), reply.getRefreshToken(), OFFLINE);
        } catch (RefusedException e) {
            return e.rejection().code().startsWith("identity.assertion")
                    ? refused(e.refused())
                    : e.rejection().kind() == Kind.UNAUTHENTICATED
                            ? error(400, "invalid_grant", described(e.rejection()))
                            : refused(e.refused());
        }
    }

    /** RFC 8693. The client does not authenticate: the tokens that it sends are what it is given a token for. */
    private Response exchange(OAuthForm form) {
        if (!form.get("resource").isEmpty()) {
            return error(400, "invalid_target", "Send the organisation's id as audience, and no resource.");
        }
        if (!form.get("scope").isBlank()) {
            return error(400, "invalid_scope", "Send no scope: roles say what a token may do.");
        }
        if (!List.of("", TokenExchange.ACCESS_TOKEN).contains(form.get("requested_token_type"))) {
            return error(400, "invalid_request", "Send requested_token_type=" + TokenExchange.ACCESS_TOKEN + ".");
        }
        ExchangeTokenRequest request = ExchangeTokenRequest.newBuilder()
                .setSubjectToken(form.get("subject_token"))
                .setSubjectTokenType(form.get("subject_token_type"))
                .setAgentToken(form.get("actor_token"))
                .setAgentTokenType(form.get("actor_token_type"))
                .setAudience(form.get("audience"))
                .setWorkspaceId(form.get("workspace_id"))
                .build();
        try {
            CallResult.Replied replied = endpoints.call(EXCHANGE_TOKEN, () -> request);
            var reply = (ExchangeTokenReply) replied.reply();
            return answered(
                    replied,
                    JSON.createObjectBuilder()
                            .add("access_token", reply.getAccessToken())
                            .add("issued_token_type", reply.getIssuedTokenType())
                            .add("token_type", reply.getTokenType())
                            .add("expires_in", reply.getExpiresInSeconds()));
        } catch (RefusedException e) {
            // 2.2.2: a token that is not good for it is said to be an invalid request.
            return e.rejection().kind() == Kind.UNAUTHENTICATED
                    ? error(400, "invalid_request", described(e.rejection()))
                    : refused(e.refused());
        }
    }

    /** RFC 7009: what is no token, or over, is revoked. */
    @POST
    @Path("oauth/revoke")
    public Response revoke(@HeaderParam(HttpHeaders.CONTENT_TYPE) @Nullable String mediaType) throws RefusedException {
        tokens();
        try {
            String token = OAuthForm.read(endpoints.body(), mediaType).get("token");
            if (token.isEmpty()) {
                return error(400, "invalid_request", "Send token.");
            }
            SignOutRequest request = SignOutRequest.newBuilder().setToken(token).build();
            endpoints.call(SIGN_OUT, () -> request);
        } catch (IllegalArgumentException e) {
            return error(400, "invalid_request", String.valueOf(e.getMessage()));
        } catch (RefusedException e) {
            if (e.rejection().kind() != Kind.UNAUTHENTICATED && e.rejection().kind() != Kind.INVALID) {
                return refused(e.refused());
            }
        }
        return Response.ok().build();
    }

    private static boolean isAnother(OAuthForm form, Optional<String> client) {
        String named = form.get("client_id");
        return !named.isEmpty() && !client.equals(Optional.of(named));
    }

    private Tokens tokens() throws RefusedException {
        return endpoints.feature(IdentityService.class).tokens();
    }

    private static Response issued(
            CallResult.Replied replied, String accessToken, int expiresIn, String refreshToken, String scope) {
        JsonObjectBuilder json = JSON.createObjectBuilder()
                .add("access_token", accessToken)
                .add("token_type", "Bearer")
                .add("expires_in", expiresIn);
        if (!refreshToken.isEmpty()) {
            json.add("refresh_token", refreshToken).add("scope", scope);
        }
        return answered(replied, json);
    }

    private static Response answered(CallResult.Replied replied, JsonObjectBuilder json) {
        ResponseBuilder response = json(json).header("Pragma", "no-cache");
        replied.position().ifPresent(position -> response.header("Chancery-Position", position));
        return response.build();
    }

    private static Response refused(CallResult.Refused refused) {
        Rejection rejection = refused.rejection();
        Response response =
                switch (rejection.kind()) {
                    case UNAUTHENTICATED -> error(401, "invalid_client", described(rejection));
                    case TOO_MANY -> tooMany(refused);
                    case UNAVAILABLE, INTERNAL -> error(503, "temporarily_unavailable", rejection.message());
                    default -> error(400, "invalid_request", rejection.message());
                };
        // RFC 6749, 5.2: a challenge answers credentials in a header. Here they are in the body, and clients that see
        // one look no further.
        HttpReply.advice(refused).forEach((name, value) -> {
            if (!name.equals(HttpHeaders.WWW_AUTHENTICATE)) {
                response.getHeaders().putSingle(name, value);
            }
        });
        return response;
    }

    /** With the challenge that helps, where there is one: as a problem has it. */
    private static Response tooMany(CallResult.Refused refused) {
        JsonObjectBuilder body =
                error("temporarily_unavailable", refused.rejection().message());
        refused.details().forEach((name, value) -> {
            if (name.startsWith("challenge")) {
                body.add(name, value);
            }
        });
        return json(body).status(429).build();
    }

    private static String described(Rejection rejection) {
        return rejection.message() + " " + rejection.hint();
    }

    /** RFC 6749, 5.2. */
    private static Response error(int status, String error, String description) {
        return json(error(error, description)).status(status).build();
    }

    private static JsonObjectBuilder error(String error, String description) {
        return JSON.createObjectBuilder().add("error", error).add("error_description", description);
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
}
