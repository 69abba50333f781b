package dev.chancery.command;

import dev.chancery.keyring.Keyring;
import dev.chancery.log.Appender;
import dev.chancery.log.Streams;

/** What every command of this process runs on. */
record CommandParts(Appenders appenders, Streams streams, Keyring keyring, Methods methods, DenialLimit denials) {
    Appender appender(String feature) {
        return appenders.of(feature);
    }
}
