package dev.chancery.embedded;

import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Kafka's loggers at WARNING, unless they have a level already. Works for whatever binds slf4j to java.util.logging. */
final class QuietLogs {
    // Loggers as keys, because java.util.logging forgets the level of a logger that nobody holds.
    private static final Map<Logger, Level> LEVELS = Map.of(
            Logger.getLogger("kafka"), Level.WARNING,
            Logger.getLogger("org.apache.kafka"), Level.WARNING,
            Logger.getLogger("state.change.logger"), Level.WARNING,
            // warns of each start
            Logger.getLogger("org.apache.kafka.controller.QuorumController"), Level.SEVERE);

    private QuietLogs() {}

    static void quieten() {
        LEVELS.forEach((logger, level) -> {
            if (logger.getLevel() == null) {
                logger.setLevel(level);
            }
        });
    }
}
