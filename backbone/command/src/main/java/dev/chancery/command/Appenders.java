package dev.chancery.command;

import dev.chancery.log.Appender;

/** The appender of a feature: what it writes is signed with the feature's key, under its database role. */
@FunctionalInterface
public interface Appenders {
    Appender of(String feature);
}
