package dev.chancery.schema;

/** The formats of clear strings that have a name in the contract. */
public final class TextFormat {
    private static final int ID_LENGTH = 36;

    /** Of a capability: its resource, and its verb. */
    private static final int PART_LENGTH = 63;

    private TextFormat() {}

    /** A capability, {@code resource:verb}. */
    public static boolean isCapability(String text) {
        int colon = text.indexOf(':');
        return isName(text, 0, colon, true) && isName(text, colon + 1, text.length(), false);
    }

    private static boolean isName(String text, int from, int to, boolean dots) {
        if (to <= from || to - from > PART_LENGTH || !isLetter(text.charAt(from))) {
            return false;
        }
        for (int i = from + 1; i < to; i++) {
            char c = text.charAt(i);
            if (!isLetter(c) && !(c >= '0' && c <= '9') && c != '-' && !(dots && c == '.')) {
                return false;
            }
        }
        return true;
    }

    private static boolean isLetter(char c) {
        return c >= 'a' && c <= 'z';
    }

    /** A UUID in lower case, with hyphens. Written out, because most fields of most requests are one. */
    public static boolean isId(String text) {
        if (text.length() != ID_LENGTH) {
            return false;
        }
        for (int i = 0; i < ID_LENGTH; i++) {
            char c = text.charAt(i);
            boolean right =
                    switch (i) {
                        case 8, 13, 18, 23 -> c == '-';
                        default -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                    };
            if (!right) {
                return false;
            }
        }
        return true;
    }
}
