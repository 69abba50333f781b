package dev.chancery.auditor;

import java.util.regex.Pattern;

/** What clear values look like: the patterns and lengths that {@code record.proto} declares. Empty means absent. */
enum Shape {
    ORIGIN("origin", "[a-z0-9.-]{1,63}/[a-z0-9-]{1,63}"),
    FEATURE("feature", "[a-z]{1,32}"),
    ACTION("action", "[a-z]{1,32}(\\.[a-z][a-z-]{0,21}){1,4}"),
    WORKSPACE("workspace", Shape.UUID),
    REQUEST_ID("request_id", Shape.UUID),
    ACTOR_ID("actor.id", "[0-9a-z-]{1,64}"),
    ROLE("actor.roles", "[a-z][a-z0-9.-]{0,62}"),
    ELEVATION("actor.elevation", Shape.UUID),
    TARGET_TYPE("target.type", "[a-z][a-z-]{0,31}"),
    TARGET_ID("target.id", "[a-z0-9][a-z0-9.:-]{0,127}"),
    CODE("outcome.code", "[a-z]{1,32}\\.[a-z][a-z-]{0,62}"),
    STREAM("event.stream", "[a-z]{1,32}(/[a-z0-9.-]{1,47}){1,2}"),
    EVENT_TYPE("event.type", "chancery\\.[a-z]{1,32}\\.v[0-9]{1,3}\\.[A-Za-z]{1,64}"),
    SUBJECT("key.subject", Shape.UUID);

    private static final String UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
    private static final int MAX_CHARACTERS = 128;

    private final String field;
    private final Pattern pattern;

    Shape(String field, String pattern) {
        this.field = field;
        this.pattern = Pattern.compile(pattern);
    }

    String required(String value) throws Malformed {
        if (value.isEmpty()) {
            throw new Malformed(field + " is missing");
        }
        if (value.length() > MAX_CHARACTERS) {
            throw new Malformed(field + " is longer than " + MAX_CHARACTERS + " characters");
        }
        if (!pattern.matcher(value).matches()) {
            throw new Malformed(field + " is not of the form " + pattern + ": " + Text.printable(value));
        }
        return value;
    }

    String optional(String value) throws Malformed {
        return value.isEmpty() ? value : required(value);
    }

    static byte[] exactly(String field, byte[] value, int length) throws Malformed {
        if (value.length != length) {
            throw new Malformed(field + " is " + value.length + " bytes, must be " + length);
        }
        return value;
    }

    static void uuidV7(String field, byte[] value) throws Malformed {
        exactly(field, value, 16);
        if ((value[6] & 0xf0) != 0x70 || (value[8] & 0xc0) != 0x80) {
            throw new Malformed(field + " is not a UUIDv7");
        }
    }
}
