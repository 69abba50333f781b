package dev.chancery.egress;

import dev.chancery.egress.RequestHead.Malformed;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

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
    static byte[] head(InputStream in) throws IOException, Malformed {
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

    static void copy(InputStream in, OutputStream out, long length, Runnable moved) throws IOException {
        byte[] buffer = new byte[BUFFER];
        long left = length;
        while (left > 0) {
            int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (read < 0) {
                throw new EOFException("the peer left in the middle of a body");
            }
            moved.run();
            out.write(buffer, 0, read);
            left -= read;
        }
    }

    /** Passes a chunked body on, written anew, so that both sides find the same end; trailers are dropped. */
    static void copyChunks(InputStream in, OutputStream out, Runnable moved) throws IOException, Malformed {
        while (true) {
            String line = line(in);
            if (!SIZE.matcher(line).matches()) {
                throw new Malformed("a chunk's size is a hexadecimal number");
            }
            long size = Long.parseLong(line, 16);
            if (size == 0) {
                break;
            }
            out.write((Long.toHexString(size) + "\r\n").getBytes(StandardCharsets.US_ASCII));
            copy(in, out, size, moved);
            if (!line(in).isEmpty()) {
                throw new Malformed("a chunk is longer than it says");
            }
            out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
        }
        int trailers = 0;
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            trailers += line.length();
            if (trailers > MAX_TRAILERS) {
                throw new Malformed("the trailers are longer than " + MAX_TRAILERS + " bytes");
            }
        }
        out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    private static String line(InputStream in) throws IOException, Malformed {
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
