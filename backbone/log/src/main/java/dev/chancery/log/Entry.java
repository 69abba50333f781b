package dev.chancery.log;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.DiscardUnknownFieldsParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Parser;
import dev.chancery.keyring.Signer;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.log.v1.Statement;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/** The signed half of a record and the ledger's leaf (docs/reference/formats.md, "Entry"). */
public final class Entry {
    private final byte[] bytes;
    private final EntryFrame frame;

    private Entry(byte[] bytes, EntryFrame frame) {
        this.bytes = bytes;
        this.frame = frame;
    }

    /** Signs statements, as many as may be with one signature; answers their entries, in order. */
    static List<Entry> sign(List<Statement> statements, Signer signer) {
        List<Entry> entries = new ArrayList<>(statements.size());
        for (int from = 0; from < statements.size(); from += EntryFrame.MAX_GROUP) {
            int to = Math.min(from + EntryFrame.MAX_GROUP, statements.size());
            entries.addAll(signTogether(statements.subList(from, to), signer));
        }
        return entries;
    }

    private static List<Entry> signTogether(List<Statement> group, Signer signer) {
        byte scheme = group.size() == 1 ? EntryFrame.SCHEME_SINGLE : EntryFrame.SCHEME_GROUP;
        List<Entry> entries = new ArrayList<>(group.size());
        for (int i = 0; i < group.size(); i++) {
            var frame = new EntryFrame(group.get(i).getSerializedSize(), i, group.size());
            entries.add(new Entry(unsigned(scheme, group.get(i), frame), frame));
        }
        byte[] signed;
        if (group.size() == 1) {
            Entry only = entries.getFirst();
            signed = only.frame.signed(only.bytes);
        } else {
            signed = EntryFrame.groupMessage(GroupTree.addPaths(entries), group.size());
        }
        byte[] signature = signer.sign(signed);
        for (Entry entry : entries) {
            int at = entry.bytes.length - EntryFrame.SIGNATURE_BYTES;
            System.arraycopy(signature, 0, entry.bytes, at, EntryFrame.SIGNATURE_BYTES);
        }
        return entries;
    }

    private static byte[] unsigned(byte scheme, Statement statement, EntryFrame frame) {
        byte[] bytes = new byte[EntryFrame.bytes(frame.statementBytes(), frame.index(), frame.groupSize())];
        bytes[0] = scheme;
        try {
            var out = CodedOutputStream.newInstance(bytes, 1, frame.statementBytes());
            out.useDeterministicSerialization();
            statement.writeTo(out);
            out.checkNoSpaceLeft();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes;
    }

    /** Takes an entry as it was stored; the signature is not checked. */
    public static Entry of(byte[] bytes) {
        return new Entry(bytes, EntryFrame.of(bytes));
    }

    public byte[] bytes() {
        return bytes.clone();
    }

    /** Not copied: for the code here, which changes it only while it signs. */
    byte[] raw() {
        return bytes;
    }

    EntryFrame frame() {
        return frame;
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
            return parser.parseFrom(bytes, 1, frame.statementBytes());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("the entry's statement does not parse", e);
        }
    }

    /** RFC 6962 leaf hash: SHA-256 over 0x00 and the entry. */
    public byte[] leafHash() {
        MessageDigest digest = EntryFrame.sha256();
        digest.update((byte) 0);
        return digest.digest(bytes);
    }
}
