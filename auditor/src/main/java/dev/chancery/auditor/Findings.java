package dev.chancery.auditor;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The first {@value #LIMIT} findings in the order they are met, but for those that explain others and lead them, and how many there are
 * in all. One thread.
 */
final class Findings {
    static final int LIMIT = 100;

    private final List<Finding> first = new ArrayList<>();
    private long count;

    void add(String file, Rule rule, String message) {
        add(file, Finding.NOWHERE, rule, message);
    }

    void add(String file, long position, Rule rule, String message) {
        count++;
        if (first.size() < LIMIT) {
            first.add(new Finding(Text.printable(file), position, rule, message));
        }
    }

    /** Puts a finding before all others, which may well follow from it: among hundreds of them it would not be seen. */
    void lead(String file, Rule rule, String message) {
        if (first.size() == LIMIT) {
            first.removeLast();
        }
        count++;
        first.addFirst(new Finding(Text.printable(file), Finding.NOWHERE, rule, message));
    }

    /** Counts findings that are not worth naming: there is no room for them any more. */
    void addUnnamed(long more) {
        count = count > Long.MAX_VALUE - more ? Long.MAX_VALUE : count + more;
    }

    long room() {
        return (long) LIMIT - first.size();
    }

    long count() {
        return count;
    }

    List<Finding> first() {
        return List.copyOf(first);
    }

    /** For a person: how many there are, and each on a line of its own. */
    String summary() {
        List<String> lines = new ArrayList<>();
        lines.add(count + (count == 1 ? " finding" : " findings"));
        for (int i = 0; i < first.size(); i++) {
            lines.add(String.format(Locale.ROOT, "%4d. %s", i + 1, first.get(i)));
        }
        if (count > first.size()) {
            lines.add("      and " + (count - first.size()) + " more");
        }
        return String.join("\n", lines);
    }

    /** For a program: two members of a JSON object. */
    String json() {
        return "\"findingCount\":" + count + ",\"findings\":"
                + first.stream().map(Finding::json).collect(Collectors.joining(",", "[", "]"));
    }
}
