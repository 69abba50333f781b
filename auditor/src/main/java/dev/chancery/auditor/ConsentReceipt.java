package dev.chancery.auditor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Judges a consent receipt (docs/reference/formats.md) by the trust file alone. */
final class ConsentReceipt {
    private static final int MAX_BYTES = 1 << 16;
    private static final String RECEIPT = "receipt";
    private static final String BASE64 = "[A-Za-z0-9_-]+";
    private static final Pattern COMPACT =
            Pattern.compile("(?<header>" + BASE64 + ")\\.(?<payload>" + BASE64 + ")\\.(?<signature>" + BASE64 + ")\n?");

    /** The one header that a receipt has: nothing in it is left to be interpreted. */
    private static final Pattern HEADER =
            Pattern.compile("\\{\"alg\":\"EdDSA\",\"kid\":\"(?<instance>[a-z0-9.-]{1,63})/receipt"
                    + "\\+(?<id>[0-9a-f]{8})\",\"typ\":\"consent-receipt\\+jws\"\\}");

    /** What is shown of the payload, by its member's name. */
    private static final Map<String, String> SHOWN = shown();

    private final Trust trust;
    private final Findings findings = new Findings();
    private final Map<String, String> facts = new LinkedHashMap<>();

    private ConsentReceipt(Trust trust) {
        this.trust = trust;
    }

    private static Map<String, String> shown() {
        Map<String, String> shown = new LinkedHashMap<>();
        shown.put("consent", "record_id");
        shown.put("subject", "pii_principal_id");
        shown.put("state", "event_state");
        shown.put("time", "event_time");
        shown.put("by", "entity_id");
        shown.put("purpose", "purpose");
        shown.put("scope", "services");
        shown.put("notice", "privacy_notice");
        return shown;
    }

    static ProofReport verify(Trust trust, Path file) throws IOException {
        var audit = new ConsentReceipt(trust);
        try {
            audit.verify(InputFile.read(file, MAX_BYTES));
        } catch (Malformed e) {
            audit.findings.add(RECEIPT, Rule.RECEIPT, e.reason());
        }
        return new ProofReport(audit.facts, audit.findings);
    }

    private void verify(byte[] bytes) throws Malformed {
        if (bytes.length > MAX_BYTES) {
            throw new Malformed("is longer than " + MAX_BYTES + " bytes");
        }
        Matcher parts = COMPACT.matcher(new String(bytes, StandardCharsets.ISO_8859_1));
        if (!parts.matches()) {
            throw new Malformed("is no JWS in compact form");
        }
        Matcher header = HEADER.matcher(text("the header", parts.group("header")));
        if (!header.matches()) {
            throw new Malformed("has not the header of a consent receipt");
        }
        String name = header.group("instance") + "/receipt";
        VerifierKey key = trust.key(name, HexFormat.fromHexDigits(header.group("id")));
        if (key == null) {
            throw new Malformed("is signed by " + name + "+" + header.group("id") + ", which the trust file lacks");
        }
        byte[] signature = decode("the signature", parts.group("signature"));
        byte[] signed = (parts.group("header") + "." + parts.group("payload")).getBytes(StandardCharsets.US_ASCII);
        if (signature.length != VerifierKey.SIGNATURE_LENGTH || !key.verifies(signature, 0, signed, 0, signed.length)) {
            throw new Malformed("is not what " + key.label() + " signed");
        }
        facts.put("signed by", key.label());
        String payload = text("the payload", parts.group("payload"));
        SHOWN.forEach((what, member) -> {
            String value = member(payload, member);
            if (value != null) {
                facts.put(what, Text.printable(value));
            }
        });
        if (!payload.contains("\"party_id\":\"" + header.group("instance") + "/")) {
            throw new Malformed("is about another instance than the one that signed it");
        }
    }

    private static @Nullable String member(String json, String name) {
        Matcher found =
                Pattern.compile("\"" + name + "\":\"(?<value>[^\"\\\\]*)\"").matcher(json);
        return found.find() ? found.group("value") : null;
    }

    private static String text(String what, String base64) throws Malformed {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(decode(what, base64)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new Malformed(what + " is not UTF-8");
        }
    }

    /** One spelling only: without padding, unused bits zero. */
    private static byte[] decode(String what, String base64) throws Malformed {
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(base64);
            if (Base64.getUrlEncoder().withoutPadding().encodeToString(bytes).equals(base64)) {
                return bytes;
            }
        } catch (IllegalArgumentException e) {
            throw new Malformed(what + " is not base64url");
        }
        throw new Malformed(what + " is not canonical base64url");
    }
}
