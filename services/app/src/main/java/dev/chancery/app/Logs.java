package dev.chancery.app;

import dev.chancery.redaction.RedactingJsonFormatter;
import io.quarkus.bootstrap.logging.InitialConfigurator;
import java.util.logging.Handler;
import java.util.logging.Logger;
import org.jboss.logmanager.handlers.ConsoleHandler;

/** Logs leave the process as one JSON object a line, redacted as the last thing that happens to them. */
public final class Logs {
    // Held, because a logger that nobody holds forgets its level.
    private static final Logger OURS = Logger.getLogger("dev.chancery");

    private Logs() {}

    /** Puts the redacting formatter on every handler there is. Call it once Quarkus has set up logging. */
    public static void redact() {
        redact(Logger.getLogger(""));
    }

    /** Before Quarkus has set up logging: warnings and our own news go to stderr at once, redacted. */
    public static void redactEarly() {
        InitialConfigurator.DELAYED_HANDLER.setHandlers(new Handler[] {early()});
        Logger.getLogger("").setLevel(java.util.logging.Level.WARNING);
        OURS.setLevel(java.util.logging.Level.INFO);
    }

    private static Handler early() {
        var console = new ConsoleHandler(ConsoleHandler.Target.SYSTEM_ERR, new RedactingJsonFormatter());
        console.setLevel(java.util.logging.Level.INFO);
        return console;
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
