package dev.chancery.redaction;

import static dev.chancery.redaction.Characters.at;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Values that the name before them gives away: {@code password=…}, {@code "clientSecret": "…"}, {@code Cookie: …}. Of a name only
 * its end counts, whatever case and separators it is written in.
 */
final class NamedSecrets {
    /** @param hidden whether it is redacted; otherwise anybody may see it, however random it looks */
    record Found(int start, int end, boolean hidden) {}

    enum Kind {
        /** Whatever the value is. */
        ALWAYS,
        /** Words: without quotes, the rest of the line. */
        WORDS,
        /** An Authorization header: the scheme and what follows it. */
        SCHEME,
        /** A cookie header: the rest of the line. */
        LINE,
        /** Only what looks like a secret: {@code key} and {@code token} name harmless things too. */
        IF_RANDOM,
        /** What anybody may see although it looks random: keys that verify, hashes. */
        PUBLIC,
        /** As {@link #PUBLIC}, but of a password or another secret it is one that can be guessed at: {@code password_hash}. */
        DIGEST,
        /** No name that is known. */
        NONE
    }

    record Ending(String name, Kind kind) {}

    /** The first that fits decides. */
    static final List<Ending> ENDINGS = List.of(
            new Ending("password", Kind.ALWAYS),
            new Ending("passwd", Kind.ALWAYS),
            new Ending("passphrase", Kind.WORDS),
            new Ending("seedphrase", Kind.WORDS),
            new Ending("recoveryphrase", Kind.WORDS),
            new Ending("passcode", Kind.ALWAYS),
            new Ending("pwd", Kind.ALWAYS),
            new Ending("bypass", Kind.NONE),
            new Ending("compass", Kind.NONE),
            new Ending("pass", Kind.ALWAYS),
            new Ending("secret", Kind.ALWAYS),
            new Ending("credential", Kind.ALWAYS),
            new Ending("otp", Kind.ALWAYS),
            new Ending("recoverycode", Kind.ALWAYS),
            new Ending("authorization", Kind.SCHEME),
            new Ending("cookie", Kind.LINE),
            new Ending("publickey", Kind.PUBLIC),
            new Ending("verifierkey", Kind.PUBLIC),
            new Ending("vkey", Kind.PUBLIC),
            new Ending("hash", Kind.DIGEST),
            new Ending("root", Kind.PUBLIC),
            new Ending("digest", Kind.DIGEST),
            new Ending("checksum", Kind.DIGEST),
            new Ending("fingerprint", Kind.PUBLIC),
            new Ending("signature", Kind.PUBLIC),
            new Ending("privatekey", Kind.ALWAYS),
            new Ending("secretkey", Kind.ALWAYS),
            new Ending("secretaccesskey", Kind.ALWAYS),
            new Ending("accountkey", Kind.ALWAYS),
            new Ending("apikey", Kind.ALWAYS),
            new Ending("key", Kind.IF_RANDOM),
            new Ending("token", Kind.IF_RANDOM),
            new Ending("claim", Kind.IF_RANDOM),
            new Ending("assertion", Kind.IF_RANDOM),
            new Ending("session", Kind.IF_RANDOM),
            new Ending("sessionid", Kind.IF_RANDOM));

    private static final int NAME_MAX = 64;
    /** The shortest value that is taken for a secret by its looks: 12 bytes in base64. */
    private static final int RANDOM_MIN = 16;

    private NamedSecrets() {}

    /**
     * The value that follows the {@code =} or {@code :} at {@code separator}; null if its name says nothing of it.
     *
     * @param from nothing before it counts
     * @param publicEnd where the value ends that {@link Found} last said anybody may see
     * @param source whether the text is source that is scanned: then a value is one word, so that it hides no other secret
     */
    static @Nullable Found after(String text, int from, int separator, int publicEnd, boolean source) {
        int nameEnd = separator;
        while (nameEnd > from && " \t\"'`\\".indexOf(text.charAt(nameEnd - 1)) >= 0) {
            nameEnd--;
        }
        Kind kind = kindOf(text, from, nameEnd);
        if (kind == Kind.NONE) {
            return null;
        }
        int start = valueStart(text, separator, source);
        if (source && isBracket(at(text, start)) && isQuote(at(text, start + 1))) {
            start++;
        }
        boolean escaped = at(text, start) == '\\' && at(text, start + 1) == '"';
        start += escaped ? 1 : 0;
        char quote = at(text, start);
        boolean quoted = isQuote(quote);
        start += quoted ? 1 : 0;
        if (start >= text.length() || Mark.isAt(text, start)) {
            return null;
        }
        if (kind == Kind.PUBLIC || kind == Kind.DIGEST) {
            // A value that begins in another ends where that does.
            return new Found(start, start < publicEnd ? publicEnd : Credentials.pathEnd(text, start), false);
        }
        if (kind == Kind.IF_RANDOM) {
            return Credentials.looksRandom(text, start, RANDOM_MIN)
                    ? new Found(start, Credentials.credentialEnd(text, start), true)
                    : null;
        }
        int end = quoted
                ? quoteEnd(text, start, quote, escaped)
                : valueEnd(text, start, source ? Kind.ALWAYS : kind, text.charAt(separator), source);
        if (quoted && !escaped && !source && Characters.wordAt(text, end + 1)) {
            // As a shell joins them: "hunter"2.
            end = wordEnd(text, end + 1, text.charAt(separator));
        }
        return end > start ? new Found(start, end, true) : null;
    }

    private static Kind kindOf(String text, int from, int end) {
        for (Ending ending : ENDINGS) {
            int start = startOf(ending, text, from, end);
            if (start >= 0) {
                return ending.kind() == Kind.DIGEST && isOfSecret(text, from, start) ? Kind.ALWAYS : ending.kind();
            }
        }
        return Kind.NONE;
    }

