package dev.chancery.boundary.tokens;

import dev.chancery.boundary.tokens.JwtVerifier.Expected;
import dev.chancery.kernel.Principal;
import dev.chancery.keyring.VerifierKey;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Verifies the tokens that this installation issues: type {@code at+jwt} (RFC 9068), issuer and audience its public URL.
 *
 * <p><b>Thread safety:</b> safe.
 */
final class OwnIssuer implements TokenVerifier {
    /** The claims that say which session of its subject a token rests on by which another acts for them. */
    static final String THEIR_SESSION = "sub_sid";

    static final String THEIR_EPOCH = "sub_epoch";
    private static final String TYPE = "at+jwt";
    private static final int MAX_SKEW_SECONDS = 5;
    private static final long ASK_MILLIS = 1_000;

    private final Expected expected;
    private final Supplier<List<VerifierKey>> keys;
    private volatile Map<String, VerifierKey> known = Map.of();
    private long askedNanos;

    /** @param keys that sign tokens; asked again when a token names another, at most every {@value #ASK_MILLIS} ms */
    OwnIssuer(String issuer, Supplier<List<VerifierKey>> keys) {
        this.expected = new Expected(
                issuer,
                Set.of(issuer),
                MAX_SKEW_SECONDS,
                Set.of("sub", "jti", "sid", "epoch", "iat", "auth_time", "tenant", "principal_type"));
        this.keys = keys;
        this.askedNanos = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(ASK_MILLIS);
    }

    @Override
    public boolean hasKeyOf(Jwt token) {
        return token.header("kid").map(this::holds).orElse(false);
    }

    /** Whether a key verifies as far as is known here. */
    boolean holds(String keyId) {
        return known.containsKey(keyId);
    }

    /** The keys that verify, by id, in the order in which they were given. */
    Map<String, VerifierKey> keys() {
        return known;
    }

    /** Reads the keys again. */
    synchronized void refresh() {
        Map<String, VerifierKey> fresh = new LinkedHashMap<>();
        keys.get().forEach(key -> fresh.putIfAbsent(keyId(key), key));
        known = Collections.unmodifiableMap(fresh);
        askedNanos = System.nanoTime();
    }

    @Override
    public String issuer() {
        return expected.issuer();
    }

    @Override
    public Verified verify(Jwt token) {
        VerifierKey key = token.header("kid").map(this::key).orElse(null);
        if (key == null || !token.header("typ").equals(Optional.of(TYPE))) {
            return new Verified.Bad(false);
        }
        return switch (JwtVerifier.verify(token, PublicKeys.of(key.publicKey()), expected)) {
            case GOOD -> good(token);
            case EXPIRED -> new Verified.Bad(true);
            case ANOTHER_AUDIENCE, BAD -> new Verified.Bad(false);
        };
    }

    private static Verified good(Jwt token) {
        try {
            Optional<String> actor = actor(token);
            String subject = required(token, "sub");
            var principal = new Principal(
                    Principal.Type.valueOf(required(token, "principal_type").toUpperCase(Locale.ROOT)),
                    actor.orElse(subject),
                    required(token, "tenant"),
                    token.claims().containsKey("workspace")
                            ? Optional.of(required(token, "workspace"))
                            : Optional.empty(),
                    required(token, "sid"),
                    actor.map(agent -> subject),
                    Instant.ofEpochSecond(number(token, "auth_time")),
                    Math.toIntExact(number(token, "epoch")),
                    token.claims().containsKey("acr") ? required(token, "acr") : "",
                    actor.isPresent() ? Optional.of(theirs(token)) : Optional.empty());
            return new Verified.Good(principal, Instant.ofEpochSecond(number(token, "exp")));
        } catch (IllegalArgumentException | ArithmeticException | ClassCastException e) {
            return new Verified.Bad(false);
        }
    }

    private static Principal.Session theirs(Jwt token) {
        return new Principal.Session(required(token, THEIR_SESSION), Math.toIntExact(number(token, THEIR_EPOCH)));
    }

    /** Who acts for the token's subject (RFC 8693, 4.1): one, itself for nobody else. */
    private static Optional<String> actor(Jwt token) {
        JsonValue act = token.claims().get("act");
        if (act == null) {
            return Optional.empty();
        }
        if (act instanceof JsonObject actor && actor.keySet().equals(Set.of("sub"))) {
            return Optional.of(actor.getString("sub"));
        }
        throw new IllegalArgumentException("not one actor");
    }

    private static String required(Jwt token, String claim) {
        return token.claim(claim).orElseThrow(() -> new IllegalArgumentException("no text: " + claim));
    }

    private static long number(Jwt token, String claim) {
        if (token.claims().get(claim) instanceof JsonNumber number) {
            return number.longValueExact();
        }
        throw new IllegalArgumentException("no number: " + claim);
    }

    private @Nullable VerifierKey key(String named) {
        VerifierKey key = known.get(named);
        return key == null ? asked(named) : key;
    }

    /**
     * Reads the keys, but not again for each token: anybody can make up the name of a key. Whoever waited here while another read them
     * finds what that one has read. Where the keys can't be read, that is thrown, and says nothing about the token.
     */
    private synchronized @Nullable VerifierKey asked(String named) {
        long now = System.nanoTime();
        if (!known.containsKey(named) && now - askedNanos >= TimeUnit.MILLISECONDS.toNanos(ASK_MILLIS)) {
            refresh();
        }
        return known.get(named);
    }

    static String keyId(VerifierKey key) {
        return String.format(Locale.ROOT, "%08x", key.keyId());
    }
}
