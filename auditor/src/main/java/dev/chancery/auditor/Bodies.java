package dev.chancery.auditor;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One bodies file, a record's bodies at a time. After the first wrong byte of its framing it says no more. */
final class Bodies implements AutoCloseable {
    /** Entry and bodies together; what the log refuses above. */
    static final int MAX_RECORD_BYTES = 1 << 20;

    private static final int BUFFER_BYTES = 1 << 16;

    private final String path;
    private final Findings findings;
    private final @Nullable DataInputStream in;
    private boolean readable;

    Bodies(ExportFiles export, String path, Findings findings) throws IOException {
        this.path = path;
        this.findings = findings;
        InputStream file = export.open(path);
        this.in = file == null ? null : new DataInputStream(new BufferedInputStream(file, BUFFER_BYTES));
        this.readable = file != null;
    }

    String path() {
        return path;
    }

    /** The next record's bodies, null where they are missing or cannot be told apart. */
    @Nullable
    List<byte[]> next(Entry entry) throws IOException {
        if (in == null || !readable) {
            return null;
        }
        try {
            int count = in.readUnsignedShort();
            List<byte[]> bodies = new ArrayList<>();
            long left = (long) MAX_RECORD_BYTES - entry.length();
            for (int i = 0; i < count; i++) {
                int length = in.readInt();
                left -= Integer.toUnsignedLong(length);
                if (left < 0) {
                    return stop(entry.position(), "the record exceeds " + MAX_RECORD_BYTES + " bytes");
                }
                byte[] body = in.readNBytes(length);
                if (body.length < length) {
                    throw new EOFException();
                }
                bodies.add(body);
            }
            return bodies;
        } catch (EOFException e) {
            return stop(entry.position(), "ends within the bodies of this record");
        }
    }

    /** After the last record of the file. */
    void finish() throws IOException {
        if (in != null && readable && in.read() >= 0) {
            findings.add(path, Rule.FRAMING, "has bytes after its last record");
        }
    }

    private @Nullable List<byte[]> stop(long position, String message) {
        readable = false;
        findings.add(path, position, Rule.FRAMING, message);
        return null;
    }

    @Override
    public void close() throws IOException {
        if (in != null) {
            in.close();
        }
    }
}
