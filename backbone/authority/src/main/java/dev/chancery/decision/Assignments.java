package dev.chancery.decision;

import dev.chancery.kernel.Fold;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.RoleAssigned;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The roles one principal holds.
 *
 * @param held assigned and not revoked; whether they count now is a matter of time
 * @param revoked ids of revoked assignments, the first grant's among them
 */
public record Assignments(List<Assignment> held, Set<String> revoked) {
    /** Roles one principal may hold at once. */
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
                    var held = new ArrayList<>(state.held());
                    held.add(new Assignment(
                            assigned.getAssignmentId(),
                            assigned.getRole(),
                            assigned.getWorkspaceId(),
                            assigned.getFromMicros(),
                            assigned.getUntilMicros()));
                    yield new Assignments(held, state.revoked());
                }
                case "chancery.access.v1.AssignmentRevoked" -> {
                    var id = EventReading.read(AssignmentRevoked.parser(), event.body())
                            .getAssignmentId();
                    yield new Assignments(
                            state.held().stream()
                                    .filter(a -> !a.id().equals(id))
                                    .toList(),
                            GrowingSet.copyOf(state.revoked()).plus(id));
                }
                default -> state;
            };
        }
    };

    public Optional<Assignment> find(String id) {
        return held.stream().filter(assignment -> assignment.id().equals(id)).findFirst();
    }
}
