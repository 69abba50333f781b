package dev.chancery.redaction;

import static dev.chancery.redaction.Characters.at;

/**
 * Replaces personal data and secrets in a text by {@code [redacted-<kind>]}. What it finds is listed in
 * {@code docs/reference/redaction.md}.
 *
 * <p>One pass, no regular expressions: a character that can begin (or, for a mail address and a named secret, sit inside) a
 * pattern is looked at closely, and a close look either consumes what it found or gives up after a bounded number of characters.
 *
 * <p><b>Thread safety:</b> stateless. Its own marks are left alone, so that a line may pass twice.
 */
public final class Redactor {
    private final String text;
    private final StringBuilder out;
    /** Up to here the text is in {@link #out} or was redacted. */
    private int done;
    /** Where the run of characters that a mail address may begin with started. */
    private int localStart;

    private Redactor(String text) {
        this.text = text;
        this.out = new StringBuilder(text.length());
    }

    /** The text with everything that matches replaced; the same instance where nothing did. */
    public static String redact(String text) {
        var redactor = new Redactor(text);
        redactor.scan();
        if (redactor.done == 0) {
            return text;
        }
        return redactor.out.append(text, redactor.done, text.length()).toString();
    }

    private void scan() {
        int i = 0;
        boolean inWord = false;
        while (i < text.length()) {
            char c = text.charAt(i);
            boolean word = Characters.isWord(c);
            int next = i + 1;
            if (word) {
                if (!inWord) {
                    next = Characters.isDigit(c) ? number(i) : name(i);
                }
            } else {
                next = symbol(c, i);
            }
            if (done == next) {
                // What follows a mark stands free, as it will when the result is read again.
                localStart = next;
                inWord = false;
            } else {
                inWord = Characters.isWord(text.charAt(next - 1));
                if (!Characters.isMailLocal(text.charAt(next - 1))) {
                    localStart = next;
                }
            }
            i = next;
        }
    }

    /** A digit that begins a word. Answers where to go on. */
    private int number(int i) {
        int end = Numbers.cardEnd(text, i);
        if (end > 0) {
            return replace(i, end, "card");
        }
        // Within a UUID, a version, a time: not the beginning of a number that somebody dials.
        boolean within = i > done && "-._:".indexOf(text.charAt(i - 1)) >= 0 && Characters.wordBefore(text, i - 1);
        end = within ? -1 : Numbers.phoneEnd(text, i);
        return end > 0 ? replace(i, end, "phone") : i + 1;
    }

    /** A letter that begins a word. */
    private int name(int i) {
        int end = Credentials.tokenEnd(text, i);
        if (end > 0) {
            return replace(i, end, "token");
        }
        end = Numbers.ibanEnd(text, i);
        if (end > 0) {
            return replace(i, end, "iban");
        }
        int credential = Credentials.afterScheme(text, i);
        return credential > 0 ? replace(credential, Credentials.credentialEnd(text, credential), "token") : i + 1;
    }

    private int symbol(char c, int i) {
        return switch (c) {
            case '@' -> {
                int end = localStart < i ? Mail.end(text, i) : -1;
                yield end > 0 ? replace(Mail.start(text, localStart, i), end, "mail") : i + 1;
            }
            case ':' -> {
                if (at(text, i + 1) == '/' && at(text, i + 2) == '/') {
                    yield url(i);
                }
                yield named(i);
            }
            case '=' -> named(i);
            case '+', '(' -> {
                int end = Characters.wordBefore(text, i) && i > done ? -1 : Numbers.phoneEnd(text, i);
                yield end > 0 ? replace(i, end, "phone") : i + 1;
            }
            case '-' -> {
                int end = Credentials.pemEnd(text, i);
                yield end > 0 ? replace(i, end, "pem") : i + 1;
            }
            default -> i + 1;
        };
    }

    private int url(int colon) {
        int after = colon + 3;
        if (colon - 5 >= done && text.regionMatches(true, colon - 5, "vault", 0, 5)) {
            return replace(colon - 5, Credentials.pathEnd(text, after), "vault");
        }
        int end = Credentials.userInfoEnd(text, after);
        return end > after ? replace(after, end, "secret") : colon + 1;
    }

    private int named(int separator) {
        NamedSecrets.Found found = NamedSecrets.after(text, done, separator);
        return found == null ? separator + 1 : replace(found.start(), found.end(), "secret");
    }

    private int replace(int start, int end, String kind) {
        out.append(text, done, start).append(Mark.of(kind));
        done = end;
        return end;
    }
}
