package dev.chancery.identity;

import com.google.protobuf.Message;
import dev.chancery.boundary.http.HttpBody;
import dev.chancery.boundary.http.HttpReply;
import dev.chancery.boundary.http.StandardEndpoints;
import dev.chancery.boundary.tokens.Tokens;
import dev.chancery.command.CallResult;
import dev.chancery.command.Caller;
import dev.chancery.command.Methods;
import dev.chancery.command.RefusedException;
import dev.chancery.kernel.Rejection;
import dev.chancery.schema.identity.v1.IssueTokenReply;
import dev.chancery.schema.identity.v1.IssueTokenRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What OAuth clients expect: the token endpoint (RFC 6749, client credentials with {@code private_key_jwt} of RFC 7523), its keys
 * (RFC 7517) and its metadata (RFC 8414). A thin translation of {@code IdentityService/IssueToken}.
 */
final class OAuthEndpoints {
    private static final String ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    private static final String FORM = "application/x-www-form-urlencoded";

    private final Tokens tokens;

    OAuthEndpoints(Tokens tokens) {
        this.tokens = tokens;
    }

    void mount(StandardEndpoints faces) {
        Methods.Bound issue = faces.method("chancery.identity.v1.IdentityService/IssueToken");
        faces.mountOpen(
                        HttpMethod.POST,
                        "/oauth/token",
                        "the request holds the credential",
                        (context, caller) -> token(faces, issue, context, caller))
                .mountOpen(
                        HttpMethod.GET,
                        "/oauth/jwks.json",
                        "public keys",
                        (context, caller) -> send(context, tokens.keySet()))
                .mountOpen(
                        HttpMethod.GET,
                        "/.well-known/oauth-authorization-server",
                        "public metadata",
                        (context, caller) -> send(context, metadata()));
    }

    private void token(StandardEndpoints faces, Methods.Bound issue, RoutingContext context, Caller caller) {
        String mediaType = context.request().getHeader("Content-Type");
        Map<String, String> form;
        try {
            form = form(HttpBody.of(context));
            StandardEndpoints.refuseContext(form.keySet());
        } catch (IllegalArgumentException e) {
            error(context, 400, "invalid_request", "Send each parameter once, URL-encoded.");
            return;
        } catch (RefusedException e) {
            error(context, 400, "invalid_request", e.rejection().message());
            return;
        }
        if (mediaType == null || !mediaType.toLowerCase(Locale.ROOT).startsWith(FORM)) {
            error(context, 400, "invalid_request", "Send Content-Type: " + FORM + ".");
            return;
        }
        if (!"client_credentials".equals(form.get("grant_type"))) {
            error(context, 400, "unsupported_grant_type", "Send grant_type=client_credentials.");
            return;
        }
        if (!ASSERTION_TYPE.equals(form.get("client_assertion_type"))) {
            error(context, 400, "invalid_request", "Send client_assertion_type=" + ASSERTION_TYPE + ".");
            return;
        }
        String assertion = form.getOrDefault("client_assertion", "");
        String client = form.get("client_id");
        if (client != null
                && !ClientAssertion.read(assertion)
                        .map(ClientAssertion::clientId)
                        .equals(Optional.of(client))) {
            // RFC 7521, 4.2: who names itself twice is the same both times.
            error(context, 401, "invalid_client", "client_id is not whom the assertion is of.");
            return;
        }
        Message request = IssueTokenRequest.newBuilder()
                .setClientAssertion(assertion)
                .setWorkspaceId(form.getOrDefault("workspace_id", ""))
                .build();
        switch (faces.call(context, issue, () -> request, caller)) {
            case CallResult.Replied replied -> {
                var reply = (IssueTokenReply) replied.reply();
                context.response().putHeader("Pragma", "no-cache");
                replied.position()
                        .ifPresent(position -> context.response().putHeader("Chancery-Position", position.toString()));
                send(
                        context,
                        new JsonObject()
                                .put("access_token", reply.getAccessToken())
                                .put("token_type", reply.getTokenType())
                                .put("expires_in", reply.getExpiresInSeconds())
                                .encode());
            }
            case CallResult.Refused refused -> {
                Rejection rejection = refused.rejection();
                HttpReply.advise(context, rejection);
                switch (rejection.kind()) {
                    case UNAUTHENTICATED -> error(context, 401, "invalid_client", rejection.message());
                    case TOO_MANY -> error(context, 429, "temporarily_unavailable", rejection.message());
                    case UNAVAILABLE, INTERNAL -> error(context, 503, "temporarily_unavailable", rejection.message());
                    default -> error(context, 400, "invalid_request", rejection.message());
                }
            }
        }
    }

    /** RFC 6749, 5.2. */
    private static void error(RoutingContext context, int status, String error, String description) {
        context.response().setStatusCode(status);
        send(
                context,
                new JsonObject()
                        .put("error", error)
                        .put("error_description", description)
                        .encode());
    }

    private static void send(RoutingContext context, String json) {
        HttpReply.send(context, "application/json", json.getBytes(StandardCharsets.UTF_8));
    }

    /** @throws IllegalArgumentException where a parameter can't be decoded or is there twice (RFC 6749, 3.2) */
    private static Map<String, String> form(byte[] body) {
        Map<String, String> values = new HashMap<>();
        for (String pair : new String(body, StandardCharsets.UTF_8).split("&", -1)) {
            int equals = pair.indexOf('=');
            String name = URLDecoder.decode(equals < 0 ? pair : pair.substring(0, equals), StandardCharsets.UTF_8);
            String value = URLDecoder.decode(equals < 0 ? "" : pair.substring(equals + 1), StandardCharsets.UTF_8);
            if (values.put(name, value) != null) {
                throw new IllegalArgumentException("twice");
            }
        }
        return values;
    }

    private String metadata() {
        return new JsonObject()
                .put("issuer", tokens.issuer())
                .put("token_endpoint", tokens.issuer() + "/oauth/token")
                .put("jwks_uri", tokens.issuer() + "/oauth/jwks.json")
                .put("grant_types_supported", new JsonArray().add("client_credentials"))
                .put("token_endpoint_auth_methods_supported", new JsonArray().add("private_key_jwt"))
                .put("token_endpoint_auth_signing_alg_values_supported", new JsonArray().add("EdDSA"))
                .put("response_types_supported", new JsonArray())
                .encode();
    }
}
