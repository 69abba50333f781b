package dev.chancery.quickstart.killrounds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.instance.RunningInstance;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A stop in good order, then {@code kill -9}, again and again, all of it under load: of the Java process, of PostgreSQL, of both, at
 * random moments. After each round, and once more at the end, callers' journals are held against PostgreSQL, Kafka, the views and the
 * ledger (docs/reference/reliability.md).
 *
 * <p>{@code -Dchancery.kill.rounds=N} and {@code -Dchancery.kill.seed=N} set how many and which. The seed decides what is killed and
 * when, and what callers do; how threads and processes interleave it can't decide.
 */
class KillRoundsIT {
    /** One of each {@link Kill}: for a developer's build. */
    private static final int ROUNDS = 3;

    private static final int CI_ROUNDS = 10;
    private static final int FULL_ROUNDS = 60;

    /** From a kill until commands are acknowledged again. */
    private static final Duration RECOVERY_LIMIT = Duration.ofSeconds(60);

    private enum Kill {
        JAVA,
        POSTGRES,
        BOTH
    }

    private final long seed = Long.getLong("chancery.kill.seed", new Random().nextInt(1_000_000));
    private final Random random = new Random(seed);
    private final Journal journal = new Journal();
    private final KillableInstance instance = new KillableInstance(RunningInstance.newDirectory("kills"), random);
    private final Map<Kill, Integer> kills = new EnumMap<>(Kill.class);
    private int killsDuringStart;
    private String now = "setting up";

    @Test
    void whatWasAcknowledgedSurvivesEveryKillAndNothingHappensTwice() throws Exception {
        int rounds = Integer.getInteger(
                "chancery.kill.rounds",
                switch (System.getProperty("chancery.rounds", "")) {
                    case "full" -> FULL_ROUNDS;
                    case "ci" -> CI_ROUNDS;
                    default -> ROUNDS;
                });
        System.out.printf("kill rounds: seed=%d rounds=%d%n", seed, rounds);
        try {
            var check = new ConsistencyCheck(instance, journal, new Callers(instance, journal, random));
            long stoppedMicros = stopInGoodOrder();
            List<Kill> schedule = schedule(rounds);
            for (int round = 1; round <= rounds; round++) {
                now = "round " + round + ", kill of " + schedule.get(round - 1);
                long begunMillis = journal.nowMillis();
                long downMillis = round(schedule.get(round - 1));
                long backMillis = journal.nowMillis();
                check.check();
                System.out.printf(
                        "kill rounds: %s; %d ms, down for %d, checked in %d; %d commands so far%n",
                        now, backMillis - begunMillis, downMillis, journal.nowMillis() - backMillis, check.checked());
            }
            now = "after the last round";
            check.end();
            assertThat(check.log().abandonedIntents(stoppedMicros))
                    .as("intents that the stop in good order left open")
                    .isZero();
            report(check.log(), check.topic());
        } catch (Exception | AssertionError e) {
            throw new AssertionError(
                    "kill rounds: seed=%d, %s: %s%n%njournal, %s%n%nits logs: %s"
                            .formatted(
                                    seed,
                                    now,
                                    e.getMessage(),
                                    journal.excerpt(String.valueOf(e.getMessage())),
                                    instance.instance().outputs()),
                    e);
        }
    }

    @AfterEach
    void stop() {
        journal.close();
        instance.close();
    }

    /** Answers when nobody was there any more, in Unix microseconds. What was begun before was ended before. */
    private long stopInGoodOrder() {
        now = "stop in good order";
        awaitAcknowledged(50);
        instance.stop();
        long stoppedMicros = System.currentTimeMillis() * 1_000;
        instance.start();
        awaitAcknowledged(1);
        return stoppedMicros;
    }

    // A round

    /** Each kind soon, so that few rounds have all of them. */
    private List<Kill> schedule(int rounds) {
        List<Kill> schedule = new ArrayList<>(List.of(Kill.values()));
        Collections.shuffle(schedule, random);
        while (schedule.size() < rounds) {
            schedule.add(Kill.values()[random.nextInt(Kill.values().length)]);
        }
        return schedule;
    }

    /** Answers how long it took from the kill until somebody was served again. */
    private long round(Kill kill) {
        awaitAcknowledged(1 + random.nextInt(150));
        // Somewhere between two answers.
        LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(random.nextInt(30_000)));
        kills.merge(kill, 1, Integer::sum);
        long killedMillis = journal.nowMillis();
        switch (kill) {
            case JAVA -> {
                instance.killJava();
                startAgain();
            }
            case POSTGRES ->
                assertThat(instance.killPostgres(random.nextBoolean()))
                        .as("PostgreSQL was there")
                        .isTrue();
            case BOTH -> {
                if (random.nextBoolean()) {
                    instance.killJava();
                    instance.killPostgres(random.nextBoolean());
                } else {
                    instance.killPostgres(random.nextBoolean());
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(400)));
                    instance.killJava();
                }
                startAgain();
            }
        }
        long downSinceMillis = journal.nowMillis();
        assertThat(RunningInstance.await(RECOVERY_LIMIT, () -> journal.servedSinceMillis() > downSinceMillis))
                .as("a command sent after the kill acknowledged within %s", RECOVERY_LIMIT)
                .isTrue();
        long downMillis = journal.nowMillis() - killedMillis;
        awaitAcknowledged(random.nextInt(20));
        return downMillis;
    }

    private void startAgain() {
        if (random.nextInt(4) == 0) {
            killsDuringStart++;
            instance.startAndKill(Duration.ofMillis(300 + random.nextInt(4_000)));
        }
        instance.start();
    }

    private void awaitAcknowledged(int more) {
        long wanted = journal.acknowledgements() + more;
        assertThat(RunningInstance.await(RECOVERY_LIMIT, () -> journal.acknowledgements() >= wanted))
                .as("%d more commands acknowledged within %s", more, RECOVERY_LIMIT)
                .isTrue();
    }

    // After

    private void report(LogCheck log, TopicCheck topic) throws Exception {
        List<Command> commands = journal.commands();
        String report = ("seed=%d kills=%s during_start=%d commands=%d attempts=%d acknowledged=%d given_up=%d"
                        + " tenants=%d records=%d abandoned_intents=%d commits_unknown=%d of_them_there=%d"
                        + " repeated_in_kafka=%d millis=%d")
                .formatted(
                        seed,
                        kills,
                        killsDuringStart,
                        commands.size(),
                        journal.attempts(),
                        commands.stream()
                                .filter(command -> command.acknowledged().isPresent())
                                .count(),
                        commands.stream().filter(Command::isGivenUp).count(),
                        log.tenants().size(),
                        log.records(),
                        log.abandonedIntents(),
                        instance.logged("Commit unknown"),
                        instance.logged("there=true"),
                        topic.repeated(),
                        journal.nowMillis());
        System.out.println("kill rounds: " + report);
        Files.writeString(instance.data().resolveSibling("report.txt"), report + "\n");
    }
}
