package dev.chancery.quickstart;

import dev.chancery.quickstart.Party.Face;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/** What all callers did and were told. */
final class Journal {
    private static final int EXCERPT_COMMANDS = 25;

    private final long startNanos = System.nanoTime();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final AtomicLong attempts = new AtomicLong();
    private final AtomicLong acknowledged = new AtomicLong();
    private final List<Command> commands = new ArrayList<>();
    private final List<String> complaints = new ArrayList<>();

    /** Sends a command and notes what came of it. */
    void send(Command command, Face face) {
        attempts.incrementAndGet();
        boolean before = command.acknowledged().isPresent();
        long sentMillis = nowMillis();
        Command.Answer answer = command.party().send(command, face);
        command.note(face.name(), sentMillis, nowMillis(), answer).ifPresent(wrong -> complain(wrong, command));
        if (!before && command.acknowledged().isPresent()) {
            acknowledged.incrementAndGet();
        }
    }

    synchronized Command begun(Command command) {
        commands.add(command);
        return command;
    }

    private void complain(String wrong, Command command) {
        complain(wrong + "\n" + command);
    }

    synchronized void complain(String wrong) {
        complaints.add(wrong);
    }

    synchronized List<String> complaints() {
        return List.copyOf(complaints);
    }

    synchronized List<Command> commands() {
        return List.copyOf(commands);
    }

    /** Those from the {@code from}th on. */
    synchronized List<Command> commandsFrom(int from) {
        return List.copyOf(commands.subList(from, commands.size()));
    }

    long acknowledged() {
        return acknowledged.get();
    }

    long attempts() {
        return attempts.get();
    }

    long nowMillis() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
    }

    /** The last commands that were begun. */
    synchronized String excerpt() {
        return commands.subList(Math.max(0, commands.size() - EXCERPT_COMMANDS), commands.size()).stream()
                .map(Command::toString)
                .collect(Collectors.joining("\n"));
    }

    /** No new commands from now on; those that are open are still settled. */
    void close() {
        closing.countDown();
    }

    boolean isClosing() {
        return closing.getCount() == 0;
    }

    /** Passes a moment, or less when the journal closes. */
    void pause(long millis) {
        try {
            closing.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
