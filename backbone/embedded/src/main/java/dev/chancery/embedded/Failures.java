package dev.chancery.embedded;

import static dev.chancery.embedded.ServerNotStarted.Reason.DIRECTORY_IN_USE;
import static dev.chancery.embedded.ServerNotStarted.Reason.DISK_FULL;
import static dev.chancery.embedded.ServerNotStarted.Reason.PORT_IN_USE;

import dev.chancery.embedded.ServerNotStarted.Reason;
import java.net.BindException;
import java.util.Locale;

/** Recognises the causes that a reader can do something about. */
final class Failures {
    private static final int MAX_CAUSES = 20;

    private Failures() {}

    /** The failure with the most telling reason in the chain of causes; {@code otherwise} when there is none. */
    static ServerNotStarted of(Reason otherwise, String what, Throwable cause) {
        Throwable current = cause;
        for (int depth = 0; current != null && depth < MAX_CAUSES; depth++, current = current.getCause()) {
            if (current instanceof ServerNotStarted known) {
                return known;
            }
            String message = current.getMessage() == null ? "" : current.getMessage();
            if (current instanceof BindException || message.contains("Address already in use")) {
                return new ServerNotStarted(PORT_IN_USE, what + ": its port is in use", cause);
            }
            if (isDiskFull(message)) {
                return new ServerNotStarted(DISK_FULL, what + ": the disk is full", cause);
            }
            if (message.contains("Failed to acquire lock on file")) {
                return new ServerNotStarted(DIRECTORY_IN_USE, what + ": another process uses its directory", cause);
            }
        }
        return new ServerNotStarted(otherwise, what + ": " + oneLine(cause), cause);
    }

    static boolean isDiskFull(String message) {
        // PostgreSQL says the second when a page was written in part.
        return message.toLowerCase(Locale.ROOT).contains("no space left on device")
                || message.matches("(?s).*could not extend file .*: wrote only .*");
    }

    private static String oneLine(Throwable cause) {
        String message = cause.getMessage() == null ? "" : cause.getMessage();
        return (cause.getClass().getSimpleName() + " "
                        + message.lines().findFirst().orElse(""))
                .strip();
    }
}
