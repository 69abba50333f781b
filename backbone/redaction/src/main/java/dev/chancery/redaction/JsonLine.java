package dev.chancery.redaction;

/**
 * One JSON object on one line (RFC 8259). Text gets in by {@link #text} alone, and is redacted there: after the message is put
 * together and before it is escaped, where a pattern still looks like itself.
 */
final class JsonLine {
    private static final String HEX = "0123456789abcdef";
    private static final String CUT = "[cut]";

    private final StringBuilder out = new StringBuilder(256);
    private boolean first = true;

    /** A member whose name and value are this module's own. */
    JsonLine constant(String name, String value) {
        return key(name).quote(value);
    }

    JsonLine number(String name, long value) {
        key(name).out.append(value);
        return this;
    }

    /** A member whose value comes from somewhere: its first {@code maxChars}, redacted, and of those no more than so many. */
    JsonLine text(String name, String value, int maxChars) {
        return key(name).quote(redacted(value, maxChars));
    }

    /** An element of an array; redacted and cut likewise. */
    JsonLine text(String value, int maxChars) {
        return comma().quote(redacted(value, maxChars));
    }

    JsonLine beginObject() {
        out.append('{');
        first = true;
        return this;
    }

    JsonLine beginObject(String name) {
        return key(name).beginObject();
    }

    JsonLine endObject() {
        out.append('}');
        first = false;
        return this;
    }

    JsonLine beginArray(String name) {
        key(name).out.append('[');
        first = true;
        return this;
    }

    JsonLine endArray() {
        out.append(']');
        first = false;
        return this;
    }

    /** The line, with the one line feed that ends it. */
    String end() {
        return out.append('\n').toString();
    }

    private JsonLine key(String name) {
        comma().quote(name).out.append(':');
        return this;
    }

    private JsonLine comma() {
        if (!first) {
            out.append(',');
        }
        first = false;
        return this;
    }

    private static String redacted(String text, int maxChars) {
        String redacted = Redactor.redactFirst(text, maxChars, JsonLine::count);
        boolean fits = text.length() <= maxChars && redacted.length() <= maxChars;
        return fits ? redacted : redacted.substring(0, Math.min(redacted.length(), maxChars)) + CUT;
    }

    /** Somebody should look: what is hidden here was not to be logged. */
    private static void count(String kind) {
        Findings.count(Findings.Sink.LOG, kind, Findings.Outcome.REDACTED, 1);
    }

    private JsonLine quote(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c == '\n') {
                out.append("\\n");
            } else if (c == '\t') {
                out.append("\\t");
            } else if (c < 128 ? c < ' ' || c == 127 : acts(c)) {
                escape(c);
            } else if (Character.isSurrogate(c)) {
                if (Character.isHighSurrogate(c) && Character.isLowSurrogate(Characters.at(text, i + 1))) {
                    out.append(c).append(text.charAt(++i));
                } else {
                    escape('\ufffd');
                }
            } else {
                out.append(c);
            }
        }
        out.append('"');
        return this;
    }

    /** Whether a terminal or an editor would do something instead of showing it: C1 controls, line separators, bidi overrides. */
    private static boolean acts(char c) {
        return c <= 0x9f || c == 0x2028 || c == 0x2029 || Character.getType(c) == Character.FORMAT;
    }

    private void escape(char c) {
        out.append("\\u")
                .append(HEX.charAt(c >> 12))
                .append(HEX.charAt((c >> 8) & 15))
                .append(HEX.charAt((c >> 4) & 15))
                .append(HEX.charAt(c & 15));
    }
}
