package dev.chancery.auditor;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Files that hold {@code items} things, 256 a file, named as C2SP tlog-tiles names tiles: {@code <prefix>/<N>}, and
 * {@code <prefix>/<N>.p/<W>} for the last where it is not full. Every other spelling of a number is a wrong name.
 */
record Series(String prefix, long items) {
    static final int WIDTH = 256;
    private static final int GROUP = 1000;
    private static final Pattern NUMBER = Pattern.compile("(x[0-9]{3}/){0,5}[0-9]{3}");
    private static final Pattern PARENTS = Pattern.compile("x[0-9]{3}(/x[0-9]{3}){0,4}");

    long files() {
        return full() + (partialWidth() > 0 ? 1 : 0);
    }

    /** Of the file at {@code index}, within the export. */
    String path(long index) {
        return prefix + "/" + number(index) + (index < full() ? "" : ".p/" + partialWidth());
    }

    /** How many things are in the file at {@code index}. */
    int width(long index) {
        return index < full() ? WIDTH : partialWidth();
    }

    /** Whether this name, below the prefix, is one of the files. */
    boolean hasFile(String name) {
        if (partialWidth() > 0 && name.equals(number(full()) + ".p/" + partialWidth())) {
            return true;
        }
        if (!NUMBER.matcher(name).matches()) {
            return false;
        }
        long index = digits(name);
        return index < full() && number(index).equals(name);
    }

    /** Whether this name, below the prefix, is a directory on the way to a file. */
    boolean hasDirectory(String name) {
        if (partialWidth() > 0 && name.equals(number(full()) + ".p")) {
            return true;
        }
        return PARENTS.matcher(name).matches() && !name.startsWith("x000") && digits(name) * GROUP < files();
    }

    static String number(long index) {
        StringBuilder path = new StringBuilder(String.format(Locale.ROOT, "%03d", index % GROUP));
        for (long rest = index / GROUP; rest > 0; rest /= GROUP) {
            path.insert(0, String.format(Locale.ROOT, "x%03d/", rest % GROUP));
        }
        return path.toString();
    }

    private static long digits(String name) {
        return Long.parseLong(name.replace("x", "").replace("/", ""));
    }

    private long full() {
        return items / WIDTH;
    }

    private int partialWidth() {
        return (int) (items % WIDTH);
    }
}
