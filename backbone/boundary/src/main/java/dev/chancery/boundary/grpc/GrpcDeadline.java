package dev.chancery.boundary.grpc;

import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Until when a gRPC caller waits for its answer ({@code grpc-timeout}), counted from when the call's head came.
 *
 * @param patience what the caller said; a very long time where it said nothing
 */
record GrpcDeadline(long begunNanos, Duration patience) {
    /** Eight digits at most, and a unit (gRPC over HTTP/2, Requests). */
    private static final Pattern TIMEOUT = Pattern.compile("([0-9]{1,8})([HMSmun])");

    private static final Duration LONGEST = Duration.ofDays(1);

    /** @throws IllegalArgumentException when the header is there and is no timeout */
    static GrpcDeadline of(HttpServerRequest request) {
        @Nullable String timeout = request.getHeader("grpc-timeout");
        return new GrpcDeadline(System.nanoTime(), timeout == null ? LONGEST : parse(timeout));
    }

    private static Duration parse(String timeout) {
        Matcher matcher = TIMEOUT.matcher(timeout);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a grpc-timeout");
        }
        Duration wait = Duration.of(
                Long.parseLong(matcher.group(1)),
                switch (matcher.group(2)) {
                    case "H" -> ChronoUnit.HOURS;
                    case "M" -> ChronoUnit.MINUTES;
                    case "S" -> ChronoUnit.SECONDS;
                    case "m" -> ChronoUnit.MILLIS;
                    case "u" -> ChronoUnit.MICROS;
                    default -> ChronoUnit.NANOS;
                });
        return wait.compareTo(LONGEST) < 0 ? wait : LONGEST;
    }

    /** What is left of it; nothing, or less, when it is over. */
    Duration left() {
        return patience.minusNanos(System.nanoTime() - begunNanos);
    }
}
