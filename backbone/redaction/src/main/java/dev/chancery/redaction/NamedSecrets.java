package dev.chancery.redaction;

import static dev.chancery.redaction.Characters.at;

import org.jspecify.annotations.Nullable;

/**
 * Values that the name before them gives away: {@code password=…}, {@code "clientSecret": "…"}, {@code Cookie: …}. Of a name only
 * its end counts, whatever case and separators it is written in.
 */
final class NamedSecrets {
    /** @param hidden whether it is redacted; otherwise anybody may see it, however random it looks */
    record Found(int start, int end, boolean hidden) {}

    private enum Kind {
        /** Whatever the value is. */
        ALWAYS,
        /** An Authorization header: the scheme and what follows it. */
        SCHEME,
        /** A cookie header: the rest of the line. */
        LINE,
        /** Only what looks like a secret: {@code key} and {@code token} name harmless things too. */
        IF_RANDOM,
        /** What anybody may see although it looks random: keys that verify, hashes. */
        PUBLIC,
        /** No name that is known. */
        NONE
    }

    private record Ending(String name, Kind kind) {}

    /** The first that fits decides. */
    private static final Ending[] ENDINGS = {
        new Ending("password", Kind.ALWAYS),
        new Ending("passwd", Kind.ALWAYS),
        new Ending("passphrase", Kind.ALWAYS),
        new Ending("passcode", Kind.ALWAYS),
        new Ending("pwd", Kind.ALWAYS),
        new Ending("secret", Kind.ALWAYS),
        new Ending("credential", Kind.ALWAYS),
        new Ending("credentials", Kind.ALWAYS),
        new Ending("otp", Kind.ALWAYS),
        new Ending("recoverycode", Kind.ALWAYS),
        new Ending("authorization", Kind.SCHEME),
        new Ending("cookie", Kind.LINE),
        new Ending("publickey", Kind.PUBLIC),
        new Ending("verifierkey", Kind.PUBLIC),
        new Ending("vkey", Kind.PUBLIC),
        new Ending("hash", Kind.PUBLIC),
        new Ending("root", Kind.PUBLIC),
        new Ending("digest", Kind.PUBLIC),
        new Ending("checksum", Kind.PUBLIC),
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
        new Ending("sessionid", Kind.IF_RANDOM)
    };

    private static final int NAME_MAX = 64;
    private static final int SPACES_MAX = 3;
    /** The shortest value that is taken for a secret by its looks: 12 bytes in base64. */
    private static final int RANDOM_MIN = 16;

    private NamedSecrets() {}

    /** The value that follows the {@code =} or {@code :} at {@code separator}; null if its name says nothing of it. Nothing before {@code from} counts. */
    static @Nullable Found after(String text, int from, int separator) {
        int nameEnd = separator;
        while (nameEnd > from && separator - nameEnd < SPACES_MAX && " \"'\\".indexOf(text.charAt(nameEnd - 1)) >= 0) {
            nameEnd--;
        }
        Kind kind = kindOf(text, from, nameEnd);
        if (kind == Kind.NONE) {
            return null;
        }
        int start = separator + 1;
        while (start <= separator + SPACES_MAX && at(text, start) == ' ') {
            start++;
        }
        boolean escaped = at(text, start) == '\\' && at(text, start + 1) == '"';
        start += escaped ? 1 : 0;
        char quote = at(text, start);
        boolean quoted = quote == '"' || quote == '\'';
        start += quoted ? 1 : 0;
        if (start >= text.length() || Mark.isAt(text, start)) {
            return null;
        }
        if (kind == Kind.PUBLIC) {
            return new Found(start, Credentials.pathEnd(text, start), false);
        }
        if (kind == Kind.IF_RANDOM) {
            return Credentials.looksRandom(text, start, RANDOM_MIN)
                    ? new Found(start, Credentials.credentialEnd(text, start), true)
                    : null;
        }
        int end = quoted ? quoteEnd(text, start, quote, escaped) : valueEnd(text, start, kind, text.charAt(separator));
        return end > start ? new Found(start, end, true) : null;
    }

    private static Kind kindOf(String text, int from, int end) {
        for (Ending ending : ENDINGS) {
            if (endsWith(text, from, end, ending.name())) {
                return ending.kind();
            }
        }
        return Kind.NONE;
    }

    private static boolean endsWith(String text, int from, int end, String name) {
        int floor = Math.max(from, end - NAME_MAX);
        int i = end;
        for (int n = name.length() - 1; n >= 0; n--) {
            do {
                i--;
            } while (i >= floor && (text.charAt(i) == '_' || text.charAt(i) == '-' || text.charAt(i) == '.'));
            if (i < floor || (text.charAt(i) | 0x20) != name.charAt(n)) {
                return false;
            }
        }
        return true;
    }

    private static int quoteEnd(String text, int start, char quote, boolean escaped) {
        if (escaped) {
            int end = text.indexOf("\\\"", start);
            return end < 0 ? text.length() : end;
        }
        int i = start;
        while (i < text.length() && text.charAt(i) != quote) {
            i += text.charAt(i) == '\\' ? 2 : 1;
        }
        return Math.min(i, text.length());
    }

    private static int valueEnd(String text, int start, Kind kind, char separator) {
        if (kind == Kind.LINE && separator == ':') {
            int end = text.indexOf('\n', start);
            return end < 0 ? text.length() : end;
        }
        int end = Credentials.pathEnd(text, start);
        if (kind == Kind.SCHEME && at(text, end) == ' ') {
            end = Credentials.pathEnd(text, end + 1);
        }
        return end;
    }
}
