package dev.chancery.cli.client;

import java.io.IOException;

/** No answer: nothing listens there, the connection broke, or time ran out. Whether a command took effect is not known. */
public final class Unreachable extends IOException {
    public Unreachable(String message, Throwable cause) {
        super(message, cause);
    }
}
