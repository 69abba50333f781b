package dev.chancery.redaction;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Locale;
import java.util.Set;
import org.jboss.logmanager.ExtFormatter;
import org.jboss.logmanager.ExtLogRecord;
import org.jspecify.annotations.Nullable;

/**
 * Writes each log record as one line of JSON in which personal data and secrets are redacted: {@code timestamp} (RFC 3339, UTC,
 * microseconds), {@code level}, {@code logger} (its last two segments), {@code message}, {@code requestId} where one is in the MDC,
 * and {@code exception} with {@code type}, {@code message}, {@code frames} and {@code cause}.
 *
 * <p><b>Thread safety:</b> stateless. <b>Limits:</b> the constants below. <b>Never throws</b>: a record whose arguments cannot be
 * formatted is written without them.
 */
public final class RedactingJsonFormatter extends ExtFormatter {
    /** The MDC key of the request id. */
    public static final String REQUEST_ID = "requestId";

    static final int MESSAGE_MAX_CHARS = 16_384;
    static final int REQUEST_ID_MAX_CHARS = 64;
    static final int NAME_MAX_CHARS = 256;
    static final int FRAMES_MAX = 40;
    static final int CAUSES_MAX = 5;

    private static final DateTimeFormatter RFC3339 = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    @Override
    public String format(ExtLogRecord record) {
        var line = new JsonLine().beginObject();
        line.constant("timestamp", timestamp(record.getInstant()));
        line.text("level", String.valueOf(record.getLevel()), NAME_MAX_CHARS);
        line.text("logger", shortName(record.getLoggerName()), NAME_MAX_CHARS);
        line.text("message", message(record), MESSAGE_MAX_CHARS);
        String requestId = record.getMdc(REQUEST_ID);
        if (requestId != null) {
            line.text("requestId", requestId, REQUEST_ID_MAX_CHARS);
        }
        Throwable thrown = record.getThrown();
        if (thrown != null) {
            exception(line, "exception", thrown, Collections.newSetFromMap(new IdentityHashMap<>()));
        }
        return line.endObject().end();
    }

    /** Years that four digits can't write appear where a record's time was never set; they are written as the epoch. */
    private static String timestamp(@Nullable Instant instant) {
        boolean writable =
                instant != null && instant.getEpochSecond() >= 0 && instant.getEpochSecond() < 253_402_300_800L;
        return RFC3339.format(writable ? instant : Instant.EPOCH);
    }

    private static String shortName(@Nullable String logger) {
        if (logger == null) {
            return "";
        }
        int dot = logger.lastIndexOf('.', logger.lastIndexOf('.') - 1);
        return logger.substring(dot + 1);
    }

    private String message(ExtLogRecord record) {
        String message;
        try {
            message = formatMessage(record);
        } catch (RuntimeException e) {
            message = record.getMessage();
        }
        return message == null ? "" : message;
    }

    private static void exception(JsonLine line, String name, Throwable thrown, Set<Throwable> seen) {
        seen.add(thrown);
        line.beginObject(name);
        line.text("type", thrown.getClass().getName(), NAME_MAX_CHARS);
        String message = message(thrown);
        if (message != null) {
            line.text("message", message, MESSAGE_MAX_CHARS);
        }
        StackTraceElement[] frames = thrown.getStackTrace();
        line.beginArray("frames");
        for (int i = 0; i < Math.min(frames.length, FRAMES_MAX); i++) {
            line.text(frame(frames[i]), NAME_MAX_CHARS);
        }
        line.endArray();
        if (frames.length > FRAMES_MAX) {
            line.number("framesLeftOut", frames.length - FRAMES_MAX);
        }
        Throwable cause = thrown.getCause();
        if (cause != null && seen.size() < CAUSES_MAX && !seen.contains(cause)) {
            exception(line, "cause", cause, seen);
        }
        line.endObject();
    }

    /** An exception's message is code that may itself throw. */
    private static @Nullable String message(Throwable thrown) {
        try {
            return thrown.getMessage();
        } catch (RuntimeException e) {
            return null;
        }
    }

    private static String frame(StackTraceElement frame) {
        return frame.getClassName() + "." + frame.getMethodName() + "("
                + (frame.getFileName() == null ? "unknown" : frame.getFileName() + ":" + frame.getLineNumber()) + ")";
    }
}
