package dev.chancery.schema;

/** The formats of clear strings that have a name in the contract. */
public final class TextFormat {
    private static final int ID_LENGTH = 36;

    private TextFormat() {}

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
