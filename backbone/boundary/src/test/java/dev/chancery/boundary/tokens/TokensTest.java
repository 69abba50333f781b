package dev.chancery.boundary.tokens;

import static dev.chancery.boundary.TestInstance.ADA;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.boundary.TestInstance;
import dev.chancery.boundary.tokens.Tokens.Presented;
import dev.chancery.kernel.Principal;
import dev.chancery.keyring.Signer;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TokensTest {
    private static final TestInstance INSTANCE = new TestInstance();
    private static final Signer OURS = INSTANCE.keys.signer("ch-test/token");
    private static final Signer THEIRS = INSTANCE.keys.signer("ch-test/another");
    private static final String TENANT = "0199f2aa-0000-7000-8000-000000000001";
    private static final Presented INVALID = new Presented.Bad(false);
    private static final Presented EXPIRED = new Presented.Bad(true);

    private final Tokens tokens = new Tokens(TestInstance.ISSUER, OURS);

    @Test
    void aTokenStandsForThePrincipalItWasIssuedTo() {
        Principal ada = TestInstance.user(ADA, TENANT);
        String token = tokens.issue("t-1", ada, Optional.of("w-1"), Instant.now());

        var meant = new Presented.Good(new Principal(
                Principal.Type.USER, ADA, TENANT, Optional.of("w-1"), "t-1", Optional.empty(), ada.authenticatedAt()));
        assertThat(tokens.verify(token)).isEqualTo(meant);
        assertThat(tokens.verify(token)).as("remembered").isEqualTo(meant);
    }

    @Test
    void aTokenBuiltByHandIsGoodWhenNothingIsForged() {
        assertThat(tokens.verify(signed(header(), claims(), OURS))).isInstanceOf(Presented.Good.class);
    }

    /** After a start many come at once, before any key was read. */
    @Test
    void aTokenThatComesWhileTheKeysAreReadWaitsForThem() throws Exception {
        String token = signed(header(), claims(), OURS);
        var meanwhile = new CompletableFuture<Presented>();
        var verifying = new AtomicReference<Tokens>();
        verifying.set(new Tokens(TestInstance.ISSUER, () -> {
            Thread second = Thread.ofPlatform()
                    .start(() -> meanwhile.complete(verifying.get().verify(token)));
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
            while (second.getState() != Thread.State.BLOCKED && second.isAlive() && System.nanoTime() < end) {
                LockSupport.parkNanos(1_000_000);
            }
            return List.of(OURS.verifierKey());
        }));

        assertThat(verifying.get().verify(token)).isInstanceOf(Presented.Good.class);
        assertThat(meanwhile.get(10, TimeUnit.SECONDS)).isInstanceOf(Presented.Good.class);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("forgeries")
    void aForgedTokenIsInvalid(String what, String token) {
        assertThat(tokens.verify(token)).isEqualTo(INVALID);
        assertThat(tokens.verify(token)).as("again").isEqualTo(INVALID);
    }

    static Stream<Arguments> forgeries() throws GeneralSecurityException {
        String good = signed(header(), claims(), OURS);
        String[] parts = good.split("\\.");
        String theirKey = Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(THEIRS.verifierKey().publicKey());
        return Stream.of(
                Arguments.of("empty", ""),
                Arguments.of("no JWT", "token"),
                Arguments.of("three parts of nothing", "a.b.c"),
                Arguments.of("dots", ".."),
                Arguments.of("too long", good + "A".repeat(5_000)),
                Arguments.of("unsigned", encoded(header().put("alg", "none")) + "." + parts[1] + "."),
                Arguments.of(
                        "none, signature kept", encoded(header().put("alg", "none")) + "." + parts[1] + "." + parts[2]),
                Arguments.of("signature cut off", parts[0] + "." + parts[1] + "."),
                Arguments.of("HMAC with the public key", hmac(header().put("alg", "HS256"), claims())),
                Arguments.of("another spelling of the signature", respelled(good)),
                Arguments.of("padded", good + "="),
                Arguments.of("another key", signed(header(), claims(), THEIRS)),
                Arguments.of(
                        "a key it brings along",
                        signed(
                                header().put(
                                                "jwk",
                                                new JsonObject()
                                                        .put("kty", "OKP")
                                                        .put("crv", "Ed25519")
                                                        .put("x", theirKey)),
                                claims(),
                                THEIRS)),
                Arguments.of(
                        "a key it says where to get",
                        signed(header().put("jku", "http://evil.example"), claims(), THEIRS)),
                Arguments.of(
                        "a certificate it says where to get",
                        signed(header().put("x5u", "http://evil.example"), claims(), THEIRS)),
                Arguments.of(
                        "a certificate it brings along",
                        signed(header().put("x5c", new io.vertx.core.json.JsonArray().add("MIIB")), claims(), THEIRS)),
                Arguments.of(
                        "a file as its key", signed(header().put("kid", "../../../../dev/null"), claims(), THEIRS)),
                Arguments.of(
                        "a query as its key", signed(header().put("kid", "x' UNION SELECT 'k' --"), claims(), THEIRS)),
                Arguments.of("a number as its key", signed(header().put("kid", 7), claims(), OURS)),
                Arguments.of("half of it", good.substring(0, good.length() / 2)),
                Arguments.of("all but the last character", good.substring(0, good.length() - 1)),
                Arguments.of(
                        "not valid yet",
                        signed(header(), claims().put("nbf", Instant.now().getEpochSecond() + 60), OURS)),
                Arguments.of("a claim twice", twice("\"tenant\":\"instance\"")),
                Arguments.of("no session", signed(header(), without(claims(), "sid"), OURS)),
                Arguments.of("no epoch", signed(header(), without(claims(), "epoch"), OURS)),
                Arguments.of("an epoch that is none", signed(header(), claims().put("epoch", 1L << 40), OURS)),
                Arguments.of("an epoch as text", signed(header(), claims().put("epoch", "9"), OURS)),
                Arguments.of(
                        "other claims", parts[0] + "." + encoded(claims().put("tenant", "instance")) + "." + parts[2]),
                Arguments.of("another type", signed(header().put("typ", "JWT"), claims(), OURS)),
                Arguments.of("no type", signed(without(header(), "typ"), claims(), OURS)),
                Arguments.of(
                        "a condition nobody knows",
                        signed(
                                header().put("crit", new io.vertx.core.json.JsonArray().add("moon"))
                                        .put("moon", "full"),
                                claims(),
                                OURS)),
                Arguments.of("another issuer", signed(header(), claims().put("iss", "http://evil.example"), OURS)),
                Arguments.of("another audience", signed(header(), claims().put("aud", "http://evil.example"), OURS)),
                Arguments.of("no issuer", signed(header(), without(claims(), "iss"), OURS)),
                Arguments.of("no audience", signed(header(), without(claims(), "aud"), OURS)),
                Arguments.of("no end", signed(header(), without(claims(), "exp"), OURS)),
                Arguments.of("no id", signed(header(), without(claims(), "jti"), OURS)),
                Arguments.of("no subject", signed(header(), without(claims(), "sub"), OURS)),
                Arguments.of("no time of issue", signed(header(), without(claims(), "iat"), OURS)),
                Arguments.of("no tenant", signed(header(), without(claims(), "tenant"), OURS)),
                Arguments.of("no principal type", signed(header(), without(claims(), "principal_type"), OURS)),
                Arguments.of("no authentication time", signed(header(), without(claims(), "auth_time"), OURS)),
                Arguments.of(
                        "a type of principal there is not",
                        signed(header(), claims().put("principal_type", "god"), OURS)),
                Arguments.of(
                        "expired and from another key",
                        signed(header(), claims().put("exp", Instant.now().getEpochSecond() - 3_600), THEIRS)),
                Arguments.of(
                        "expired and for others",
                        signed(
                                header(),
                                claims().put("exp", Instant.now().getEpochSecond() - 3_600)
                                        .put("aud", "x"),
                                OURS)));
    }

    @Test
    void aTokenThatHasExpiredIsSaidToHaveExpired() {
        Instant issued = Instant.now().minus(Tokens.LIFETIME).minus(Duration.ofMinutes(1));

        assertThat(tokens.verify(tokens.issue("t-1", TestInstance.user(ADA, TENANT), Optional.empty(), issued)))
                .isEqualTo(EXPIRED);
    }

    @Test
    void aTokenIsNotRememberedBeyondItsEnd() {
        Instant end = Instant.ofEpochSecond(Instant.now().getEpochSecond() + 3);
        String token =
                tokens.issue("t-1", TestInstance.user(ADA, TENANT), Optional.empty(), end.minus(Tokens.LIFETIME));
        assertThat(tokens.verify(token)).isInstanceOf(Presented.Good.class);

        while (Instant.now().isBefore(end)) {
            LockSupport.parkNanos(10_000_000);
        }

        assertThat(tokens.verify(token)).isEqualTo(EXPIRED);
    }

    @Test
    void theKeySetHasThePublicKeyAndNothingPrivate() {
        var key = new JsonObject(tokens.keySet()).getJsonArray("keys").getJsonObject(0);

        assertThat(key.fieldNames()).containsExactlyInAnyOrder("kty", "crv", "use", "alg", "kid", "x");
        assertThat(Base64.getUrlDecoder().decode(key.getString("x")))
                .isEqualTo(OURS.verifierKey().publicKey());
    }

    private static JsonObject header() {
        return new JsonObject()
                .put("alg", "EdDSA")
                .put("typ", "at+jwt")
                .put("kid", "%08x".formatted(OURS.verifierKey().keyId()));
    }

    private static JsonObject claims() {
        long now = Instant.now().getEpochSecond();
        return new JsonObject()
                .put("iss", TestInstance.ISSUER)
                .put("aud", TestInstance.ISSUER)
                .put("sub", ADA)
                .put("jti", "t-1")
                .put("sid", "t-1")
                .put("epoch", 0)
                .put("iat", now)
                .put("exp", now + 600)
                .put("auth_time", now)
                .put("tenant", TENANT)
                .put("principal_type", "user");
    }

    /** In base64url the last character of 64 bytes has four bits that stand for nothing: fifteen more spellings of a signature. */
    private static String respelled(String token) {
        String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        int last = token.length() - 1;
        return token.substring(0, last) + alphabet.charAt(alphabet.indexOf(token.charAt(last)) + 1);
    }

    private static JsonObject without(JsonObject json, String name) {
        json.remove(name);
        return json;
    }

    private static String signed(JsonObject header, JsonObject claims, Signer signer) {
        String signed = encoded(header) + "." + encoded(claims);
        return signed + "." + base64(signer.sign(signed.getBytes(StandardCharsets.US_ASCII)));
    }

    /** Signed by us, with one claim a second time, so that two readers may see two tokens. */
    private static String twice(String claim) {
        String json = claims().encode();
        String signed = encoded(header()) + "."
                + base64((json.substring(0, json.length() - 1) + "," + claim + "}").getBytes(StandardCharsets.UTF_8));
        return signed + "." + base64(OURS.sign(signed.getBytes(StandardCharsets.US_ASCII)));
    }

    private static String hmac(JsonObject header, JsonObject claims) throws GeneralSecurityException {
        String signed = encoded(header) + "." + encoded(claims);
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(OURS.verifierKey().publicKey(), "HmacSHA256"));
        return signed + "." + base64(mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII)));
    }

    private static String encoded(JsonObject json) {
        return base64(json.encode().getBytes(StandardCharsets.UTF_8));
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
