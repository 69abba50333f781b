package dev.chancery.identity;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code chr_<organisation>.<principal>.<session>.<family>.<secret>}, opaque to clients. The ids say where it is looked up. All of a
 * session have the same family, so that a spent one is told from an invented one, which must not end anything. Only hashes are kept.
 */
record RefreshToken(String tenant, String principalId, String session, String family, String secret) {
    /** So that scanners for leaked secrets find it. */
    private static final String PREFIX = "chr_";

    private static final String UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
    private static final Pattern FORM = Pattern.compile(
            PREFIX + "([0-9a-z-]{1,36})\\.(" + UUID + ")\\.(" + UUID + ")\\.([A-Za-z0-9_-]{22})\\.([A-Za-z0-9_-]{43})");
    private static final int FAMILY_BYTES = 16;
    private static final int SECRET_BYTES = 32;
    private static final SecureRandom RANDOM = new SecureRandom();

    static boolean isOne(String text) {
        return text.startsWith(PREFIX);
    }

    static Optional<RefreshToken> read(String text) {
        Matcher parts = FORM.matcher(text);
        return parts.matches()
                ? Optional.of(new RefreshToken(
                        parts.group(1), parts.group(2), parts.group(3), parts.group(4), parts.group(5)))
                : Optional.empty();
    }

    /** The first of a new session. */
    static RefreshToken first(String tenant, String principalId, String session) {
        return new RefreshToken(tenant, principalId, session, random(FAMILY_BYTES), random(SECRET_BYTES));
    }

    RefreshToken next() {
        return new RefreshToken(tenant, principalId, session, family, random(SECRET_BYTES));
    }

    String text() {
        return PREFIX + String.join(".", tenant, principalId, session, family, secret);
    }

    ByteString hash() {
        return sha256(text());
    }

    ByteString familyHash() {
        return sha256(family);
    }

    /** Without the secrets. */
    @Override
    public String toString() {
        return "RefreshToken[" + session + "]";
    }

    private static String random(int count) {
        byte[] bytes = new byte[count];
        RANDOM.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static ByteString sha256(String text) {
        try {
            return ByteString.copyFrom(
                    MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
