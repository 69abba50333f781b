package dev.chancery.auditor;

/** The auditor was asked for something it cannot do: wrong arguments, a trust file or a pinned contract that is none. */
public final class WrongUsage extends Exception {
    WrongUsage(String message) {
        super(message);
    }
}
