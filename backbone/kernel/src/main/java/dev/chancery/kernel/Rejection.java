package dev.chancery.kernel;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A refusal that callers can rely on: a stable code, words for people, no trace of the input. Each feature has one class with a constant
 * for each of its own; the edges map kinds to HTTP and gRPC status, once.
 *
 * @param code stable, e.g. {@code access.self-grant}; at most 64 characters. Also the last part of the docsUrl
 * @param message one sentence: what was refused
 * @param hint one sentence: what to do about it
 */
public record Rejection(String code, Kind kind, String message, String hint) {
    public enum Kind {
        INVALID,
        UNAUTHENTICATED,
        FORBIDDEN,
        NOT_FOUND,
        OTHER_VERB,
        CONFLICT,
        TOO_LARGE,
        LINE_TOO_LONG,
        HEAD_TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE,
        UNPROCESSABLE,
        /** The caller's own side has too many calls under way; worth trying again, with the same idempotency key. */
        TOO_MANY,
        /** Worth trying again, with the same idempotency key; nothing took effect. */
        UNAVAILABLE,
        INTERNAL
    }

    public Rejection {
        if (!code.matches("[a-z]+[.][a-z-]+") || code.length() > 64) {
            throw new IllegalArgumentException("not a rejection's code: " + code);
        }
    }

    /** The rejections that a class declares as constants, in no order, so that none is left out of a list. */
    public static List<Rejection> constantsOf(Class<?> declaring) {
        return Arrays.stream(declaring.getDeclaredFields())
                .filter(field -> Modifier.isStatic(field.getModifiers()) && field.getType() == Rejection.class)
                .map(Rejection::constant)
                .toList();
    }

    private static Rejection constant(Field field) {
        try {
            field.setAccessible(true);
            return (Rejection) Objects.requireNonNull(field.get(null), field.getName());
        } catch (IllegalAccessException e) {
            throw new IllegalStateException("not readable: " + field, e);
        }
    }
}
