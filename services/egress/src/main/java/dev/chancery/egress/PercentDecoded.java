package dev.chancery.egress;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** {@code %41} read as A and {@code +} as a blank, as forms and queries have it; what is no such code is left as it is. */
final class PercentDecoded extends InputStream {
    private static final int READ = 8_192;

    private final InputStream in;
    private final byte[] buffer = new byte[READ];
    private int at;
    private int end;

    PercentDecoded(InputStream in) {
        this.in = in;
    }

    /** As the stream, of a text of ASCII. */
    static String text(String text) {
        try (var in = new PercentDecoded(new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1)))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public int read() throws IOException {
        int next = take();
        if (next == '+') {
            return ' ';
        }
        int high = next == '%' ? hex(peek(0)) : -1;
        int low = high < 0 ? -1 : hex(peek(1));
        if (low < 0) {
            return next;
        }
        at += 2;
        return high * 16 + low;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        int count = 0;
        while (count < length && (count == 0 || at < end)) {
            int next = read();
            if (next < 0) {
                break;
            }
            into[offset + count++] = (byte) next;
        }
        return count == 0 && length > 0 ? -1 : count;
    }

    private int take() throws IOException {
        int next = peek(0);
        at += next < 0 ? 0 : 1;
        return next;
    }

    /** Of what was read and not taken yet; reads more where that is not enough. */
    private int peek(int index) throws IOException {
        while (end - at <= index) {
            System.arraycopy(buffer, at, buffer, 0, end - at);
            end -= at;
            at = 0;
            int read = in.read(buffer, end, buffer.length - end);
            if (read < 0) {
                return -1;
            }
            end += read;
        }
        return buffer[at + index] & 255;
    }

    private static int hex(int c) {
        return c < 0 ? -1 : Character.digit((char) c, 16);
    }
}
