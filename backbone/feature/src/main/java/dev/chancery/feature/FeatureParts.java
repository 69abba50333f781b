package dev.chancery.feature;

import dev.chancery.database.Database;
import dev.chancery.decision.DecisionPoint;
import dev.chancery.schema.Contract;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;

/**
 * What a process gives to a feature. Every process has what is a component of this record; what only some have (a key ring, the
 * feature's appender) is asked for with {@link #get}, and where it is missing the start ends.
 *
 * @param feature whose parts they are
 * @param others by their class
 * @param closing takes what is to be closed when the process stops, the last one first
 */
public record FeatureParts(
        String feature,
        String instanceId,
        Database database,
        Properties kafka,
        Contract contract,
        DecisionPoint decisions,
        Map<Class<?>, Object> others,
        Consumer<AutoCloseable> closing) {

    /** @throws IncompleteFeature if this process has no such part */
    public <T> T get(Class<T> part) {
        Object found = others.get(part);
        if (found == null) {
            throw new IncompleteFeature(feature, "needs a " + part.getSimpleName() + ", which this process has not");
        }
        return part.cast(found);
    }

    /** Has a part closed when the process stops. */
    public <T extends AutoCloseable> T closed(T part) {
        closing.accept(part);
        return part;
    }
}
