package dev.chancery.auditor;

import java.util.Locale;

/** What comes from the export and is shown to a person: it may hold anything, so nothing of it reaches a terminal raw. */
final class Text {
    private static final int LONGEST = 200;

    private Text() {}

    /** Printable ASCII as it is, all else as {@code \}{@code u0000}, cut after {@value #LONGEST} characters. */
    static String printable(String text) {
        StringBuilder shown = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            if (i == LONGEST) {
                return shown.append("...").toString();
            }
            char c = text.charAt(i);
            if (c >= ' ' && c <= '~') {
                shown.append(c);
            } else {
                shown.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            }
        }
        return shown.toString();
    }

    static String json(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c >= ' ' && c <= '~') {
                quoted.append(c);
            } else {
                quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            }
        }
        return quoted.append('"').toString();
    }
}
