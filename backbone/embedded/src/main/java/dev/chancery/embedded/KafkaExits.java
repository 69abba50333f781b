package dev.chancery.embedded;

import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.function.Consumer;
import org.apache.kafka.common.utils.Exit;
import org.jboss.logging.Logger;

/**
 * Kafka ends the Java process when it thinks it cannot go on. Here that is the owner's decision: both ways out are closed for
 * the whole process, and who runs a Kafka in it is told. Which Kafka meant it cannot be known, so each is.
 */
final class KafkaExits {
    private static final Logger LOG = Logger.getLogger(KafkaExits.class);
    private static final Set<Consumer<String>> LISTENERS = new CopyOnWriteArraySet<>();

    private KafkaExits() {}

    static void listen(Consumer<String> listener) {
        LISTENERS.add(listener);
        Exit.setExitProcedure((status, message) -> trapped("exit", status));
        Exit.setHaltProcedure((status, message) -> trapped("halt", status));
    }

    static void forget(Consumer<String> listener) {
        // The ways out stay closed: a thread of a stopped Kafka may still come by.
        LISTENERS.remove(listener);
    }

    private static void trapped(String how, int status) {
        LOG.errorf("kafka-fatal how=%s status=%d", how, status);
        LISTENERS.forEach(listener -> listener.accept("kafka-fatal how=" + how + " status=" + status));
    }
}
