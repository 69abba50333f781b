package dev.chancery.decision;

import dev.chancery.decision.Assignments.Assignment;
import java.util.List;

/**
 * A group, and the roles that all of its members hold.
 *
 * @param id never used again, unlike its name
 */
public record GroupGrants(String id, String name, Assignments assignments) {
    /** Not revoked; whether they count now is a matter of time. */
    public List<Assignment> held() {
        return assignments.held();
    }
}
