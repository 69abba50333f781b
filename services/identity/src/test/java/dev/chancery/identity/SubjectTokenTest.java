package dev.chancery.identity;

import static dev.chancery.identity.TestIssuer.AUDIENCE;
import static dev.chancery.identity.TestIssuer.KEY_ID;
import static dev.chancery.identity.TestIssuer.claims;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.boundary.tokens.IssuerKeys;
import dev.chancery.boundary.tokens.Jwt;
import dev.chancery.identity.SubjectToken.Fault;
import dev.chancery.schema.identity.v1.ClaimCondition;
import dev.chancery.schema.identity.v1.IssuerTrusted;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a trusted issuer's token is worth, and what an attacker's is. */
class SubjectTokenTest {
    private static final TestIssuer ISSUER = new TestIssuer("RS256");
    private static final TestIssuer STRANGER = new TestIssuer("RS256");
    private static final IssuerTrusted TRUSTED = ISSUER.trusted().build();

    @ParameterizedTest
    @ValueSource(strings = {"EdDSA", "ES256", "ES384", "RS256"})
    void aTokenSignedByTheIssuersKeyIsGood(String algorithm) {
        TestIssuer issuer = new TestIssuer(algorithm);
        assertThat(fault(issuer.token(claims("ada")), issuer.trusted().build())).isEmpty();
        assertThat(fault(
                        new TestIssuer(algorithm).token(claims("ada")),
                        issuer.trusted().build()))
                .contains(Fault.UNSIGNED);
    }

    static Stream<Arguments> attacks() throws GeneralSecurityException {
        JsonObject good = claims("ada");
        String signed = ISSUER.token(good);
        String content = signed.substring(0, signed.lastIndexOf('.'));
        String[] parts = signed.split("\\.");
        long now = Instant.now().getEpochSecond();
        List<Arguments> attacks = new ArrayList<>();
        Consumer<Object[]> add = pair -> attacks.add(Arguments.of(pair));
        add.accept(attack("none", Client.encoded(ISSUER.header().put("alg", "none")) + "." + parts[1] + "."));
        add.accept(attack(
                "none, signature kept",
                Client.encoded(ISSUER.header().put("alg", "none")) + "." + parts[1] + "." + parts[2]));
        add.accept(
                attack("HS256 with the public key", hmac(ISSUER.keys.getPublic().getEncoded(), good)));
        add.accept(attack("HS256 with the JWK", hmac(ISSUER.jwk().encode().getBytes(UTF_8), good)));
        add.accept(attack(
                "another algorithm of the key", ISSUER.signed(ISSUER.header().put("alg", "RS512"), good)));
        add.accept(attack("another key", STRANGER.token(good)));
        add.accept(attack("jwk", STRANGER.signed(STRANGER.header().put("jwk", STRANGER.jwk()), good)));
        add.accept(attack(
                "jwk beside a good signature", ISSUER.signed(ISSUER.header().put("jwk", STRANGER.jwk()), good)));
        add.accept(attack("jku", ISSUER.signed(ISSUER.header().put("jku", "http://127.0.0.1:1/jwks"), good)));
        add.accept(attack("x5u", ISSUER.signed(ISSUER.header().put("x5u", "http://127.0.0.1:1/x"), good)));
        add.accept(attack("x5c", ISSUER.signed(ISSUER.header().put("x5c", new JsonArray().add("MII=")), good)));
        add.accept(attack("crit", ISSUER.signed(ISSUER.header().put("crit", new JsonArray().add("exp")), good)));
        add.accept(attack("zip", ISSUER.signed(ISSUER.header().put("zip", "DEF"), good)));
        add.accept(attack("nested", ISSUER.signed(ISSUER.header().put("cty", "JWT"), good)));
        for (String kid :
                List.of("../../etc/passwd", "' OR 1=1 --", "2026-02", KEY_ID + "\0", "http://127.0.0.1/key")) {
            add.accept(attack("kid " + kid, ISSUER.signed(ISSUER.header().put("kid", kid), good)));
        }
        add.accept(attack("kid of another type", ISSUER.signed(ISSUER.header().put("kid", 5), good)));
        add.accept(attack(
                "an access token of the issuer's", ISSUER.signed(ISSUER.header().put("typ", "at+jwt"), good)));
        add.accept(attack("a logout token", ISSUER.signed(ISSUER.header().put("typ", "logout+jwt"), good)));
        add.accept(attack("typ of another type", ISSUER.signed(ISSUER.header().put("typ", 1), good)));
        add.accept(attack("another issuer", ISSUER.token(good.copy().put("iss", TestIssuer.URL + "/"))));
        add.accept(attack("no issuer", ISSUER.token(without(good, "iss"))));
        add.accept(attack("two issuers", ISSUER.token(good.copy().put("iss", new JsonArray().add(TestIssuer.URL)))));
        add.accept(attack(
                "claims changed", parts[0] + "." + Client.encoded(good.copy().put("sub", "eve")) + "." + parts[2]));
        add.accept(attack("truncated", signed.substring(0, signed.length() - 4)));
        add.accept(attack("no signature", content + "."));
        add.accept(attack("no exp", ISSUER.token(without(good, "exp"))));
        add.accept(attack("no iat", ISSUER.token(without(good, "iat"))));
        add.accept(attack("not yet valid", ISSUER.token(good.copy().put("nbf", now + 120))));
        add.accept(attack("duplicate claims", ISSUER.signed(parts[0] + "." + twice(good, "\"sub\":\"eve\""))));
        add.accept(attack(
                "duplicate audience", ISSUER.signed(parts[0] + "." + twice(good, "\"aud\":\"" + AUDIENCE + "\""))));
        add.accept(
                attack("duplicate alg", ISSUER.signed(twice(ISSUER.header(), "\"alg\":\"RS256\"") + "." + parts[1])));
        return attacks.stream();
    }

