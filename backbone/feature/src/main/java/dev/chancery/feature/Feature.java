package dev.chancery.feature;

import dev.chancery.command.Methods;

/** A feature at work in a process. What it is made of, and where it runs, says its {@link FeatureDescription}. */
public interface Feature {
    /** Its name in URLs, configuration and the contract, e.g. {@code access}. */
    String name();

    /** Binds its methods; before anything is served. */
    void register(Methods methods);

    /** Called once everything it stands on runs. Finishes what a crash left half done. */
    default void start() {}

    default void stop() {}
}
