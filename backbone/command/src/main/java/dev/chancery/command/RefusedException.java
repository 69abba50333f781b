package dev.chancery.command;

import dev.chancery.kernel.Rejection;

/** A refusal on its way out of a feature's code or of the boundary; becomes a problem document or a gRPC status. */
public sealed class RefusedException extends Exception permits FailedSignInException {
    private static final long serialVersionUID = 1;
    private final transient CallResult.Refused refused;

    public RefusedException(Rejection rejection) {
        this(rejection, rejection.message());
    }

    /** @param told to the caller; it may repeat names that the caller sent, and is never logged */
    public RefusedException(Rejection rejection, String told) {
        this(new CallResult.Refused(rejection, told));
    }

    public RefusedException(CallResult.Refused refused) {
        super(refused.rejection().code(), null, false, false);
        this.refused = refused;
    }

    public Rejection rejection() {
        return refused.rejection();
    }

    /** The answer that it becomes. */
    public CallResult.Refused refused() {
        return refused;
    }
}
