package dev.chancery.keyring;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** The signature of a webhook, as https://www.standardwebhooks.com has it. */
public final class WebhookSignature {
    private static final String ALGORITHM = "HmacSHA256";

    private WebhookSignature() {}

    /** All headers of a webhook with JSON; the rest as in {@link #of}. */
    public static Map<String, String> headers(byte[] secret, String id, long timestamp, byte[] body) {
        return Map.of(
                "Content-Type",
                "application/json",
                "webhook-id",
                id,
                "webhook-timestamp",
                Long.toString(timestamp),
                "webhook-signature",
                of(secret, id, timestamp, body));
    }

    /**
     * @param secret of whom the webhook goes to; not kept
     * @param id the header {@code webhook-id}
     * @param timestamp Unix time in seconds, the header {@code webhook-timestamp}
     * @return the header {@code webhook-signature}: {@code v1,} and the base64 of an HMAC-SHA-256 over id, timestamp and body
     */
    public static String of(byte[] secret, String id, long timestamp, byte[] body) {
        try {
            var mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(secret, ALGORITHM));
            mac.update((id + "." + timestamp + ".").getBytes(UTF_8));
            return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has " + ALGORITHM, e);
        }
    }
}
