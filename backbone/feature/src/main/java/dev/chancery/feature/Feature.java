package dev.chancery.feature;

import dev.chancery.command.Methods;

/** A part of the system that serves methods of the contract. Started and stopped by the process's role. */
public interface Feature {
    /** Its name in URLs, configuration and the contract, e.g. {@code access}. */
    String name();

    /** Binds its methods and names its rejections; before anything is served. */
    void register(Methods methods);

    /** Called once everything it stands on runs. Finishes what a crash left half done. */
    default void start() {}

    default void stop() {}
}
