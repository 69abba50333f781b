package dev.chancery.boundary.tokens;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.chancery.kernel.Principal;
import dev.chancery.keyring.Signer;
import dev.chancery.keyring.VerifierKey;
import dev.chancery.log.Digest;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.NamedParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwa.AlgorithmConstraints.ConstraintType;
import org.jose4j.jws.AlgorithmIdentifiers;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.MalformedClaimException;
import org.jose4j.jwt.consumer.ErrorCodes;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumer;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.lang.UnresolvableKeyException;
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
    private static final int MAX_TOKEN_CHARS = 4_096;
    private static final int MAX_SKEW_SECONDS = 5;
    private static final long ASK_MILLIS = 1_000;

    private final String issuer;
    private final @Nullable Signer signer;
    private final Supplier<List<VerifierKey>> keys;
    private volatile Map<String, VerifierKey> known = Map.of();
    private volatile long askedNanos;
    private final JwtConsumer consumer;
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
        this(issuer, signer, () -> List.of(signer.verifierKey()));
    }

    /**
     * Verifies what another process signs.
     *
     * @param keys that sign tokens; asked again when a token names another, at most every {@value #ASK_MILLIS} ms
     */
    public Tokens(String issuer, Supplier<List<VerifierKey>> keys) {
        this(issuer, null, keys);
    }

    private Tokens(String issuer, @Nullable Signer signer, Supplier<List<VerifierKey>> keys) {
        this.issuer = issuer;
        this.signer = signer;
        this.keys = keys;
        this.askedNanos = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(ASK_MILLIS);
        this.consumer = new JwtConsumerBuilder()
                .setRequireSubject()
                .setRequireExpirationTime()
                .setRequireJwtId()
                .setRequireIssuedAt()
                .setExpectedIssuer(issuer)
                .setExpectedAudience(issuer)
                .setExpectedType(true, "at+jwt")
                .setAllowedClockSkewInSeconds(MAX_SKEW_SECONDS)
                .setVerificationKeyResolver((token, outer) -> key(token.getKeyIdHeaderValue()))
                .setJwsAlgorithmConstraints(new AlgorithmConstraints(ConstraintType.PERMIT, AlgorithmIdentifiers.EDDSA))
                .build();
    }

    /** The key that a token names. */
    private PublicKey key(@Nullable String named) throws UnresolvableKeyException {
        VerifierKey key = named == null ? null : known.get(named);
        if (key == null && named != null && mayAsk()) {
            known = keys.get().stream()
                    .collect(Collectors.toUnmodifiableMap(Tokens::keyId, Function.identity(), (one, same) -> one));
            key = known.get(named);
        }
        if (key == null) {
            throw new UnresolvableKeyException("no such key");
        }
        return publicKey(key.publicKey());
    }

    /** Anybody can make up a key's name: they don't make us ask PostgreSQL each time. */
    private synchronized boolean mayAsk() {
        long now = System.nanoTime();
        boolean may = now - askedNanos >= TimeUnit.MILLISECONDS.toNanos(ASK_MILLIS);
        if (may) {
            askedNanos = now;
        }
        return may;
    }

    private static String keyId(VerifierKey key) {
        return "%08x".formatted(key.keyId());
    }

    private Signer signer() {
        if (signer == null) {
            throw new IllegalStateException("this process signs no tokens");
        }
        return signer;
    }

    public String issuer() {
        return issuer;
    }

    /** The keys that verify tokens, as a JWK set (RFC 7517, RFC 8037). */
    public String keySet() {
        return "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"use\":\"sig\",\"alg\":\"EdDSA\",\"kid\":\""
                + keyId(signer().verifierKey()) + "\",\"x\":\""
                + base64(signer().verifierKey().publicKey()) + "\"}]}";
    }

    /** Signs a token. Its contents are ids and times; nothing personal. */
    public String issue(String tokenId, Principal principal, Optional<String> workspace, Instant issuedAt) {
        var claims = new JwtClaims();
        claims.setIssuer(issuer);
        claims.setAudience(issuer);
        claims.setSubject(principal.id());
        claims.setJwtId(tokenId);
        claims.setClaim("iat", issuedAt.getEpochSecond());
        claims.setClaim("exp", issuedAt.plus(LIFETIME).getEpochSecond());
        claims.setClaim("auth_time", principal.authenticatedAt().getEpochSecond());
        claims.setClaim("client_id", principal.tenant() + "." + principal.id());
        claims.setClaim("tenant", principal.tenant());
        claims.setClaim("principal_type", principal.type().name().toLowerCase(Locale.ROOT));
        workspace.ifPresent(id -> claims.setClaim("workspace", id));
        String header = "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"" + keyId(signer().verifierKey()) + "\"}";
        String signed = base64(header.getBytes(StandardCharsets.UTF_8)) + "."
                + base64(claims.toJson().getBytes(StandardCharsets.UTF_8));
        return signed + "." + base64(signer().sign(signed.getBytes(StandardCharsets.US_ASCII)));
    }

    /** Whom a token stands for, if it was verified before and is still good: that costs next to nothing. */
    Optional<Principal> remembered(String token) {
        if (token.length() > MAX_TOKEN_CHARS) {
            return Optional.empty();
        }
        return Optional.ofNullable(verified.getIfPresent(digest(token)))
                .filter(known -> known.expiresAtMillis() > System.currentTimeMillis())
                .map(Verified::principal);
    }

    Presented verify(String token) {
        if (token.length() > MAX_TOKEN_CHARS) {
            return new Presented.Bad(false);
        }
        Digest digest = digest(token);
        Verified known = verified.getIfPresent(digest);
        if (known != null) {
            boolean expired = known.expiresAtMillis() <= System.currentTimeMillis();
            return expired ? new Presented.Bad(true) : new Presented.Good(known.principal());
        }
        try {
            JwtClaims claims = consumer.processToClaims(token);
            Principal principal = principal(claims);
            verified.put(
                    digest, new Verified(principal, claims.getExpirationTime().getValueInMillis()));
            return new Presented.Good(principal);
        } catch (InvalidJwtException e) {
            return new Presented.Bad(
                    e.hasErrorCode(ErrorCodes.EXPIRED) && e.getErrorDetails().size() == 1);
        } catch (MalformedClaimException | IllegalArgumentException e) {
            return new Presented.Bad(false);
        }
    }

    private static Principal principal(JwtClaims claims) throws MalformedClaimException {
        return new Principal(
                Principal.Type.valueOf(
                        required(claims, "principal_type", String.class).toUpperCase(Locale.ROOT)),
                claims.getSubject(),
                required(claims, "tenant", String.class),
                Optional.ofNullable(claims.getStringClaimValue("workspace")),
                claims.getJwtId(),
                Optional.empty(),
                Instant.ofEpochSecond(required(claims, "auth_time", Long.class)));
    }

    private static <T> T required(JwtClaims claims, String name, Class<T> type) throws MalformedClaimException {
        T value = claims.getClaimValue(name, type);
        if (value == null) {
            throw new MalformedClaimException("a claim is missing");
        }
        return value;
    }

    private static Digest digest(String token) {
        try {
            return new Digest(MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** A raw Ed25519 key (RFC 8032: little endian y, the sign of x in the last bit) as the JDK wants it. */
    public static PublicKey publicKey(byte[] raw) {
        byte[] bigEndian = new byte[raw.length];
        for (int i = 0; i < raw.length; i++) {
            bigEndian[i] = raw[raw.length - 1 - i];
        }
        boolean xOdd = (bigEndian[0] & 0x80) != 0;
        bigEndian[0] &= 0x7f;
        try {
            return KeyFactory.getInstance("Ed25519")
                    .generatePublic(new EdECPublicKeySpec(
                            NamedParameterSpec.ED25519, new EdECPoint(xOdd, new BigInteger(1, bigEndian))));
        } catch (NoSuchAlgorithmException | InvalidKeySpecException e) {
            throw new IllegalArgumentException("not an Ed25519 public key", e);
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
