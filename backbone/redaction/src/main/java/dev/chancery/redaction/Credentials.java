package dev.chancery.redaction;

import static dev.chancery.redaction.Characters.at;
import static dev.chancery.redaction.Characters.isBase64;
import static dev.chancery.redaction.Characters.isDigit;
import static dev.chancery.redaction.Characters.isLower;
import static dev.chancery.redaction.Characters.isToken;
import static dev.chancery.redaction.Characters.isUpper;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Secrets that say what they are: JWTs, vendors' keys, Authorization schemes, PEM blocks, references, credentials in URLs. */
final class Credentials {
    /** What issuers put before their keys, and how many characters follow at least; the rule is what a scan calls it. */
    private record Prefix(String rule, String text, int tail) {}

    private static final List<Prefix> PREFIXES = List.of(
            new Prefix("jwt", "eyJ", 10), // JWT, JWE: base64url of {"
            new Prefix("aws-key", "AKIA", 16),
            new Prefix("aws-key", "ASIA", 16), // AWS
            new Prefix("google-key", "AIza", 35),
            new Prefix("google-key", "ya29.", 20),
            new Prefix("google-key", "GOCSPX-", 20), // Google
            new Prefix("github-token", "ghp_", 36),
            new Prefix("github-token", "gho_", 36),
            new Prefix("github-token", "ghu_", 36),
            new Prefix("github-token", "ghs_", 36),
            new Prefix("github-token", "ghr_", 36),
            new Prefix("github-token", "github_pat_", 22),
            new Prefix("gitlab-token", "glpat-", 20),
            new Prefix("slack-token", "xoxa-", 10),
            new Prefix("slack-token", "xoxb-", 10),
            new Prefix("slack-token", "xoxe-", 10),
            new Prefix("slack-token", "xoxp-", 10),
            new Prefix("slack-token", "xoxr-", 10),
            new Prefix("slack-token", "xoxs-", 10),
            new Prefix("slack-token", "xapp-", 10), // Slack
            new Prefix("stripe-key", "sk_live_", 16),
            new Prefix("stripe-key", "sk_test_", 16),
            new Prefix("stripe-key", "rk_live_", 16),
            new Prefix("stripe-key", "rk_test_", 16),
            new Prefix("stripe-key", "whsec_", 16), // Stripe
            new Prefix("sendgrid-key", "SG.", 20), // SendGrid
            new Prefix("model-key", "sk-", 20), // language models
            new Prefix("vault-token", "hvs.", 20),
            new Prefix("vault-token", "hvb.", 20), // HashiCorp Vault, OpenBao
            new Prefix("npm-token", "npm_", 36),
            new Prefix("digitalocean-token", "dop_v1_", 40)); // DigitalOcean

    private static final @Nullable Prefix[][] BY_FIRST = new Prefix[128][];

    static {
        for (char c = 0; c < 128; c++) {
            var some = new ArrayList<Prefix>();
            for (Prefix prefix : PREFIXES) {
                if (prefix.text().charAt(0) == c) {
                    some.add(prefix);
                }
            }
            BY_FIRST[c] = some.isEmpty() ? null : some.toArray(Prefix[]::new);
        }
    }

    private static final String[] SCHEMES = {"Bearer ", "Basic ", "DPoP "};
    private static final int CREDENTIAL_MIN = 8;
    /** How far a run is looked at to tell a secret from a word. */
    private static final int LOOK = 64;

    private static final String PEM_BEGIN = "-----BEGIN ";
    private static final String PEM_END = "-----END ";
    private static final int PEM_LABEL_MAX = 64;

    private Credentials() {}

    /** The end of a token that its first characters betray, or -1. The dotted parts of a JWT go with it. */
    static int tokenEnd(String text, int start) {
        char first = text.charAt(start);
        Prefix[] prefixes = first < 128 ? BY_FIRST[first] : null;
        if (prefixes == null) {
            return -1;
        }
        for (Prefix prefix : prefixes) {
            int tail = start + prefix.text().length();
            if (text.startsWith(prefix.text(), start) && isTokenOf(text, tail, prefix.tail())) {
                int end = Characters.tokenEnd(text, tail + prefix.tail());
                while (at(text, end) == '.' && isToken(at(text, end + 1))) {
                    end = Characters.tokenEnd(text, end + 1);
                }
                return end;
            }
        }
        return -1;
    }

    /** Which issuer's it is, for one that {@link #tokenEnd} has found at {@code start}; else empty. */
    static String ruleOf(String text, int start) {
        return PREFIXES.stream()
                .filter(prefix -> text.startsWith(prefix.text(), start)
                        && isTokenOf(text, start + prefix.text().length(), prefix.tail()))
                .map(Prefix::rule)
                .findFirst()
                .orElse("");
    }

    static List<String> rules() {
        return PREFIXES.stream().map(Prefix::rule).distinct().toList();
    }

