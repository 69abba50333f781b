package dev.chancery.redaction;

import static dev.chancery.redaction.Characters.isDigit;
import static dev.chancery.redaction.Characters.isWord;

/** Mail addresses, from the @ on. */
final class Mail {
    /** A JVM identity hash, as in {@code Object@1b6d3586}, has at most this many digits. */
    private static final int IDENTITY_HASH_DIGITS = 8;

    private Mail() {}

    /**
     * Where the address whose @ is at {@code at} ends, or -1. A domain begins with a letter or digit and its last label with a
     * letter, which leaves {@code tenant@42}, {@code java.base@25.0.1/java.lang} and {@code Object@1b6d3586} alone.
     */
    static int end(String text, int at) {
        int start = at + 1;
        int i = start;
        int lastLabel = start;
        while (i < text.length()) {
            char c = text.charAt(i);
            boolean dotWithin = c == '.' && i > start && Characters.wordAt(text, i + 1);
            if (!isWord(c) && c != '-' && c != '_' && !dotWithin) {
                break;
            }
            i++;
            if (dotWithin) {
                lastLabel = i;
            }
        }
        if (i == start || !isWord(text.charAt(start)) || isDigit(text.charAt(lastLabel))) {
            return -1;
        }
        return lastLabel == start && isIdentityHash(text, start, i) ? -1 : i;
    }

    /** Where it begins, given the run of characters before the @: the {@code mail=} of a key and value stays. */
    static int start(String text, int runStart, int at) {
        int equals = text.indexOf('=', runStart, at - 1);
        return equals < 0 ? runStart : equals + 1;
    }

    private static boolean isIdentityHash(String text, int start, int end) {
        if (end - start > IDENTITY_HASH_DIGITS) {
            return false;
        }
        for (int i = start; i < end; i++) {
            char c = text.charAt(i);
            if (!isDigit(c) && (c < 'a' || c > 'f')) {
                return false;
            }
        }
        return true;
    }
}
