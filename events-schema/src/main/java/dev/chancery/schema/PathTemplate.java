package dev.chancery.schema;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The path of a REST method, e.g. {@code /access/v1/roles/{role}/retire}. A variable is one whole segment. */
public record PathTemplate(String text, List<Segment> segments) {
    private static final Pattern LITERAL = Pattern.compile("[a-z0-9][a-z0-9-]*");
    private static final Pattern VARIABLE = Pattern.compile("\\{[a-z][a-z0-9_]*}");

    /**
     * What stands between two slashes.
     *
     * @param text the literal, or the variable's name
     */
    public record Segment(String text, boolean variable) {}

    public PathTemplate {
        segments = List.copyOf(segments);
    }

    /** @throws IllegalArgumentException if it is not a template; the message says why */
    static PathTemplate parse(String text) {
        if (!text.startsWith("/")) {
            throw new IllegalArgumentException("a path begins with /");
        }
        List<Segment> segments = new ArrayList<>();
        for (String segment : text.substring(1).split("/", -1)) {
            if (VARIABLE.matcher(segment).matches()) {
                segments.add(new Segment(segment.substring(1, segment.length() - 1), true));
            } else if (LITERAL.matcher(segment).matches()) {
                segments.add(new Segment(segment, false));
            } else {
                throw new IllegalArgumentException("a path's segment is lower-case words or one {variable}");
            }
        }
        var template = new PathTemplate(text, segments);
        if (template.variables().stream().distinct().count()
                != template.variables().size()) {
            throw new IllegalArgumentException("a path names each variable once");
        }
        return template;
    }

    /** Names of the variables, in order. */
    public List<String> variables() {
        return segments.stream().filter(Segment::variable).map(Segment::text).toList();
    }

    /** Whether some path matches both. */
    boolean overlaps(PathTemplate other) {
        if (segments.size() != other.segments.size()) {
            return false;
        }
        for (int i = 0; i < segments.size(); i++) {
            Segment mine = segments.get(i);
            Segment theirs = other.segments.get(i);
            if (!mine.variable() && !theirs.variable() && !mine.text().equals(theirs.text())) {
                return false;
            }
        }
        return true;
    }
}
