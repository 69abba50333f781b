package dev.chancery.access;

import static dev.chancery.access.AccessRejection.CAPABILITY_IN_USE;
import static dev.chancery.access.AccessRejection.CONSENT_PURPOSE;
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
import dev.chancery.decision.Sensitivity;
import dev.chancery.kernel.Decision;
import dev.chancery.schema.access.v1.CapabilityDefined;
import dev.chancery.schema.access.v1.CapabilityRetired;
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

    /**
     * Lowering a sensitivity hands out what could not be done under it, to all who hold the capability or will; shutting somebody out of
     * it takes.
     *
     * @param describedAlike whether the capability's description stays as it is
     */
    static Decision<Message> define(
            Granter definer,
            AdoptedContract contract,
            CapabilityDefined capability,
            boolean describedAlike,
            long atMicros) {
        RoleModel model = definer.roleModel();
        String name = capability.getCapability();
        var wanted = Sensitivity.of(
                capability.getStepUpSeconds(),
                capability.getBreakGlassOnly(),
                capability.getConsentRequired(),
                capability.getConsentPurpose());
        RoleModel.Capability defined = model.capabilities().get(name);
        if (contract.capabilities().contains(name)) {
            return reject(RESERVED_CAPABILITY);
        }
        if (capability.getConsentRequired() == capability.getConsentPurpose().isEmpty()) {
            return reject(CONSENT_PURPOSE);
        }
        if (defined != null && describedAlike && wanted.equals(defined.sensitivity())) {
            return nothing();
        }
        if (defined == null) {
            return model.capabilities().size() >= MAX_CAPABILITIES ? reject(TOO_MANY) : events(capability);
        }
        boolean looser = wanted.isLooserThan(defined.sensitivity());
        if (looser && definer.holdsAnywhere(name, atMicros)) {
            return reject(SELF_WIDENING);
        }
        return (looser || wanted.shutsOut(defined.sensitivity()))
                        && !definer.mayHandOut(Set.of(name), WHOLE_ORGANISATION, atMicros, WITHOUT_END)
                ? reject(NOT_HELD)
                : events(capability);
    }

    /** What no role bundles, nobody holds: retiring it takes from nobody. */
    static Decision<Message> retire(Granter retirer, AdoptedContract contract, CapabilityRetired capability) {
        RoleModel model = retirer.roleModel();
        String name = capability.getCapability();
        if (!model.capabilities().containsKey(name)) {
            if (contract.capabilities().contains(name)) {
                return reject(RESERVED_CAPABILITY);
            }
            return model.retired().capabilities().contains(name) ? nothing() : reject(NO_SUCH_CAPABILITY);
        }
        return model.roles().values().stream()
                        .anyMatch(role -> role.capabilities().contains(name))
                ? reject(CAPABILITY_IN_USE)
                : events(capability);
    }

    /**
     * Whoever widens a role grants to all who hold it or will, wherever and for however long; whoever narrows it takes from them.
     *
     * @param describedAlike whether the role's description stays as it is
     */
    static Decision<Message> define(
            Granter definer, AdoptedContract contract, RoleDefined role, boolean describedAlike, long atMicros) {
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
        RoleModel.Role defined = model.roles().get(role.getRole());
        if (defined != null && describedAlike && bundle.equals(defined.capabilities())) {
            return nothing();
        }
        Set<String> before = defined == null ? Set.of() : defined.capabilities();
        Set<String> added = without(bundle, before);
        if (definer.wouldGainBy(added, role.getRole(), atMicros)) {
            return reject(SELF_WIDENING);
        }
        if (!definer.mayHandOut(added, WHOLE_ORGANISATION, atMicros, WITHOUT_END)
                || !definer.mayHandOut(without(before, bundle), WHOLE_ORGANISATION, atMicros, WITHOUT_END)) {
            return reject(NOT_HELD);
        }
        if (defined == null && model.roles().size() >= MAX_ROLES) {
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
        if (model.retired().roles().contains(role.getRole())) {
            return nothing();
        }
        RoleModel.Role defined = model.roles().get(role.getRole());
        if (defined == null) {
            return reject(NO_SUCH_ROLE);
        }
        return retirer.mayHandOut(defined.capabilities(), WHOLE_ORGANISATION, atMicros, WITHOUT_END)
                ? events(role)
                : reject(NOT_HELD);
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
