package dev.chancery.app;

import dev.chancery.redaction.RedactingJsonFormatter;
import io.quarkus.bootstrap.logging.InitialConfigurator;
import java.util.logging.Handler;
import java.util.logging.Level;
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
        early(early(), Level.WARNING, Level.INFO);
    }

    /** For what runs without Quarkus, and says itself how it goes: errors, and our own warnings. */
    public static void warnEarly() {
        Handler handler = early();
        handler.setFilter(record -> record.getLevel().intValue() >= Level.SEVERE.intValue()
                || record.getLoggerName().startsWith(OURS.getName()));
        early(handler, Level.SEVERE, Level.WARNING);
    }

    private static void early(Handler handler, Level others, Level ours) {
        InitialConfigurator.DELAYED_HANDLER.setHandlers(new Handler[] {handler});
        Logger.getLogger("").setLevel(others);
        OURS.setLevel(ours);
    }

    private static Handler early() {
        var console = new ConsoleHandler(ConsoleHandler.Target.SYSTEM_ERR, new RedactingJsonFormatter());
        console.setLevel(Level.INFO);
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
