package dev.chancery.auditor;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * JSON in its one spelling (RFC 8785): objects as maps, arrays as lists, strings, booleans, and whole numbers below 2^53. Whatever is spelt
 * otherwise is refused, so that what is signed and what is shown are the same.
 */
final class CanonicalJson {
    private static final int MAX_DEPTH = 8;
    private static final int MAX_DIGITS = 15;
    private static final String HEX = "0123456789abcdef";

    private final String text;
    private final String what;
    private int at;

    private CanonicalJson(String what, String text) {
        this.what = what;
        this.text = text;
    }

    static Map<?, ?> object(String what, byte[] bytes) throws Malformed {
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new Malformed(what + " is not UTF-8");
        }
        var reader = new CanonicalJson(what, text);
        Object value = reader.value(0);
        if (reader.at != text.length() || !(value instanceof Map<?, ?> map)) {
            throw new Malformed(what + " is no JSON object");
        }
        if (!Arrays.equals(write(value), bytes)) {
            throw new Malformed(what + " is not canonical JSON");
        }
        return map;
    }

    private Object value(int depth) throws Malformed {
        if (depth > MAX_DEPTH || at == text.length()) {
            throw broken();
        }
        char c = text.charAt(at);
        return switch (c) {
            case '{' -> members(depth);
            case '[' -> elements(depth);
            case '"' -> string();
            default -> {
                if (text.startsWith("true", at)) {
                    at += 4;
                    yield true;
                }
                if (text.startsWith("false", at)) {
                    at += 5;
                    yield false;
                }
                yield number();
            }
        };
    }

    private Map<String, Object> members(int depth) throws Malformed {
        Map<String, Object> members = new TreeMap<>();
        at++;
        if (is('}')) {
            return members;
        }
        do {
            String name = string();
            expect(':');
            if (members.put(name, value(depth + 1)) != null) {
                throw broken();
            }
        } while (is(','));
        expect('}');
        return members;
    }

    private List<Object> elements(int depth) throws Malformed {
        List<Object> elements = new ArrayList<>();
        at++;
        if (is(']')) {
            return elements;
        }
        do {
            elements.add(value(depth + 1));
        } while (is(','));
        expect(']');
        return elements;
    }

    private long number() throws Malformed {
        int begun = at;
        while (at < text.length() && (text.charAt(at) == '-' || Character.isDigit(text.charAt(at)))) {
            at++;
        }
        try {
            if (at - begun > MAX_DIGITS) {
                throw broken();
            }
            return Long.parseLong(text.substring(begun, at));
        } catch (NumberFormatException e) {
            throw broken();
        }
    }

    private String string() throws Malformed {
        expect('"');
        var out = new StringBuilder();
        while (true) {
            char c = next();
            if (c == '"') {
                return out.toString();
            }
            out.append(c == '\\' ? escaped() : c);
        }
    }

    private char escaped() throws Malformed {
        char c = next();
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                int value = 0;
                for (int i = 0; i < 4; i++) {
                    int digit = HEX.indexOf(next());
                    if (digit < 0) {
                        throw broken();
                    }
                    value = value * 16 + digit;
                }
                yield (char) value;
            }
            default -> throw broken();
        };
    }

    private char next() throws Malformed {
        if (at == text.length()) {
            throw broken();
        }
        return text.charAt(at++);
    }

    private boolean is(char c) {
        boolean there = at < text.length() && text.charAt(at) == c;
        if (there) {
            at++;
        }
        return there;
    }

    private void expect(char c) throws Malformed {
        if (!is(c)) {
            throw broken();
        }
    }

    private Malformed broken() {
        return new Malformed(what + " is no JSON that this reads");
    }

    static byte[] write(Object value) {
        var out = new StringBuilder();
        write(out, value);
        return out.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void write(StringBuilder out, Object value) {
        switch (value) {
            case Map<?, ?> map -> {
                out.append('{');
                String between = "";
                for (Map.Entry<?, ?> member : map.entrySet()) {
                    out.append(between);
                    string(out, (String) member.getKey());
                    write(out.append(':'), member.getValue());
                    between = ",";
                }
                out.append('}');
            }
            case List<?> list -> {
                out.append('[');
                String between = "";
                for (Object element : list) {
                    write(out.append(between), element);
                    between = ",";
                }
                out.append(']');
            }
            case String text -> string(out, text);
            default -> out.append(value);
        }
    }

    private static void string(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int shortened = "\"\\\b\f\n\r\t".indexOf(c);
            if (shortened >= 0) {
                out.append('\\').append("\"\\bfnrt".charAt(shortened));
            } else if (c < ' ') {
                out.append("\\u00").append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 15));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }
}
