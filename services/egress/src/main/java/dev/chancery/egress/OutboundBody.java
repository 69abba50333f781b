package dev.chancery.egress;

import dev.chancery.redaction.TextScan;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.Reader;
import java.io.SequenceInputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/**
 * Passes a request's body on, and reads along: unpacked (gzip, deflate), a form's percent-encoding undone, as text of its charset (UTF-8 where it
 * names none). A byte goes out once everything that begins in it has been looked at and may.
 *
 * <p>What can't be read is one finding of the kind {@link DlpPolicy#UNREADABLE}: another coding or charset, what is no gzip though it says
 * so, or unpacks to more than {@value #INFLATED_FREE} bytes and {@value #INFLATED_RATIO} times what came in. The rest of it goes out unread if that kind
 * may.
 *
 * <p><b>Limits:</b> the end of a body is held back until it is whole, or until 24,576 more characters have come; {@value #MAX_HELD} bytes at most.
 */
final class OutboundBody {
    private static final int MAX_HELD = 256 * 1024;
    private static final int MAX_CODINGS = 3;
    private static final long INFLATED_FREE = 1 << 20;
    private static final long INFLATED_RATIO = 100;
    private static final int READ = 8_192;

    /** Bytes that are let go together. */
    private static final int GRAIN = 512;

    private static final Pattern CHARSET = Pattern.compile("(?i);[ \t]{0,16}charset=\"?([^ \t;\"]{1,64})");

    private final RequestHead head;
    private final Judge judge;
    private final Runnable moved;
    private final Held held;
    private final OutputStream out;

    /** Up to which byte is read when up to which character is: what may go out once the scan has settled the character. */
    private record Mark(long bytes, long chars) {}

    private final Deque<Mark> marks = new ArrayDeque<>();
    private long chars;
    private long inflated;

    /** Says what becomes of what was found; throws where it must not go out. */
    @FunctionalInterface
    interface Judge {
        void found(String kind, long values) throws Withheld;
    }

    /** It must not go out. */
    static final class Withheld extends IOException {
        private static final long serialVersionUID = 1;

        private final transient Proxied.Refused refused;

        Withheld(Proxied.Refused refused) {
            super(refused.rejection().code());
            this.refused = refused;
        }

        Proxied.Refused refused() {
            return refused;
        }
    }

    /** It is in a form that nobody here reads. */
    private static final class Unreadable extends IOException {
        private static final long serialVersionUID = 1;
    }

    /**
     * @param body without its framing
     * @param out frames what is written to it
     */
    OutboundBody(RequestHead head, InputStream body, OutputStream out, Judge judge, Runnable moved) {
        this.head = head;
        this.held = new Held(body);
        this.out = out;
        this.judge = judge;
        this.moved = moved;
    }

    /** Passes all of it on. Throws {@link Withheld} where some of it must not go out; its beginning may have then. */
    void pass() throws IOException {
        try {
            read();
        } catch (Withheld e) {
            throw e;
        } catch (IOException e) {
            if (held.failed) {
                throw e;
            }
            judge.found(DlpPolicy.UNREADABLE, 1);
        }
        held.release(held.taken);
        ProxyStreams.copy(held.from, out, moved);
    }

    private void read() throws IOException {
        Map<String, Long> found = new TreeMap<>();
        var scan = new TextScan(kind -> found.merge(kind, 1L, Long::sum));
        char[] some = new char[READ];
        try (Reader text = text()) {
            for (int read = text.read(some); read >= 0; read = text.read(some)) {
                scan.add(some, 0, read);
                chars += read;
                mark(held.asked);
                told(found);
                release(scan.settled());
            }
        }
        scan.end();
        told(found);
        if (held.read() >= 0) {
            throw new Unreadable();
        }
    }

    private void told(Map<String, Long> found) throws Withheld {
        for (Map.Entry<String, Long> one : found.entrySet()) {
            judge.found(one.getKey(), one.getValue());
        }
        found.clear();
    }

    private void mark(long bytes) {
        Mark newest = marks.peekLast();
        if (bytes == (newest == null ? held.released : newest.bytes())) {
            return;
        }
        Mark last = marks.pollLast();
        Mark before = marks.peekLast();
        if (last != null && last.bytes() - (before == null ? held.released : before.bytes()) >= GRAIN) {
            marks.addLast(last);
        }
        marks.addLast(new Mark(bytes, chars));
    }

