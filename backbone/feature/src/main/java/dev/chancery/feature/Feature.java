package dev.chancery.feature;

import dev.chancery.command.Methods;
import java.util.List;
import java.util.function.Supplier;

/** A feature at work in a process. What it is made of, and where it runs, says its {@link FeatureDescription}. */
public interface Feature {
    /** Its name in URLs, configuration and the contract, e.g. {@code access}. */
    String name();

    /** Binds its methods; before anything is served. */
    void register(Methods methods);

    /** Called once everything it stands on runs. Finishes what a crash left half done. */
    default void start() {}

    default void stop() {}

    /** What an operator should look at, though the feature serves; shown to strangers, so it names no tenant. Waits for nothing. */
    default List<String> warnings() {
        return List.of();
    }

    /** What is to be measured of it, beside what is of every feature. */
    default List<Measure> measures() {
        return List.of();
    }

    /**
     * A number that goes up and down.
     *
     * @param name as Micrometer has it, e.g. {@code chancery.ledger.stale.seconds}
     * @param value waits for nothing; {@code NaN} where it is not known
     */
    record Measure(String name, String description, Supplier<Number> value) {}
}
