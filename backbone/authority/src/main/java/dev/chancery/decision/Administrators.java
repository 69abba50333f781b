package dev.chancery.decision;

import dev.chancery.kernel.Fold;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.access.v1.AdministratorAppointed;
import dev.chancery.schema.access.v1.AdministratorDismissed;
import java.util.ArrayList;
import java.util.List;

/**
 * Who was assigned the built-in role in the whole organisation and without end, beside the holder of the first grant. Whether they are
 * still active is their own streams' to say.
 */
public record Administrators(List<Appointment> held) {
    /** @param assignmentId what makes the principal an administrator */
    public record Appointment(String assignmentId, String principalId) {}

    public Administrators {
        held = List.copyOf(held);
    }

    public static final Fold<Administrators, LogEvent> FOLD = new Fold<>() {
        @Override
        public Administrators initial() {
            return new Administrators(List.of());
        }

        @Override
        public Administrators evolve(Administrators state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.access.v1.AdministratorAppointed" -> {
                    var appointed = EventReading.read(AdministratorAppointed.parser(), event.body());
                    var held = new ArrayList<>(state.held());
                    held.add(new Appointment(appointed.getAssignmentId(), appointed.getPrincipalId()));
                    yield new Administrators(held);
                }
                case "chancery.access.v1.AdministratorDismissed" -> {
                    String gone = EventReading.read(AdministratorDismissed.parser(), event.body())
                            .getAssignmentId();
                    yield new Administrators(state.held().stream()
                            .filter(appointment -> !appointment.assignmentId().equals(gone))
                            .toList());
                }
                default -> state;
            };
        }
    };
}
