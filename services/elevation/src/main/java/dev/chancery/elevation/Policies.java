package dev.chancery.elevation;

import dev.chancery.decision.EventReading;
import dev.chancery.decision.Part;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.elevation.v1.ElevationPolicyRemoved;
import dev.chancery.schema.elevation.v1.ElevationPolicySet;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How roles can be had for a while, by the role's name.
 *
 * @param removed roles whose policy was removed and not set again
 */
record Policies(SortedMap<String, ElevationPolicySet> byRole, Set<String> removed) {
    static final StreamId STREAM = StreamId.of("elevation", "policy");

    static final Fold<Policies, LogEvent> FOLD = new Fold<>() {
        @Override
        public Policies initial() {
            return new Policies(new TreeMap<>(), Set.of());
        }

        @Override
        public Policies evolve(Policies state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.elevation.v1.ElevationPolicySet" -> {
                    var set = EventReading.read(ElevationPolicySet.parser(), event.body());
                    var policies = new TreeMap<>(state.byRole());
                    policies.put(set.getRole(), set);
                    var removed = new HashSet<>(state.removed());
                    removed.remove(set.getRole());
                    yield new Policies(policies, removed);
                }
                case "chancery.elevation.v1.ElevationPolicyRemoved" -> {
                    String role = EventReading.read(ElevationPolicyRemoved.parser(), event.body())
                            .getRole();
                    var policies = new TreeMap<>(state.byRole());
                    policies.remove(role);
                    var removed = new HashSet<>(state.removed());
                    removed.add(role);
                    yield new Policies(policies, removed);
                }
                default -> state;
            };
        }
    };

    static final Part<Policies> PART = new Part<>(STREAM.value(), FOLD);

    Policies {
        byRole = Collections.unmodifiableSortedMap(byRole);
        removed = Set.copyOf(removed);
    }
}
