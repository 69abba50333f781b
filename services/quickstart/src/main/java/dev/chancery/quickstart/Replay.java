package dev.chancery.quickstart;

/** {@code chancery replay --check}. */
final class Replay {
    private Replay() {}

    static boolean check(Options options) {
        throw new Unusable("replay is being written; data " + options.data());
    }
}