    private static boolean isTokenOf(String text, int start, int length) {
        if (start + length > text.length()) {
            return false;
        }
        for (int i = start; i < start + length; i++) {
            if (!isToken(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /** Where the credential after {@code Bearer}, {@code Basic} or {@code DPoP} begins, or -1; a word of prose is none. */
    static int afterScheme(String text, int start) {
        for (String scheme : SCHEMES) {
            if (text.regionMatches(true, start, scheme, 0, scheme.length())) {
                int credential = start + scheme.length();
                return looksRandom(text, credential, CREDENTIAL_MIN) ? credential : -1;
            }
        }
        return -1;
    }

    /** RFC 9110 token68. */
    static int credentialEnd(String text, int start) {
        int i = start;
        while (i < text.length() && (isBase64(text.charAt(i)) || text.charAt(i) == '.' || text.charAt(i) == '~')) {
            i++;
        }
        return i;
    }

    /**
     * Whether the run of base64 characters at {@code start} has at least {@code min} and is no word, number, path or UUID: letters
     * with digits or of both cases; with a slash in it, all three.
     */
    static boolean looksRandom(String text, int start, int min) {
        int limit = Math.min(text.length(), start + LOOK);
        boolean upper = false;
        boolean lower = false;
        boolean digit = false;
        boolean slash = false;
        int i = start;
        for (; i < limit && isBase64(text.charAt(i)); i++) {
            char c = text.charAt(i);
            upper |= isUpper(c);
            lower |= isLower(c);
            digit |= isDigit(c);
            slash |= c == '/';
        }
        if (i - start < min || isUuid(text, start, i)) {
            return false;
        }
        return slash ? upper && lower && digit : (digit && (upper || lower)) || (upper && lower);
    }

    /** How many characters of base64 are looked at together, and from what entropy on they are a secret; hexadecimal has 4 bits at most. */
    private static final int WINDOW = 40;

    private static final double HIGH_ENTROPY_BITS = 4.5;
    /** Of a count of equal characters in a window, what it takes from the window's entropy. */
    private static final double[] SHARE = new double[WINDOW + 1];

    static {
        for (int count = 1; count <= WINDOW; count++) {
            SHARE[count] = count * Math.log(count) / Math.log(2) / WINDOW;
        }
    }

    private static final double MAX_BITS = Math.log(WINDOW) / Math.log(2);

    /** What stands in base64 or base64url, without the padding. */
    static boolean isRandomCharacter(char c) {
        return Characters.isToken(c) || c == '+' || c == '/';
    }

    static int randomRunEnd(String text, int start) {
        int i = start;
        while (i < text.length() && isRandomCharacter(text.charAt(i))) {
            i++;
        }
        return i;
    }

    static int paddingEnd(String text, int end) {
        int i = end;
        while (i < end + 2 && at(text, i) == '=') {
            i++;
        }
        return i;
    }

    /** Whether 40 characters in a row are spread as evenly as those of random bytes in base64, digits and both cases among them. */
    static boolean isHighEntropy(String text, int start, int end) {
        if (end - start < WINDOW || !hasEveryClass(text, start, end)) {
            return false;
        }
        var counts = new int[128];
        double taken = 0;
        for (int i = start; i < end; i++) {
            if (i - WINDOW >= start) {
                char oldest = text.charAt(i - WINDOW);
                taken += SHARE[counts[oldest] - 1] - SHARE[counts[oldest]];
                counts[oldest]--;
            }
            char c = text.charAt(i);
            taken += SHARE[counts[c] + 1] - SHARE[counts[c]];
            counts[c]++;
            if (i - start >= WINDOW - 1
                    && MAX_BITS - taken >= HIGH_ENTROPY_BITS
                    && hasEveryClass(text, i - WINDOW + 1, i + 1)) {
                return true;
            }
        }
        return false;
    }

    private static boolean hasEveryClass(String text, int start, int end) {
        boolean upper = false;
        boolean lower = false;
        boolean digit = false;
        for (int i = start; i < end && !(upper && lower && digit); i++) {
            char c = text.charAt(i);
            upper |= isUpper(c);
            lower |= isLower(c);
            digit |= isDigit(c);
        }
        return upper && lower && digit;
    }

    static boolean isUuid(String text, int start, int end) {
        if (end - start != 36) {
            return false;
        }
        for (int i = 0; i < 36; i++) {
            char c = text.charAt(start + i);
            boolean hyphen = i == 8 || i == 13 || i == 18 || i == 23;
            if (hyphen ? c != '-' : Character.digit(c, 16) < 0) {
                return false;
            }
        }
        return true;
    }

    /** A PEM block (RFC 7468), to its end line; one that was cut off, to the end of the text. */
    static int pemEnd(String text, int start) {
        if (!text.startsWith(PEM_BEGIN, start)) {
            return -1;
        }
        int last = text.indexOf(PEM_END, start + PEM_BEGIN.length());
        if (last < 0) {
            return text.length();
        }
        int label = last + PEM_END.length();
        int dashes = text.indexOf("-----", label, Math.min(text.length(), label + PEM_LABEL_MAX));
        return dashes < 0 ? text.length() : dashes + 5;
    }

    static int pathEnd(String text, int start) {
        int i = start;
        while (i < text.length() && !Characters.endsValue(text.charAt(i))) {
            i++;
        }
        return i;
    }

    /** The @ that ends {@code user:password} in a URL's authority, or -1. */
    static int userInfoEnd(String text, int start) {
        int at = -1;
        boolean password = false;
        for (int i = start; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '/' || c == '?' || c == '#' || c <= ' ' || c == '"') {
                break;
            }
            password |= c == ':' && at < 0;
            at = c == '@' ? i : at;
        }
        return password && !Mark.isAt(text, start) ? at : -1;
    }
}
