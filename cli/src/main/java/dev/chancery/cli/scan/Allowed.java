package dev.chancery.cli.scan;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;

/**
 * What is found and may be there. A file of lines {@code GLOB RULE REASON}: a path's glob as {@code java.nio} has it, a rule or {@code *}, and
 * why it is no secret. Empty lines, and those that begin with #, say nothing.
 */
public final class Allowed {
    /** In the directory that is scanned, unless another is named. */
    public static final String FILE = ".chancery-scan-allow";

    /** One line; counts what it let through. */
    static final class Line {
        final String text;
        private final PathMatcher paths;
        private final String rule;
        int count;

        Line(String glob, String rule) {
            this.text = glob + " " + rule;
            this.paths = FileSystems.getDefault().getPathMatcher("glob:" + glob);
            this.rule = rule;
        }

        boolean covers(Path path, String found) {
            return (rule.equals("*") || rule.equals(found)) && paths.matches(path);
        }
    }

    private final List<Line> lines;

    private Allowed(List<Line> lines) {
        this.lines = lines;
    }

    public static Allowed none() {
        return new Allowed(List.of());
    }

    /** @throws IllegalArgumentException if a line gives no reason, or has another shape; the message says which */
    public static Allowed read(Path file) throws IOException {
        List<Line> lines = new ArrayList<>();
        int number = 0;
        for (String text : Files.readAllLines(file)) {
            number++;
            if (text.isBlank() || text.startsWith("#")) {
                continue;
            }
            String[] parts = text.strip().split("\\s+", 3);
            if (parts.length < 3) {
                throw new IllegalArgumentException(file + ":" + number + ": write GLOB RULE REASON");
            }
            lines.add(new Line(parts[0], parts[1]));
        }
        return new Allowed(lines);
    }

    boolean covers(String path, String rule) {
        Path place = Path.of(path);
        for (Line line : lines) {
            if (line.covers(place, rule)) {
                line.count++;
                return true;
            }
        }
        return false;
    }

    /** How many places were let through. */
    public int count() {
        return lines.stream().mapToInt(line -> line.count).sum();
    }

    /** Lines that let nothing through. */
    public List<String> unused() {
        return lines.stream()
                .filter(line -> line.count == 0)
                .map(line -> line.text)
                .toList();
    }
}
