package dev.chancery.embedded;

import org.jspecify.annotations.Nullable;

/** An embedded server could not be started. The message is one line that says what to do about it, and holds no secret. */
public final class ServerNotStarted extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Why. */
    public enum Reason {
        /** Something else listens on the port. */
        PORT_IN_USE,
        /** A living process holds the directory. */
        DIRECTORY_IN_USE,
        /** There are files, but not those of a complete installation. Nothing was changed. */
        DIRECTORY_DAMAGED,
        /** The directory was written by another major version. Nothing was changed. */
        OTHER_VERSION,
        /** The directory was made with another superuser password. */
        WRONG_PASSWORD,
        DISK_FULL,
        /** There are no programs for this machine, or this machine refuses to run them. */
        NOT_RUNNABLE,
        /** Anything else; the server's own log says more. */
        FAILED
    }

    private final Reason reason;

    ServerNotStarted(Reason reason, String message) {
        this(reason, message, null);
    }

    ServerNotStarted(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
