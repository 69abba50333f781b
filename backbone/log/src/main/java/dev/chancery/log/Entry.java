package dev.chancery.log;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.DiscardUnknownFieldsParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Parser;
import dev.chancery.keyring.Signer;
import dev.chancery.schema.log.v1.Statement;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The signed half of a record and the ledger's leaf: scheme byte, canonical statement, Ed25519 signature over both
 * (docs/reference/formats.md).
 */
public final class Entry {
    /** An entry's size at most; C2SP entry bundles allow 65,535. */
    public static final int MAX_BYTES = 32 * 1024;

    static final byte SCHEME_ED25519 = 1;
    private static final int SIGNATURE_BYTES = 64;

    private final byte[] bytes;

    private Entry(byte[] bytes) {
        this.bytes = bytes;
    }

    /** How large the entry of a statement is. */
    static int bytesOf(Statement statement) {
        return 1 + statement.getSerializedSize() + SIGNATURE_BYTES;
    }

    /** Signs a statement. */
    static Entry sign(Statement statement, Signer signer) {
        byte[] bytes = new byte[bytesOf(statement)];
        int signed = bytes.length - SIGNATURE_BYTES;
        bytes[0] = SCHEME_ED25519;
        try {
            var out = CodedOutputStream.newInstance(bytes, 1, signed - 1);
            out.useDeterministicSerialization();
            statement.writeTo(out);
            out.checkNoSpaceLeft();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        System.arraycopy(signer.sign(bytes, 0, signed), 0, bytes, signed, SIGNATURE_BYTES);
        return new Entry(bytes);
    }

    /** Takes an entry as it was stored; the signature is not checked. */
    public static Entry of(byte[] bytes) {
        if (bytes.length <= 1 + SIGNATURE_BYTES || bytes.length > MAX_BYTES || bytes[0] != SCHEME_ED25519) {
            throw new IllegalArgumentException("not an entry of scheme 1");
        }
        return new Entry(bytes);
    }

    public byte[] bytes() {
        return bytes.clone();
    }

    /** What was signed. */
    public Statement statement() {
        return parsed(Statement.parser());
    }

    /** What was signed, as far as this version knows it: what a newer one added would not be canonical in a copy. */
    Statement knownStatement() {
        return parsed(DiscardUnknownFieldsParser.wrap(Statement.parser()));
    }

    private Statement parsed(Parser<Statement> parser) {
        try {
            return parser.parseFrom(bytes, 1, bytes.length - 1 - SIGNATURE_BYTES);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("the entry's statement does not parse", e);
        }
    }

    /** RFC 6962 leaf hash: SHA-256 over 0x00 and the entry. */
    public byte[] leafHash() {
        MessageDigest digest = sha256();
        digest.update((byte) 0);
        return digest.digest(bytes);
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
