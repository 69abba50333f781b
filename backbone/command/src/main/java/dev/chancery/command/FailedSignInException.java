package dev.chancery.command;

import dev.chancery.kernel.Rejection;

/** A sign-in that failed under the name of a principal that there is. Whether that one had a part in it, nobody knows. */
public final class FailedSignInException extends RefusedException {
    private static final long serialVersionUID = 1;
    private final String tenant;
    private final String principalId;

    public FailedSignInException(Rejection rejection, String tenant, String principalId) {
        super(rejection);
        this.tenant = tenant;
        this.principalId = principalId;
    }

    String tenant() {
        return tenant;
    }

    String principalId() {
        return principalId;
    }
}
