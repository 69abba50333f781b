package dev.chancery.cli.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLEncoder;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One client's access tokens: gets one when it is first needed, and a new one before it ends.
 *
 * <p><b>Thread safety:</b> safe.
 */
public final class SignIn {
    private static final String ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    private static final Duration MARGIN = Duration.ofMinutes(1);

    private final RestTransport rest;
    private final ClientKey key;
    private final Optional<String> workspace;
    private @Nullable Token current;

    private record Token(String text, Instant expiresAt) {}

    /** @param workspace the workspace to act in; empty: none */
    public SignIn(RestTransport rest, ClientKey key, Optional<String> workspace) {
        this.rest = rest;
        this.key = key;
        this.workspace = workspace;
    }

    /** An access token that is good for at least another minute. */
    public synchronized String token() throws Refused, Unreachable {
        Token token = current;
        if (token == null || token.expiresAt.minus(MARGIN).isBefore(Instant.now())) {
            token = fetch();
            current = token;
        }
        return token.text;
    }

    private Token fetch() throws Refused, Unreachable {
        Instant now = Instant.now();
        Map<String, String> form = Map.of(
                "grant_type",
                "client_credentials",
                "client_assertion_type",
                ASSERTION_TYPE,
                "client_assertion",
                Assertion.sign(key, rest.base(), now));
        String body = Stream.concat(
                        form.entrySet().stream(), workspace.stream().map(id -> Map.entry("workspace_id", id)))
                .map(pair -> pair.getKey() + "=" + URLEncoder.encode(pair.getValue(), UTF_8))
                .collect(Collectors.joining("&"));
        HttpAnswer answer = rest.send(
                "POST",
                "/oauth/token",
                Map.of("Content-Type", "application/x-www-form-urlencoded"),
                body.getBytes(UTF_8));
        if (!answer.isSuccess()) {
            throw answer.refusal();
        }
        Map<String, Object> reply = answer.json();
        long seconds = reply.get("expires_in") instanceof Number number ? number.longValue() : 0;
        return new Token(Json.text(reply, "access_token"), now.plusSeconds(seconds));
    }
}
