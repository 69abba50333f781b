package dev.chancery.decision;

import dev.chancery.decision.Assignments.Assignment;
import dev.chancery.schema.identity.v1.IssuerRolesChanged;
import java.util.List;

/**
 * The roles that a principal's groups at its issuer gave it when it last signed in. Each counts while the issuer is trusted and maps to it.
 *
 * @param issuerId whose user it is; empty: nobody's
 */
public record IssuerRoles(String issuerId, List<Assignment> held) {
    public static final IssuerRoles NONE = new IssuerRoles("", List.of());

    public IssuerRoles {
        held = List.copyOf(held);
    }

    static IssuerRoles of(IssuerRolesChanged changed) {
        return new IssuerRoles(
                changed.getIssuerId(),
                changed.getRolesList().stream()
                        .map(role -> new Assignment(
                                role.getAssignmentId(), role.getRole(), role.getWorkspaceId(), role.getFromMicros(), 0))
                        .toList());
    }
}
