package dev.chancery.redaction;

import static dev.chancery.redaction.Characters.at;
import static dev.chancery.redaction.Characters.digitAt;
import static dev.chancery.redaction.Characters.isDigit;
import static dev.chancery.redaction.Characters.wordAt;

/** What is personal and made of digits: payment cards, phone numbers, bank accounts. Each answers an end, or -1. */
final class Numbers {
    private static final int CARD_MIN_DIGITS = 13;
    private static final int CARD_MAX_DIGITS = 19;
    /** How cards are printed; other groupings are somebody's columns. */
    private static final int[][] CARD_GROUPS = {{4, 4, 4, 4, 3}, {4, 4, 4, 4}, {4, 6, 5}, {4, 6, 4}};

    /** ITU-T E.164. */
    private static final int PHONE_MAX_DIGITS = 15;

    private static final int PHONE_MIN_DIGITS = 8;

    private Numbers() {}

    /** ISO/IEC 7812: an issuer's first digits, 13 to 19 digits in one run or in a card's groups, and the Luhn digit. */
    static int cardEnd(String text, int start) {
        if (!isIssuer(text, start)) {
            return -1;
        }
        int run = digits(text, start, CARD_MAX_DIGITS + 1);
        if (run >= CARD_MIN_DIGITS && run <= CARD_MAX_DIGITS) {
            int end = start + run;
            return !wordAt(text, end) && luhn(text, start, end) ? end : -1;
        }
        char separator = at(text, start + 4);
        if (run == 4 && (separator == ' ' || separator == '-')) {
            for (int[] groups : CARD_GROUPS) {
                int end = groupsEnd(text, start, groups, separator);
                if (end > 0 && luhn(text, start, end)) {
                    return end;
                }
            }
        }
        return -1;
    }

    /** Issuers that people pay with: 2221 to 2720 and 3 to 6. So no Unix time of this century in micro- or nanoseconds. */
    private static boolean isIssuer(String text, int start) {
        char first = at(text, start);
        if (first != '2') {
            return first >= '3' && first <= '6';
        }
        if (digits(text, start, 4) < 4) {
            return false;
        }
        int four = Integer.parseInt(text, start, start + 4, 10);
        return four >= 2221 && four <= 2720;
    }

    private static int groupsEnd(String text, int start, int[] groups, char separator) {
        int i = start;
        for (int group = 0; group < groups.length; group++) {
            if (group > 0) {
                if (at(text, i) != separator) {
                    return -1;
                }
                i++;
            }
            if (digits(text, i, groups[group] + 1) != groups[group]) {
                return -1;
            }
            i += groups[group];
        }
        return wordAt(text, i) || (separator == '-' && at(text, i) == '-') ? -1 : i;
    }

    private static boolean luhn(String text, int start, int end) {
        int sum = 0;
        boolean doubled = false;
        for (int i = end - 1; i >= start; i--) {
            char c = text.charAt(i);
            if (isDigit(c)) {
                int digit = (c - '0') << (doubled ? 1 : 0);
                sum += digit > 9 ? digit - 9 : digit;
                doubled = !doubled;
            }
        }
        return sum % 10 == 0;
    }

    /**
     * A phone number that says it is one: {@code +49 30 1234567}, {@code 0049 301234567}, {@code (415) 555-2671},
     * {@code 415-555-2671}, {@code 030 1234567}. A bare run of digits is a position, a size or a time far more often.
     */
    static int phoneEnd(String text, int start) {
        char first = text.charAt(start);
        int digitsFrom = first == '+' || first == '(' ? start + 1 : start;
        int firstGroup = digits(text, digitsFrom, PHONE_MAX_DIGITS + 3);
        if (firstGroup == 0 && !(first == '+' && at(text, start + 1) == '(')) {
            return -1;
        }
        int count = 0;
        int groups = 1;
        int i = digitsFrom;
        while (count <= PHONE_MAX_DIGITS + 2) {
            if (digitAt(text, i)) {
                count++;
                i++;
            } else {
                int gap = gap(text, i);
                if (gap == 0) {
                    break;
                }
                groups++;
                i += gap;
            }
        }
        if (wordAt(text, i) || (at(text, i) == '-' && wordAt(text, i + 1))) {
            return -1;
        }
        boolean phone =
                switch (first) {
                    case '+' -> count >= PHONE_MIN_DIGITS && count <= PHONE_MAX_DIGITS;
                    case '(' ->
                        firstGroup >= 2
                                && firstGroup <= 5
                                && at(text, digitsFrom + firstGroup) == ')'
                                && count >= 9
                                && count <= 13;
                    case '0' -> isDialled(text, start, count) || (groups > 1 && isNational(firstGroup, count));
                    default -> isNorthAmerican(text, start, i);
                };
        return phone ? i : -1;
    }

    /** 0049…: the international prefix, then a country. */
    private static boolean isDialled(String text, int start, int count) {
        char country = at(text, start + 2);
        return at(text, start + 1) == '0'
                && country >= '1'
                && country <= '9'
                && count >= 11
                && count <= PHONE_MAX_DIGITS + 2;
    }

    private static boolean isNational(int firstGroup, int count) {
        return firstGroup >= 3 && firstGroup <= 6 && count >= 9 && count <= 12;
    }

    /** The length of what may stand between two groups of a phone number, 0 where the number ends. */
    private static int gap(String text, int i) {
        int length = 0;
        while (length < 2 && " -./()".indexOf(at(text, i + length)) >= 0) {
            length++;
        }
        boolean goesOn = digitAt(text, i + length) || (at(text, i + length) == '(' && digitAt(text, i + length + 1));
        return length > 0 && goesOn ? length : 0;
    }

    /** 415-555-2671, 415.555.2671 or 415 555 2671: area and exchange begin with 2 to 9. */
    private static boolean isNorthAmerican(String text, int start, int end) {
        return end - start == 12
                && digits(text, start, 4) == 3
                && digits(text, start + 4, 4) == 3
                && digits(text, start + 8, 5) == 4
                && at(text, start + 3) == at(text, start + 7)
                && at(text, start) >= '2'
                && at(text, start + 4) >= '2';
    }

    /** ISO 13616: a country that has IBANs, that country's length, and the check digits; spaces or hyphens between fours. */
    static int ibanEnd(String text, int start) {
        if (!digitAt(text, start + 2) || !digitAt(text, start + 3)) {
            return -1;
        }
        int length = IbanCountries.length(text.charAt(start), text.charAt(start + 1));
        long head = 0;
        long remainder = 0;
        int i = start;
        for (int n = 0; n < length; n++) {
            char c = at(text, i);
            if (n > 0 && n % 4 == 0 && (c == ' ' || c == '-')) {
                c = at(text, ++i);
            }
            int value = c < 128 ? Character.digit(c, 36) : -1;
            if (value < 0) {
                return -1;
            }
            int shift = value > 9 ? 100 : 10;
            if (n < 4) {
                head = head * shift + value;
            } else {
                remainder = (remainder * shift + value) % 97;
            }
            i++;
        }
        // The first four characters count last; two letters and two digits are six decimal places.
        boolean valid = length > 0 && (remainder * 1_000_000 + head) % 97 == 1;
        return valid && !wordAt(text, i) ? i : -1;
    }

    private static int digits(String text, int start, int limit) {
        int i = start;
        while (i - start < limit && digitAt(text, i)) {
            i++;
        }
        return i - start;
    }
}
