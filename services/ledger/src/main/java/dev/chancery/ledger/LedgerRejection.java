package dev.chancery.ledger;

import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.Rejection.Kind;
import java.util.List;

/** Why there is no proof. */
final class LedgerRejection {
    static final Rejection NO_SUCH_POSITION = new Rejection(
            "ledger.no-such-position",
            Kind.NOT_FOUND,
            "The checkpoint's tree has no record at this position.",
            "Positions begin at 0 and end before the checkpoint's size. A new record is in the next checkpoint; ask again in a second.");

    static final Rejection NO_DECISION = new Rejection(
            "ledger.no-decision",
            Kind.NOT_FOUND,
            "The record at this position is no decision.",
            "Give the position of ProveDecision's answer. For other records there is GetInclusionProof.");

    static final Rejection NO_SUCH_CHECKPOINT = new Rejection(
            "ledger.no-such-checkpoint",
            Kind.NOT_FOUND,
            "The log has no checkpoint of this size.",
            "Leave tree_size out for the newest checkpoint, or give the size of one that you hold.");

    static final Rejection OLD_SIZE_LARGER = new Rejection(
            "ledger.old-size-larger",
            Kind.INVALID,
            "The older tree has more records than the checkpoint's.",
            "Give the smaller size as old_size. If you hold a checkpoint of that size and no newer one has it, the log was cut:"
                    + " keep the checkpoint and tell the operator.");

    /** All of them. */
    static final List<Rejection> ALL = Rejection.constantsOf(LedgerRejection.class);

    private LedgerRejection() {}
}
