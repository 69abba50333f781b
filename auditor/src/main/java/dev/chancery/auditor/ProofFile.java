package dev.chancery.auditor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A proof as C2SP writes it: of inclusion a {@code tlog-proof}, of consistency the body of a {@code tlog-witness} add-checkpoint request.
 * Being read says nothing about what it proves.
 *
 * @param number the index of the leaf, or the size of the older tree
 * @param extra a tlog-proof's extra data; null where it has none
 * @param checkpoint that the proof leads to
 */
record ProofFile(long number, byte @Nullable [] extra, List<byte[]> hashes, Checkpoint checkpoint) {
    /** More than any tree of 2^63 leaves asks for, and what C2SP allows. */
    static final int MAX_HASHES = 63;

    /** Room for the largest entry as extra data, and all else. */
    static final int MAX_BYTES = 1 << 16;

    private static final String INCLUSION = "c2sp.org/tlog-proof@v1";
    private static final String EXTRA = "extra ";
    private static final Pattern NUMBER = Pattern.compile("0|[1-9][0-9]{0,18}");

    static ProofFile inclusion(Path file) throws IOException, Malformed {
        return read(InputFile.read(file, MAX_BYTES), true);
    }

    static ProofFile consistency(Path file) throws IOException, Malformed {
        return read(InputFile.read(file, MAX_BYTES), false);
    }

    /** A proof of inclusion in an object, as its member {@code inclusion}. */
    static ProofFile inclusion(Map<?, ?> object) throws Malformed {
        return read(Envelope.text(object, "inclusion").getBytes(StandardCharsets.UTF_8), true);
    }

    /** The entry, of a proof that has to bring it as its extra data. */
    byte[] entry() throws Malformed {
        if (extra == null) {
            throw new Malformed("the proof of record " + number + " has no entry with it");
        }
        return extra;
    }

    static ProofFile read(byte[] bytes, boolean inclusion) throws Malformed {
        if (bytes.length > MAX_BYTES) {
            throw new Malformed("longer than " + MAX_BYTES + " bytes");
        }
        String text = utf8(bytes);
        int end = text.indexOf("\n\n");
        if (end < 0) {
            throw new Malformed("no empty line before a checkpoint");
        }
        Iterator<String> lines = List.of(text.substring(0, end).split("\n", -1)).iterator();
        if (inclusion && !lines.next().equals(INCLUSION)) {
            throw new Malformed("does not begin with " + INCLUSION);
        }
        byte[] extra = null;
        String line = next(lines);
        if (inclusion && line.startsWith(EXTRA)) {
            extra = Base64Text.decode("the extra data", line.substring(EXTRA.length()));
            line = next(lines);
        }
        long number = number(inclusion ? "index " : "old ", line);
        List<byte[]> hashes = new ArrayList<>();
        while (lines.hasNext()) {
            if (hashes.size() == MAX_HASHES) {
                throw new Malformed("more than " + MAX_HASHES + " hashes");
            }
            hashes.add(Base64Text.decode("hash " + hashes.size(), lines.next(), Hashing.LENGTH));
        }
        return new ProofFile(number, extra, hashes, checkpoint(text.substring(end + 2)));
    }

    private static String next(Iterator<String> lines) throws Malformed {
        if (!lines.hasNext()) {
            throw new Malformed("ends before its first hash");
        }
        return lines.next();
    }

    private static String utf8(byte[] bytes) throws Malformed {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new Malformed("not UTF-8");
        }
    }

    private static long number(String label, String line) throws Malformed {
        String digits = line.startsWith(label) ? line.substring(label.length()) : "";
        if (!NUMBER.matcher(digits).matches()) {
            throw new Malformed("has no line of '" + label.strip() + "' and a number");
        }
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException above2To63) {
            throw new Malformed("the number after '" + label.strip() + "' is above 2^63 - 1");
        }
    }

    private static Checkpoint checkpoint(String note) throws Malformed {
        try {
            return Checkpoint.parse(note.getBytes(StandardCharsets.UTF_8));
        } catch (Malformed e) {
            throw new Malformed("its checkpoint: " + e.reason());
        }
    }
}
