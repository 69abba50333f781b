package dev.chancery.auditor;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A DSSE envelope (secure-systems-lab/dsse, v1) with one signature, as canonical JSON, and what a file has beside it. Being read says that the
 * payload is signed by a key of the trust file; what is beside it, nobody signed.
 *
 * @param instance whose key it is
 * @param file all members
 */
@SuppressWarnings("ArrayRecordComponent") // its records are never compared
record Envelope(String instance, VerifierKey signer, byte[] payload, Map<?, ?> file) {
    private static final Set<String> MEMBERS = Set.of("payload", "payloadType", "signatures");

    /**
     * What such files are.
     *
     * @param type of the payload
     * @param key the signing key's name, after the instance's
     * @param beside the members that have to be beside the envelope's
     * @param optional those that may be
     */
    record Form(String type, String key, Set<String> beside, Set<String> optional, int maxBytes) {}

    static Envelope read(Trust trust, byte[] bytes, Form form) throws Malformed {
        if (bytes.length > form.maxBytes()) {
            throw new Malformed("longer than " + form.maxBytes() + " bytes");
        }
        int length = bytes.length > 0 && bytes[bytes.length - 1] == '\n' ? bytes.length - 1 : bytes.length;
        Map<?, ?> file = CanonicalJson.object("the file", Arrays.copyOf(bytes, length));
        var needed = new TreeSet<>(MEMBERS);
        needed.addAll(form.beside());
        if (!file.keySet().containsAll(needed)
                || !file.keySet().stream().allMatch(name -> needed.contains(name) || form.optional.contains(name))) {
            throw new Malformed("has not the members " + needed);
        }
        if (!form.type().equals(file.get("payloadType"))) {
            throw new Malformed("is an envelope of something else than " + form.type());
        }
        byte[] payload = Base64Text.decode("the payload", text(file, "payload"));
        if (!(file.get("signatures") instanceof List<?> signatures)
                || signatures.size() != 1
                || !(signatures.getFirst() instanceof Map<?, ?> signature)
                || !signature.keySet().equals(Set.of("keyid", "sig"))) {
            throw new Malformed("has not one signature, with keyid and sig");
        }
        Matcher name = Pattern.compile(
                        "(?<name>(?<instance>[a-z0-9.-]{1,63})/" + Pattern.quote(form.key()) + ")\\+(?<id>[0-9a-f]{8})")
                .matcher(text(signature, "keyid"));
        if (!name.matches()) {
            throw new Malformed("is not signed by a key with the name <instance id>/" + form.key());
        }
        VerifierKey key = trust.key(name.group("name"), HexFormat.fromHexDigits(name.group("id")));
        if (key == null) {
            throw new Malformed("is signed by " + text(signature, "keyid") + ", which the trust file lacks");
        }
        byte[] signed = Base64Text.decode("the signature", text(signature, "sig"), VerifierKey.SIGNATURE_LENGTH);
        byte[] preAuthentication = preAuthentication(form.type(), payload);
        if (!key.verifies(signed, 0, preAuthentication, 0, preAuthentication.length)) {
            throw new Malformed("is not what " + key.label() + " signed");
        }
        return new Envelope(name.group("instance"), key, payload, file);
    }

    /** DSSE's pre-authentication encoding: what is signed says its own type and length. */
    private static byte[] preAuthentication(String type, byte[] payload) {
        byte[] head = ("DSSEv1 " + type.length() + " " + type + " " + payload.length + " ")
                .getBytes(StandardCharsets.US_ASCII);
        byte[] all = Arrays.copyOf(head, head.length + payload.length);
        System.arraycopy(payload, 0, all, head.length, payload.length);
        return all;
    }

    static String text(Map<?, ?> object, String member) throws Malformed {
        if (object.get(member) instanceof String text) {
            return text;
        }
        throw new Malformed("has no text " + member);
    }
}
