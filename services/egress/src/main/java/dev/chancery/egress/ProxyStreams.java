package dev.chancery.egress;

import dev.chancery.egress.RequestHead.Body;
import dev.chancery.egress.RequestHead.Malformed;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads parts of HTTP/1.1 messages from a stream, and not a byte more than they have. */
final class ProxyStreams {
    static final int MAX_HEAD = 16 * 1024;

    private static final int BUFFER = 16 * 1024;
    private static final int MAX_LINE = 1_024;
    private static final int MAX_TRAILERS = 8 * 1024;
    /** A chunk's size; extensions are refused, since readers differ about them and nobody sends them. */
    private static final Pattern SIZE = Pattern.compile("[0-9A-Fa-f]{1,15}");

    private ProxyStreams() {}

    /** A head with the empty line at its end; as soon as it can't become one, it is refused. */
    static byte[] head(InputStream in) throws IOException {
        var head = new ByteArrayOutputStream(1_024);
        int before = 0;
        int ended = 0;
        while (ended < 2) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException("the peer left");
            }
            head.write(next);
            if (next == '\n' && before != '\r') {
                throw new Malformed("a line ends in CRLF, not in LF alone");
            }
            ended = next == '\n' ? ended + 1 : next == '\r' ? ended : 0;
            before = next;
            if (head.size() > MAX_HEAD) {
                throw new Malformed("the head is longer than " + MAX_HEAD + " bytes");
            }
        }
        return head.toByteArray();
    }

    /** Passes all there is on. */
    static void copy(InputStream in, OutputStream out, Runnable moved) throws IOException {
        byte[] buffer = new byte[BUFFER];
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
            moved.run();
            out.write(buffer, 0, read);
            moved.run();
        }
    }

    /** A request's body without its framing; fails where that is not whole. */
    static InputStream body(InputStream in, Body framing) {
        return switch (framing) {
            case Body.OfLength length -> new OfLength(in, length.length());
            case Body.Chunked chunked -> new Chunked(in);
        };
    }

    /** A body on its way out; each write of a chunked one is a chunk. Without {@link #end} whoever reads it knows that it isn't whole. */
    static final class Framed extends OutputStream {
        private final OutputStream out;
        private final boolean chunked;

        Framed(OutputStream out, Body framing) {
            this.out = out;
            this.chunked = framing instanceof Body.Chunked;
        }

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            if (length == 0) {
                return;
            }
            if (chunked) {
                out.write((Integer.toHexString(length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
            }
            out.write(bytes, offset, length);
            if (chunked) {
                out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
            }
        }

        void end() throws IOException {
            if (chunked) {
                out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            }
        }
    }

    private static final class OfLength extends InputStream {
        private final InputStream in;
        private long left;

        OfLength(InputStream in, long length) {
            this.in = in;
            this.left = length;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 255;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (left == 0) {
                return -1;
            }
            int read = in.read(into, offset, (int) Math.min(length, left));
            if (read < 0) {
                throw new EOFException("the peer left in the middle of a body");
            }
            left -= read;
            return read;
        }
    }

    /** Trailers are dropped. */
    private static final class Chunked extends InputStream {
        private final InputStream in;
        private @Nullable InputStream chunk;
        private boolean over;

        Chunked(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 255;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            while (!over) {
                if (chunk == null) {
                    begin();
                } else {
                    int read = chunk.read(into, offset, length);
                    if (read >= 0) {
                        return read;
                    }
                    chunk = null;
                    if (!line(in).isEmpty()) {
                        throw new Malformed("a chunk is longer than it says");
                    }
                }
            }
            return -1;
        }

        private void begin() throws IOException {
            String line = line(in);
            if (!SIZE.matcher(line).matches()) {
                throw new Malformed("a chunk's size is a hexadecimal number");
            }
            long size = Long.parseLong(line, 16);
            if (size > 0) {
                chunk = new OfLength(in, size);
                return;
            }
            over = true;
            int trailers = 0;
            for (String trailer = line(in); !trailer.isEmpty(); trailer = line(in)) {
                trailers += trailer.length();
                if (trailers > MAX_TRAILERS) {
                    throw new Malformed("the trailers are longer than " + MAX_TRAILERS + " bytes");
                }
            }
        }
    }

    private static String line(InputStream in) throws IOException {
        var line = new StringBuilder();
        while (line.length() <= MAX_LINE) {
            int next = in.read();
            if (next == '\r') {
                if (in.read() != '\n') {
                    throw new Malformed("a line ends in CRLF, not in CR alone");
                }
                return line.toString();
            }
            if (next < ' ' && next != '\t') {
                throw new Malformed("a line of a chunked body ends in CRLF and has no control characters");
            }
            line.append((char) next);
        }
        throw new Malformed("a line of a chunked body is longer than " + MAX_LINE + " bytes");
    }
}
