package dev.chancery.ledger;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.sql.Connection;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

/** A log's key, and what C2SP says about notes under it, on BouncyCastle alone: the keyring has no part in checking it. */
final class LogKey implements NoteSigner {
    private final byte[] secret = new byte[Ed25519.SECRET_KEY_SIZE];
    private final byte[] publicKey = new byte[Ed25519.PUBLIC_KEY_SIZE];

    LogKey() {
        Ed25519.generatePrivateKey(new SecureRandom(), secret);
        Ed25519.generatePublicKey(secret, 0, publicKey, 0);
    }

    /** What an auditor trusts. */
    String vkey(String name) {
        byte[] typed = ByteBuffer.allocate(1 + publicKey.length)
                .put((byte) 1)
                .put(publicKey)
                .array();
        return name + "+" + HexFormat.of().formatHex(keyId(name, publicKey)) + "+"
                + Base64.getEncoder().encodeToString(typed);
    }

    @Override
    public String sign(Connection transaction, String origin, String text) {
        return sign(origin, text);
    }

    String sign(String origin, String text) {
        byte[] signature = new byte[Ed25519.SIGNATURE_SIZE];
        byte[] data = text.getBytes(UTF_8);
        Ed25519.sign(secret, 0, data, 0, data.length, signature, 0);
        byte[] line = ByteBuffer.allocate(4 + signature.length)
                .put(keyId(origin, publicKey))
                .put(signature)
                .array();
        return text + "\n— " + origin + " " + Base64.getEncoder().encodeToString(line) + "\n";
    }

    /** A checkpoint whose one signature is this key's, under the name of the origin in its first line. */
    Checkpoint open(String note) {
        return open(note, publicKey);
    }

    static Checkpoint open(String note, byte[] publicKey) {
        int end = note.indexOf("\n\n") + 1;
        String text = note.substring(0, end);
        List<String> lines = text.lines().toList();
        String origin = lines.get(0);
        String prefix = "— " + origin + " ";
        String signatures = note.substring(end + 1);
        require(lines.size() == 3, "lines");
        require(signatures.startsWith(prefix) && signatures.indexOf('\n') == signatures.length() - 1, "one signature");
        byte[] line = Base64.getDecoder().decode(signatures.strip().substring(prefix.length()));
        require(Arrays.equals(line, 0, 4, keyId(origin, publicKey), 0, 4), "key id");
        byte[] data = text.getBytes(UTF_8);
        require(line.length == 68 && Ed25519.verify(line, 4, publicKey, 0, data, 0, data.length), "signature");
        return new Checkpoint(
                origin, Long.parseLong(lines.get(1)), Base64.getDecoder().decode(lines.get(2)));
    }

    @SuppressWarnings("ArrayRecordComponent") // read once
    record Checkpoint(String origin, long size, byte[] root) {}

    private static byte[] keyId(String name, byte[] publicKey) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update((name + "\n").getBytes(UTF_8));
            sha256.update((byte) 1);
            sha256.update(publicKey);
            return Arrays.copyOf(sha256.digest(), 4);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("the checkpoint's " + what);
        }
    }
}
