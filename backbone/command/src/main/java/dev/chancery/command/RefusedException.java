package dev.chancery.command;

import dev.chancery.kernel.Rejection;

/** A refusal on its way out of a feature's code or of the boundary; becomes a problem document or a gRPC status. */
public final class RefusedException extends Exception {
    private static final long serialVersionUID = 1;
    private final transient Rejection rejection;

    public RefusedException(Rejection rejection) {
        super(rejection.code(), null, false, false);
        this.rejection = rejection;
    }

    public Rejection rejection() {
        return rejection;
    }
}
