package dev.chancery.story;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import com.google.protobuf.TextFormat;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * One way in which a value may lie in a file for everybody to read. Compared by identity.
 *
 * <p>There are: UTF-8, UTF-16 in both byte orders, percent-encoding, a JSON string's text, the same in a JSON string again, the text format of
 * Protocol Buffers, hex in both cases, and Base64 in both alphabets, wherever in a longer text the value begins; each of the value as it is, in
 * upper and in lower case.
 */
public final class Spelling {
    private static final int BASE64_BITS = 6;
    private static final int BASE64_ALIGNMENTS = 3;

    /** Those that escape what they must, what is not ASCII, and what means something in HTML. */
    private static final List<CharPredicate> JSON_WRITERS =
            List.of(c -> false, c -> c > '~', c -> "<>&='".indexOf(c) >= 0);

    private interface CharPredicate {
        boolean test(char c);
    }

    private final String value;
    private final String how;
    private final byte[] bytes;

    private Spelling(String value, String how, byte[] bytes) {
        this.value = value;
        this.how = how;
        this.bytes = bytes;
    }

    static List<Spelling> of(String value) {
        List<Spelling> spellings = new ArrayList<>();
        Set<ByteBuffer> known = new HashSet<>();
        for (String text :
                new LinkedHashSet<>(List.of(value, value.toUpperCase(Locale.ROOT), value.toLowerCase(Locale.ROOT)))) {
            for (Spelling spelling : of(value, text)) {
                if (known.add(ByteBuffer.wrap(spelling.bytes))) {
                    spellings.add(spelling);
                }
            }
        }
        return spellings;
    }

    private static List<Spelling> of(String value, String text) {
        List<Spelling> spellings = new ArrayList<>();
        byte[] utf8 = text.getBytes(UTF_8);
        String percent = URLEncoder.encode(text, UTF_8);
        spellings.add(new Spelling(value, "UTF-8", utf8));
        spellings.add(new Spelling(value, "UTF-16BE", text.getBytes(UTF_16BE)));
        spellings.add(new Spelling(value, "UTF-16LE", text.getBytes(UTF_16LE)));
        spellings.add(new Spelling(value, "a form's text", percent.getBytes(UTF_8)));
        spellings.add(
                new Spelling(value, "a URL's text", percent.replace("+", "%20").getBytes(UTF_8)));
        for (CharPredicate escaped : JSON_WRITERS) {
            String json = json(text, escaped);
            spellings.add(new Spelling(value, "JSON", json.getBytes(UTF_8)));
            spellings.add(
                    new Spelling(value, "JSON in JSON", json(json, escaped).getBytes(UTF_8)));
        }
        spellings.add(new Spelling(
                value,
                "Protocol Buffers' text",
                TextFormat.escapeBytes(ByteString.copyFrom(utf8)).getBytes(UTF_8)));
        spellings.add(new Spelling(value, "hex", HexFormat.of().formatHex(utf8).getBytes(UTF_8)));
        spellings.add(new Spelling(
                value, "hex", HexFormat.of().withUpperCase().formatHex(utf8).getBytes(UTF_8)));
        for (int before = 0; before < BASE64_ALIGNMENTS; before++) {
            String base64 = base64(utf8, before);
            spellings.add(new Spelling(value, "Base64", base64.getBytes(ISO_8859_1)));
            spellings.add(new Spelling(
                    value, "Base64", base64.replace('+', '-').replace('/', '_').getBytes(ISO_8859_1)));
        }
        return spellings;
    }

    /** As RFC 8259 has it: what it demands is escaped, and what a writer escapes beyond that. */
    private static String json(String text, CharPredicate escaped) {
        var json = new StringBuilder();
        for (char c : text.toCharArray()) {
            switch (c) {
                case '"' -> json.append("\\\"");
                case '\\' -> json.append("\\\\");
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                default ->
                    json.append(
                            c < ' ' || escaped.test(c)
                                    ? String.format(Locale.ROOT, "\\u%04x", (int) c)
                                    : String.valueOf(c));
            }
        }
        return json.toString();
    }

    /** The characters that depend on the value alone, where this many bytes (modulo 3) come before it. */
    private static String base64(byte[] value, int before) {
        byte[] longer = new byte[before + value.length];
        System.arraycopy(value, 0, longer, before, value.length);
        int first = Math.ceilDiv(before * Byte.SIZE, BASE64_BITS);
        int end = longer.length * Byte.SIZE / BASE64_BITS;
        return Base64.getEncoder().withoutPadding().encodeToString(longer).substring(first, end);
    }

    /** The value; for those who may know it. */
    public String value() {
        return value;
    }

    /** In what format it is spelled. */
    public String how() {
        return how;
    }

    /** Not to be changed. */
    byte[] bytes() {
        return bytes;
    }

    boolean isIn(byte[] text, int at, int length) {
        return at + bytes.length <= length && Arrays.equals(text, at, at + bytes.length, bytes, 0, bytes.length);
    }
}
