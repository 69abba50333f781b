package dev.chancery.story;

/** The newest log position that one organisation's people know. They send it with every call, so their reads include it. */
final class NewestPosition {
    private String newest = "";

    synchronized void add(String position) {
        if (!position.isEmpty() && number(position) > number(newest)) {
            newest = position;
        }
    }

    synchronized String text() {
        return newest;
    }

    synchronized long number() {
        return number(newest);
    }

    private static long number(String position) {
        return position.isEmpty() ? -1 : Long.parseLong(position.substring(position.indexOf('@') + 1));
    }
}