    private static Object[] attack(String name, String token) {
        return new Object[] {name, token};
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("attacks")
    void anAttackersTokenIsRefused(String name, String token) {
        assertThat(fault(token, TRUSTED)).as(name).contains(Fault.UNSIGNED);
    }

    @Test
    void whatIsLongerThanATokenIsNotRead() {
        assertThat(Jwt.read(ISSUER.token(claims("ada").put("x", "x".repeat(Jwt.MAX_CHARS)))))
                .isEmpty();
    }

    @Test
    void aPointThatIsNotOnTheCurveSignsNothing() {
        TestIssuer issuer = new TestIssuer("ES256");
        String token = issuer.token(claims("ada"));
        // r = s = 0: "psychic signatures", CVE-2022-21449
        String zero = token.substring(0, token.lastIndexOf('.') + 1) + Client.base64(new byte[64]);
        assertThat(fault(zero, issuer.trusted().build())).contains(Fault.UNSIGNED);
    }

    @Test
    void eachAudienceIsOneOfOurs() {
        assertThat(fault(ISSUER.token(claims("ada").put("aud", new JsonArray().add(AUDIENCE))), TRUSTED))
                .isEmpty();
        assertThat(fault(ISSUER.token(claims("ada").put("aud", "https://other.example.org")), TRUSTED))
                .contains(Fault.AUDIENCE);
        assertThat(fault(
                        ISSUER.token(claims("ada")
                                .put("aud", new JsonArray().add(AUDIENCE).add("https://other.example.org"))),
                        TRUSTED))
                .contains(Fault.AUDIENCE);
        assertThat(fault(ISSUER.token(without(claims("ada"), "aud")), TRUSTED)).isNotEmpty();
    }

    @Test
    void itsTimesAreWhole() {
        long now = Instant.now().getEpochSecond();
        assertThat(fault(ISSUER.token(claims("ada").put("iat", now - 300).put("exp", now - 30)), TRUSTED))
                .isEmpty();
        assertThat(fault(ISSUER.token(claims("ada").put("iat", now - 300).put("exp", now - 90)), TRUSTED))
                .contains(Fault.TIME);
        assertThat(fault(ISSUER.token(claims("ada").put("iat", now + 30)), TRUSTED))
                .isEmpty();
        assertThat(fault(ISSUER.token(claims("ada").put("iat", now + 90)), TRUSTED))
                .contains(Fault.TIME);
        assertThat(fault(ISSUER.token(claims("ada").put("exp", now + 86_400 + 60)), TRUSTED))
                .contains(Fault.TIME);
        assertThat(fault(ISSUER.token(claims("ada").put("iat", "yesterday")), TRUSTED))
                .isNotEmpty();
    }

    @Test
    void withoutAKeyIdTheOnlyKeyCountsWhichHasNone() {
        JsonObject nameless = ISSUER.jwk();
        nameless.remove("kid");
        IssuerTrusted trusted = TRUSTED.toBuilder()
                .clearKeys()
                .addAllKeys(IssuerKeys.of(TestIssuer.jwks(nameless)).orElseThrow())
                .build();
        assertThat(fault(ISSUER.signed(without(ISSUER.header(), "kid"), claims("ada")), trusted))
                .isEmpty();
    }

    @Test
    void everyConditionIsFulfilled() {
        IssuerTrusted trusted = TRUSTED.toBuilder()
                .addConditions(condition("repository", false, "acme/app", "acme/site"))
                .addConditions(condition("sub", true, "repo:acme/"))
                .build();
        JsonObject job = claims("repo:acme/app:ref:refs/heads/main").put("repository", "acme/app");
        assertThat(fault(ISSUER.token(job), trusted)).isEmpty();
        assertThat(fault(ISSUER.token(job.copy().put("repository", "acme/app-2")), trusted))
                .contains(Fault.CONDITIONS);
        assertThat(fault(ISSUER.token(job.copy().put("sub", "repo:evil/app")), trusted))
                .contains(Fault.CONDITIONS);
        assertThat(fault(ISSUER.token(without(job, "repository")), trusted)).contains(Fault.CONDITIONS);
    }

    @Test
    void aConditionReachesIntoAClaim() {
        IssuerTrusted trusted = TRUSTED.toBuilder()
                .addConditions(condition("/kubernetes.io/namespace", false, "payments"))
                .build();
        JsonObject pod = claims("system:serviceaccount:payments:deployer")
                .put("kubernetes.io", new JsonObject().put("namespace", "payments"));
        assertThat(fault(ISSUER.token(pod), trusted)).isEmpty();
        assertThat(fault(ISSUER.token(pod.copy().put("kubernetes.io", "payments")), trusted))
                .contains(Fault.CONDITIONS);
    }

    @Test
    void whoeverItIsHasAName() {
        assertThat(fault(ISSUER.token(claims("ada").put("sub", 7)), TRUSTED)).isNotEmpty();
        assertThat(fault(ISSUER.token(claims("")), TRUSTED)).contains(Fault.SUBJECT);
        assertThat(fault(ISSUER.token(claims("x".repeat(256))), TRUSTED)).contains(Fault.SUBJECT);
    }

    @Test
    void anAddressCountsThatTheIssuerHasSeen() {
        JsonObject ada = claims("ada").put("email", "ada@example.org");
        assertThat(token(ada).email()).isEmpty();
        assertThat(token(ada.put("email_verified", "true")).email()).isEmpty();
        assertThat(token(ada.put("email_verified", true)).email()).contains("ada@example.org");
    }

    @Test
    void aPersonOfWhomNobodySaysWhenItAuthenticatedIsNeverFresh() {
        long now = Instant.now().getEpochSecond();
        assertThat(token(claims("ada")).authenticatedAt(true)).isEqualTo(Instant.EPOCH);
        assertThat(token(claims("ada").put("iat", now)).authenticatedAt(false)).isEqualTo(Instant.ofEpochSecond(now));
        assertThat(token(claims("ada").put("auth_time", now - 50)).authenticatedAt(true))
                .isEqualTo(Instant.ofEpochSecond(now - 50));
        assertThat(token(claims("ada").put("iat", now).put("auth_time", now + 500))
                        .authenticatedAt(true))
                .isEqualTo(Instant.ofEpochSecond(now));
    }

    @Test
    void aTokenWithoutAnIdIsKnownByWhatIsSigned() {
        JsonObject claims = without(claims("ada"), "jti");
        assertThat(token(claims).id()).isEqualTo(token(claims).id());
        assertThat(token(claims).id())
                .isNotEqualTo(token(claims.copy().put("x", 1)).id());
    }

    private static SubjectToken token(JsonObject claims) {
        return SubjectToken.of(Jwt.read(ISSUER.token(claims)).orElseThrow(), TRUSTED);
    }

    private static Optional<Fault> fault(String token, IssuerTrusted issuer) {
        return Jwt.read(token)
                .map(jwt -> SubjectToken.of(jwt, issuer).fault(Instant.now()))
                .orElse(Optional.of(Fault.UNSIGNED));
    }

    private static ClaimCondition condition(String claim, boolean prefix, String... values) {
        return ClaimCondition.newBuilder()
                .setClaim(claim)
                .setPrefix(prefix)
                .addAllValues(List.of(values))
                .build();
    }

    private static JsonObject without(JsonObject claims, String name) {
        JsonObject less = claims.copy();
        less.remove(name);
        return less;
    }

    /** With one member more, of a name that there is already. */
    private static String twice(JsonObject object, String member) {
        String json = object.encode();
        return Client.base64((json.substring(0, json.length() - 1) + "," + member + "}").getBytes(UTF_8));
    }

    private static String hmac(byte[] secret, JsonObject claims) throws GeneralSecurityException {
        String content = Client.encoded(ISSUER.header().put("alg", "HS256")) + "." + Client.encoded(claims);
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret, "HmacSHA256"));
        return content + "." + Client.base64(mac.doFinal(content.getBytes(US_ASCII)));
    }
}
