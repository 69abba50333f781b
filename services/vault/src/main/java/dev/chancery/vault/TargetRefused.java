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

    /** Of what was refused in a session that stands: whether it is about one role, and others can be gone on with. */
    boolean isOfOneRole() {
        return rejection.equals(VaultRejection.ROLE_KEPT) || rejection.equals(VaultRejection.ADMIN_REFUSED);
    }
}
