package dev.chancery.outbound;

/** A host that nothing is sent to. */
public final class NotReached extends Exception {
    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Cause {
        /** No list allows it, or it leads to an address that is never allowed. */
        EGRESS_DENIED("egress-denied"),
        /** The name leads nowhere, or nobody said in time where. */
        NO_ADDRESS("no-address");

        private final String code;

        Cause(String code) {
            this.code = code;
        }

        /** Stable: it stands in records. */
        public String code() {
            return code;
        }
    }

    private final Cause reason;

    NotReached(Cause reason) {
        super(reason.code(), null, false, false);
        this.reason = reason;
    }

    public Cause reason() {
        return reason;
    }
}
