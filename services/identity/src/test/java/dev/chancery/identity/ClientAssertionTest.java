package dev.chancery.identity;

import static dev.chancery.identity.Client.ISSUER;
import static dev.chancery.identity.Client.base64;
import static dev.chancery.identity.Client.claims;
import static dev.chancery.identity.Client.encoded;
import static dev.chancery.identity.Client.header;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.chancery.identity.ClientAssertion.Fault;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientAssertionTest {
    private static final String TENANT = "0199f2aa-0000-7000-8000-000000000001";
    private static final String BEN = "0199f2aa-0000-7000-8000-00000000000b";
    private static final String CLIENT_ID = TENANT + "." + BEN;
    private static final Client CLIENT = new Client();
    private static final int ROUNDS = 400;

    @Test
    void itSaysWhoItIsOf() {
        String jwt = CLIENT.signed(header(), claims(CLIENT_ID).put("jti", "once"));

        assertThat(ClientAssertion.read(jwt)).contains(new ClientAssertion(TENANT, BEN, "once"));
        assertThat(isGood(jwt)).isTrue();
    }

    @Test
    void theTokenEndpointIsAnAudienceToo() {
        assertThat(isGood(CLIENT.signed(header(), claims(CLIENT_ID).put("aud", ISSUER + "/oauth/token"))))
                .isTrue();
        assertThat(isGood(CLIENT.signed(header(), claims(CLIENT_ID).put("aud", new JsonArray().add(ISSUER)))))
                .isTrue();
    }

    @Test
    void ed25519IsAnotherNameOfEdDsa() {
        assertThat(isGood(CLIENT.signed(header().put("alg", "Ed25519"), claims(CLIENT_ID))))
                .isTrue();
        assertThat(isGood(new Client().signed(header().put("alg", "Ed25519"), claims(CLIENT_ID))))
                .isFalse();
    }

    @Test
    void aKeyOfP256SignsWithEs256AndNothingElse() {
        Client client = Client.es256();
        String jwt = client.signed(header().put("alg", "ES256"), claims(CLIENT_ID));
        assertThat(fault(jwt, client)).isEmpty();
        assertThat(fault(jwt, Client.es256())).contains(Fault.UNSIGNED);
        assertThat(fault(jwt, CLIENT)).contains(Fault.UNSIGNED);
        assertThat(fault(CLIENT.assertion(CLIENT_ID), client)).contains(Fault.UNSIGNED);
        assertThat(fault(client.signed(header(), claims(CLIENT_ID)), client)).contains(Fault.UNSIGNED);
    }

    /** What isn't signed says nothing about what would have been wrong with it. */
    @Test
    void whatIsWrongIsSaidToTheKeysHolderOnly() {
        JsonObject elsewhere = claims(CLIENT_ID).put("aud", "http://evil.example");
        JsonObject late = claims(CLIENT_ID).put("exp", 5);
        assertThat(fault(CLIENT.signed(header(), elsewhere), CLIENT)).contains(Fault.AUDIENCE);
        assertThat(fault(CLIENT.signed(header(), late), CLIENT)).contains(Fault.TIME);
        assertThat(fault(new Client().signed(header(), elsewhere), CLIENT)).contains(Fault.UNSIGNED);
        assertThat(fault(new Client().signed(header(), late), CLIENT)).contains(Fault.UNSIGNED);
    }

    /** Or the time of an answer would tell which names there are. Without a signature to verify it is a small part of that. */
    @ParameterizedTest
    @ValueSource(strings = {"EdDSA", "ES256"})
    void withoutAKeyItTakesAsLongAsWithAnother(String algorithm) {
        Client signer = algorithm.equals("ES256") ? Client.es256() : new Client();
        Client another = algorithm.equals("ES256") ? Client.es256() : new Client();
        Client ofAnotherKind = algorithm.equals("ES256") ? new Client() : Client.es256();
        String jwt = signer.signed(header().put("alg", algorithm), claims(CLIENT_ID));
        // In turns, so that what the machine does besides weighs on all of them.
        List<ByteString> keys = List.of(another.publicKey(), ByteString.EMPTY, ofAnotherKind.publicKey());
        long[][] nanos = new long[keys.size()][ROUNDS];
        for (int round = -ROUNDS; round < ROUNDS; round++) {
            for (int i = 0; i < keys.size(); i++) {
                long begun = System.nanoTime();
                assertThat(fault(jwt, keys.get(i))).contains(Fault.UNSIGNED);
                nanos[i][Math.max(round, 0)] = System.nanoTime() - begun;
            }
        }
        double[] medians = Arrays.stream(nanos)
                .mapToDouble(taken -> Arrays.stream(taken).sorted().toArray()[ROUNDS / 2])
                .toArray();
        assertThat(medians[1] / medians[0]).as(Arrays.toString(medians)).isBetween(0.5, 2.0);
        assertThat(medians[2] / medians[0]).as(Arrays.toString(medians)).isBetween(0.5, 2.0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://localhost:8080", "http://[::1]:8080", "http://localhost:8080/oauth/token"})
    void loopbackHasSeveralNames(String audience) {
        assertThat(isGood(CLIENT.signed(header(), claims(CLIENT_ID).put("aud", audience))))
                .isTrue();
        assertThat(new Issuers("https://chancery.example").audiences()).noneMatch(name -> name.contains("localhost"));
        assertThat(new Issuers(ISSUER).at("localhost:8080")).isEqualTo("http://localhost:8080");
        assertThat(new Issuers(ISSUER).at("localhost:8081")).isEqualTo(ISSUER);
        assertThat(new Issuers(ISSUER).at("evil.example")).isEqualTo(ISSUER);
        assertThat(new Issuers(ISSUER).at(null)).isEqualTo(ISSUER);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("forgeries")
    void aForgedAssertionIsWorthNothing(String what, String jwt) {
        assertThat(isGood(jwt)).isFalse();
    }

    static Stream<Arguments> forgeries() throws GeneralSecurityException {
        String[] parts = CLIENT.assertion(CLIENT_ID).split("\\.");
        long now = Instant.now().getEpochSecond();
        return Stream.of(
                Arguments.of("empty", ""),
                Arguments.of("no JWT", "a.b.c"),
                Arguments.of("unsigned", encoded(header().put("alg", "none")) + "." + parts[1] + "."),
                Arguments.of(
                        "none, signature kept", encoded(header().put("alg", "none")) + "." + parts[1] + "." + parts[2]),
                Arguments.of("signature cut off", parts[0] + "." + parts[1] + "."),
                Arguments.of("other claims", parts[0] + "." + encoded(claims(CLIENT_ID)) + "." + parts[2]),
                Arguments.of("HMAC with the public key", hmac()),
                Arguments.of("another key", new Client().assertion(CLIENT_ID)),
                Arguments.of("padded", CLIENT.assertion(CLIENT_ID) + "="),
                signed("another audience", claims(CLIENT_ID).put("aud", "http://evil.example")),
                signed("no audience", without("aud")),
                signed("another issuer", claims(CLIENT_ID).put("iss", TENANT + "." + TENANT)),
                signed("no issuer", without("iss")),
                signed("another subject", claims(CLIENT_ID).put("sub", "instance." + BEN)),
                signed("no subject", without("sub")),
                signed("no client id", claims("ben")),
                signed("no id", without("jti")),
                signed("an empty id", claims(CLIENT_ID).put("jti", "")),
                signed("an id that is too long", claims(CLIENT_ID).put("jti", "x".repeat(129))),
                signed("an id that is a number", claims(CLIENT_ID).put("jti", 5)),
                signed("an id with a newline", claims(CLIENT_ID).put("jti", "a\nb")),
                signed("an id with NUL", claims(CLIENT_ID).put("jti", "a\0b")),
                signed(
                        "others named as well",
                        claims(CLIENT_ID).put("aud", new JsonArray().add("x").add(ISSUER))),
                signed("an end with a fraction", claims(CLIENT_ID).put("exp", now + 60.5)),
                headed("an access token's type", header().put("typ", "at+jwt")),
                headed("a type that is a number", header().put("typ", 5)),
                headed(
                        "critical",
                        header().put("crit", new JsonArray().add("b64")).put("b64", true)),
                headed("nested", header().put("cty", "JWT")),
                signed("no end", without("exp")),
                signed("expired", claims(CLIENT_ID).put("exp", now - 60)),
                signed("not yet valid", claims(CLIENT_ID).put("nbf", now + 120)),
                signed("valid for too long", claims(CLIENT_ID).put("exp", now + 3_600)));
    }

    private static Arguments signed(String what, JsonObject claims) {
        return Arguments.of(what, CLIENT.signed(header(), claims));
    }

    private static Arguments headed(String what, JsonObject header) {
        return Arguments.of(what, CLIENT.signed(header, claims(CLIENT_ID)));
    }

    private static Optional<Fault> fault(String jwt, Client client) {
        return fault(jwt, client.publicKey());
    }

    private static Optional<Fault> fault(String jwt, ByteString publicKey) {
        return ClientAssertion.read(jwt).orElseThrow().fault(jwt, publicKey, new Issuers(ISSUER).audiences());
    }

    private static JsonObject without(String name) {
        JsonObject claims = claims(CLIENT_ID);
        claims.remove(name);
        return claims;
    }

    private static String hmac() throws GeneralSecurityException {
        String signed = encoded(header().put("alg", "HS256")) + "." + encoded(claims(CLIENT_ID));
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(CLIENT.publicKey().toByteArray(), "HmacSHA256"));
        return signed + "." + base64(mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII)));
    }

    /** As a request brings it: read, then checked with the key that Ben registered. */
    private static boolean isGood(String jwt) {
        return ClientAssertion.read(jwt)
                .filter(read ->
                        read.tenant().equals(TENANT) && read.principalId().equals(BEN))
                .filter(read -> fault(jwt, CLIENT).isEmpty())
                .isPresent();
    }
}
