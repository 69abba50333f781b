package dev.chancery.app;

import dev.chancery.redaction.RedactingJsonFormatter;
import java.util.logging.Handler;
import java.util.logging.Logger;

/** Logs leave the process as one JSON object a line, redacted as the last thing that happens to them. */
public final class Logs {
    private Logs() {}

    /** Puts the redacting formatter on every handler there is. Call it once Quarkus has set up logging. */
    public static void redact() {
        redact(Logger.getLogger(""));
    }

    private static void redact(Logger logger) {
        for (Handler handler : logger.getHandlers()) {
            handler.setFormatter(new RedactingJsonFormatter());
            if (handler instanceof org.jboss.logmanager.ExtHandler nesting) {
                for (Handler nested : nesting.getHandlers()) {
                    nested.setFormatter(new RedactingJsonFormatter());
                }
            }
        }
    }
}
