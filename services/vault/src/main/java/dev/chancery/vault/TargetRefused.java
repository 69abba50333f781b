package dev.chancery.vault;

import dev.chancery.kernel.Rejection;

/** A database did not do what it was asked for. */
final class TargetRefused extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Rejection rejection;

    TargetRefused(Rejection rejection) {
        super(rejection.code(), null, false, false);
        this.rejection = rejection;
    }

    Rejection rejection() {
        return rejection;
    }
}
