package dev.chancery.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** Rows in columns as wide as what is in them; an empty cell is a dash. */
final class Table {
    private static final String GAP = "  ";

    private final List<List<String>> rows = new ArrayList<>();
    private final int[] widths;

    Table(String... heads) {
        widths = new int[heads.length];
        add(heads);
    }

    void add(String... cells) {
        List<String> row = new ArrayList<>();
        for (int i = 0; i < widths.length; i++) {
            String cell = cells[i].isEmpty() ? "-" : cells[i];
            widths[i] = Math.max(widths[i], cell.length());
            row.add(cell);
        }
        rows.add(row);
    }

    void print(PrintStream out) {
        for (List<String> row : rows) {
            var line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                line.append(row.get(i))
                        .repeat(' ', widths[i] - row.get(i).length())
                        .append(GAP);
            }
            out.println(line.toString().stripTrailing());
        }
    }
}
