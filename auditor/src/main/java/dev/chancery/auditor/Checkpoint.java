package dev.chancery.auditor;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A C2SP tlog-checkpoint in a signed note, in the one form an export has: origin, size, root, an empty line, a signature line for each of one to
 * {@value #MAX_SIGNATURES} keys named as the origin; no extension lines, nothing after. Being parsed says nothing about its signatures.
 */
@SuppressWarnings("ArrayRecordComponent") // its records are never compared
record Checkpoint(String origin, long size, byte[] root, List<Signature> signatures, byte[] signed) {
    static final int MAX_BYTES = 1024;

    /** The key that signs, and the one that it has replaced, for a while. */
    static final int MAX_SIGNATURES = 2;

    static final Pattern ORIGIN = Pattern.compile(
            "[a-z0-9.-]{1,63}/" + "(instance|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})");
    private static final Pattern SIZE = Pattern.compile("0|[1-9][0-9]{0,18}");
    private static final int TEXT_LINES = 4;
    private static final String SIGNATURE_MARK = "\u2014 ";
    private static final int KEY_ID_LENGTH = 4;

    @SuppressWarnings("ArrayRecordComponent") // as above
    record Signature(int keyId, byte[] bytes) {}

    static Checkpoint parse(byte[] note) throws Malformed {
        if (note.length > MAX_BYTES) {
            throw new Malformed("longer than " + MAX_BYTES + " bytes");
        }
        String text = utf8(note);
        if (!text.endsWith("\n")) {
            throw new Malformed("does not end with a newline");
        }
        String[] lines = text.substring(0, text.length() - 1).split("\n", -1);
        if (lines.length <= TEXT_LINES || lines.length > TEXT_LINES + MAX_SIGNATURES || !lines[3].isEmpty()) {
            throw new Malformed("not three lines, an empty one and one or two signature lines");
        }
        String origin = lines[0];
        if (!ORIGIN.matcher(origin).matches()) {
            throw new Malformed("the origin is not <instance id>/<log id>");
        }
        byte[] root = Base64Text.decode("the root", lines[2], Hashing.LENGTH);
        List<Signature> signatures = new ArrayList<>();
        for (int i = TEXT_LINES; i < lines.length; i++) {
            Signature signature = signature(origin, lines[i]);
            if (signatures.stream().anyMatch(other -> other.keyId() == signature.keyId())) {
                throw new Malformed("two signature lines are of one key");
            }
            signatures.add(signature);
        }
        byte[] signed = (lines[0] + "\n" + lines[1] + "\n" + lines[2] + "\n").getBytes(StandardCharsets.UTF_8);
        return new Checkpoint(origin, size(lines[1]), root, List.copyOf(signatures), signed);
    }

    private static Signature signature(String origin, String line) throws Malformed {
        String start = SIGNATURE_MARK + origin + " ";
        if (!line.startsWith(start)) {
            throw new Malformed("the signature line does not begin with an em dash and the origin as key name");
        }
        byte[] keyed = Base64Text.decode(
                "the signature", line.substring(start.length()), KEY_ID_LENGTH + VerifierKey.SIGNATURE_LENGTH);
        return new Signature(ByteBuffer.wrap(keyed).getInt(), Arrays.copyOfRange(keyed, KEY_ID_LENGTH, keyed.length));
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
     * The key of the trust file that signed it, the first if both did. A signature by a key that is not in the file says nothing (C2SP signed-note).
     *
     * @throws Malformed when none did, or one is named that did not
     */
    VerifierKey signer(Trust trust) throws Malformed {
        VerifierKey signer = null;
        for (Signature signature : signatures) {
            VerifierKey key = trust.key(origin, signature.keyId());
            if (key == null) {
                continue;
            }
            if (!key.verifies(signature.bytes(), 0, signed, 0, signed.length)) {
                throw new Malformed("not the signature of " + key.label());
            }
            signer = signer == null ? key : signer;
        }
        if (signer == null) {
            throw new Malformed("the trust file has no key "
                    + signatures.stream()
                            .map(signature -> VerifierKey.label(origin, signature.keyId()))
                            .collect(Collectors.joining(" and no key ")));
        }
        return signer;
    }

    String instanceId() {
        return origin.substring(0, origin.indexOf('/'));
    }

    String logId() {
        return origin.substring(origin.indexOf('/') + 1);
    }
}
