package dev.chancery.dsar;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes JSON as RFC 8785 has it: one spelling for each value. Of numbers, whole ones below 2^53. */
final class CanonicalJson {
    private static final long MAX_NUMBER = 1L << 53;
    private static final String HEX = "0123456789abcdef";

    private CanonicalJson() {}

    /** @param value a map by strings, a list, a string, a whole number or a boolean */
    static byte[] write(Object value) {
        var out = new StringBuilder();
        write(out, value);
        return out.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void write(StringBuilder out, Object value) {
        switch (value) {
            case Map<?, ?> map -> {
                // By UTF-16 code units, which is how strings compare.
                var sorted = new TreeMap<String, Object>();
                map.forEach((key, member) -> sorted.put((String) key, member));
                String between = "{";
                for (Map.Entry<String, Object> member : sorted.entrySet()) {
                    out.append(between);
                    write(out, member.getKey());
                    out.append(':');
                    write(out, member.getValue());
                    between = ",";
                }
                out.append(sorted.isEmpty() ? "{}" : "}");
            }
            case List<?> list -> {
                String between = "[";
                for (Object element : list) {
                    out.append(between);
                    write(out, element);
                    between = ",";
                }
                out.append(list.isEmpty() ? "[]" : "]");
            }
            case String text -> string(out, text);
            case Boolean truth -> out.append(truth);
            case Integer number -> out.append(number);
            case Long number when Math.abs(number) < MAX_NUMBER -> out.append(number);
            default -> throw new IllegalArgumentException("no value of canonical JSON here: " + value.getClass());
        }
    }

    private static void string(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"', '\\' -> out.append('\\').append(c);
                case '\b' -> out.append("\\b");
                case '\t' -> out.append("\\t");
                case '\n' -> out.append("\\n");
                case '\f' -> out.append("\\f");
                case '\r' -> out.append("\\r");
                default -> {
                    if (c < ' ') {
                        out.append("\\u00").append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 15));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
