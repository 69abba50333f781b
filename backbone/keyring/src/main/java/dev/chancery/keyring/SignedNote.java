package dev.chancery.keyring;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/** The C2SP signed-note format (c2sp.org/signed-note): text, empty line, a signature line for each key. */
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

    /** @param signers each with a key id of its own */
    static String of(String text, List<Signer> signers) {
        byte[] signed = text(text);
        StringBuilder note = new StringBuilder(text).append('\n');
        for (Signer signer : signers) {
            VerifierKey key = signer.verifierKey();
            byte[] signature = signer.sign(signed);
            byte[] identified = ByteBuffer.allocate(Integer.BYTES + signature.length)
                    .putInt(key.keyId())
                    .put(signature)
                    .array();
            note.append("\u2014 ")
                    .append(key.name())
                    .append(' ')
                    .append(Base64.getEncoder().encodeToString(identified))
                    .append('\n');
        }
        return note.toString();
    }
}
