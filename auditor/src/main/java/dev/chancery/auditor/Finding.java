package dev.chancery.auditor;

/**
 * One thing that is wrong.
 *
 * @param file relative to the export, with slashes, escaped
 * @param position of the entry in the log, or {@link #NOWHERE}
 */
public record Finding(String file, long position, Rule rule, String message) {
    public static final long NOWHERE = -1;

    @Override
    public String toString() {
        return file + (position == NOWHERE ? "" : " position " + position) + " [" + rule.code() + "] " + message;
    }

    String json() {
        return "{\"file\":" + Text.json(file)
                + ",\"position\":" + (position == NOWHERE ? "null" : position)
                + ",\"rule\":" + Text.json(rule.code())
                + ",\"message\":" + Text.json(message) + "}";
    }
}
