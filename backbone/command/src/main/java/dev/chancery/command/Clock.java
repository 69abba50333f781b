package dev.chancery.command;

/** The only clock the boundary reads, for calls that leave no record; a command's time is its intent's. */
public final class Clock {
    private Clock() {}

    /** Unix time in microseconds. */
    public static long nowMicros() {
        return Math.multiplyExact(System.currentTimeMillis(), 1000L);
    }
}
