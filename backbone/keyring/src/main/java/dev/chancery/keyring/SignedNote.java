package dev.chancery.keyring;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** The C2SP signed-note format (c2sp.org/signed-note): text, empty line, one signature line. */
final class SignedNote {
    static final int MAX_TEXT_BYTES = 65_536;

    private SignedNote() {}

    /**
     * What is signed: the text's bytes, its last newline included.
     *
     * @throws IllegalArgumentException if a note can't hold the text
     */
    static byte[] text(String text) {
        if (!text.endsWith("\n") || text.chars().anyMatch(c -> c < 0x20 && c != '\n')) {
            throw new IllegalArgumentException("a note's text ends in a newline and has no other control character");
        }
        ByteBuffer bytes;
        try {
            bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("a note's text is valid Unicode", e);
        }
        if (bytes.remaining() > MAX_TEXT_BYTES) {
            throw new IllegalArgumentException("a note's text has at most " + MAX_TEXT_BYTES + " bytes");
        }
        byte[] signed = new byte[bytes.remaining()];
        bytes.get(signed);
        return signed;
    }

    static String of(String text, VerifierKey key, byte[] signature) {
        byte[] identified = ByteBuffer.allocate(Integer.BYTES + signature.length)
                .putInt(key.keyId())
                .put(signature)
                .array();
        return text + "\n\u2014 " + key.name() + " " + Base64.getEncoder().encodeToString(identified) + "\n";
    }
}
