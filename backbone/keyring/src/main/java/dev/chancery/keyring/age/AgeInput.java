package dev.chancery.keyring.age;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import javax.crypto.Cipher;
import org.bouncycastle.math.ec.rfc7748.X25519;
import org.jspecify.annotations.Nullable;

/**
 * What an age file holds. Nothing is answered that was not authenticated: a file that was altered or cut short ends in {@link NotAge}, and not in
 * an end of file.
 *
 * <p><b>Thread safety:</b> for one thread. <b>Limits:</b> a header of 64 KiB.
 */
public final class AgeInput extends InputStream {
    /** Of a backup's or another age file's header: room for some 500 recipients. */
    private static final int MAX_HEADER_BYTES = 64 << 10;

    private static final int BODY_COLUMNS = 64;

    private final PushbackInputStream in;
    private final byte[] key;
    private byte[] chunk = new byte[0];
    private int at;
    private long chunks;
    private boolean last;

    /**
     * Reads the header.
     *
     * @param in closed with this
     * @throws NotAge if it is no age file, or not for this identity
     */
    public AgeInput(InputStream in, AgeIdentity identity) throws IOException {
        this.in = new PushbackInputStream(in);
        var header = new ByteArrayOutputStream();
        if (!line(header).equals(AgeKeys.VERSION_LINE)) {
            throw new NotAge("it is no age file");
        }
        byte @Nullable [] fileKey = null;
        String line = line(header);
        while (!line.startsWith("---")) {
            if (!line.startsWith("-> ")) {
                throw new NotAge("its header is damaged");
            }
            String body = body(header);
            if (fileKey == null) {
                fileKey = unwrap(line, body, identity);
            }
            line = line(header);
        }
        if (fileKey == null) {
            throw new NotAge("it is encrypted to another key than this one");
        }
        byte[] bytes = header.toByteArray();
        // Up to and with the dashes.
        byte[] signed = new byte[bytes.length - line.length() - 1 + 3];
        System.arraycopy(bytes, 0, signed, 0, signed.length);
        byte[] code = AgeKeys.headerCode(fileKey, signed);
        if (!MessageDigest.isEqual(("--- " + AgeKeys.base64(code)).getBytes(US_ASCII), line.getBytes(US_ASCII))) {
            throw new NotAge("its header was altered");
        }
        byte[] nonce = this.in.readNBytes(AgeKeys.PAYLOAD_NONCE_BYTES);
        if (nonce.length < AgeKeys.PAYLOAD_NONCE_BYTES) {
            throw new NotAge("it was cut short");
        }
        key = AgeKeys.derive(fileKey, nonce, "payload");
    }

    private String body(ByteArrayOutputStream header) throws IOException {
        var body = new StringBuilder();
        String line;
        do {
            line = line(header);
            body.append(line);
        } while (line.length() == BODY_COLUMNS);
        return body.toString();
    }

    /** The next line of the header, without its end, which is copied to {@code header} with it. */
    private String line(ByteArrayOutputStream header) throws IOException {
        var line = new StringBuilder();
        while (true) {
            int value = in.read();
            if (value < 0 || header.size() == MAX_HEADER_BYTES) {
                throw new NotAge("it is no age file, or was cut short");
            }
            header.write(value);
            if (value == '\n') {
                return line.toString();
            }
            line.append((char) value);
        }
    }

    /** The file's key; null where the stanza is for somebody else. */
    private static byte @Nullable [] unwrap(String line, String body, AgeIdentity identity) throws NotAge {
        String[] words = line.split(" ", -1);
        if (words.length != 3 || !words[1].equals("X25519")) {
            return null;
        }
        try {
            byte[] share = Base64.getDecoder().decode(words[2]);
            byte[] wrapped = Base64.getDecoder().decode(body);
            byte[] shared = new byte[X25519.POINT_SIZE];
            if (share.length != X25519.POINT_SIZE
                    || wrapped.length != AgeKeys.FILE_KEY_BYTES + AgeKeys.TAG_BYTES
                    || !identity.agree(share, shared)) {
                throw new NotAge("its header is damaged");
            }
            byte[] wrapping =
                    AgeKeys.wrapping(shared, share, identity.recipient().publicKey());
            return AgeKeys.chaCha20Poly1305(
                    Cipher.DECRYPT_MODE, wrapping, AgeKeys.nonce(0, false), wrapped, wrapped.length);
        } catch (GeneralSecurityException e) {
            return null;
        } catch (IllegalArgumentException e) {
            throw new NotAge("its header is damaged");
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (at == chunk.length) {
            if (last) {
                return -1;
            }
            next();
        }
        int taken = Math.min(length, chunk.length - at);
        System.arraycopy(chunk, at, into, from, taken);
        at += taken;
        return taken;
    }

    private void next() throws IOException {
        byte[] sealed = in.readNBytes(AgeKeys.CHUNK_BYTES + AgeKeys.TAG_BYTES);
        int following = in.read();
        if (following >= 0) {
            in.unread(following);
        }
        last = following < 0;
        if (sealed.length < AgeKeys.TAG_BYTES || (sealed.length == AgeKeys.TAG_BYTES && chunks > 0)) {
            throw new NotAge("it was cut short");
        }
        try {
            chunk = AgeKeys.chaCha20Poly1305(
                    Cipher.DECRYPT_MODE, key, AgeKeys.nonce(chunks++, last), sealed, sealed.length);
        } catch (GeneralSecurityException e) {
            throw new NotAge("it was altered or cut short");
        }
        at = 0;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
