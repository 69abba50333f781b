package dev.chancery.keyring.age;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.OutputStream;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import javax.crypto.Cipher;
import org.bouncycastle.math.ec.rfc7748.X25519;

/**
 * Encrypts what is written to it. The file is whole once {@link #close} has returned: without its last chunk every reader refuses it.
 *
 * <p><b>Thread safety:</b> for one thread.
 */
public final class AgeOutput extends OutputStream {
    private final OutputStream out;
    private final byte[] key;
    private final byte[] chunk = new byte[AgeKeys.CHUNK_BYTES];
    private int filled;
    private long chunks;
    private boolean closed;

    /**
     * Writes the header.
     *
     * @param out closed with this
     * @param recipients each of them can open the file; at least one
     */
    public AgeOutput(OutputStream out, List<AgeRecipient> recipients) throws IOException {
        if (recipients.isEmpty()) {
            throw new IllegalArgumentException("a file is encrypted to somebody");
        }
        this.out = out;
        byte[] fileKey = new byte[AgeKeys.FILE_KEY_BYTES];
        byte[] nonce = new byte[AgeKeys.PAYLOAD_NONCE_BYTES];
        var random = new SecureRandom();
        random.nextBytes(fileKey);
        random.nextBytes(nonce);
        var header = new StringBuilder(AgeKeys.VERSION_LINE).append('\n');
        recipients.forEach(recipient -> header.append(stanza(recipient, fileKey)));
        header.append("---");
        byte[] signed = header.toString().getBytes(US_ASCII);
        out.write(signed);
        out.write((" " + AgeKeys.base64(AgeKeys.headerCode(fileKey, signed)) + "\n").getBytes(US_ASCII));
        out.write(nonce);
        key = AgeKeys.derive(fileKey, nonce, "payload");
        Arrays.fill(fileKey, (byte) 0);
    }

    private static String stanza(AgeRecipient recipient, byte[] fileKey) {
        AgeIdentity ephemeral = AgeIdentity.generate();
        byte[] share = ephemeral.recipient().publicKey();
        byte[] shared = new byte[X25519.POINT_SIZE];
        if (!ephemeral.agree(recipient.publicKey(), shared)) {
            throw new IllegalArgumentException("that recipient's key is no key");
        }
        byte[] wrapping = AgeKeys.wrapping(shared, share, recipient.publicKey());
        return "-> X25519 " + AgeKeys.base64(share) + "\n"
                + AgeKeys.base64(encrypt(wrapping, AgeKeys.nonce(0, false), fileKey, fileKey.length)) + "\n";
    }

    private static byte[] encrypt(byte[] key, byte[] nonce, byte[] data, int length) {
        try {
            return AgeKeys.chaCha20Poly1305(Cipher.ENCRYPT_MODE, key, nonce, data, length);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no ChaCha20-Poly1305", e);
        }
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] data, int from, int length) throws IOException {
        int at = from;
        while (at < from + length) {
            if (filled == chunk.length) {
                // Only now: the chunk that is the last one is encrypted as such.
                flushChunk(false);
            }
            int taken = Math.min(chunk.length - filled, from + length - at);
            System.arraycopy(data, at, chunk, filled, taken);
            filled += taken;
            at += taken;
        }
    }

    private void flushChunk(boolean last) throws IOException {
        out.write(encrypt(key, AgeKeys.nonce(chunks++, last), chunk, filled));
        filled = 0;
    }

    @Override
    public void flush() throws IOException {
        out.flush();
    }

    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            try (out) {
                flushChunk(true);
            } finally {
                Arrays.fill(key, (byte) 0);
                Arrays.fill(chunk, (byte) 0);
            }
        }
    }
}
