package dev.chancery.elevation;

import dev.chancery.decision.EventReading;
import dev.chancery.elevation.Elevation.Approval;
import dev.chancery.kernel.Fold;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.elevation.v1.ElevationApproved;
import dev.chancery.schema.elevation.v1.ElevationDenied;
import dev.chancery.schema.elevation.v1.ElevationGranted;
import dev.chancery.schema.elevation.v1.ElevationRequested;
import dev.chancery.schema.elevation.v1.ElevationReviewed;
import dev.chancery.schema.elevation.v1.ElevationRevoked;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * What one principal has asked for and holds.
 *
 * @param elevations in the order of their requests; besides those that something can still come of, the newest {@link #KEPT} that are
 *     over, so that a command that is repeated late gets its answer
 */
record Holder(List<Elevation> elevations) {
    static final int KEPT = 100;

    static final Fold<Holder, StoredEvent> FOLD = new Fold<>() {
        @Override
        public Holder initial() {
            return new Holder(List.of());
        }

        @Override
        public Holder evolve(Holder state, StoredEvent event) {
            return switch (event.type()) {
                case "chancery.elevation.v1.ElevationRequested" ->
                    state.asked(EventReading.read(ElevationRequested.parser(), event.body()));
                case "chancery.elevation.v1.ElevationApproved" -> {
                    var approved = EventReading.read(ElevationApproved.parser(), event.body());
                    yield state.with(
                            approved.getElevationId(), elevation -> elevation.approvedBy(Approval.of(approved)));
                }
                case "chancery.elevation.v1.ElevationGranted" -> {
                    var granted = EventReading.read(ElevationGranted.parser(), event.body());
                    yield state.with(granted.getElevationId(), elevation -> elevation.granted(granted));
                }
                case "chancery.elevation.v1.ElevationDenied" ->
                    state.with(
                            EventReading.read(ElevationDenied.parser(), event.body())
                                    .getElevationId(),
                            Elevation::asDenied);
                case "chancery.elevation.v1.ElevationRevoked" ->
                    state.with(
                            EventReading.read(ElevationRevoked.parser(), event.body())
                                    .getElevationId(),
                            Elevation::asRevoked);
                case "chancery.elevation.v1.ElevationReviewed" ->
                    state.with(
                            EventReading.read(ElevationReviewed.parser(), event.body())
                                    .getElevationId(),
                            Elevation::asReviewed);
                default -> state;
            };
        }
    };

    Holder {
        elevations = List.copyOf(elevations);
    }

    Optional<Elevation> find(String id) {
        return elevations.stream()
                .filter(elevation -> elevation.id().equals(id))
                .findFirst();
    }

    /** How many wait for approvals or are held. */
    long current(long atMicros) {
        return elevations.stream()
                .filter(elevation -> elevation.isOpen(atMicros) || elevation.isHeld(atMicros))
                .count();
    }

    private Holder asked(ElevationRequested request) {
        long now = request.getRequestedMicros();
        long over =
                elevations.stream().filter(elevation -> !elevation.matters(now)).count();
        Stream<Elevation> kept = elevations.stream();
        if (over > KEPT) {
            Elevation oldest = elevations.stream()
                    .filter(elevation -> !elevation.matters(now))
                    .findFirst()
                    .orElseThrow();
            kept = kept.filter(elevation -> elevation != oldest);
        }
        return new Holder(Stream.concat(kept, Stream.of(Elevation.of(request))).toList());
    }

    private Holder with(String id, UnaryOperator<Elevation> change) {
        return new Holder(elevations.stream()
                .map(elevation -> elevation.id().equals(id) ? change.apply(elevation) : elevation)
                .toList());
    }
}
