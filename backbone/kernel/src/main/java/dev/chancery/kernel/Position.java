package dev.chancery.kernel;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A place in a tenant's log, and so the consistency token: whoever carries it into a read sees at least what was there. Written
 * {@code <tenant>@<position>}.
 */
public record Position(String tenant, long value) {
    private static final Pattern SHAPE = Pattern.compile("([a-z0-9-]{1,36})@(0|[1-9][0-9]{0,17})");

    /** Reads a token; empty when it is none. */
    public static Optional<Position> parse(String token) {
        var matcher = SHAPE.matcher(token);
        return matcher.matches()
                ? Optional.of(new Position(matcher.group(1), Long.parseLong(matcher.group(2))))
                : Optional.empty();
    }

    @Override
    public String toString() {
        return tenant + "@" + value;
    }
}
