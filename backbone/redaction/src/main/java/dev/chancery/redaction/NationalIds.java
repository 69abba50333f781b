package dev.chancery.redaction;

import static dev.chancery.redaction.Characters.at;
import static dev.chancery.redaction.Characters.digitAt;
import static dev.chancery.redaction.Characters.isDigit;
import static dev.chancery.redaction.Characters.wordAt;

/**
 * Numbers by which states know people, where a check digit or a shape of its own tells them from other numbers. Each method
 * answers where the number ends, or -1.
 */
final class NationalIds {
    private static final String DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE";
    /** What a character of an Italian fiscal code counts in an odd place, digits as A to J. */
    private static final int[] FISCAL_ODD = {
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23
    };

    private static final byte[][] VERHOEFF_PRODUCT = {
        {0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
        {1, 2, 3, 4, 0, 6, 7, 8, 9, 5},
        {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
        {3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
        {4, 0, 1, 2, 3, 9, 5, 6, 7, 8},
        {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
        {6, 5, 9, 8, 7, 1, 0, 4, 3, 2},
        {7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
        {8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
        {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}
    };
    private static final byte[] VERHOEFF_STEP = {1, 5, 7, 6, 2, 8, 3, 0, 9, 4};

    private NationalIds() {}

    /** One that begins with the digit at {@code start}. */
    static int digitsEnd(String text, int start) {
        int run = 0;
        while (run < 16 && digitAt(text, start + run)) {
            run++;
        }
        int end =
                switch (run) {
                    case 1 -> french(text, start);
                    case 2 -> german(text, start);
                    case 3 -> first(american(text, start), brazilian(text, start), swiss(text, start));
                    case 4 -> indian(text, start);
                    case 6 -> swedish(text, start);
                    case 8 -> spanish(text, start, 0);
                    case 11 -> first(german(text, start), polish(text, start), brazilian(text, start));
                    case 15 -> french(text, start);
                    default -> -1;
                };
        return end > 0 && !wordAt(text, end) && !(at(text, end) == '-' && wordAt(text, end + 1)) ? end : -1;
    }

    /** One that begins with the letter at {@code start}. */
    static int lettersEnd(String text, int start) {
        char c = text.charAt(start);
        if (c > 'Z') {
            return -1;
        }
        int end = c == 'X' || c == 'Y' || c == 'Z' ? spanish(text, start + 1, c - 'X') : -1;
        end = first(end, british(text, start), italian(text, start));
        return end > 0 && !wordAt(text, end) ? end : -1;
    }

    private static int first(int... ends) {
        for (int end : ends) {
            if (end > 0) {
                return end;
            }
        }
        return -1;
    }

    /**
     * Copies the digits of groups, or of one run of them, to {@code into}.
     *
     * @param gaps the characters between the groups
     * @return where they end, or -1
     */
    private static int groups(String text, int start, String gaps, int[] into, int... groups) {
        int i = start;
        int n = 0;
        boolean grouped = !gaps.isEmpty() && at(text, start + groups[0]) == gaps.charAt(0);
        for (int group = 0; group < groups.length; group++) {
            if (group > 0 && grouped && at(text, i++) != gaps.charAt(group - 1)) {
                return -1;
            }
            for (int k = 0; k < groups[group]; k++, i++) {
                if (!digitAt(text, i)) {
                    return -1;
                }
                into[n++] = text.charAt(i) - '0';
            }
        }
        return i;
    }

    /** United States, social security: 3-2-4, no area 000, 666 or 9xx, no zero group. */
    private static int american(String text, int start) {
        char separator = at(text, start + 3);
        if (separator != '-' && separator != ' ') {
            return -1;
        }
        var d = new int[9];
        int end = groups(text, start, separator == '-' ? "--" : "  ", d, 3, 2, 4);
        int area = d[0] * 100 + d[1] * 10 + d[2];
        boolean valid = area > 0 && area < 900 && area != 666 && d[3] + d[4] > 0 && d[5] + d[6] + d[7] + d[8] > 0;
        return end > 0 && valid ? end : -1;
    }

    /** Brazil, CPF: 000.000.000-00 or in one run, two check digits. */
    private static int brazilian(String text, int start) {
        var d = new int[11];
        int end = groups(text, start, "..-", d, 3, 3, 3, 2);
        boolean same = true;
        for (int i = 1; i < 11; i++) {
            same &= d[i] == d[0];
        }
        return end > 0 && !same && cpfDigit(d, 9) == d[9] && cpfDigit(d, 10) == d[10] ? end : -1;
    }

    private static int cpfDigit(int[] d, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += d[i] * (length + 1 - i);
        }
        return sum * 10 % 11 % 10;
    }

    /** Switzerland, AHV: 756.0000.0000.00, an EAN-13. */
    private static int swiss(String text, int start) {
        if (!text.startsWith("756.", start)) {
            return -1;
        }
        var d = new int[13];
        int end = groups(text, start, "...", d, 3, 4, 4, 2);
        int sum = 0;
        for (int i = 0; i < 12; i++) {
            sum += d[i] * (i % 2 == 0 ? 1 : 3);
        }
        return end > 0 && (10 - sum % 10) % 10 == d[12] ? end : -1;
    }

    /** India, Aadhaar: 0000 0000 0000, Verhoeff's check digit. */
    private static int indian(String text, int start) {
        char separator = at(text, start + 4);
        if (text.charAt(start) < '2' || (separator != ' ' && separator != '-')) {
            return -1;
        }
        var d = new int[12];
        int end = groups(text, start, separator == ' ' ? "  " : "--", d, 4, 4, 4);
        if (end < 0 || (at(text, end) == separator && digitAt(text, end + 1))) {
            return -1;
        }
        int check = 0;
        for (int i = 0; i < 12; i++) {
            int digit = d[11 - i];
            for (int step = 0; step < i % 8; step++) {
                digit = VERHOEFF_STEP[digit];
            }
            check = VERHOEFF_PRODUCT[check][digit];
        }
        return check == 0 ? end : -1;
    }

    /** Sweden, personnummer: 000000-0000 with a date and Luhn's check digit. */
    private static int swedish(String text, int start) {
        char separator = at(text, start + 6);
        if (separator != '-' && separator != '+') {
            return -1;
        }
        var d = new int[10];
        int end = groups(text, start, separator == '-' ? "-" : "+", d, 6, 4);
        int sum = 0;
        for (int i = 0; i < 10; i++) {
            int digit = d[i] << (i % 2 == 0 ? 1 : 0);
            sum += digit > 9 ? digit - 9 : digit;
        }
        // A coordination number adds 60 to the day.
        int day = (d[4] * 10 + d[5]) % 60;
        return end > 0 && sum % 10 == 0 && isDate(d[2] * 10 + d[3], day) ? end : -1;
    }

    /** Poland, PESEL: a date whose month tells the century, and a check digit. */
    private static int polish(String text, int start) {
        var d = new int[11];
        int end = groups(text, start, "", d, 11);
        int sum = 0;
        for (int i = 0; i < 10; i++) {
            sum += d[i] * new int[] {1, 3, 7, 9}[i % 4];
        }
        boolean date = isDate((d[2] * 10 + d[3]) % 20, d[4] * 10 + d[5]);
        return end > 0 && date && (10 - sum % 10) % 10 == d[10] ? end : -1;
    }

    /** Germany, tax identification number: of its first ten digits one stands there twice or three times; ISO 7064, MOD 11,10. */
    private static int german(String text, int start) {
        var d = new int[11];
        int end = groups(text, start, "   ", d, 2, 3, 3, 3);
        if (end < 0 || d[0] == 0) {
            return -1;
        }
        var count = new int[10];
        int product = 10;
        for (int i = 0; i < 10; i++) {
            count[d[i]]++;
            int sum = (d[i] + product) % 10;
            product = (sum == 0 ? 10 : sum) * 2 % 11;
        }
        int repeated = 0;
        for (int each : count) {
            if (each > 3) {
                return -1;
            }
            repeated += each > 1 ? 1 : 0;
        }
        return repeated == 1 && (11 - product) % 10 == d[10] ? end : -1;
    }

    /** France, NIR: sex, year, month, department, commune, order and a key modulo 97, in one run or in groups. */
    private static int french(String text, int start) {
        if (text.charAt(start) != '1' && text.charAt(start) != '2') {
            return -1;
        }
        int[] groups = {1, 2, 2, 2, 3, 3, 2};
        char separator = at(text, start + 1);
        boolean grouped = separator == ' ' || separator == '.';
        long number = 0;
        int i = start;
        for (int group = 0; group < groups.length - 1; group++) {
            for (int k = 0; k < groups[group]; k++, i++) {
                char c = at(text, i);
                // Corsica's departments count as 19 and 18.
                boolean corsica = group == 3 && k == 1 && (c == 'A' || c == 'B') && at(text, i - 1) == '2';
                if (corsica) {
                    number = number / 10 * 100 + (c == 'A' ? 19 : 18);
                    continue;
                }
                if (!isDigit(c)) {
                    return -1;
                }
                number = number * 10 + c - '0';
            }
            if (grouped && at(text, i++) != separator) {
                return -1;
            }
        }
        if (!digitAt(text, i) || !digitAt(text, i + 1)) {
            return -1;
        }
        int key = (at(text, i) - '0') * 10 + at(text, i + 1) - '0';
        int month = (int) (number / 100_000_000 % 100);
        boolean plausible = (month >= 1 && month <= 12) || (month >= 20 && month <= 42) || (month >= 50 && month <= 99);
        return plausible && 97 - number % 97 == key ? i + 2 : -1;
    }

    /** Spain: eight digits (DNI), or X, Y or Z and seven (NIE), and a letter modulo 23, perhaps after a hyphen. */
    private static int spanish(String text, int start, int lead) {
        boolean foreign = start > 0 && at(text, start - 1) >= 'X' && at(text, start - 1) <= 'Z';
        int i = start + (foreign && at(text, start) == '-' ? 1 : 0);
        int length = foreign ? 7 : 8;
        int number = foreign ? lead : 0;
        for (int k = 0; k < length; k++, i++) {
            if (!digitAt(text, i)) {
                return -1;
            }
            number = number * 10 + at(text, i) - '0';
        }
        i += at(text, i) == '-' ? 1 : 0;
        return at(text, i) == DNI_LETTERS.charAt(number % 23) ? i + 1 : -1;
    }

    /** United Kingdom, national insurance: two letters, six digits, A to D, in pairs or not. */
    private static int british(String text, int start) {
        char a = at(text, start);
        char b = at(text, start + 1);
        boolean letters = a >= 'A' && a <= 'Z' && b >= 'A' && b <= 'Z';
        if (!letters || "DFIQUV".indexOf(a) >= 0 || "DFIOQUV".indexOf(b) >= 0) {
            return -1;
        }
        String prefix = text.substring(start, start + 2);
        if ("BG GB KN NK NT TN ZZ".contains(prefix)) {
            return -1;
        }
        int i = start + 2;
        boolean spaced = at(text, i) == ' ';
        for (int pair = 0; pair < 3; pair++) {
            i += spaced ? 1 : 0;
            if ((spaced && at(text, i - 1) != ' ') || !digitAt(text, i) || !digitAt(text, i + 1)) {
                return -1;
            }
            i += 2;
        }
        i += spaced && at(text, i) == ' ' ? 1 : 0;
        return at(text, i) >= 'A' && at(text, i) <= 'D' ? i + 1 : -1;
    }

    /** Italy, codice fiscale: six letters, year, month's letter, day, commune and a check letter. */
    private static int italian(String text, int start) {
        int sum = 0;
        for (int i = 0; i < 15; i++) {
            char c = at(text, start + i);
            boolean letter = i < 6 || i == 8 || i == 11;
            // Where two people would share a code, digits become the letters LMNPQRSTUV.
            boolean digit = isDigit(c) || "LMNPQRSTUV".indexOf(c) >= 0;
            if (letter ? c < 'A' || c > 'Z' : !digit) {
                return -1;
            }
            int value = isDigit(c) ? c - '0' : c - 'A';
            sum += i % 2 == 0 ? FISCAL_ODD[value] : value;
        }
        return at(text, start + 15) == 'A' + sum % 26 && "ABCDEHLMPRST".indexOf(at(text, start + 8)) >= 0
                ? start + 16
                : -1;
    }

    private static boolean isDate(int month, int day) {
        return month >= 1 && month <= 12 && day >= 1 && day <= 31;
    }
}
