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
    private static final Pattern PLACEHOLDER = Pattern.compile(
            "\\$[A-Za-z_{(].*|#\\{.*|%([0-9]+\\$)?[sdx].*|%[A-Za-z_][A-Za-z0-9_]*%.*|[<{*.\\[(].*|[a-z][a-z0-9+.-]*://.*|arn:.*"
                    + "|(?i:x{4,}.*|changeme.*|redacted.*|example.*|null|none|true|false)");
    /** A part of a value that is put in elsewhere. */
    private static final Pattern REFERENCE = Pattern.compile("\\$[{(]|(?<![0-9])\\$[A-Za-z_]");
    /** Names of files and of properties have no capitals and digits together. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_./-]*[./][A-Za-z0-9_./-]*");
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

    /**
     * The secrets of a line, in order and without overlaps.
     *
     * @param settings whether it is of a file in which a value without quotes is a literal, e.g. {@code .env}; in source it is an expression
     */
    public static List<Find> in(String line, boolean settings) {
        List<Find> finds = new ArrayList<>();
        for (Span span : Redactor.inSource(line)) {
            String rule = rule(line, span, settings);
            if (!rule.isEmpty()) {
                finds.add(new Find(span.start(), span.end(), rule));
            }
        }
        return finds;
    }

    private static String rule(String line, Span span, boolean settings) {
        return switch (span.kind()) {
            case "pem" -> isPrivate(line, span.start()) ? PRIVATE_KEY : "";
            case "token" -> token(line, span);
            case "secret" -> secret(line, span, settings);
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

    private static String secret(String line, Span span, boolean settings) {
        String value = line.substring(span.start(), span.end());
        if (at(line, span.end()) == '@' && value.indexOf(':') >= 0) {
            String password = value.substring(value.indexOf(':') + 1);
            return password.isEmpty() || PLACEHOLDER.matcher(password).matches() ? "" : URL_PASSWORD;
        }
        if (PLACEHOLDER.matcher(value).matches()) {
            return "";
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
        boolean quoted = before == '"' || before == '\'' || before == '`';
        boolean literal = quoted || settings || !isCode(value);
        return literal && looksMade(value) ? NAMED : "";
    }

    /** Long enough, one word, of letters and digits and whatever else; and no expression. */
    private static boolean looksMade(String value) {
        boolean upper = false;
        boolean lower = false;
        boolean digit = false;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c <= ' ' || (c == ')' && value.lastIndexOf('(', i) >= 0)) {
                return false;
            }
            upper |= Characters.isUpper(c);
            lower |= Characters.isLower(c);
            digit |= Characters.isDigit(c);
        }
        boolean mixed = NAME.matcher(value).matches() ? upper && lower && digit : digit && (upper || lower);
        return value.length() >= SHORTEST_LITERAL
                && mixed
                && !REFERENCE.matcher(value).find()
                && !Credentials.isUuid(value, 0, value.length());
    }

    /** Names of other things: {@code request.getValue1}, {@code Secrets::v2}. */
    private static boolean isCode(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (":(<{$[".indexOf(c) >= 0 || (c == '.' && !Characters.digitAt(value, i + 1))) {
                return true;
            }
        }
        return false;
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
