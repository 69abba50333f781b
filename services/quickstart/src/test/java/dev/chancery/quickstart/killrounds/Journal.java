package dev.chancery.quickstart.killrounds;

import dev.chancery.quickstart.killrounds.Command.Answer.Acknowledged;
import dev.chancery.quickstart.killrounds.Command.Answer.Refused;
import dev.chancery.quickstart.killrounds.SignedInClient.Api;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What all callers did and were told. */
final class Journal {
    private static final Pattern POSITION = Pattern.compile("[a-z0-9-]{1,36}@[0-9]{1,18}");
    private static final int EXCERPT_COMMANDS = 12;

    private final long startNanos = System.nanoTime();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final AtomicLong attempts = new AtomicLong();
    private final AtomicLong acknowledgements = new AtomicLong();
    private final AtomicLong servedSinceMillis = new AtomicLong();
    private final Map<String, Long> refusals = new ConcurrentHashMap<>();
    private final List<Command> commands = new ArrayList<>();
    private final List<String> complaints = new ArrayList<>();

    /** Sends a command and notes what came of it. */
    void send(Command command, Api api) {
        attempts.incrementAndGet();
        long sentMillis = nowMillis();
        Command.Answer answer = command.client().send(command, api);
        command.note(api.name(), sentMillis, nowMillis(), answer).ifPresent(wrong -> complain(wrong, command));
        if (answer instanceof Refused(String code)) {
            refusals.merge(code, 1L, Long::sum);
        }
        if (answer instanceof Acknowledged) {
            acknowledgements.incrementAndGet();
            servedSinceMillis.accumulateAndGet(sentMillis, Math::max);
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

    /** Attempts that were acknowledged: repeated ones count again. */
    long acknowledgements() {
        return acknowledgements.get();
    }

    /** Attempts that were refused with this code. */
    long refusals(String code) {
        return refusals.getOrDefault(code, 0L);
    }

    /** Commands that were acknowledged: each counts once, so that this takes the log to grow. */
    synchronized long done() {
        return commands.stream()
                .filter(command -> command.acknowledged().isPresent())
                .count();
    }

    /** When the latest attempt that was acknowledged was sent. */
    long servedSinceMillis() {
        return servedSinceMillis.get();
    }

    long attempts() {
        return attempts.get();
    }

    long nowMillis() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
    }

    /** The commands that a complaint names by position or mark, and the last ones that were begun. */
    synchronized String excerpt(String complaint) {
        Set<String> named =
                POSITION.matcher(complaint).results().map(MatchResult::group).collect(Collectors.toSet());
        List<Command> meant = commands.stream()
                .filter(command -> complaint.contains(command.key())
                        || complaint.contains(command.mark())
                        || command.acknowledged()
                                .map(Acknowledged::position)
                                .filter(named::contains)
                                .isPresent())
                .limit(EXCERPT_COMMANDS)
                .toList();
        List<Command> last = commands.subList(Math.max(0, commands.size() - EXCERPT_COMMANDS), commands.size());
        return "meant:\n%s%n%nlast:%n%s".formatted(lines(meant), lines(last));
    }

    private static String lines(List<Command> commands) {
        return commands.stream().map(Command::toString).collect(Collectors.joining("\n"));
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
