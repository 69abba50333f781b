package dev.chancery.vault;

import dev.chancery.decision.EventReading;
import dev.chancery.kernel.Fold;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.vault.v1.EnvironmentAccessSet;
import dev.chancery.schema.vault.v1.EnvironmentCreated;
import dev.chancery.schema.vault.v1.EnvironmentKeyRetired;
import dev.chancery.schema.vault.v1.EnvironmentKeyRotated;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Where secrets are used.
 *
 * @param readers principals by id, roles by name
 * @param keyVersion the current version of its key; 0: there is no such environment
 * @param retired versions of its key that were destroyed
 */
record Environment(
        boolean production, List<String> readers, List<String> writers, int keyVersion, Set<Integer> retired) {
    static final Fold<Environment, LogEvent> FOLD = new Fold<>() {
        @Override
        public Environment initial() {
            return new Environment(false, List.of(), List.of(), 0, Set.of());
        }

        @Override
        public Environment evolve(Environment state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.vault.v1.EnvironmentCreated" -> {
                    var created = EventReading.read(EnvironmentCreated.parser(), event.body());
                    yield new Environment(
                            created.getProduction(), created.getReadersList(), created.getWritersList(), 1, Set.of());
                }
                case "chancery.vault.v1.EnvironmentAccessSet" -> {
                    var set = EventReading.read(EnvironmentAccessSet.parser(), event.body());
                    yield new Environment(
                            state.production(),
                            set.getReadersList(),
                            set.getWritersList(),
                            state.keyVersion(),
                            state.retired());
                }
                case "chancery.vault.v1.EnvironmentKeyRotated" ->
                    new Environment(
                            state.production(),
                            state.readers(),
                            state.writers(),
                            EventReading.read(EnvironmentKeyRotated.parser(), event.body())
                                    .getKeyVersion(),
                            state.retired());
                case "chancery.vault.v1.EnvironmentKeyRetired" -> {
                    var retired = new HashSet<>(state.retired());
                    retired.add(EventReading.read(EnvironmentKeyRetired.parser(), event.body())
                            .getKeyVersion());
                    yield new Environment(
                            state.production(), state.readers(), state.writers(), state.keyVersion(), retired);
                }
                default -> state;
            };
        }
    };

    Environment {
        readers = List.copyOf(readers);
        writers = List.copyOf(writers);
        retired = Set.copyOf(retired);
    }

    boolean exists() {
        return keyVersion > 0;
    }
}
