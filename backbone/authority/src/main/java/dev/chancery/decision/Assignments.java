package dev.chancery.decision;

import dev.chancery.kernel.Fold;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.GroupAssignmentRevoked;
import dev.chancery.schema.access.v1.GroupRoleAssigned;
import dev.chancery.schema.access.v1.RoleAssigned;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The roles one principal holds, or one group.
 *
 * @param held assigned and not revoked; whether they count now is a matter of time
 * @param revoked ids of revoked assignments, the first grant's among them
 */
public record Assignments(List<Assignment> held, Set<String> revoked) {
    /** Roles one principal, or one group, may hold at once. */
    public static final int MAX_HELD = 1_000;

    /**
     * @param workspace where it counts; empty: in the whole organisation
     * @param untilMicros exclusive; 0: without end
     */
    public record Assignment(String id, String role, String workspace, long fromMicros, long untilMicros) {
        boolean countsAt(long micros) {
            return fromMicros <= micros && endsAfter(micros);
        }

        /** Whether it is not over at a moment, whenever it began. */
        public boolean endsAfter(long micros) {
            return untilMicros == 0 || micros < untilMicros;
        }

        /** Whether it ends no sooner than something else does. */
        boolean lastsUntil(long otherUntilMicros) {
            return untilMicros == 0 || (otherUntilMicros != 0 && otherUntilMicros <= untilMicros);
        }

        boolean covers(String where) {
            return workspace.isEmpty() || workspace.equals(where);
        }
    }

    public Assignments {
        held = List.copyOf(held);
        // Shared from event to event: copied, it would take time in the square of a stream's length.
        revoked = GrowingSet.copyOf(revoked);
    }

    public static final Fold<Assignments, LogEvent> FOLD = new Fold<>() {
        @Override
        public Assignments initial() {
            return new Assignments(List.of(), Set.of());
        }

        @Override
        public Assignments evolve(Assignments state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.access.v1.RoleAssigned" -> {
                    var assigned = EventReading.read(RoleAssigned.parser(), event.body());
                    yield state.with(new Assignment(
                            assigned.getAssignmentId(),
                            assigned.getRole(),
                            assigned.getWorkspaceId(),
                            assigned.getFromMicros(),
                            assigned.getUntilMicros()));
                }
                case "chancery.access.v1.GroupRoleAssigned" -> {
                    var assigned = EventReading.read(GroupRoleAssigned.parser(), event.body());
                    yield state.with(new Assignment(
                            assigned.getAssignmentId(),
                            assigned.getRole(),
                            assigned.getWorkspaceId(),
                            assigned.getFromMicros(),
                            assigned.getUntilMicros()));
                }
                case "chancery.access.v1.AssignmentRevoked" ->
                    state.without(EventReading.read(AssignmentRevoked.parser(), event.body())
                            .getAssignmentId());
                case "chancery.access.v1.GroupAssignmentRevoked" ->
                    state.without(EventReading.read(GroupAssignmentRevoked.parser(), event.body())
                            .getAssignmentId());
                default -> state;
            };
        }
    };

    private Assignments with(Assignment assignment) {
        var more = new ArrayList<>(held);
        more.add(assignment);
        return new Assignments(more, revoked);
    }

    private Assignments without(String id) {
        return new Assignments(
                held.stream().filter(a -> !a.id().equals(id)).toList(),
                GrowingSet.copyOf(revoked).plus(id));
    }

    public Optional<Assignment> find(String id) {
        return held.stream().filter(assignment -> assignment.id().equals(id)).findFirst();
    }
}
