package dev.chancery.quickstart.killrounds;

import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.killrounds.SignedInClient.Api;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * One of many who work at the same time. It does not let go of a command before it has an answer: the same key again, over either
 * api. Some commands it sends twice at once, some again later; and some it lets go of when they are refused with nothing done.
 */
final class Caller implements Runnable {
    /** Commands without an answer that a caller has at a time. */
    private static final int MAX_OPEN = 4;

    /** Answered commands that it may send again. */
    private static final int MAX_REMEMBERED = 200;

    /** Until a command is sent again the first time; twice as long until the second … */
    private static final long RETRY_MILLIS = 200;

    /** … and this many times as long at most. */
    private static final int LONGEST_RETRY = 6;

    /** More than an intent's deadline, within which a key may be taken. */
    private static final Duration SETTLE_LIMIT = Duration.ofSeconds(60);

    private final Journal journal;
    private final Workload workload;
    private final Api api;
    private final long paceMillis;
    private final Random random;
    private final List<Command> open = new ArrayList<>();
    private final List<Command> answered = new ArrayList<>();

    /** @param paceMillis how long it waits after each command */
    Caller(Journal journal, Workload workload, Api api, long paceMillis, Random random) {
        this.journal = journal;
        this.workload = workload;
        this.api = api;
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
                    journal.send(answered.get(random.nextInt(answered.size())), api.other());
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
            Thread twin = Thread.startVirtualThread(() -> journal.send(command, api.other()));
            journal.send(command, api);
            try {
                twin.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        } else {
            journal.send(command, api);
        }
        file(command);
    }

    private void settle() {
        for (Command command : List.copyOf(open)) {
            if (journal.nowMillis() >= command.dueMillis(RETRY_MILLIS, LONGEST_RETRY)) {
                open.remove(command);
                journal.send(command, random.nextBoolean() ? api : api.other());
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
