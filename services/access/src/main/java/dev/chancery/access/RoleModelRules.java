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

    static Decision<Message> define(RoleModel model, AdoptedContract contract, CapabilityDefined capability) {
        Integer defined = model.capabilities().get(capability.getCapability());
        if (contract.capabilities().contains(capability.getCapability())) {
            return reject(RESERVED_CAPABILITY);
        }
        if (defined != null && defined == capability.getStepUpSeconds()) {
            return nothing();
        }
        if (defined == null && model.capabilities().size() >= MAX_CAPABILITIES) {
            return reject(TOO_MANY);
        }
        return events(capability);
    }

    /** Whoever widens a role grants to all who hold it or will, wherever and for however long. */
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
        Set<String> added = added(bundle, model.roles().getOrDefault(role.getRole(), Set.of()));
        if (definer.wouldGainBy(added, role.getRole(), atMicros)) {
            return reject(SELF_WIDENING);
        }
        if (!definer.mayHandOut(added, WHOLE_ORGANISATION, atMicros, WITHOUT_END)) {
            return reject(NOT_HELD);
        }
        if (!model.roles().containsKey(role.getRole()) && model.roles().size() >= MAX_ROLES) {
            return reject(TOO_MANY);
        }
        return events(role);
    }

    static Decision<Message> retire(RoleModel model, RoleRetired role) {
        if (isBuiltIn(role.getRole())) {
            return reject(RESERVED_ROLE);
        }
        if (model.retired().contains(role.getRole())) {
            return nothing();
        }
        return model.roles().containsKey(role.getRole()) ? events(role) : reject(NO_SUCH_ROLE);
    }

    private static Set<String> added(Set<String> bundle, Set<String> before) {
        Set<String> added = new HashSet<>(bundle);
        added.removeAll(before);
        return added;
    }

    static boolean isBuiltIn(String role) {
        return role.equals(FirstGrant.ADMINISTRATOR) || role.equals(FirstGrant.OPERATOR);
    }
}
