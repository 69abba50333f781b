package dev.chancery.decision;

import dev.chancery.decision.Assignments.Assignment;
import dev.chancery.kernel.Fold;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.elevation.v1.ElevationGranted;
import dev.chancery.schema.elevation.v1.ElevationRevoked;
import java.util.List;
import java.util.stream.Stream;

/**
 * The roles that one principal holds for a while, by break-glass. Each ends by itself, at its own time.
 *
 * @param held granted and not revoked, each under its elevation's id; one that is over leaves with the next that is granted
 */
public record Elevations(List<Assignment> held) {
    public static final Elevations NONE = new Elevations(List.of());

    public Elevations {
        held = List.copyOf(held);
    }

    public static final Fold<Elevations, LogEvent> FOLD = new Fold<>() {
        @Override
        public Elevations initial() {
            return NONE;
        }

        @Override
        public Elevations evolve(Elevations state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.elevation.v1.ElevationGranted" -> {
                    var granted = EventReading.read(ElevationGranted.parser(), event.body());
                    var elevation = new Assignment(
                            granted.getElevationId(),
                            granted.getRole(),
                            granted.getWorkspaceId(),
                            granted.getFromMicros(),
                            granted.getUntilMicros());
                    yield new Elevations(Stream.concat(
                                    state.held().stream().filter(held -> held.endsAfter(elevation.fromMicros())),
                                    Stream.of(elevation))
                            .toList());
                }
                case "chancery.elevation.v1.ElevationRevoked" -> {
                    String gone = EventReading.read(ElevationRevoked.parser(), event.body())
                            .getElevationId();
                    yield new Elevations(state.held().stream()
                            .filter(held -> !held.id().equals(gone))
                            .toList());
                }
                default -> state;
            };
        }
    };
}
