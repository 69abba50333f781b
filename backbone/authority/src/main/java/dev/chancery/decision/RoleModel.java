package dev.chancery.decision;

import dev.chancery.kernel.Fold;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.access.v1.CapabilityDefined;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.access.v1.RoleRetired;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * An organisation's own capabilities and roles.
 *
 * @param capabilities each with the age of authentication it asks for, in seconds; 0: none
 * @param roles each with the capabilities it bundles; retired ones are not among them
 * @param retired roles that were retired and not defined again
 */
public record RoleModel(Map<String, Integer> capabilities, Map<String, Set<String>> roles, Set<String> retired) {
    public RoleModel {
        capabilities = Map.copyOf(capabilities);
        roles = Map.copyOf(roles);
        retired = Set.copyOf(retired);
    }

    public static final Fold<RoleModel, LogEvent> FOLD = new Fold<>() {
        @Override
        public RoleModel initial() {
            return new RoleModel(Map.of(), Map.of(), Set.of());
        }

        @Override
        public RoleModel evolve(RoleModel state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.access.v1.CapabilityDefined" -> {
                    var defined = EventReading.read(CapabilityDefined.parser(), event.body());
                    var capabilities = new HashMap<>(state.capabilities());
                    capabilities.put(defined.getCapability(), defined.getStepUpSeconds());
                    yield new RoleModel(capabilities, state.roles(), state.retired());
                }
                case "chancery.access.v1.RoleDefined" -> {
                    var defined = EventReading.read(RoleDefined.parser(), event.body());
                    var roles = new HashMap<>(state.roles());
                    roles.put(defined.getRole(), Set.copyOf(defined.getCapabilitiesList()));
                    var retired = new HashSet<>(state.retired());
                    retired.remove(defined.getRole());
                    yield new RoleModel(state.capabilities(), roles, retired);
                }
                case "chancery.access.v1.RoleRetired" -> {
                    var gone = EventReading.read(RoleRetired.parser(), event.body());
                    var roles = new HashMap<>(state.roles());
                    roles.remove(gone.getRole());
                    var retired = new HashSet<>(state.retired());
                    retired.add(gone.getRole());
                    yield new RoleModel(state.capabilities(), roles, retired);
                }
                default -> state;
            };
        }
    };
}
