package dev.chancery.cli.client;

import java.io.IOException;

/** No answer: nothing listens there, the connection broke, or time ran out. Whether a command took effect is not known. */
public final class Unreachable extends IOException {
    public Unreachable(String message, Throwable cause) {
        super(message, cause);
    }

    /** There is somebody, whose certificate isn't good for the name, or by an authority that nobody here trusts. */
    static Unreachable untrusted(String where, Throwable cause) {
        return new Unreachable(
                "the certificate at " + where + " is not to be trusted: it is of another name, or of an authority that "
                        + "isn't known here; name the authority's certificates with --ca FILE",
                cause);
    }
}
