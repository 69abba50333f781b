package dev.chancery.access;

import com.google.protobuf.Message;
import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.CapabilityDefined;
import dev.chancery.schema.access.v1.CapabilityRetired;
import dev.chancery.schema.access.v1.GroupAssignmentRevoked;
import dev.chancery.schema.access.v1.GroupDefined;
import dev.chancery.schema.access.v1.GroupMemberAdded;
import dev.chancery.schema.access.v1.GroupMemberRemoved;
import dev.chancery.schema.access.v1.GroupRetired;
import dev.chancery.schema.access.v1.GroupRoleAssigned;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.access.v1.RoleRetired;
import dev.chancery.schema.identity.v1.ContractAdopted;
import dev.chancery.schema.identity.v1.OrganisationFounded;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Who may do what, worked out anew from the list of all that happened: an evaluator that shares nothing with the product's. It asks
 * the list one question after the other, from its end.
 */
final class Power {
    private final List<Message> log;

    /** @param log up to the position that is asked about */
    Power(List<Message> log) {
        this.log = log;
    }

    boolean may(String who, String capability, String where, long at) {
        if (log.stream()
                .noneMatch(event -> event instanceof PrincipalCreated created
                        && created.getPrincipalId().equals(who))) {
            return false;
        }
        if (onlyByBreakGlass(capability) || takesConsent(capability)) {
            return false;
        }
        for (int i = 0; i < log.size(); i++) {
            switch (log.get(i)) {
                case OrganisationFounded founded -> {
                    if (founded.getAdministratorId().equals(who)
                            && !revoked(founded.getAssignmentId())
                            && contract().contains(capability)) {
                        return true;
                    }
                }
                case RoleAssigned grant -> {
                    if (grant.getPrincipalId().equals(who)
                            && counts(grant.getWorkspaceId(), grant.getFromMicros(), grant.getUntilMicros(), where, at)
                            && !revoked(grant.getAssignmentId())
                            && bundles(grant.getRole(), capability)) {
                        return true;
                    }
                }
                case GroupRoleAssigned grant -> {
                    if (isIn(who, grant.getGroupId())
                            && counts(grant.getWorkspaceId(), grant.getFromMicros(), grant.getUntilMicros(), where, at)
                            && !revoked(grant.getAssignmentId())
                            && bundles(grant.getRole(), capability)) {
                        return true;
                    }
                }
                default -> {}
            }
        }
        return false;
    }

    private static boolean counts(String place, long from, long until, String where, long at) {
        return (place.isEmpty() || place.equals(where)) && from <= at && (until == 0 || at < until);
    }

    private boolean revoked(String assignment) {
        return log.stream()
                .anyMatch(event -> (event instanceof AssignmentRevoked own
                                && own.getAssignmentId().equals(assignment))
                        || (event instanceof GroupAssignmentRevoked groups
                                && groups.getAssignmentId().equals(assignment)));
    }

    boolean isIn(String who, String group) {
        boolean member = false;
        boolean alive = false;
        for (Message event : log) {
            if (event instanceof GroupMemberAdded added
                    && added.getGroupId().equals(group)
                    && added.getPrincipalId().equals(who)) {
                member = true;
            } else if (event instanceof GroupMemberRemoved removed
                    && removed.getGroupId().equals(group)
                    && removed.getPrincipalId().equals(who)) {
                member = false;
            } else if (event instanceof GroupDefined defined
                    && defined.getGroupId().equals(group)) {
                alive = true;
            } else if (event instanceof GroupRetired retired
                    && retired.getGroupId().equals(group)) {
                alive = false;
            }
        }
        return member && alive;
    }

    private boolean bundles(String role, String capability) {
        if (role.equals("administrator")) {
            return contract().contains(capability);
        }
        for (Message event : log.reversed()) {
            if (event instanceof RoleRetired retired && retired.getRole().equals(role)) {
                return false;
            }
            if (event instanceof RoleDefined defined && defined.getRole().equals(role)) {
                return defined.getCapabilitiesList().contains(capability);
            }
        }
        return false;
    }

    private boolean onlyByBreakGlass(String capability) {
        return defined(capability).getBreakGlassOnly();
    }

    private boolean takesConsent(String capability) {
        return defined(capability).getConsentRequired();
    }

    private CapabilityDefined defined(String capability) {
        for (Message event : log.reversed()) {
            if (event instanceof CapabilityRetired retired
                    && retired.getCapability().equals(capability)) {
                break;
            }
            if (event instanceof CapabilityDefined defined
                    && defined.getCapability().equals(capability)) {
                return defined;
            }
        }
        return CapabilityDefined.getDefaultInstance();
    }

    private Set<String> contract() {
        Set<String> adopted = new HashSet<>();
        for (Message event : log) {
            if (event instanceof ContractAdopted contract) {
                adopted = new HashSet<>(contract.getCapabilitiesList());
            }
        }
        return adopted;
    }
}
