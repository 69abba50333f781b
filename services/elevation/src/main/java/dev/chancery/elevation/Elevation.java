package dev.chancery.elevation;

import dev.chancery.schema.elevation.v1.ElevationApproved;
import dev.chancery.schema.elevation.v1.ElevationGranted;
import dev.chancery.schema.elevation.v1.ElevationRequested;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One elevation, from its request to its review.
 *
 * @param approvals in their order
 * @param granted once it was
 */
record Elevation(
        ElevationRequested requested,
        List<Approval> approvals,
        Optional<ElevationGranted> granted,
        boolean denied,
        boolean revoked,
        boolean reviewed) {
    /**
     * @param actingForId whom the approver acted for; empty: itself
     * @param role the group that the approver spoke for
     */
    record Approval(String approverId, String actingForId, String role) {
        static Approval of(ElevationApproved event) {
            return new Approval(event.getApproverId(), event.getActingForId(), event.getApproverRole());
        }

        /** By whose word it was given: the approver's, and that of whom it acted for. */
        Stream<String> by() {
            return Stream.of(approverId, actingForId).filter(id -> !id.isEmpty());
        }
    }

    Elevation {
        approvals = List.copyOf(approvals);
    }

    static Elevation of(ElevationRequested requested) {
        return new Elevation(requested, List.of(), Optional.empty(), false, false, false);
    }

    String id() {
        return requested.getElevationId();
    }

    /** Waits for approvals. */
    boolean isOpen(long atMicros) {
        return granted.isEmpty() && !denied && atMicros < requested.getLapsesMicros();
    }

    boolean isHeld(long atMicros) {
        return !revoked && granted.isPresent() && atMicros < granted.get().getUntilMicros();
    }

    /** Whether a review has to come, or is overdue. */
    boolean awaitsReview() {
        return !reviewed && granted.isPresent() && granted.get().getReviewDueMicros() != 0;
    }

    boolean isOverdue(long atMicros) {
        return awaitsReview() && granted.orElseThrow().getReviewDueMicros() <= atMicros;
    }

    /** Whether anything can still come of it. */
    boolean matters(long atMicros) {
        return isOpen(atMicros) || isHeld(atMicros) || awaitsReview();
    }

    Elevation approvedBy(Approval approval) {
        var more = new ArrayList<>(approvals);
        more.add(approval);
        return new Elevation(requested, more, granted, denied, revoked, reviewed);
    }

    Elevation granted(ElevationGranted grant) {
        return new Elevation(requested, approvals, Optional.of(grant), denied, revoked, reviewed);
    }

    Elevation asDenied() {
        return new Elevation(requested, approvals, granted, true, revoked, reviewed);
    }

    Elevation asRevoked() {
        return new Elevation(requested, approvals, granted, denied, true, reviewed);
    }

    Elevation asReviewed() {
        return new Elevation(requested, approvals, granted, denied, revoked, true);
    }
}
