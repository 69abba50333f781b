package dev.chancery.redaction;

import static dev.chancery.redaction.Characters.at;

import java.util.List;

/** What stands in the place of something redacted: {@code [redacted-<kind>]}. */
final class Mark {
    private static final String BEGIN = "[redacted-";
    private static final List<String> KINDS =
            List.of("card", "iban", "mail", "national-id", "pem", "phone", "random", "secret", "token", "vault");

    private Mark() {}

    static String of(String kind) {
        return BEGIN + kind + ']';
    }

    /** Whether a whole mark stands at {@code start}: a text that only begins like one is redacted as any other. */
    static boolean isAt(String text, int start) {
        if (!text.startsWith(BEGIN, start)) {
            return false;
        }
        int kind = start + BEGIN.length();
        for (String each : KINDS) {
            if (text.startsWith(each, kind) && at(text, kind + each.length()) == ']') {
                return true;
            }
        }
        return false;
    }
}
