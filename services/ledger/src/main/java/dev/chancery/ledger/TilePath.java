package dev.chancery.ledger;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a file of the ledger, as C2SP tlog-tiles writes it: {@code tile/<L>/<N>[.p/<W>]} for hashes,
 * {@code tile/entries/<N>[.p/<W>]} for entries, and Chancery's own {@code bodies/<N>[.p/<W>]}. {@code <N>} is in groups of three
 * digits, all but the last with an {@code x} before them. A file has one name: {@link #parse} takes what {@code toString}
 * writes and nothing else.
 */
public sealed interface TilePath {
    /** Index of the tile in its level, or of the bundle. */
    long index();

    /** How many hashes or records the file has: 256, or 1 to 255 for a partial one. */
    int width();

    /** A tile of hashes. */
    record Hashes(int level, long index, int width) implements TilePath {
        public Hashes {
            check(index, width);
            if (level < 0 || level > MAX_LEVEL) {
                throw new IllegalArgumentException("a level is 0 to 63");
            }
        }

        @Override
        public String toString() {
            return "tile/" + level + "/" + name(index, width);
        }
    }

    /** A bundle of entries. */
    record Entries(long index, int width) implements TilePath {
        public Entries {
            check(index, width);
        }

        @Override
        public String toString() {
            return "tile/entries/" + name(index, width);
        }
    }

    /** The bodies of a bundle's records. */
    record Bodies(long index, int width) implements TilePath {
        public Bodies {
            check(index, width);
        }

        @Override
        public String toString() {
            return "bodies/" + name(index, width);
        }
    }

    /** The highest level that a path may name; a tree of 2^63 entries ends at 7. */
    int MAX_LEVEL = 63;

    /** The highest index that a path may name: six groups of digits. A tree of 2^63 entries ends at 2^55. */
    long MAX_INDEX = 999_999_999_999_999_999L;

    /** The longest path there is, {@code tile/entries/} and six groups and a width. Longer ones are not looked at. */
    int MAX_CHARACTERS = 64;

    /** The one spelling of each file: no leading zeroes, no empty first group, a width only where it is less than 256. */
    Pattern SHAPE = Pattern.compile("(?:tile/(?<level>[0-9]|[1-5][0-9]|6[0-3]|entries)|bodies)"
            + "/(?<index>(?:x(?!000)[0-9]{3}/(?:x[0-9]{3}/){0,4})?[0-9]{3})"
            + "(?:\\.p/(?<width>[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?");

    /** Reads a path without a leading slash; empty when it is not the name of a file that a ledger can have. */
    static Optional<TilePath> parse(String path) {
        Matcher matcher = SHAPE.matcher(path);
        if (path.length() > MAX_CHARACTERS || !matcher.matches()) {
            return Optional.empty();
        }
        String level = matcher.group("level");
        long index = Long.parseLong(matcher.group("index").replace("x", "").replace("/", ""));
        int width = matcher.group("width") == null ? Tile.WIDTH : Integer.parseInt(matcher.group("width"));
        if (level == null) {
            return Optional.of(new Bodies(index, width));
        }
        return Optional.of(
                level.equals("entries")
                        ? new Entries(index, width)
                        : new Hashes(Integer.parseInt(level), index, width));
    }

    private static String name(long index, int width) {
        var name = new StringBuilder(String.format(Locale.ROOT, "%03d", index % 1000));
        for (long rest = index / 1000; rest > 0; rest /= 1000) {
            name.insert(0, String.format(Locale.ROOT, "x%03d/", rest % 1000));
        }
        return width == Tile.WIDTH
                ? name.toString()
                : name.append(".p/").append(width).toString();
    }

    private static void check(long index, int width) {
        if (index < 0 || index > MAX_INDEX || width < 1 || width > Tile.WIDTH) {
            throw new IllegalArgumentException("an index has at most 18 digits, and a width is 1 to 256");
        }
    }
}
