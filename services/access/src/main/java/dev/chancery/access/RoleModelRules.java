package dev.chancery.access;

import static dev.chancery.access.AccessRejection.NOT_HELD;
import static dev.chancery.access.AccessRejection.NO_SUCH_CAPABILITY;
import static dev.chancery.access.AccessRejection.NO_SUCH_ROLE;
import static dev.chancery.access.AccessRejection.RESERVED_CAPABILITY;
import static dev.chancery.access.AccessRejection.RESERVED_ROLE;
import static dev.chancery.access.AccessRejection.SELF_WIDENING;
import static dev.chancery.access.AccessRejection.TOO_MANY;
import static dev.chancery.kernel.Decision.events;
import static dev.chancery.kernel.Decision.nothing;
import static dev.chancery.kernel.Decision.reject;

import com.google.protobuf.Message;
import dev.chancery.command.Granter;
import dev.chancery.decision.AdoptedContract;
import dev.chancery.decision.FirstGrant;
import dev.chancery.decision.RoleModel;
import dev.chancery.kernel.Decision;
import dev.chancery.schema.access.v1.CapabilityDefined;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.access.v1.RoleRetired;
import java.util.HashSet;
import java.util.Set;

/** What may become of a role model. Pure. */
final class RoleModelRules {
    static final int MAX_CAPABILITIES = 2_000;
    static final int MAX_ROLES = 1_000;

    private static final String WHOLE_ORGANISATION = "";
    private static final long WITHOUT_END = 0;

    private RoleModelRules() {}

    /** Asking for a step-up less often hands out what could be done only after it: to all who hold the capability or will. */
    static Decision<Message> define(
            Granter definer, AdoptedContract contract, CapabilityDefined capability, long atMicros) {
        RoleModel model = definer.roleModel();
        String name = capability.getCapability();
        Integer defined = model.capabilities().get(name);
        if (contract.capabilities().contains(name)) {
            return reject(RESERVED_CAPABILITY);
        }
        if (defined != null && defined == capability.getStepUpSeconds()) {
            return nothing();
        }
        if (defined == null && model.capabilities().size() >= MAX_CAPABILITIES) {
            return reject(TOO_MANY);
        }
        if (defined != null && isLooser(capability.getStepUpSeconds(), defined)) {
            if (definer.holdsAnywhere(name, atMicros)) {
                return reject(SELF_WIDENING);
            }
            if (!definer.mayHandOut(Set.of(name), WHOLE_ORGANISATION, atMicros, WITHOUT_END)) {
                return reject(NOT_HELD);
            }
        }
        return events(capability);
    }

    /** Whether an authentication may be older than before; 0 is of any age. */
    private static boolean isLooser(int stepUpSeconds, int before) {
        return before != 0 && (stepUpSeconds == 0 || Integer.compareUnsigned(stepUpSeconds, before) > 0);
    }

    /** Whoever widens a role grants to all who hold it or will, wherever and for however long; whoever narrows it takes from them. */
    static Decision<Message> define(Granter definer, AdoptedContract contract, RoleDefined role, long atMicros) {
        RoleModel model = definer.roleModel();
        Set<String> bundle = Set.copyOf(role.getCapabilitiesList());
        if (isBuiltIn(role.getRole())) {
            return reject(RESERVED_ROLE);
        }
        if (!bundle.stream()
                .allMatch(c -> model.capabilities().containsKey(c)
                        || contract.capabilities().contains(c))) {
            return reject(NO_SUCH_CAPABILITY);
        }
        if (bundle.equals(model.roles().get(role.getRole()))) {
            return nothing();
        }
        Set<String> before = model.roles().getOrDefault(role.getRole(), Set.of());
        Set<String> added = without(bundle, before);
        if (definer.wouldGainBy(added, role.getRole(), atMicros)) {
            return reject(SELF_WIDENING);
        }
        if (!definer.mayHandOut(added, WHOLE_ORGANISATION, atMicros, WITHOUT_END)
                || !definer.mayHandOut(without(before, bundle), WHOLE_ORGANISATION, atMicros, WITHOUT_END)) {
            return reject(NOT_HELD);
        }
        if (!model.roles().containsKey(role.getRole()) && model.roles().size() >= MAX_ROLES) {
            return reject(TOO_MANY);
        }
        return events(role);
    }

    /** Whoever retires a role takes all that it bundles from all who hold it. */
    static Decision<Message> retire(Granter retirer, RoleRetired role, long atMicros) {
        RoleModel model = retirer.roleModel();
        if (isBuiltIn(role.getRole())) {
            return reject(RESERVED_ROLE);
        }
        if (model.retired().contains(role.getRole())) {
            return nothing();
        }
        Set<String> bundle = model.roles().get(role.getRole());
        if (bundle == null) {
            return reject(NO_SUCH_ROLE);
        }
        return retirer.mayHandOut(bundle, WHOLE_ORGANISATION, atMicros, WITHOUT_END) ? events(role) : reject(NOT_HELD);
    }

    private static Set<String> without(Set<String> capabilities, Set<String> others) {
        Set<String> rest = new HashSet<>(capabilities);
        rest.removeAll(others);
        return rest;
    }

    static boolean isBuiltIn(String role) {
        return role.equals(FirstGrant.ADMINISTRATOR) || role.equals(FirstGrant.OPERATOR);
    }
}
