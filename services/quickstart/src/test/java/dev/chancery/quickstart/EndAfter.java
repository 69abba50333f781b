package dev.chancery.quickstart;

import dev.chancery.app.Logs;
import dev.chancery.app.configuration.Unusable;
import java.util.Arrays;
import java.util.Locale;

/** A backup or a restore that ends after a step as {@code kill -9} ends it: nothing is closed, deleted or said any more. */
final class EndAfter {
    private static final int KILLED = 137;

    private EndAfter() {}

    /** @param arguments a step, and those of the command */
    public static void main(String... arguments) {
        Locale.setDefault(Locale.ROOT);
        Logs.warnEarly();
        Options options = Options.parse(Arrays.copyOfRange(arguments, 1, arguments.length));
        try {
            if (options.command().equals("backup")) {
                Backup.run(options, step -> end(step, arguments[0]));
            } else {
                Restore.run(options, step -> end(step, arguments[0]));
            }
            System.exit(0);
        } catch (Unusable e) {
            System.err.println("chancery: " + e.getMessage());
            System.exit(1);
        }
    }

    private static void end(Enum<?> step, String last) {
        if (step.name().equals(last)) {
            Runtime.getRuntime().halt(KILLED);
        }
    }
}
