package dev.chancery.identity;

import com.google.protobuf.ByteString;
import dev.chancery.boundary.tokens.Jwt;
import dev.chancery.boundary.tokens.JwtVerifier;
import dev.chancery.boundary.tokens.JwtVerifier.Expected;
import dev.chancery.boundary.tokens.JwtVerifier.Verdict;
import dev.chancery.boundary.tokens.PublicKeys;
import jakarta.json.JsonArray;
import jakarta.json.JsonNumber;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

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
    private static final Pattern ID = Pattern.compile("[!-~]{1,128}");
    /** RFC 7519, and draft-ietf-oauth-rfc7523bis. */
    private static final Set<String> TYPES = Set.of("jwt", "client-authentication+jwt");

    /** Why an assertion is worth nothing. */
    enum Fault {
        /** Not signed by the client's key, or not the form that is asked for. */
        UNSIGNED,
        AUDIENCE,
        TIME
    }

    /** Reads whom an assertion names; nothing is verified. */
    static Optional<ClientAssertion> read(String text) {
        return Jwt.read(text).flatMap(ClientAssertion::of);
    }

    private static Optional<ClientAssertion> of(Jwt jwt) {
        String id = jwt.claim("jti").orElse("");
        Matcher client = CLIENT_ID.matcher(jwt.claim("sub").orElse(""));
        return client.matches() && ID.matcher(id).matches()
                ? Optional.of(new ClientAssertion(client.group(1), client.group(2), id))
                : Optional.empty();
    }

    String clientId() {
        return tenant + "." + principalId;
    }

    /**
     * What is wrong with {@code text}, which this was read from: nothing, if it is signed by the client's key and meant for us, now. More
     * than {@link Fault#UNSIGNED} is said only of what is signed: to nobody but the key's holder. Without a key, or with one of another
     * kind than the header says, it takes as long as with one.
     *
     * @param publicKey as the client registered it; empty: there is no such client, or it has none
     */
    Optional<Fault> fault(String text, ByteString publicKey, Set<String> audiences) {
        var expected = new Expected(clientId(), audiences, MAX_SKEW_SECONDS, Set.of("sub", "jti"));
        try {
            Jwt jwt = Jwt.read(text).orElseThrow(IllegalArgumentException::new);
            if (!of(jwt).equals(Optional.of(this)) || !isPlain(jwt)) {
                return Optional.of(Fault.UNSIGNED);
            }
            ByteString nobodys = NobodysKeys.of(jwt);
            boolean fits = publicKey.size() == nobodys.size();
            Verdict verdict =
                    JwtVerifier.verify(jwt, PublicKeys.of((fits ? publicKey : nobodys).toByteArray()), expected);
            return switch (fits ? verdict : Verdict.BAD) {
                case BAD -> Optional.of(Fault.UNSIGNED);
                case ANOTHER_AUDIENCE -> Optional.of(Fault.AUDIENCE);
                case EXPIRED -> Optional.of(Fault.TIME);
                case GOOD -> good(jwt);
            };
        } catch (IllegalArgumentException e) {
            return Optional.of(Fault.UNSIGNED);
        }
    }

    private static Optional<Fault> good(Jwt jwt) {
        if (!isOneAudience(jwt.claims().get("aud"))) {
            return Optional.of(Fault.AUDIENCE);
        }
        return isShort(jwt) ? Optional.empty() : Optional.of(Fault.TIME);
    }

    /** A JWT and nothing that has to be understood besides: no token of another kind, nothing critical, nothing nested. */
    private static boolean isPlain(Jwt jwt) {
        return !jwt.header().containsKey("crit")
                && !jwt.header().containsKey("cty")
                && (!jwt.header().containsKey("typ")
                        || jwt.header("typ")
                                .filter(type -> TYPES.contains(type.toLowerCase(Locale.ROOT)))
                                .isPresent());
    }

    /** Where others are named as well, each of them could use it here. */
    private static boolean isOneAudience(@Nullable JsonValue audience) {
        return audience instanceof JsonString || (audience instanceof JsonArray several && several.size() == 1);
    }

    private static boolean isShort(Jwt jwt) {
        long latest =
                Instant.now().plus(MAX_VALIDITY).plusSeconds(MAX_SKEW_SECONDS).getEpochSecond();
        return jwt.claims().get("exp") instanceof JsonNumber end
                && end.isIntegral()
                && end.bigDecimalValue().compareTo(BigDecimal.valueOf(latest)) <= 0;
    }
}
