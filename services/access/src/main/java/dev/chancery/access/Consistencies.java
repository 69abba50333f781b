package dev.chancery.access;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.Answerable;
import dev.chancery.decision.Consistency;
import dev.chancery.kernel.Rejection;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/** As of what callers want to be answered, as they write it, and why they are not. */
final class Consistencies {
    /** The member of AuthZEN's {@code context}. */
    static final String MEMBER = "chancery_consistency";

    private static final Duration EPOCH_LIMIT = Duration.ofDays(365L * 10_000);

    private Consistencies() {}

    /**
     * {@code "fastest"}, or one of <code>{"at_least": 17}</code>, <code>{"exact": 17}</code> (positions of the organisation's log) and
     * <code>{"as_of": "2026-11-29T14:00:00Z"}</code> (RFC 3339).
     */
    static Consistency of(JsonObject context) throws RefusedException {
        JsonValue wanted = context.getOrDefault(MEMBER, JsonValue.NULL);
        if (wanted.equals(JsonValue.NULL)
                || wanted instanceof JsonString text && text.getString().equals("fastest")) {
            return Consistency.FASTEST;
        }
        if (wanted instanceof JsonObject object && object.size() == 1) {
            Map.Entry<String, JsonValue> only = object.entrySet().iterator().next();
            switch (only.getKey()) {
                case "at_least" -> {
                    return Consistency.atLeast(position(only.getValue()));
                }
                case "exact" -> {
                    return Consistency.exactly(position(only.getValue()));
                }
                case "as_of" -> {
                    return Consistency.asOf(micros(only.getValue()));
                }
                default -> {}
            }
        }
        throw new RefusedException(BoundaryRejection.INVALID_FIELD);
    }

    static Consistency of(dev.chancery.schema.access.v1.Consistency wanted) throws RefusedException {
        return switch (wanted.getRequirementCase()) {
            case FASTEST, REQUIREMENT_NOT_SET -> Consistency.FASTEST;
            case AT_LEAST -> Consistency.atLeast(position(wanted.getAtLeast()));
            case EXACT -> Consistency.exactly(position(wanted.getExact()));
            case AS_OF_MILLIS -> {
                if (Math.abs(wanted.getAsOfMillis()) > EPOCH_LIMIT.toMillis()) {
                    throw new RefusedException(BoundaryRejection.INVALID_FIELD);
                }
                yield Consistency.asOf(wanted.getAsOfMillis() * 1000);
            }
        };
    }

    private static long position(JsonValue value) throws RefusedException {
        if (value instanceof JsonNumber number
                && number.isIntegral()
                && number.bigDecimalValue().precision() < 19) {
            return position(number.longValueExact());
        }
        throw new RefusedException(BoundaryRejection.INVALID_FIELD);
    }

    private static long position(long value) throws RefusedException {
        if (value < 0) {
            throw new RefusedException(BoundaryRejection.INVALID_FIELD);
        }
        return value;
    }

    private static long micros(JsonValue value) throws RefusedException {
        if (value instanceof JsonString text) {
            try {
                var time = OffsetDateTime.parse(text.getString()).toInstant();
                return ChronoUnit.MICROS.between(java.time.Instant.EPOCH, time);
            } catch (DateTimeException | ArithmeticException e) {
                // Said below.
            }
        }
        throw new RefusedException(BoundaryRejection.INVALID_FIELD);
    }

    static Rejection rejection(Answerable.Not why) {
        return switch (why) {
            case STALE -> BoundaryRejection.STALE;
            case NOT_REACHED -> BoundaryRejection.POSITION_NOT_REACHED;
            case AHEAD -> AccessRejection.AHEAD;
            case BEFORE_BEGINNING -> AccessRejection.BEFORE_BEGINNING;
            case BUSY -> BoundaryRejection.OVERLOADED;
        };
    }
}
