package dev.chancery.vault;

import dev.chancery.decision.EventReading;
import dev.chancery.kernel.Fold;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.vault.v1.DatabaseConnected;
import java.util.Optional;

/** A database whose credentials the vault makes; empty: there is none of the name. */
record ConnectedDatabase(Optional<DatabaseConnected> connected) {
    static final Fold<ConnectedDatabase, LogEvent> FOLD = new Fold<>() {
        @Override
        public ConnectedDatabase initial() {
            return new ConnectedDatabase(Optional.empty());
        }

        @Override
        public ConnectedDatabase evolve(ConnectedDatabase state, LogEvent event) {
            return event.type().equals("chancery.vault.v1.DatabaseConnected")
                    ? new ConnectedDatabase(Optional.of(EventReading.read(DatabaseConnected.parser(), event.body())))
                    : state;
        }
    };
}
