package dev.chancery.auditor;

import java.io.IOException;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * Which files an export of a given size has: all of them, and nothing else. A directory that leads to no file of the log is
 * named and not entered, so depth and effort are bounded by the log's size and not by what somebody put beside it.
 */
final class Layout {
    static final String CHECKPOINT = "log/checkpoint";
    static final String CONTRACT = "contract.binpb";
    static final int LEVEL_BITS = 8;

    private final ExportFiles export;
    private final Findings findings;
    private final List<Series> series = new ArrayList<>();
    private final long[] present;
    private boolean hasContract;

    private Layout(ExportFiles export, long size, Findings findings) {
        this.export = export;
        this.findings = findings;
        series.add(entries(size));
        series.add(bodies(size));
        for (int level = 0; level < Long.SIZE / LEVEL_BITS && size >> (LEVEL_BITS * level) > 0; level++) {
            series.add(hashes(level, size >> (LEVEL_BITS * level)));
        }
        present = new long[series.size()];
    }

    static Series entries(long size) {
        return new Series("log/tile/entries", size);
    }

    static Series bodies(long size) {
        return new Series("bodies", size);
    }

    static Series hashes(int level, long hashes) {
        return new Series("log/tile/" + level, hashes);
    }

    static void check(ExportFiles export, long size, Findings findings) throws IOException {
        Layout layout = new Layout(export, size, findings);
        export.walk(layout::visit);
        layout.addMissing();
    }

    private boolean visit(String path, BasicFileAttributes attributes) {
        if (attributes.isDirectory()) {
            boolean belongs = isDirectory(path);
            if (!belongs) {
                findings.add(path, Rule.LAYOUT, "a directory that does not belong there");
            }
            return belongs;
        }
        if (!attributes.isRegularFile()) {
            findings.add(path, Rule.LAYOUT, "a link or special file");
        } else if (!isFile(path)) {
            findings.add(path, Rule.LAYOUT, "a file that does not belong there");
        }
        return false;
    }

    private boolean isDirectory(String path) {
        if (path.equals("log")) {
            return true;
        }
        for (Series one : series) {
            if (one.items() > 0
                    && (path.equals("log/tile")
                            || path.equals(one.prefix())
                            || (isBelow(path, one) && one.hasDirectory(below(path, one))))) {
                return true;
            }
        }
        return false;
    }

    private boolean isFile(String path) {
        if (path.equals(CONTRACT)) {
            hasContract = true;
            return true;
        }
        for (int i = 0; i < present.length; i++) {
            if (isBelow(path, series.get(i)) && series.get(i).hasFile(below(path, series.get(i)))) {
                present[i]++;
                return true;
            }
        }
        return path.equals(CHECKPOINT);
    }

    private static boolean isBelow(String path, Series series) {
        return path.startsWith(series.prefix() + "/");
    }

    private static String below(String path, Series series) {
        return path.substring(series.prefix().length() + 1);
    }

    private void addMissing() throws IOException {
        if (!hasContract) {
            findings.add(CONTRACT, Rule.LAYOUT, "missing");
        }
        for (int i = 0; i < present.length; i++) {
            Series one = series.get(i);
            long missing = one.files() - present[i];
            // Ends after as many steps as there are files and room for findings, however large the size is said to be.
            for (long index = 0; missing > 0 && findings.room() > 0; index++) {
                if (!export.has(one.path(index))) {
                    findings.add(one.path(index), Rule.LAYOUT, "missing");
                    missing--;
                }
            }
            findings.addUnnamed(missing);
        }
    }
}
