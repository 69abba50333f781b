package dev.chancery.kernel;

/**
 * Names a stream of events inside a tenant's log: {@code <feature>/<name>} or {@code <feature>/<name>/<id>}, at most 128
 * characters.
 */
public record StreamId(String value) implements Comparable<StreamId> {
    private static final int MAX_CHARS = 128;
    private static final int MAX_PART_CHARS = 47;
    private static final int MAX_PARTS = 2;

    public StreamId {
        if (value.length() > MAX_CHARS || !hasShape(value)) {
            throw new IllegalArgumentException("not a stream id");
        }
    }

    /** {@code [a-z]+(/[a-z0-9.-]{1,47}){1,2}}, by hand: every command names a dozen streams. */
    private static boolean hasShape(String value) {
        int parts = 0;
        int begun = 0;
        for (int i = 0; i <= value.length(); i++) {
            if (i == value.length() || value.charAt(i) == '/') {
                int length = i - begun;
                if (length == 0 || (parts > 0 && length > MAX_PART_CHARS)) {
                    return false;
                }
                parts++;
                begun = i + 1;
            } else if (!isAllowed(value.charAt(i), parts > 0)) {
                return false;
            }
        }
        return parts >= 2 && parts <= 1 + MAX_PARTS;
    }

    private static boolean isAllowed(char c, boolean afterFeature) {
        return (c >= 'a' && c <= 'z') || (afterFeature && ((c >= '0' && c <= '9') || c == '.' || c == '-'));
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
