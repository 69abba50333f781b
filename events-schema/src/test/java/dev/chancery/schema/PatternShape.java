package dev.chancery.schema;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a field's pattern can match, read from its text: how long its longest match is, and that matching takes linear time.
 *
 * <p>Patterns are the subset of {@link Pattern} made of literals, escaped literals, {@code [classes]}, {@code \s}, {@code
 * \p{Cc}}, {@code \P{Cc}}, code points of four hexadecimal digits, groups, {@code ?}, {@code {n}} and {@code {n,m}}. No choice, no dot, nothing unbounded.
 *
 * <p>Theory: number the atoms of the pattern. If after each atom (and at the start) the atoms that may come next are disjoint, the
 * next character settles the way (the expression is deterministic in the sense of Brüggemann-Klein and Wood, "One-unambiguous
 * regular languages", 1998). What a backtracking matcher gives back then fails on the next atom, so it never explores. Counting is
 * treated as a loop, which refuses some patterns that would do ({@code a{2}a}) and accepts none that would not.
 */
final class PatternShape {
    /** All code points from here on are alike where no escape names one: classes stop at 0x9F, and literals are ASCII. */
    private static final int PLAIN_ALPHABET = 0xA1;

    /** All code points from here on are alike: escapes name at most the last one before. */
    private static final int NAMED_ALPHABET = 0x10001;

    private static final Pattern NAMED = Pattern.compile("\\\\u[0-9a-f]{4}");
    private static final String META = "(){}[]|?*+.^$\\&";

    private final String text;
    private final int alphabet;
    private final List<BitSet> atoms = new ArrayList<>();
    private final List<BitSet> follow = new ArrayList<>();
    private final int maxCodePoints;
    private int at;

    /** A part of the pattern: which atoms may begin and end a match of it. */
    private record Part(boolean nullable, BitSet first, BitSet last, long maxCodePoints) {}

    /** @throws IllegalArgumentException if the pattern is not one of the subset, or not deterministic */
    PatternShape(String text) {
        this.text = text;
        this.alphabet = text.contains("\\u") ? NAMED_ALPHABET : PLAIN_ALPHABET;
        Part whole = sequence();
        if (at < text.length()) {
            throw refused("has an unmatched )");
        }
        requireDisjoint(whole.first());
        follow.forEach(this::requireDisjoint);
        if (whole.maxCodePoints() > Integer.MAX_VALUE) {
            throw refused("is too long");
        }
        maxCodePoints = (int) whole.maxCodePoints();
    }

    /** The longest match, in code points. */
    int maxCodePoints() {
        return maxCodePoints;
    }

    /** Whether some match may hold the character, which is one of ASCII. */
    boolean admits(char character) {
        return atoms.stream().anyMatch(accepted -> accepted.get(character));
    }

    private Part sequence() {
        Part all = new Part(true, new BitSet(), new BitSet(), 0);
        while (at < text.length() && text.charAt(at) != ')') {
            all = then(all, quantified());
        }
        return all;
    }

    private Part then(Part left, Part right) {
        link(left.last(), right.first());
        return new Part(
                left.nullable() && right.nullable(),
                left.nullable() ? union(left.first(), right.first()) : left.first(),
                right.nullable() ? union(left.last(), right.last()) : right.last(),
                left.maxCodePoints() + right.maxCodePoints());
    }

    private Part quantified() {
        Part part = atom();
        if (at == text.length()) {
            return part;
        }
        int min;
        int max;
        switch (text.charAt(at)) {
            case '?' -> {
                at++;
                min = 0;
                max = 1;
            }
            case '{' -> {
                int end = text.indexOf('}', at);
                String[] bounds =
                        end < 0 ? new String[0] : text.substring(at + 1, end).split(",", -1);
                if (bounds.length < 1 || bounds.length > 2) {
                    throw refused("has a malformed repetition");
                }
                min = count(bounds[0]);
                max = count(bounds[bounds.length - 1]);
                at = end + 1;
            }
            case '*', '+' -> throw refused("is unbounded");
            default -> {
                return part;
            }
        }
        if (max < 1 || min > max || part.nullable()) {
            throw refused("has a repetition of nothing");
        }
        if (max > 1) {
            link(part.last(), part.first());
        }
        return new Part(min == 0, part.first(), part.last(), part.maxCodePoints() * max);
    }

    private int count(String digits) {
        if (!digits.matches("[0-9]{1,5}")) {
            throw refused("has a malformed repetition");
        }
        return Integer.parseInt(digits);
    }

    private Part atom() {
        char c = text.charAt(at);
        if (c == '(') {
            at++;
            Part group = sequence();
            if (at == text.length()) {
                throw refused("has an unmatched (");
            }
            at++;
            return group;
        }
        int start = at;
        if (c == '[') {
            classText();
        } else if (c == '\\') {
            escape();
        } else if (META.indexOf(c) >= 0 || c < ' ' || c > '~') {
            throw refused("uses what the subset does not have");
        } else {
            at++;
        }
        return position(text.substring(start, at));
    }

    private void classText() {
        at++;
        while (at < text.length() && text.charAt(at) != ']') {
            char c = text.charAt(at);
            if (c == '\\') {
                escape();
            } else if (c == '[' || c == '&' || c < ' ' || c > '~') {
                throw refused("has a class that the subset does not have");
            } else {
                at++;
            }
        }
        if (at == text.length()) {
            throw refused("has an unmatched [");
        }
        at++;
    }

    private void escape() {
        for (String known : List.of("\\p{Cc}", "\\P{Cc}", "\\s")) {
            if (text.startsWith(known, at)) {
                at += known.length();
                return;
            }
        }
        Matcher named = NAMED.matcher(text).region(at, text.length());
        if (named.lookingAt()) {
            at = named.end();
            return;
        }
        boolean literal = at + 1 < text.length() && "()[]{}|?*+.^$\\&-/".indexOf(text.charAt(at + 1)) >= 0;
        if (!literal) {
            throw refused("has an escape that the subset does not have");
        }
        at += 2;
    }

    private Part position(String atom) {
        // Whether a character is in a class is the matcher's to say, not a second reading of the class here.
        Pattern one = Pattern.compile(atom);
        BitSet accepted = new BitSet(alphabet);
        for (int c = 0; c < alphabet; c++) {
            accepted.set(c, one.matcher(Character.toString(c)).matches());
        }
        BitSet self = new BitSet();
        self.set(atoms.size());
        atoms.add(accepted);
        follow.add(new BitSet());
        return new Part(false, self, self, 1);
    }

    private void link(BitSet last, BitSet first) {
        last.stream().mapToObj(follow::get).forEach(next -> {
            // Two loops lead back to the same atom, as in (a{1,9}){1,9}: which one turns is open.
            if (next.intersects(first)) {
                throw refused("repeats what already repeats");
            }
            next.or(first);
        });
    }

    private void requireDisjoint(BitSet positions) {
        BitSet seen = new BitSet(alphabet);
        positions.stream().mapToObj(atoms::get).forEach(accepted -> {
            if (seen.intersects(accepted)) {
                throw refused("leaves open which part of it a character belongs to");
            }
            seen.or(accepted);
        });
    }

    private static BitSet union(BitSet one, BitSet other) {
        BitSet both = (BitSet) one.clone();
        both.or(other);
        return both;
    }

    private IllegalArgumentException refused(String why) {
        return new IllegalArgumentException("the pattern " + text + " " + why);
    }
}
