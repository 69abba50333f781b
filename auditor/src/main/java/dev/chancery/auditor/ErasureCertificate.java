package dev.chancery.auditor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Judges an erasure certificate (docs/reference/formats.md) by the trust file alone: that the instance said so, not that it is so. */
final class ErasureCertificate {
    private static final int MAX_BYTES = 1 << 20;
    private static final String CERTIFICATE = "certificate";
    private static final String TYPE = "application/vnd.chancery.erasure-certificate+json";
    private static final String BASE64 = "[A-Za-z0-9+/]+={0,2}";

    /** The one envelope that a certificate has, members in canonical order: nothing in it is left to be interpreted. */
    private static final Pattern ENVELOPE = Pattern.compile("\\{\"payload\":\"(?<payload>" + BASE64
            + ")\",\"payloadType\":\"" + Pattern.quote(TYPE) + "\",\"signatures\":\\[\\{\"keyid\":\""
            + "(?<instance>[a-z0-9.-]{1,63})/erasure\\+(?<id>[0-9a-f]{8})\",\"sig\":\"(?<signature>" + BASE64
            + ")\"\\}\\]\\}\n?");

    private static final Pattern CLASS = Pattern.compile(
            "\"class\":\"(?<class>[a-z-]+)\"[^{}]*(?:\\{[^{}]*\\}[^{}]*)*\"state\":\"(?<state>[a-z-]+)\"");

    private final Trust trust;
    private final Findings findings = new Findings();
    private final Map<String, String> facts = new LinkedHashMap<>();

    private ErasureCertificate(Trust trust) {
        this.trust = trust;
    }

    static ProofReport verify(Trust trust, Path file) throws IOException {
        var audit = new ErasureCertificate(trust);
        try {
            audit.verify(InputFile.read(file, MAX_BYTES));
        } catch (Malformed e) {
            audit.findings.add(CERTIFICATE, Rule.CERTIFICATE, e.reason());
        }
        return new ProofReport(audit.facts, audit.findings);
    }

    private void verify(byte[] bytes) throws Malformed {
        if (bytes.length > MAX_BYTES) {
            throw new Malformed("is longer than " + MAX_BYTES + " bytes");
        }
        Matcher envelope = ENVELOPE.matcher(new String(bytes, StandardCharsets.ISO_8859_1));
        if (!envelope.matches()) {
            throw new Malformed("is no DSSE envelope of an erasure certificate");
        }
        String name = envelope.group("instance") + "/erasure";
        VerifierKey key = trust.key(name, HexFormat.fromHexDigits(envelope.group("id")));
        if (key == null) {
            throw new Malformed("is signed by " + name + "+" + envelope.group("id") + ", which the trust file lacks");
        }
        byte[] payload = decode("the payload", envelope.group("payload"));
        byte[] signature = decode("the signature", envelope.group("signature"));
        byte[] head = ("DSSEv1 " + TYPE.length() + " " + TYPE + " " + payload.length + " ")
                .getBytes(StandardCharsets.US_ASCII);
        byte[] signed = new byte[head.length + payload.length];
        System.arraycopy(head, 0, signed, 0, head.length);
        System.arraycopy(payload, 0, signed, head.length, payload.length);
        if (signature.length != VerifierKey.SIGNATURE_LENGTH || !key.verifies(signature, 0, signed, 0, signed.length)) {
            throw new Malformed("is not what " + key.label() + " signed");
        }
        facts.put("signed by", key.label());
        String json = new String(payload, StandardCharsets.US_ASCII);
        fact(json, "log", "organisation");
        fact(json, "subject", "subject");
        fact(json, "issued", "issued_at");
        List<String> states = new ArrayList<>();
        Matcher classes = CLASS.matcher(json);
        while (classes.find()) {
            states.add(classes.group("class") + " " + classes.group("state"));
        }
        facts.put("classes", String.join(", ", states));
        if (!json.contains("\"instance\":\"" + envelope.group("instance") + "\"")) {
            throw new Malformed("is about another instance than the one that signed it");
        }
        // The last member of that name is the whole's: those of classes stand before it.
        int state = json.lastIndexOf("\"state\":\"");
        if (state < 0) {
            throw new Malformed("says no state");
        }
        facts.put("state", Text.printable(json.substring(state + 9, json.indexOf('"', state + 9))));
    }

    private void fact(String json, String name, String member) {
        Matcher found =
                Pattern.compile("\"" + member + "\":\"(?<value>[^\"\\\\]*)\"").matcher(json);
        if (found.find()) {
            facts.put(name, Text.printable(found.group("value")));
        }
    }

    /** One spelling only: padded, unused bits zero. */
    private static byte[] decode(String what, String base64) throws Malformed {
        try {
            byte[] bytes = Base64.getDecoder().decode(base64);
            if (Base64.getEncoder().encodeToString(bytes).equals(base64)) {
                return bytes;
            }
        } catch (IllegalArgumentException e) {
            throw new Malformed(what + " is not base64");
        }
        throw new Malformed(what + " is not canonical base64");
    }
}
