package dev.chancery.embedded;

import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Kafka's loggers at WARNING, unless somebody gave them a level of his own. Works for what binds slf4j to java.util.logging. */
final class QuietLogs {
    // Held, because java.util.logging forgets the level of a logger that nobody holds.
    private static final List<Logger> KAFKA = List.of(
            Logger.getLogger("kafka"), Logger.getLogger("org.apache.kafka"), Logger.getLogger("state.change.logger"));

    private QuietLogs() {}

    static void quieten() {
        for (Logger logger : KAFKA) {
            if (logger.getLevel() == null) {
                logger.setLevel(Level.WARNING);
            }
        }
    }
}
