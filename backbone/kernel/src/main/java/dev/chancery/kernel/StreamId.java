package dev.chancery.kernel;

import java.util.regex.Pattern;

/**
 * Names a stream of events inside a tenant's log: {@code <feature>/<name>} or {@code <feature>/<name>/<id>}, at most 128
 * characters.
 */
public record StreamId(String value) implements Comparable<StreamId> {
    private static final Pattern SHAPE = Pattern.compile("[a-z]+(/[a-z0-9.-]{1,47}){1,2}");
    private static final int MAX_CHARS = 128;

    public StreamId {
        if (value.length() > MAX_CHARS || !SHAPE.matcher(value).matches()) {
            throw new IllegalArgumentException("not a stream id");
        }
    }

    public static StreamId of(String feature, String name) {
        return new StreamId(feature + "/" + name);
    }

    public static StreamId of(String feature, String name, String id) {
        return new StreamId(feature + "/" + name + "/" + id);
    }

    /** The feature whose events it holds. */
    public String feature() {
        return value.substring(0, value.indexOf('/'));
    }

    @Override
    public int compareTo(StreamId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
