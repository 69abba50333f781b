package dev.chancery.redaction;

import static dev.chancery.redaction.Characters.at;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What of a line of source, configuration or output is a secret that does not belong there: the {@link Redactor}'s patterns, less what
 * in such a line is a name, a reference, a placeholder or a public value. Takes time linear in the line.
 */
public final class SecretRules {
    /** A private key's PEM block begins here. */
    public static final String PRIVATE_KEY = "private-key";
    /** A password in a URL. */
    public static final String URL_PASSWORD = "url-password";
    /** A literal after a name like {@code password}. */
    public static final String NAMED = "named-secret";
    /** What follows {@code Bearer}, {@code Basic} or {@code DPoP}. */
    public static final String AUTHORIZATION = "authorization";
    /** 40 characters of base64 that are spread like random ones. */
    public static final String RANDOM = "high-entropy";

    private static final String PEM = "-----BEGIN ";
    private static final int PEM_LABEL_MAX = 64;
    private static final int SHORTEST_LITERAL = 8;
    /** What stands for a value that is put in elsewhere, or says that it is none. */
    private static final Pattern PLACEHOLDER =
            Pattern.compile("[$<{%#*.\\[(].*|(?i:x{4,}.*|changeme.*|redacted.*|example.*|null|none|true|false)");
    /** Whose base64 everybody may have. */
    private static final List<String> DIGESTS = List.of("sha1-", "sha256-", "sha384-", "sha512-", "sha256:", "SHA256:");

    /**
     * A place in a line.
     *
     * @param start of its first character, in UTF-16 units
     * @param end after its last character
     * @param rule one of {@link #names()}
     */
    public record Find(int start, int end, String rule) {}

    private SecretRules() {}

    /** All rules, by name. */
    public static List<String> names() {
        return Stream.concat(
                        Credentials.rules().stream(),
                        Stream.of(PRIVATE_KEY, URL_PASSWORD, NAMED, AUTHORIZATION, RANDOM))
                .sorted()
                .toList();
    }

    /** The secrets of a line, in order and without overlaps. */
    public static List<Find> in(String line) {
        List<Find> finds = new ArrayList<>();
        for (Span span : Redactor.spans(line, Profile.SECRETS)) {
            String rule = rule(line, span);
            if (!rule.isEmpty()) {
                finds.add(new Find(span.start(), span.end(), rule));
            }
        }
        return finds;
    }

    private static String rule(String line, Span span) {
        return switch (span.kind()) {
            case "pem" -> isPrivate(line, span.start()) ? PRIVATE_KEY : "";
            case "token" -> token(line, span);
            case "secret" -> secret(line, span);
            case "random" -> isDigest(line, span.start()) ? "" : RANDOM;
            default -> "";
        };
    }

    private static boolean isPrivate(String line, int start) {
        int label = start + PEM.length();
        int end = line.indexOf("-----", label, Math.min(line.length(), label + PEM_LABEL_MAX));
        return end > 0 && line.substring(label, end).endsWith("PRIVATE KEY");
    }

    private static String token(String line, Span span) {
        String rule = Credentials.ruleOf(line, span.start());
        return rule.isEmpty() ? AUTHORIZATION : rule;
    }

    private static String secret(String line, Span span) {
        String value = line.substring(span.start(), span.end());
        if (PLACEHOLDER.matcher(value).matches() || value.startsWith("vault://")) {
            return "";
        }
        if (at(line, span.end()) == '@') {
            String password = value.substring(value.indexOf(':') + 1);
            return password.isEmpty() || PLACEHOLDER.matcher(password).matches() ? "" : URL_PASSWORD;
        }
        if (Credentials.afterScheme(line, span.start()) > 0) {
            return AUTHORIZATION;
        }
        String issued = Credentials.ruleOf(line, span.start());
        if (!issued.isEmpty()) {
            return issued;
        }
        // In source, what is not quoted is an expression, and a quoted word is a name.
        char before = span.start() == 0 ? ' ' : line.charAt(span.start() - 1);
        boolean literal = (before == '"' || before == '\'') && value.indexOf(' ') < 0 && !value.contains("${");
        boolean looksMade = Credentials.looksRandom(line, span.start(), SHORTEST_LITERAL) && value.indexOf('(') < 0;
        return looksMade && value.chars().anyMatch(c -> Characters.isDigit((char) c)) && (literal || !isCode(value))
                ? NAMED
                : "";
    }

    /** Names of other things: {@code request.getValue1}, {@code Secrets::v2}. */
    private static boolean isCode(String value) {
        return value.chars().anyMatch(c -> ".:(<{$[".indexOf(c) >= 0);
    }

    private static boolean isDigest(String line, int start) {
        for (String digest : DIGESTS) {
            if (line.startsWith(digest, start) || line.startsWith(digest, start - digest.length())) {
                return true;
            }
        }
        return false;
    }
}
