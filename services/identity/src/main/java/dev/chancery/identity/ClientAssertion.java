package dev.chancery.identity;

import com.google.protobuf.ByteString;
import dev.chancery.boundary.tokens.Jwt;
import dev.chancery.boundary.tokens.JwtVerifier;
import dev.chancery.boundary.tokens.JwtVerifier.Expected;
import dev.chancery.boundary.tokens.JwtVerifier.Verdict;
import dev.chancery.boundary.tokens.Tokens;
import jakarta.json.JsonNumber;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A client's signed statement that it is who it says (RFC 7523, {@code private_key_jwt}). The client id names its tenant, so that
 * there is a tenant before there is a principal.
 *
 * @param id the JWT's own id; it counts once
 */
record ClientAssertion(String tenant, String principalId, String id) {
    private static final Pattern CLIENT_ID =
            Pattern.compile("([0-9a-z-]{1,36})\\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})");
    private static final Duration MAX_VALIDITY = Duration.ofMinutes(5);
    private static final int MAX_SKEW_SECONDS = 30;
    private static final int MAX_ID_CHARS = 128;

    /** Reads whom an assertion names; nothing is verified. */
    static Optional<ClientAssertion> read(String text) {
        return Jwt.read(text).flatMap(ClientAssertion::of);
    }

    private static Optional<ClientAssertion> of(Jwt jwt) {
        String id = jwt.claim("jti").orElse("");
        Matcher client = CLIENT_ID.matcher(jwt.claim("sub").orElse(""));
        return client.matches() && !id.isEmpty() && id.length() <= MAX_ID_CHARS
                ? Optional.of(new ClientAssertion(client.group(1), client.group(2), id))
                : Optional.empty();
    }

    String clientId() {
        return tenant + "." + principalId;
    }

    /** Whether {@code text}, which this was read from, is signed by the client's key and meant for us, now. */
    boolean isGood(String text, ByteString publicKey, String issuer) {
        var expected = new Expected(
                clientId(), Set.of(issuer, issuer + "/oauth/token"), MAX_SKEW_SECONDS, Set.of("sub", "jti"));
        try {
            Jwt jwt = Jwt.read(text).orElseThrow(IllegalArgumentException::new);
            return of(jwt).equals(Optional.of(this))
                    && endsSoon(jwt)
                    && JwtVerifier.verify(jwt, Tokens.publicKey(publicKey.toByteArray()), expected) == Verdict.GOOD;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean endsSoon(Jwt jwt) {
        Instant latest = Instant.now().plus(MAX_VALIDITY).plusSeconds(MAX_SKEW_SECONDS);
        return jwt.claims().get("exp") instanceof JsonNumber end
                && end.bigDecimalValue().compareTo(BigDecimal.valueOf(latest.getEpochSecond())) <= 0;
    }
}
