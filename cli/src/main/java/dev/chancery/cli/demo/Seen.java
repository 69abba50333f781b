package dev.chancery.cli.demo;

/** The newest position of one organisation's log that its people have seen. What they read next has seen it too. */
final class Seen {
    private String newest = "";

    synchronized void saw(String position) {
        if (!position.isEmpty() && number(position) > number(newest)) {
            newest = position;
        }
    }

    synchronized String newest() {
        return newest;
    }

    static long number(String position) {
        return position.isEmpty() ? -1 : Long.parseLong(position.substring(position.indexOf('@') + 1));
    }
}
