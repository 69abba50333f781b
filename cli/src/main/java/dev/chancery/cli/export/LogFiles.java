package dev.chancery.cli.export;

import dev.chancery.cli.client.Refused;
import java.io.IOException;
import java.util.Locale;

/** The names of the files that a log of a given size has, as C2SP tlog-tiles writes them. */
final class LogFiles {
    private static final int WIDTH = 256;
    private static final int LEVEL_BITS = 8;

    /** What is done with each name. */
    @FunctionalInterface
    interface Visitor {
        void visit(String name) throws IOException, Refused;
    }

    private LogFiles() {}

    /** Every hash tile, entry bundle and bodies file of a log with {@code size} entries, one after the other. */
    static void each(long size, Visitor visitor) throws IOException, Refused {
        for (int level = 0; level * LEVEL_BITS < Long.SIZE && size >> (level * LEVEL_BITS) > 0; level++) {
            series("tile/" + level, size >> (level * LEVEL_BITS), visitor);
        }
        series("tile/entries", size, visitor);
        series("bodies", size, visitor);
    }

    private static void series(String prefix, long items, Visitor visitor) throws IOException, Refused {
        long full = items / WIDTH;
        for (long index = 0; index < full; index++) {
            visitor.visit(prefix + "/" + number(index));
        }
        if (items % WIDTH > 0) {
            visitor.visit(prefix + "/" + number(full) + ".p/" + items % WIDTH);
        }
    }

    /** Groups of three digits, all but the last with an x: 1234067 is x001/x234/067. */
    static String number(long index) {
        var number = new StringBuilder(String.format(Locale.ROOT, "%03d", index % 1000));
        for (long rest = index / 1000; rest > 0; rest /= 1000) {
            number.insert(0, String.format(Locale.ROOT, "x%03d/", rest % 1000));
        }
        return number.toString();
    }
}
