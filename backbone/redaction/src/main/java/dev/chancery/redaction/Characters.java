package dev.chancery.redaction;

/** The character classes that the patterns are made of, as look-ups in one table. */
final class Characters {
    private static final int DIGIT = 1;
    private static final int LETTER = 2;
    /** RFC 4648 base64url, without padding. */
    private static final int TOKEN = 4;
    /** What base64 adds to base64url, padding included. */
    private static final int BASE64 = 8;
    /** RFC 5321 atoms, dots included: the part of a mail address before the @. */
    private static final int MAIL_LOCAL = 16;
    /** Ends an unquoted value. */
    private static final int VALUE_END = 32;

    private static final byte[] TABLE = new byte[128];

    static {
        for (char c = 0; c < 128; c++) {
            boolean digit = c >= '0' && c <= '9';
            boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            int bits = (digit ? DIGIT | TOKEN | MAIL_LOCAL : 0) | (letter ? LETTER | TOKEN | MAIL_LOCAL : 0);
            bits |= c == '-' || c == '_' ? TOKEN : 0;
            bits |= c == '+' || c == '/' || c == '=' ? BASE64 : 0;
            bits |= "!#$%&'*+-/=?^_`{|}~.".indexOf(c) >= 0 ? MAIL_LOCAL : 0;
            bits |= c <= ' ' || "\"',;&)]}<>\\".indexOf(c) >= 0 ? VALUE_END : 0;
            TABLE[c] = (byte) bits;
        }
    }

    private Characters() {}

    private static boolean is(char c, int bits) {
        return c < 128 && (TABLE[c] & bits) != 0;
    }

    static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    static boolean isUpper(char c) {
        return c >= 'A' && c <= 'Z';
    }

    static boolean isLower(char c) {
        return c >= 'a' && c <= 'z';
    }

    /** Letters and digits of any script: what a pattern may not touch on either side. */
    static boolean isWord(char c) {
        return c < 128 ? (TABLE[c] & (DIGIT | LETTER)) != 0 : Character.isLetterOrDigit(c) || Character.isSurrogate(c);
    }

    static boolean isToken(char c) {
        return is(c, TOKEN);
    }

    static boolean isBase64(char c) {
        return is(c, TOKEN | BASE64);
    }

    static boolean isMailLocal(char c) {
        return c < 128 ? (TABLE[c] & MAIL_LOCAL) != 0 : isWord(c);
    }

    static boolean endsValue(char c) {
        return is(c, VALUE_END);
    }

    /** The index of the first character at or after {@code from} that is no token character. */
    static int tokenEnd(String text, int from) {
        int i = from;
        while (i < text.length() && isToken(text.charAt(i))) {
            i++;
        }
        return i;
    }

    static boolean wordAt(String text, int index) {
        return index < text.length() && isWord(text.charAt(index));
    }

    static boolean wordBefore(String text, int index) {
        return index > 0 && isWord(text.charAt(index - 1));
    }

    static boolean digitAt(String text, int index) {
        return index < text.length() && isDigit(text.charAt(index));
    }

    static char at(String text, int index) {
        return index >= 0 && index < text.length() ? text.charAt(index) : '\0';
    }
}
