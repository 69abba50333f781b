package dev.chancery.quickstart;

import dev.chancery.quickstart.Party.Face;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * One of many who work at the same time. It does not let go of a command before it has an answer: the same key again, over either
 * face. Some commands it sends twice at once, some again later; and some it lets go of when they are refused with nothing done.
 */
final class Caller implements Runnable {
    /** Commands without an answer that a caller has at a time. */
    private static final int MAX_OPEN = 6;

    /** Answered commands that it may send again. */
    private static final int MAX_REMEMBERED = 200;

    private static final long RETRY_MILLIS = 250;

    /** More than an intent's deadline, within which a key may be taken. */
    private static final Duration SETTLE_LIMIT = Duration.ofSeconds(60);

    private final Journal journal;
    private final Workload workload;
    private final Face face;
    private final long paceMillis;
    private final Random random;
    private final List<Command> open = new ArrayList<>();
    private final List<Command> answered = new ArrayList<>();

    /** @param paceMillis how long it waits after each command */
    Caller(Journal journal, Workload workload, Face face, long paceMillis, Random random) {
        this.journal = journal;
        this.workload = workload;
        this.face = face;
        this.paceMillis = paceMillis;
        this.random = random;
    }

    @Override
    public void run() {
        try {
            while (!journal.isClosing()) {
                settle();
                if (open.size() < MAX_OPEN) {
                    begin(workload.next(open));
                }
                if (!answered.isEmpty() && random.nextInt(20) == 0) {
                    journal.send(answered.get(random.nextInt(answered.size())), face.other());
                }
                journal.pause(paceMillis);
            }
            RunningInstance.await(SETTLE_LIMIT, () -> {
                settle();
                return open.isEmpty();
            });
        } catch (RuntimeException | Error e) {
            journal.complain("a caller ended: " + e);
            throw e;
        }
    }

    private void begin(Command command) {
        journal.begun(command);
        if (random.nextInt(10) == 0) {
            Thread twin = Thread.startVirtualThread(() -> journal.send(command, face.other()));
            journal.send(command, face);
            try {
                twin.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        } else {
            journal.send(command, face);
        }
        file(command);
    }

    private void settle() {
        for (Command command : List.copyOf(open)) {
            if (journal.nowMillis() - command.lastAnsweredMillis() >= RETRY_MILLIS) {
                open.remove(command);
                journal.send(command, random.nextBoolean() ? face : face.other());
                file(command);
            }
        }
    }

    private void file(Command command) {
        var acknowledged = command.acknowledged();
        if (acknowledged.isPresent()) {
            workload.learn(command, acknowledged.get().reply());
            if (answered.size() < MAX_REMEMBERED) {
                answered.add(command);
            } else {
                answered.set(random.nextInt(MAX_REMEMBERED), command);
            }
        } else if (random.nextInt(4) != 0 || !command.giveUp()) {
            open.add(command);
        }
    }
}
