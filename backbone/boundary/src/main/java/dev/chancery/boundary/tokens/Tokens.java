package dev.chancery.boundary.tokens;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.chancery.kernel.Principal;
import dev.chancery.keyring.Signer;
import dev.chancery.keyring.VerifierKey;
import dev.chancery.log.Digest;
import jakarta.json.Json;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonObjectBuilder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Access tokens: JWTs of type {@code at+jwt} (RFC 9068), EdDSA over Ed25519, ten minutes. This signs them, and turns a presented
 * one into the {@link Principal} it stands for.
 *
 * <p><b>Limits:</b> {@value #MAX_CACHED} verified tokens are remembered, each until it expires.
 */
public final class Tokens {
    /** How long a token is valid. */
    public static final Duration LIFETIME = Duration.ofMinutes(10);

    static final int MAX_CACHED = 20_000;
    private static final JsonBuilderFactory JSON = Json.createBuilderFactory(Map.of());
    private static final int MAX_TOKEN_CHARS = 4_096;

    private final @Nullable Signer signer;
    private final TokenVerifier own;
    private final Cache<Digest, Verified> verified =
            Caffeine.newBuilder().maximumSize(MAX_CACHED).build();

    private record Verified(Principal principal, long expiresAtMillis) {}

    /** What a presented token is worth. */
    sealed interface Presented {
        record Good(Principal principal) implements Presented {}

        record Bad(boolean expired) implements Presented {}
    }

    /**
     * Signs and verifies.
     *
     * @param issuer the installation's public URL; tokens name it as issuer and as audience
     */
    public Tokens(String issuer, Signer signer) {
        this(signer, OwnIssuer.signing(issuer, signer.verifierKey()));
    }

    /**
     * Verifies what another process signs.
     *
     * @param keys that sign tokens; read again when a token names another, at most once a second
     */
    public Tokens(String issuer, Supplier<List<VerifierKey>> keys) {
        this(null, new OwnIssuer(issuer, keys));
    }

    private Tokens(@Nullable Signer signer, TokenVerifier own) {
        this.signer = signer;
        this.own = own;
    }

    private Signer signer() {
        if (signer == null) {
            throw new IllegalStateException("this process signs no tokens");
        }
        return signer;
    }

    public String issuer() {
        return own.issuer();
    }

    /** The keys that verify tokens, as a JWK set (RFC 7517, RFC 8037). */
    public String keySet() {
        return "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"use\":\"sig\",\"alg\":\"EdDSA\",\"kid\":\""
                + OwnIssuer.keyId(signer().verifierKey()) + "\",\"x\":\""
                + base64(signer().verifierKey().publicKey()) + "\"}]}";
    }

    /** Signs a token that lives {@link #LIFETIME}. */
    public String issue(String tokenId, Principal principal, Optional<String> workspace, Instant issuedAt) {
        return issue(tokenId, principal, workspace, issuedAt, issuedAt.plus(LIFETIME));
    }

    /**
     * Signs a token. Its contents are ids and times; nothing personal.
     *
     * @param principal whom it stands for, and in which session; one that names none is the token's own
     */
    public String issue(
            String tokenId, Principal principal, Optional<String> workspace, Instant issuedAt, Instant expiresAt) {
        JsonObjectBuilder claims = JSON.createObjectBuilder()
                .add("iss", issuer())
                .add("aud", issuer())
                .add("sub", principal.id())
                .add("jti", tokenId)
                .add("iat", issuedAt.getEpochSecond())
                .add("exp", expiresAt.getEpochSecond())
                .add("sid", principal.session().isEmpty() ? tokenId : principal.session())
                .add("epoch", principal.epoch())
                .add("auth_time", principal.authenticatedAt().getEpochSecond())
                .add("client_id", principal.tenant() + "." + principal.id())
                .add("tenant", principal.tenant())
                .add("principal_type", principal.type().name().toLowerCase(Locale.ROOT));
        workspace.ifPresent(id -> claims.add("workspace", id));
        if (!principal.acr().isEmpty()) {
            claims.add("acr", principal.acr());
        }
        String header =
                "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"" + OwnIssuer.keyId(signer().verifierKey()) + "\"}";
        String signed = base64(header.getBytes(StandardCharsets.UTF_8)) + "."
                + base64(claims.build().toString().getBytes(StandardCharsets.UTF_8));
        return signed + "." + base64(signer().sign(signed.getBytes(StandardCharsets.US_ASCII)));
    }

    /** Whom a good token stands for, unless its key would have to be fetched: that waits for nothing and takes a fraction of a ms. */
    Optional<Principal> recognised(String token) {
        return verify(token, own::hasKeyOf) instanceof Presented.Good good
                ? Optional.of(good.principal())
                : Optional.empty();
    }

    /** Whom a good token stands for, whether or not its session was ended. */
    public Optional<Principal> principalOf(String token) {
        return verify(token) instanceof Presented.Good good ? Optional.of(good.principal()) : Optional.empty();
    }

    Presented verify(String token) {
        return verify(token, jwt -> true);
    }

    private Presented verify(String token, Predicate<Jwt> worthVerifying) {
        if (token.length() > MAX_TOKEN_CHARS) {
            return new Presented.Bad(false);
        }
        Digest digest = digest(token);
        Verified known = verified.getIfPresent(digest);
        if (known != null) {
            boolean expired = known.expiresAtMillis() <= System.currentTimeMillis();
            return expired ? new Presented.Bad(true) : new Presented.Good(known.principal());
        }
        return Jwt.read(token)
                .filter(worthVerifying)
                .map(own::verify)
                .map(result -> remember(digest, result))
                .orElse(new Presented.Bad(false));
    }

    private Presented remember(Digest digest, TokenVerifier.Verified result) {
        return switch (result) {
            case TokenVerifier.Verified.Good good -> {
                verified.put(
                        digest, new Verified(good.principal(), good.expiresAt().toEpochMilli()));
                yield new Presented.Good(good.principal());
            }
            case TokenVerifier.Verified.Bad bad -> new Presented.Bad(bad.expired());
        };
    }

    private static Digest digest(String token) {
        try {
            return new Digest(MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
