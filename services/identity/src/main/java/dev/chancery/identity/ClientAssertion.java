package dev.chancery.identity;

import com.google.protobuf.ByteString;
import dev.chancery.boundary.tokens.Tokens;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwa.AlgorithmConstraints.ConstraintType;
import org.jose4j.jws.AlgorithmIdentifiers;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.MalformedClaimException;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumer;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;

/**
 * A client's signed statement that it is who it says (RFC 7523, {@code private_key_jwt}). The client id names its tenant, so that
 * there is a tenant before there is a principal.
 *
 * @param id the JWT's own id; it counts once
 */
record ClientAssertion(String tenant, String principalId, String id) {
    private static final Pattern CLIENT_ID =
            Pattern.compile("([0-9a-z-]{1,36})\\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})");
    private static final int MAX_MINUTES = 5;
    private static final int MAX_SKEW_SECONDS = 30;
    private static final int MAX_ID_CHARS = 128;

    /** Reads who an assertion says it is of; nothing is verified. */
    static Optional<ClientAssertion> read(String jwt) {
        JwtConsumer consumer = new JwtConsumerBuilder()
                .setSkipAllValidators()
                .setSkipSignatureVerification()
                .setDisableRequireSignature()
                .build();
        try {
            JwtClaims claims = consumer.processToClaims(jwt);
            String subject = Optional.ofNullable(claims.getSubject()).orElse("");
            String id = Optional.ofNullable(claims.getJwtId()).orElse("");
            Matcher client = CLIENT_ID.matcher(subject);
            return client.matches() && !id.isEmpty() && id.length() <= MAX_ID_CHARS
                    ? Optional.of(new ClientAssertion(client.group(1), client.group(2), id))
                    : Optional.empty();
        } catch (InvalidJwtException | MalformedClaimException e) {
            return Optional.empty();
        }
    }

    String clientId() {
        return tenant + "." + principalId;
    }

    /** Whether {@code jwt}, which this was read from, is signed by the key and meant for us, now. */
    boolean isGood(String jwt, ByteString publicKey, String issuer) {
        String client = clientId();
        JwtConsumer consumer = new JwtConsumerBuilder()
                .setExpectedIssuer(client)
                .setExpectedSubject(client)
                .setExpectedAudience(issuer, issuer + "/oauth/token")
                .setRequireExpirationTime()
                .setRequireJwtId()
                .setMaxFutureValidityInMinutes(MAX_MINUTES)
                .setAllowedClockSkewInSeconds(MAX_SKEW_SECONDS)
                .setVerificationKey(Tokens.publicKey(publicKey.toByteArray()))
                .setJwsAlgorithmConstraints(new AlgorithmConstraints(ConstraintType.PERMIT, AlgorithmIdentifiers.EDDSA))
                .build();
        try {
            consumer.process(jwt);
            return true;
        } catch (InvalidJwtException | IllegalArgumentException e) {
            return false;
        }
    }
}