    private void release(long settledChars) throws IOException {
        for (Mark first = marks.peekFirst();
                first != null && first.chars() <= settledChars;
                first = marks.peekFirst()) {
            held.release(first.bytes());
            marks.removeFirst();
        }
    }

    private Reader text() throws IOException {
        InputStream bytes = held;
        List<String> codings = codings();
        if (codings.size() > MAX_CODINGS) {
            throw new Unreadable();
        }
        for (String coding : codings.reversed()) {
            bytes = switch (coding) {
                case "identity" -> bytes;
                case "gzip", "x-gzip" -> new Bounded(new GZIPInputStream(bytes));
                case "deflate" -> new Bounded(deflated(bytes));
                default -> throw new Unreadable();
            };
        }
        String type = head.field("content-type").orElse("").toLowerCase(Locale.ROOT);
        boolean form = type.startsWith("application/x-www-form-urlencoded");
        return new InputStreamReader(form ? new PercentDecoded(bytes) : bytes, charset(type));
    }

    private List<String> codings() {
        return head.values("content-encoding").stream()
                .flatMap(value -> Arrays.stream(value.toLowerCase(Locale.ROOT).split(",", -1)))
                .map(String::strip)
                .filter(coding -> !coding.isEmpty())
                .toList();
    }

    private static Charset charset(String type) throws Unreadable {
        Matcher named = CHARSET.matcher(type);
        if (!named.find()) {
            return StandardCharsets.UTF_8;
        }
        try {
            return Charset.forName(named.group(1));
        } catch (IllegalArgumentException e) {
            throw new Unreadable();
        }
    }

    /** With zlib's header, as RFC 9110 has it, or without, as some send it. */
    private static InputStream deflated(InputStream bytes) throws IOException {
        byte[] two = bytes.readNBytes(2);
        boolean zlib = two.length == 2 && (two[0] & 15) == 8 && ((two[0] & 255) * 256 + (two[1] & 255)) % 31 == 0;
        return new Inflated(new SequenceInputStream(new ByteArrayInputStream(two), bytes), !zlib);
    }

    /** Frees what its inflater has, which an inflater that is handed to a stream leaves to its maker. */
    private static final class Inflated extends InflaterInputStream {
        Inflated(InputStream in, boolean withoutHeader) {
            super(in, new Inflater(withoutHeader), GRAIN);
        }

        @Override
        public void close() throws IOException {
            super.close();
            inf.end();
        }
    }

    /** The body's bytes; those that have been read are kept until they may go out. */
    private final class Held extends InputStream {
        final InputStream from;
        boolean failed;
        /** Bytes that were read, and how many of them had been when the last was asked for: those have been unpacked to the end. */
        long taken;

        long asked;
        long released;
        private byte[] kept = new byte[READ];

        Held(InputStream from) {
            this.from = from;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 255;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            asked = taken;
            int read;
            try {
                read = from.read(into, offset, length);
            } catch (IOException e) {
                failed = true;
                throw e;
            }
            if (read > 0) {
                moved.run();
                int size = (int) (taken - released);
                if (size + read > kept.length) {
                    kept = Arrays.copyOf(kept, Math.max(size + read, 2 * kept.length));
                }
                System.arraycopy(into, offset, kept, size, read);
                taken += read;
                if (size + read > MAX_HELD) {
                    throw new Unreadable();
                }
            }
            return read;
        }

        /** There may be more: so says whoever asks whether another part of a gzip file follows. */
        @Override
        public int available() {
            return 1;
        }

        void release(long upTo) throws IOException {
            int count = (int) (upTo - released);
            if (count > 0) {
                try {
                    out.write(kept, 0, count);
                } catch (IOException e) {
                    failed = true;
                    throw e;
                }
                moved.run();
                System.arraycopy(kept, count, kept, 0, (int) (taken - upTo));
                released = upTo;
            }
        }
    }

    /** What little packs much is not unpacked to its end. */
    private final class Bounded extends FilterInputStream {
        Bounded(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 255;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int read = super.read(into, offset, length);
            inflated += Math.max(0, read);
            if (inflated > INFLATED_FREE + INFLATED_RATIO * held.taken) {
                throw new Unreadable();
            }
            return read;
        }
    }
}
