package dev.chancery.decision;

import dev.chancery.kernel.Fold;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.access.v1.CapabilityDefined;
import dev.chancery.schema.access.v1.CapabilityRetired;
import dev.chancery.schema.access.v1.GroupDefined;
import dev.chancery.schema.access.v1.GroupRetired;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.access.v1.RoleRetired;
import dev.chancery.schema.log.v1.Sealed;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;

/**
 * An organisation's own capabilities, roles and groups, by name. Retired ones are not among them.
 *
 * @param retired what was retired and not defined again, by kind
 */
public record RoleModel(
        Map<String, Capability> capabilities, Map<String, Role> roles, Map<String, Group> groups, Retired retired) {
    /**
     * A description, sealed.
     *
     * @param sealed unset where there is none
     * @param entryId of the record that it is bound to
     */
    public record Described(Sealed sealed, UUID entryId) {
        public static final Described NOT = new Described(Sealed.getDefaultInstance(), new UUID(0, 0));
    }

    public record Capability(Sensitivity sensitivity, Described description) {}

    /** @param capabilities what it bundles */
    public record Role(Set<String> capabilities, Described description) {
        public Role {
            capabilities = Set.copyOf(capabilities);
        }
    }

    /** @param id of this group alone, even where another had its name before */
    public record Group(String id, Described description) {}

    public record Retired(Set<String> capabilities, Set<String> roles, Set<String> groups) {
        public Retired {
            capabilities = Set.copyOf(capabilities);
            roles = Set.copyOf(roles);
            groups = Set.copyOf(groups);
        }
    }

    public static final RoleModel EMPTY =
            new RoleModel(Map.of(), Map.of(), Map.of(), new Retired(Set.of(), Set.of(), Set.of()));

    public RoleModel {
        capabilities = Map.copyOf(capabilities);
        roles = Map.copyOf(roles);
        groups = Map.copyOf(groups);
    }

    public static final Fold<RoleModel, LogEvent> FOLD = new Fold<>() {
        @Override
        public RoleModel initial() {
            return EMPTY;
        }

        @Override
        public RoleModel evolve(RoleModel state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.access.v1.CapabilityDefined" -> {
                    var defined = EventReading.read(CapabilityDefined.parser(), event.body());
                    var sensitivity = Sensitivity.of(
                            defined.getStepUpSeconds(),
                            defined.getBreakGlassOnly(),
                            defined.getConsentRequired(),
                            defined.getConsentPurpose());
                    yield state.withCapability(
                            defined.getCapability(),
                            new Capability(sensitivity, described(defined.getDescription(), event)));
                }
                case "chancery.access.v1.CapabilityRetired" ->
                    state.withoutCapability(EventReading.read(CapabilityRetired.parser(), event.body())
                            .getCapability());
                case "chancery.access.v1.RoleDefined" -> {
                    var defined = EventReading.read(RoleDefined.parser(), event.body());
                    var role = new Role(
                            Set.copyOf(defined.getCapabilitiesList()), described(defined.getDescription(), event));
                    yield state.withRole(defined.getRole(), role);
                }
                case "chancery.access.v1.RoleRetired" ->
                    state.withoutRole(EventReading.read(RoleRetired.parser(), event.body())
                            .getRole());
                case "chancery.access.v1.GroupDefined" -> {
                    var defined = EventReading.read(GroupDefined.parser(), event.body());
                    yield state.withGroup(
                            defined.getGroup(),
                            new Group(defined.getGroupId(), described(defined.getDescription(), event)));
                }
                case "chancery.access.v1.GroupRetired" ->
                    state.withoutGroup(EventReading.read(GroupRetired.parser(), event.body())
                            .getGroup());
                default -> state;
            };
        }
    };

    private static Described described(Sealed description, LogEvent event) {
        return new Described(description, event.entryId());
    }

    /** The groups that somebody's memberships stand for: those that were not retired. */
    public List<GroupGrants> groupsOf(Memberships memberships, Function<String, Assignments> assignmentsOf) {
        return memberships.groups().isEmpty()
                ? List.of()
                : groups.entrySet().stream()
                        .filter(group ->
                                memberships.groups().contains(group.getValue().id()))
                        .map(group -> new GroupGrants(
                                group.getValue().id(),
                                group.getKey(),
                                assignmentsOf.apply(group.getValue().id())))
                        .toList();
    }

    private RoleModel withCapability(String name, Capability capability) {
        var now = new Retired(without(retired.capabilities(), name), retired.roles(), retired.groups());
        return new RoleModel(with(capabilities, name, capability), roles, groups, now);
    }

    private RoleModel withoutCapability(String name) {
        var now = new Retired(with(retired.capabilities(), name), retired.roles(), retired.groups());
        return new RoleModel(without(capabilities, name), roles, groups, now);
    }

    private RoleModel withRole(String name, Role role) {
        var now = new Retired(retired.capabilities(), without(retired.roles(), name), retired.groups());
        return new RoleModel(capabilities, with(roles, name, role), groups, now);
    }

    private RoleModel withoutRole(String name) {
        var now = new Retired(retired.capabilities(), with(retired.roles(), name), retired.groups());
        return new RoleModel(capabilities, without(roles, name), groups, now);
    }

    private RoleModel withGroup(String name, Group group) {
        var now = new Retired(retired.capabilities(), retired.roles(), without(retired.groups(), name));
        return new RoleModel(capabilities, roles, with(groups, name, group), now);
    }

    private RoleModel withoutGroup(String name) {
        var now = new Retired(retired.capabilities(), retired.roles(), with(retired.groups(), name));
        return new RoleModel(capabilities, roles, without(groups, name), now);
    }

    private static <V> Map<String, V> with(Map<String, V> map, String name, V value) {
        var more = new HashMap<>(map);
        more.put(name, value);
        return more;
    }

    private static <V> Map<String, V> without(Map<String, V> map, String name) {
        var less = new HashMap<>(map);
        less.remove(name);
        return less;
    }

    private static Set<String> with(Set<String> set, String name) {
        var more = new HashSet<>(set);
        more.add(name);
        return more;
    }

    private static Set<String> without(Set<String> set, String name) {
        var less = new HashSet<>(set);
        less.remove(name);
        return less;
    }
}
