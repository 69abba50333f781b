package dev.chancery.auditor;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * A C2SP tlog-checkpoint in a signed note, in the one form an export has: origin, size, root, an empty line, one signature
 * line of the key named as the origin; no extension lines, nothing after. Being parsed says nothing about its signature.
 */
@SuppressWarnings("ArrayRecordComponent") // its records are never compared
record Checkpoint(String origin, long size, byte[] root, int keyId, byte[] signature, byte[] signed) {
    static final int MAX_BYTES = 1024;
    static final Pattern ORIGIN = Pattern.compile(
            "[a-z0-9.-]{1,63}/" + "(instance|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})");
    private static final Pattern SIZE = Pattern.compile("0|[1-9][0-9]{0,18}");
    private static final int LINES = 5;
    private static final String SIGNATURE_MARK = "\u2014 ";
    private static final int KEY_ID_LENGTH = 4;

    static Checkpoint parse(byte[] note) throws Malformed {
        if (note.length > MAX_BYTES) {
            throw new Malformed("longer than " + MAX_BYTES + " bytes");
        }
        String text = utf8(note);
        if (!text.endsWith("\n")) {
            throw new Malformed("does not end with a newline");
        }
        String[] lines = text.substring(0, text.length() - 1).split("\n", -1);
        if (lines.length != LINES || !lines[3].isEmpty()) {
            throw new Malformed("not three lines, an empty one and one signature line");
        }
        String origin = lines[0];
        if (!ORIGIN.matcher(origin).matches()) {
            throw new Malformed("the origin is not <instance id>/<log id>");
        }
        byte[] root = Base64Text.decode("the root", lines[2], Hashing.LENGTH);
        String start = SIGNATURE_MARK + origin + " ";
        if (!lines[4].startsWith(start)) {
            throw new Malformed("the signature line does not begin with an em dash and the origin as key name");
        }
        byte[] keyed = Base64Text.decode(
                "the signature", lines[4].substring(start.length()), KEY_ID_LENGTH + VerifierKey.SIGNATURE_LENGTH);
        byte[] signed = (lines[0] + "\n" + lines[1] + "\n" + lines[2] + "\n").getBytes(StandardCharsets.UTF_8);
        return new Checkpoint(
                origin,
                size(lines[1]),
                root,
                ByteBuffer.wrap(keyed).getInt(),
                Arrays.copyOfRange(keyed, KEY_ID_LENGTH, keyed.length),
                signed);
    }

    private static String utf8(byte[] note) throws Malformed {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(note))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new Malformed("not UTF-8");
        }
    }

    private static long size(String line) throws Malformed {
        if (SIZE.matcher(line).matches()) {
            try {
                return Long.parseLong(line);
            } catch (NumberFormatException above2To63) {
                throw new Malformed("the size is above 2^63 - 1");
            }
        }
        throw new Malformed("the size is not a decimal number without leading zeros");
    }

    /**
     * The key of the trust file that signed it.
     *
     * @throws Malformed when none did
     */
    VerifierKey signer(Trust trust) throws Malformed {
        VerifierKey key = trust.key(origin, keyId);
        if (key == null) {
            throw new Malformed("the trust file has no key " + VerifierKey.label(origin, keyId));
        }
        if (!key.verifies(signature, 0, signed, 0, signed.length)) {
            throw new Malformed("not the signature of " + key.label());
        }
        return key;
    }

    String instanceId() {
        return origin.substring(0, origin.indexOf('/'));
    }

    String logId() {
        return origin.substring(origin.indexOf('/') + 1);
    }
}
