package dev.chancery.vault;

import dev.chancery.decision.EventReading;
import dev.chancery.kernel.Fold;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.vault.v1.DatabaseConnected;
import dev.chancery.schema.vault.v1.StrayRoleDropped;
import dev.chancery.schema.vault.v1.StrayRoleFound;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * A database whose credentials the vault makes.
 *
 * @param connected empty: there is none of the name
 * @param strays roles of no lease that were found there, and are not known to be gone
 */
record ConnectedDatabase(Optional<DatabaseConnected> connected, Set<String> strays) {
    static final Fold<ConnectedDatabase, LogEvent> FOLD = new Fold<>() {
        @Override
        public ConnectedDatabase initial() {
            return new ConnectedDatabase(Optional.empty(), Set.of());
        }

        @Override
        public ConnectedDatabase evolve(ConnectedDatabase state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.vault.v1.DatabaseConnected" ->
                    new ConnectedDatabase(
                            Optional.of(EventReading.read(DatabaseConnected.parser(), event.body())), state.strays());
                case "chancery.vault.v1.StrayRoleFound" -> {
                    var strays = new HashSet<>(state.strays());
                    strays.add(EventReading.read(StrayRoleFound.parser(), event.body())
                            .getRoleName());
                    yield new ConnectedDatabase(state.connected(), strays);
                }
                case "chancery.vault.v1.StrayRoleDropped" -> {
                    var strays = new HashSet<>(state.strays());
                    strays.remove(EventReading.read(StrayRoleDropped.parser(), event.body())
                            .getRoleName());
                    yield new ConnectedDatabase(state.connected(), strays);
                }
                default -> state;
            };
        }
    };

    ConnectedDatabase {
        strays = Set.copyOf(strays);
    }
}
