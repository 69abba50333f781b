package dev.chancery.access;

import static dev.chancery.access.AccessRejection.ALREADY_OVER;
import static dev.chancery.access.AccessRejection.LAST_GRANT;
import static dev.chancery.access.AccessRejection.NOT_HELD;
import static dev.chancery.access.AccessRejection.NO_SUCH_ASSIGNMENT;
import static dev.chancery.access.AccessRejection.NO_SUCH_PRINCIPAL;
import static dev.chancery.access.AccessRejection.NO_SUCH_ROLE;
import static dev.chancery.access.AccessRejection.NO_SUCH_WORKSPACE;
import static dev.chancery.access.AccessRejection.SELF_GRANT;
import static dev.chancery.access.AccessRejection.TOO_MANY;
import static dev.chancery.kernel.Decision.events;
import static dev.chancery.kernel.Decision.nothing;
import static dev.chancery.kernel.Decision.reject;

import com.google.protobuf.Message;
import dev.chancery.command.Granter;
import dev.chancery.decision.Assignments;
import dev.chancery.decision.Assignments.Assignment;
import dev.chancery.decision.Authority;
import dev.chancery.decision.PrincipalState;
import dev.chancery.kernel.Decision;
import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.RoleAssigned;
import java.util.Optional;
import java.util.Set;

/** Who may be granted what, by whom. Pure. */
final class GrantRules {
    private GrantRules() {}

    /**
     * @param grantee the principal that would hold the role
     * @param assignments what it holds
     * @param workspaceExists whether the workspace that the grant is scoped to is there; true for one that has none
     */
    static Decision<Message> assign(
            Granter granter,
            PrincipalState grantee,
            Assignments assignments,
            boolean workspaceExists,
            RoleAssigned assignment) {
        if (granter.is(assignment.getPrincipalId())) {
            return reject(SELF_GRANT);
        }
        if (!grantee.active()) {
            return reject(NO_SUCH_PRINCIPAL);
        }
        Optional<Set<String>> bundle = granter.bundle(assignment.getRole());
        if (bundle.isEmpty()) {
            return reject(NO_SUCH_ROLE);
        }
        if (!workspaceExists) {
            return reject(NO_SUCH_WORKSPACE);
        }
        if (assignment.getUntilMicros() != 0 && assignment.getUntilMicros() <= assignment.getFromMicros()) {
            return reject(ALREADY_OVER);
        }
        if (!granter.mayHandOut(
                bundle.get(), assignment.getWorkspaceId(), assignment.getFromMicros(), assignment.getUntilMicros())) {
            return reject(NOT_HELD);
        }
        return assignments.held().size() >= Assignments.MAX_HELD ? reject(TOO_MANY) : events(assignment);
    }

    /**
     * Taking is governed like handing out; giving up what is one's own is not.
     *
     * @param holder what decides what the assignment's holder may do
     * @param last whether nobody would stay who holds the built-in role
     */
    static Decision<Message> revoke(
            Granter revoker, Authority holder, boolean last, AssignmentRevoked revocation, long atMicros) {
        String id = revocation.getAssignmentId();
        if (holder.assignments().revoked().contains(id)) {
            return nothing();
        }
        Optional<Assignment> grant = holder.ownGrants(atMicros).stream()
                .filter(held -> held.id().equals(id))
                .findFirst();
        if (grant.isEmpty() && holder.assignments().find(id).isEmpty()) {
            return reject(NO_SUCH_ASSIGNMENT);
        }
        if (last) {
            return reject(LAST_GRANT);
        }
        return grant.isEmpty() || revoker.is(holder.principalId()) || revoker.mayTake(grant.get(), atMicros)
                ? events(revocation)
                : reject(NOT_HELD);
    }
}
