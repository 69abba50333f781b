package dev.chancery.egress;

import dev.chancery.schema.egress.v1.OverrideRequested;
import dev.chancery.schema.egress.v1.OverrideState;

/**
 * A host that somebody asked to reach for a time.
 *
 * @param approverId empty: nobody approved it
 */
record HostOverride(OverrideRequested requested, String approverId, boolean revoked) {
    static HostOverride of(OverrideRequested requested) {
        return new HostOverride(requested, "", false);
    }

    String id() {
        return requested.getOverrideId();
    }

    long untilMicros() {
        return requested.getUntilMicros();
    }

    OverrideState state(long atMicros) {
        if (revoked) {
            return OverrideState.OVERRIDE_STATE_REVOKED;
        }
        if (atMicros >= untilMicros()) {
            return OverrideState.OVERRIDE_STATE_EXPIRED;
        }
        return approverId.isEmpty() ? OverrideState.OVERRIDE_STATE_REQUESTED : OverrideState.OVERRIDE_STATE_IN_FORCE;
    }

    /** Waits for approval, or is in force. */
    boolean isCurrent(long atMicros) {
        return !revoked && atMicros < untilMicros();
    }

    HostOverride approvedBy(String approver) {
        return new HostOverride(requested, approver, revoked);
    }

    HostOverride asRevoked() {
        return new HostOverride(requested, approverId, true);
    }
}
