package dev.chancery.keyring.age;

import java.io.IOException;

/** A file is not what its reader asked for: no age file, for another key, cut short or altered. The message says which. */
public final class NotAge extends IOException {
    private static final long serialVersionUID = 1;

    NotAge(String message) {
        super(message);
    }
}
