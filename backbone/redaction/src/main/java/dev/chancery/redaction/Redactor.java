package dev.chancery.redaction;

import static dev.chancery.redaction.Characters.at;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

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
    /** How far behind a cut a mail address or the password of a URL may end that begins before it. */
    private static final int LOOK_AHEAD_CHARS = 4_096;

    private final String text;
    private final List<Span> spans = new ArrayList<>(0);
    /** Where the last of {@link #spans} ends. */
    private int done;
    /** Where the run of characters that a mail address may begin with started. */
    private int localStart;
    /** Where the run of base64 characters that was looked at last ends, and where it starts if it looks like a secret, or -1. */
    private int randomEnd;

    private int randomStart = -1;
    /** Up to here stands a value whose name says that anybody may see it. */
    private int publicEnd;

    private final boolean source;

    private Redactor(String text, boolean source) {
        this.text = text;
        this.source = source;
    }

    /** The text with everything that matches replaced; the same instance where nothing did. */
    public static String redact(String text) {
        return redact(text, Profile.ALL);
    }

    /** The text with these places replaced, which are some of those that {@link #spans} has found in it. */
    public static String redact(String text, List<Span> spans) {
        return replace(text, spans, text.length());
    }

    /** As {@link #redact(String)}, of the profile's kinds only. */
    public static String redact(String text, Profile profile) {
        return replace(text, spans(text, profile), text.length());
    }

    /**
     * As {@link #redact(String)}, of the text's first {@code maxChars} characters and as many more as tell what stands there. The work
     * is bounded by {@code maxChars}, however long the text is.
     *
     * @param found is told the kind of each value that is replaced
     */
    static String redactFirst(String text, int maxChars, Consumer<String> found) {
        String looked =
                text.length() - LOOK_AHEAD_CHARS > maxChars ? text.substring(0, maxChars + LOOK_AHEAD_CHARS) : text;
        int length = Math.min(maxChars, looked.length());
        List<Span> spans = spans(looked, Profile.ALL);
        for (Span span : spans) {
            if (span.start() < length) {
                found.accept(span.kind());
            }
        }
        return replace(looked, spans, length);
    }

    private static String replace(String text, List<Span> spans, int length) {
        if (spans.isEmpty() && length == text.length()) {
            return text;
        }
        var out = new StringBuilder(length);
        int from = 0;
        for (Span span : spans) {
            if (span.start() >= length) {
                break;
            }
            out.append(text, from, span.start()).append(Mark.of(span.kind()));
            from = span.end();
        }
        return out.append(text, Math.min(from, length), length).toString();
    }

    /** What {@link #redact(String, Profile)} replaces, in order and without overlaps. */
    public static List<Span> spans(String text, Profile profile) {
        var redactor = new Redactor(text, false);
        redactor.scan();
        if (profile == Profile.ALL || redactor.spans.isEmpty()) {
            return redactor.spans;
        }
        return redactor.spans.stream()
                .filter(span -> profile.kinds().contains(span.kind()))
                .toList();
    }

    /** The secrets of a line of source or configuration, where a value is one word and what follows may be another secret. */
    static List<Span> inSource(String line) {
        var redactor = new Redactor(line, true);
        redactor.scan();
        return redactor.spans.stream()
                .filter(span -> Profile.SECRETS.kinds().contains(span.kind()))
                .toList();
    }

    private void scan() {
        int i = 0;
        boolean inWord = false;
        while (i < text.length()) {
            char c = text.charAt(i);
            boolean word = Characters.isWord(c);
            int next = i + 1;
            if (i >= randomEnd && Credentials.isRandomCharacter(c)) {
                randomEnd = Credentials.randomRunEnd(text, i);
                randomStart = i >= publicEnd && Credentials.isHighEntropy(text, i, randomEnd) ? i : -1;
            }
            if (word) {
                if (!inWord) {
                    next = Characters.isDigit(c) ? number(i) : name(i);
                }
            } else {
                next = symbol(c, i);
            }
            if (next == i + 1 && randomStart == i) {
                next = replace(i, Credentials.paddingEnd(text, randomEnd), "random");
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
        end = NationalIds.digitsEnd(text, i);
        if (end > 0 && !(i > done && "-._:".indexOf(text.charAt(i - 1)) >= 0 && Characters.wordBefore(text, i - 1))) {
            return replace(i, end, "national-id");
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
        end = NationalIds.lettersEnd(text, i);
        if (end > 0) {
            return replace(i, end, "national-id");
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
        NamedSecrets.Found found = NamedSecrets.after(text, done, separator, publicEnd, source);
        if (found == null) {
            return separator + 1;
        }
        if (!found.hidden()) {
            publicEnd = found.end();
            return separator + 1;
        }
        return replace(found.start(), found.end(), "secret");
    }

    private int replace(int start, int end, String kind) {
        spans.add(new Span(start, end, kind));
        done = end;
        return end;
    }
}
