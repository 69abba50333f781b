package dev.chancery.boundary.tokens;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.chancery.kernel.Principal;
import dev.chancery.keyring.Signer;
import dev.chancery.keyring.VerifierKey;
import dev.chancery.log.Digest;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
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

    private final @Nullable Supplier<Signer> signers;
    private volatile @Nullable Signer signer;
    private final OwnIssuer own;
    private final Cache<Digest, Verified> verified =
            Caffeine.newBuilder().maximumSize(MAX_CACHED).build();

    private record Verified(Principal principal, long expiresAtMillis, String keyId) {}

    /** What a presented token is worth. */
    sealed interface Presented {
        record Good(Principal principal) implements Presented {}

        record Bad(boolean expired) implements Presented {}
    }

    /**
     * Signs and verifies with one key.
     *
     * @param issuer the installation's public URL; tokens name it as issuer and as audience
     */
    public Tokens(String issuer, Signer signer) {
        this(issuer, () -> signer, () -> List.of(signer.verifierKey()));
    }

    /**
     * Signs and verifies with keys that are replaced.
     *
     * @param issuer the installation's public URL; tokens name it as issuer and as audience
     * @param signers the one that signs now
     * @param keys those that verify now
     */
    public Tokens(String issuer, Supplier<Signer> signers, Supplier<List<VerifierKey>> keys) {
        this.signers = signers;
        this.own = new OwnIssuer(issuer, keys);
        refresh();
    }

    /**
     * Verifies what another process signs.
     *
     * @param keys that verify now; read again when a token names another, at most once a second
     */
    public Tokens(String issuer, Supplier<List<VerifierKey>> keys) {
        this.signers = null;
        this.own = new OwnIssuer(issuer, keys);
    }

    /** Learns which keys sign and verify now: a key that was withdrawn counts no more after this. */
    public void refresh() {
        if (signers != null) {
            signer = signers.get();
        }
        own.refresh();
    }

    private Signer signer() {
        Signer now = signer;
        if (now == null) {
            throw new IllegalStateException("this process signs no tokens");
        }
        return now;
    }

    public String issuer() {
        return own.issuer();
    }

    /** The keys that verify tokens, as a JWK set (RFC 7517, RFC 8037): the one that signs, the next, and those that did. */
    public String keySet() {
        JsonArrayBuilder keys = JSON.createArrayBuilder();
        own.keys()
                .forEach((keyId, key) -> keys.add(JSON.createObjectBuilder()
                        .add("kty", "OKP")
                        .add("crv", "Ed25519")
                        .add("use", "sig")
                        .add("alg", "EdDSA")
                        .add("kid", keyId)
                        .add("x", base64(key.publicKey()))));
        return JSON.createObjectBuilder().add("keys", keys).build().toString();
    }

    /** Signs a token that lives {@link #LIFETIME}. */
    public String issue(String tokenId, Principal principal, Optional<String> workspace, Instant issuedAt) {
        return issue(tokenId, principal, workspace, issuedAt, issuedAt.plus(LIFETIME));
    }

    /**
     * Signs a token. Its contents are ids and times; nothing personal. Whom the principal acts for is the token's subject, and itself its
     * actor (RFC 8693, 4.1); it names the sessions of both.
     *
     * @param principal whom it stands for, and in which session; one that names none is the token's own
     */
    public String issue(
            String tokenId, Principal principal, Optional<String> workspace, Instant issuedAt, Instant expiresAt) {
        JsonObjectBuilder claims = JSON.createObjectBuilder()
                .add("iss", issuer())
                .add("aud", issuer())
                .add("sub", principal.actingFor().orElse(principal.id()))
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
        if (principal.actingFor().isPresent()) {
            Principal.Session theirs = principal.theirs().orElseThrow();
            claims.add("act", JSON.createObjectBuilder().add("sub", principal.id()))
                    .add(OwnIssuer.THEIR_SESSION, theirs.id())
                    .add(OwnIssuer.THEIR_EPOCH, theirs.epoch());
        }
        if (!principal.acr().isEmpty()) {
            claims.add("acr", principal.acr());
        }
        Signer by = signer();
        String header = "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"" + OwnIssuer.keyId(by.verifierKey()) + "\"}";
        String signed = base64(header.getBytes(StandardCharsets.UTF_8)) + "."
                + base64(claims.build().toString().getBytes(StandardCharsets.UTF_8));
        return signed + "." + base64(by.sign(signed.getBytes(StandardCharsets.US_ASCII)));
    }

    /** Whom a token that is good now stands for, and until when; empty for any other. */
    public Optional<TokenVerifier.Verified.Good> good(String token) {
        return token.length() <= MAX_TOKEN_CHARS
                        && Jwt.read(token).map(own::verify).orElse(new TokenVerifier.Verified.Bad(false))
                                instanceof TokenVerifier.Verified.Good good
                ? Optional.of(good)
                : Optional.empty();
    }

    /** Whom a good token stands for, unless its key would have to be fetched: that waits for nothing and takes a fraction of a ms. */
    public Optional<Principal> recognised(String token) {
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
            if (!own.holds(known.keyId())) {
                return new Presented.Bad(false);
            }
            boolean expired = known.expiresAtMillis() <= System.currentTimeMillis();
            return expired ? new Presented.Bad(true) : new Presented.Good(known.principal());
        }
        return Jwt.read(token)
                .filter(worthVerifying)
                .map(jwt -> remember(digest, jwt, own.verify(jwt)))
                .orElse(new Presented.Bad(false));
    }

    private Presented remember(Digest digest, Jwt jwt, TokenVerifier.Verified result) {
        return switch (result) {
            case TokenVerifier.Verified.Good good -> {
                verified.put(
                        digest,
                        new Verified(
                                good.principal(),
                                good.expiresAt().toEpochMilli(),
                                jwt.header("kid").orElse("")));
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