    private static boolean isOfSecret(String text, int from, int end) {
        for (Ending ending : ENDINGS) {
            if (startOf(ending, text, from, end) >= 0) {
                return hides(ending.kind());
            }
        }
        return false;
    }

    /** Where the name begins that ends at {@code end}, in the plural too if it is a secret's; or -1. */
    private static int startOf(Ending ending, String text, int from, int end) {
        int start = start(text, from, end, ending.name());
        boolean plural = start < 0 && hides(ending.kind()) && end > from && (text.charAt(end - 1) | 0x20) == 's';
        return plural ? start(text, from, end - 1, ending.name()) : start;
    }

    private static boolean hides(Kind kind) {
        return kind == Kind.ALWAYS || kind == Kind.WORDS;
    }

    /** Where the name begins that ends at {@code end}, or -1. */
    private static int start(String text, int from, int end, String name) {
        int floor = Math.max(from, end - NAME_MAX);
        int i = end;
        for (int n = name.length() - 1; n >= 0; n--) {
            do {
                i--;
            } while (i >= floor && (text.charAt(i) == '_' || text.charAt(i) == '-' || text.charAt(i) == '.'));
            if (i < floor || (text.charAt(i) | 0x20) != name.charAt(n)) {
                return -1;
            }
        }
        return i;
    }

    /** Behind the separator, an operator that it begins ({@code =>}, {@code :=}, {@code ==}), and spaces. */
    private static int valueStart(String text, int separator, boolean source) {
        int start = spacesEnd(text, separator + 1);
        int operator = start;
        while (operator < start + 2 && "=:>".indexOf(at(text, operator)) >= 0) {
            operator++;
        }
        int end = spacesEnd(text, operator);
        // In source, what is compared is a secret only where it is a literal.
        boolean stands = operator > start && (isQuote(at(text, end)) || (end > operator && !source));
        return stands ? end : start;
    }

    private static int spacesEnd(String text, int from) {
        int i = from;
        while (isSpace(at(text, i))) {
            i++;
        }
        return i;
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t';
    }

    private static boolean isQuote(char c) {
        return c == '"' || c == '\'' || c == '`';
    }

    private static boolean isBracket(char c) {
        return c == '[' || c == '{';
    }

    private static int quoteEnd(String text, int start, char quote, boolean escaped) {
        int i = start;
        if (!escaped) {
            while (i < text.length() && text.charAt(i) != quote) {
                i += text.charAt(i) == '\\' ? 2 : 1;
            }
            return Math.min(i, text.length());
        }
        // One backslash and a quote end it; more are a quote within it.
        while (i < text.length()) {
            int slashes = i;
            while (at(text, i) == '\\') {
                i++;
            }
            if (i == slashes + 1 && at(text, i) == '"') {
                return slashes;
            }
            i++;
        }
        return text.length();
    }

    private static int valueEnd(String text, int start, Kind kind, char separator, boolean source) {
        if (kind == Kind.WORDS || (kind == Kind.LINE && separator == ':')) {
            int end = start;
            while (end < text.length() && text.charAt(end) != '\n' && text.charAt(end) != '\r') {
                end++;
            }
            return end;
        }
        int pem = Credentials.pemEnd(text, start);
        if (pem > 0 && !source) {
            return pem;
        }
        if (isBracket(text.charAt(start)) && !source) {
            return wordEnd(text, bracketsEnd(text, start), separator);
        }
        int end = wordEnd(text, text.charAt(start) > ' ' ? start + 1 : start, separator);
        if (kind == Kind.SCHEME && at(text, end) == ' ') {
            end = Credentials.pathEnd(text, end + 1);
        }
        return end;
    }

    /** The end of an array or object, whatever its quoted strings hold; of one that does not end, the end of the text. */
    private static int bracketsEnd(String text, int start) {
        int depth = 0;
        char quote = '\0';
        char before = '\0';
        for (int i = start; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
            } else if (quote != '\0') {
                quote = c == quote ? '\0' : quote;
            } else if (c == '"' || (c == '\'' && "[{,:=".indexOf(before) >= 0)) {
                quote = c;
            } else if (isBracket(c)) {
                depth++;
            } else if (c == ']' || c == '}') {
                depth--;
                if (depth == 0) {
                    return i + 1;
                }
            }
            before = c <= ' ' ? before : c;
        }
        return text.length();
    }

    /**
     * The end of a value without quotes. White space ends it. A comma, a bracket or the like does where nothing of the value can follow:
     * before white space, the end, or the next name ({@code &user=}, {@code ","user":}), with the separator that this one has.
     */
    private static int wordEnd(String text, int from, char separator) {
        int i = from;
        while (i < text.length()) {
            if (!Characters.endsValue(text.charAt(i))) {
                i++;
                continue;
            }
            int next = i;
            while (next < text.length() && isBetween(text.charAt(next))) {
                next++;
            }
            if (next == text.length() || text.charAt(next) <= ' ' || isName(text, next, separator)) {
                return i;
            }
            i = next;
        }
        return i;
    }

    private static boolean isBetween(char c) {
        return c > ' ' && (Characters.endsValue(c) || c == '[' || c == '{' || c == '(');
    }

    /** Whether a name and the separator begin here. */
    private static boolean isName(String text, int start, char separator) {
        int i = start;
        while (i < start + NAME_MAX && (Characters.isToken(at(text, i)) || at(text, i) == '.')) {
            i++;
        }
        int end = i;
        while (i < end + 3 && " \"'\\".indexOf(at(text, i)) >= 0) {
            i++;
        }
        return (Characters.isWord(at(text, start)) || at(text, start) == '_') && at(text, i) == separator;
    }
}
