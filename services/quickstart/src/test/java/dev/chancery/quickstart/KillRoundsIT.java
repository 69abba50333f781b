package dev.chancery.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.Headers;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.quickstart.Command.Answer.Acknowledged;
import dev.chancery.quickstart.Party.Face;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.identity.v1.ClaimOwnerReply;
import dev.chancery.schema.identity.v1.ClaimOwnerRequest;
import dev.chancery.schema.identity.v1.CreateOrganisationReply;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.DeactivatePrincipalRequest;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * {@code kill -9} under load, again and again: of the Java process, of PostgreSQL, of both, at random moments. After each round, and once
 * more at the end, callers' journals are held against PostgreSQL, Kafka, the views and the ledger (docs/reliability.md).
 *
 * <p>{@code -Dchancery.kill.rounds=N} and {@code -Dchancery.kill.seed=N} set how many and which. The seed decides what is killed and
 * when, and what callers do; how threads and processes interleave it can't decide.
 */
class KillRoundsIT {
    private static final int ROUNDS = 10;
    private static final int FULL_ROUNDS = 60;
    private static final int CALLERS_AN_ORGANISATION = 6;
    private static final int CROWD = 3;
    private static final long PACE_MILLIS = 20;
    private static final long OWNERS_PACE_MILLIS = 900;

    /** From a kill until commands are acknowledged again. */
    private static final Duration RECOVERY_LIMIT = Duration.ofSeconds(60);

    /** More than an intent's deadline and the reaper's turn. */
    private static final Duration REAPING_LIMIT = Duration.ofSeconds(40);

    /** On a busy machine a connection takes its time. */
    private static final Duration READING_LIMIT = Duration.ofSeconds(60);

    private static final Duration CALLERS_LIMIT = Duration.ofSeconds(90);
    private static final int LOOKED_AT_A_ROUND = 6;

    private enum Kill {
        JAVA,
        POSTGRES,
        BOTH
    }

    private final long seed = Long.getLong("chancery.kill.seed", new Random().nextInt(1_000_000));
    private final Random random = new Random(seed);
    private final Journal journal = new Journal();
    private final Victim victim = new Victim(random);
    private final LogCheck log = new LogCheck();
    private final TopicCheck topic = new TopicCheck();
    private final List<Party> parties = new ArrayList<>();
    private final List<LedgerCheck> ledgers = new ArrayList<>();
    private final List<Thread> callers = new ArrayList<>();
    private final Map<Kill, Integer> kills = new EnumMap<>(Kill.class);
    private int killsDuringStart;
    private int checked;
    private String now = "setting up";

    @Test
    void whatWasAcknowledgedSurvivesEveryKillAndNothingHappensTwice() throws Exception {
        int rounds = Integer.getInteger(
                "chancery.kill.rounds", "full".equals(System.getProperty("chancery.rounds")) ? FULL_ROUNDS : ROUNDS);
        System.out.printf("kill rounds: seed=%d rounds=%d%n", seed, rounds);
        try {
            OrganisationWork organisations = setUp();
            List<Kill> schedule = schedule(rounds);
            for (int round = 1; round <= rounds; round++) {
                now = "round " + round + ", kill of " + schedule.get(round - 1);
                long begunMillis = journal.nowMillis();
                long downMillis = round(schedule.get(round - 1));
                long backMillis = journal.nowMillis();
                check();
                System.out.printf(
                        "kill rounds: %s; %d ms, down for %d, checked in %d; %d commands so far%n",
                        now, backMillis - begunMillis, downMillis, journal.nowMillis() - backMillis, checked);
            }
            now = "after the last round";
            end(organisations);
        } catch (Exception | AssertionError e) {
            throw new AssertionError(
                    "kill rounds: seed=%d, %s: %s%n%njournal, %s%n%nits logs: %s"
                            .formatted(
                                    seed,
                                    now,
                                    e.getMessage(),
                                    journal.excerpt(String.valueOf(e.getMessage())),
                                    victim.instance().outputs()),
                    e);
        }
    }

    @AfterEach
    void stop() {
        journal.close();
        victim.close();
    }

    // Before

    private OrganisationWork setUp() throws Exception {
        Party owner = claim();
        parties.add(owner);
        for (int i = 0; i < 2; i++) {
            ClientKey key = ClientKey.generate("nobody");
            var created = (CreateOrganisationReply)
                    done(OrganisationWork.create(owner, key)).reply();
            parties.add(new Party(victim, key.withClientId(created.getClientId())));
        }
        for (Party administrator : parties.subList(1, parties.size())) {
            workOn(administrator);
        }
        for (Party party : parties) {
            ledgers.add(new LedgerCheck(party, victim.data().resolveSibling("exports")));
        }
        var organisations = new OrganisationWork(owner);
        begin(new Caller(journal, organisations, Face.REST, OWNERS_PACE_MILLIS, new Random(random.nextLong())));
        return organisations;
    }

    private Party claim() throws Exception {
        ClientKey key = ClientKey.generate("nobody");
        var request = ClaimOwnerRequest.newBuilder()
                .setClaim(Files.readString(victim.instance().claimFile().orElseThrow())
                        .strip())
                .setDisplayName("Owner")
                .setPublicKey(ByteString.copyFrom(key.publicKey()))
                .build();
        var reply = (ClaimOwnerReply) victim.rest()
                .call(
                        Party.method("chancery.identity.v1.IdentityService/ClaimOwner"),
                        request,
                        Map.of(Headers.IDEMPOTENCY_KEY, UUID.randomUUID().toString()))
                .message();
        return new Party(victim, key.withClientId(reply.getClientId()));
    }

    /** A role to assign, some principals that everybody assigns it to, and everybody. */
    private void workOn(Party administrator) {
        done(new Command(
                administrator,
                Party.method("chancery.access.v1.AccessService/DefineCapability"),
                DefineCapabilityRequest.newBuilder()
                        .setCapability("kills:watch")
                        .build(),
                UUID.randomUUID().toString(),
                ""));
        done(new Command(
                administrator,
                Party.method("chancery.access.v1.AccessService/DefineRole"),
                DefineRoleRequest.newBuilder()
                        .setRole(PeopleWork.ROLE)
                        .addCapabilities("kills:watch")
                        .build(),
                UUID.randomUUID().toString(),
                ""));
        List<String> crowd = new ArrayList<>();
        for (int i = 0; i < CROWD; i++) {
            crowd.add(((CreatePrincipalReply)
                            done(PeopleWork.createPrincipal(administrator)).reply())
                    .getPrincipalId());
        }
        for (int i = 0; i < CALLERS_AN_ORGANISATION; i++) {
            Face face = i % 2 == 0 ? Face.GRPC : Face.REST;
            var work = new PeopleWork(administrator, crowd, new Random(random.nextLong()));
            begin(new Caller(journal, work, face, PACE_MILLIS, new Random(random.nextLong())));
        }
    }

    private static Acknowledged done(Command command) {
        Command.Answer answer = command.party().send(command, Face.REST);
        assertThat(answer).as("%s", command).isInstanceOf(Acknowledged.class);
        return (Acknowledged) answer;
    }

    private void begin(Caller caller) {
        callers.add(Thread.ofVirtual().start(caller));
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
                victim.killJava();
                startAgain();
            }
            case POSTGRES ->
                assertThat(victim.killPostgres(random.nextBoolean()))
                        .as("PostgreSQL was there")
                        .isTrue();
            case BOTH -> {
                if (random.nextBoolean()) {
                    victim.killJava();
                    victim.killPostgres(random.nextBoolean());
                } else {
                    victim.killPostgres(random.nextBoolean());
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(400)));
                    victim.killJava();
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
            victim.startAndKill(Duration.ofMillis(300 + random.nextInt(4_000)));
        }
        victim.start();
    }

    private void awaitAcknowledged(int more) {
        long wanted = journal.acknowledgements() + more;
        assertThat(RunningInstance.await(RECOVERY_LIMIT, () -> journal.acknowledgements() >= wanted))
                .as("%d more commands acknowledged within %s", more, RECOVERY_LIMIT)
                .isTrue();
    }

    // After

    /** What can be told while callers go on: of those commands that were not looked at yet. */
    private void check() {
        List<Command> since = journal.commandsFrom(checked);
        List<Command> settled = since.stream()
                .filter(command -> command.acknowledged().isPresent())
                .toList();
        readAll();
        settled.forEach(command -> EffectCheck.recorded(command, log));
        // The rest is looked at after the last round, with everything.
        checked += since.size();
        settled.reversed().stream()
                .filter(KillRoundsIT::isAboutAPrincipal)
                .limit(LOOKED_AT_A_ROUND)
                .forEach(EffectCheck::known);
        settled.reversed().stream()
                .filter(command -> command.request() instanceof AssignRoleRequest)
                .limit(LOOKED_AT_A_ROUND)
                .forEach(EffectCheck::listed);
        assertThat(journal.complaints()).isEmpty();
    }

    private static boolean isAboutAPrincipal(Command command) {
        return command.request() instanceof CreatePrincipalRequest
                || command.request() instanceof DeactivatePrincipalRequest;
    }

    /** Kafka first: what it has, PostgreSQL must have. */
    private void readAll() {
        var failure = new AtomicReference<RuntimeException>();
        boolean read = RunningInstance.await(READING_LIMIT, () -> {
            try (Attached servers = Attached.to(victim.data())) {
                topic.read(servers.kafkaClient());
                log.read(servers.database());
                return true;
            } catch (DatabaseUnavailable | KafkaException e) {
                failure.set(e);
                return false;
            }
        });
        if (!read) {
            throw new AssertionError("PostgreSQL and Kafka can be read again", failure.get());
        }
        topic.compareWith(log);
    }

    private void end(OrganisationWork organisations) throws Exception {
        journal.close();
        for (Thread caller : callers) {
            assertThat(caller.join(CALLERS_LIMIT)).as("a caller ended").isTrue();
        }
        assertThat(journal.complaints()).isEmpty();
        assertThat(RunningInstance.await(REAPING_LIMIT, () -> {
                    readAll();
                    return log.openIntents() == 0;
                }))
                .as("every intent has its outcome; open: %d", log.openIntents())
                .isTrue();
        everyCommand();
        assertThat(RunningInstance.await(RECOVERY_LIMIT, () -> {
                    readAll();
                    return log.tenants().stream().allMatch(tenant -> topic.size(tenant) == log.size(tenant));
                }))
                .as("Kafka has what PostgreSQL has")
                .isTrue();
        for (ClientKey administrator : organisations.administrators()) {
            new Party(victim, administrator).signIn().token();
        }
        readAll();
        for (int i = 0; i < parties.size(); i++) {
            ledgers.get(i).intact(log.size(parties.get(i).tenant()));
        }
        report();
        victim.stop();
        RunningInstance.Ended replay = RunningInstance.attempt(
                "replay", "--check", "--data", victim.data().toString());
        assertThat(replay.exitCode())
                .as("replay --check: %s%s", replay.out(), replay.err())
                .isZero();
    }

    private void everyCommand() {
        for (Command command : journal.commands()) {
            if (command.acknowledged().isPresent()) {
                EffectCheck.recorded(command, log);
            } else {
                assertThat(command.isGivenUp()).as("settled: %s", command).isTrue();
                assertThat(log.hasEffect(command.party().tenant(), command.mark()))
                        .as("refused with nothing done, but done: %s", command)
                        .isFalse();
            }
        }
        for (Party administrator : parties.subList(1, parties.size())) {
            String tenant = administrator.tenant();
            List<Command> its = journal.commands().stream()
                    .filter(command -> command.party().tenant().equals(tenant))
                    .toList();
            EffectCheck.listed(administrator, its, tenant + "@" + (log.size(tenant) - 1));
            its.stream()
                    .filter(command -> command.acknowledged().isPresent() && isAboutAPrincipal(command))
                    .filter(command -> command.request() instanceof DeactivatePrincipalRequest)
                    .forEach(EffectCheck::known);
        }
    }

    private void report() throws Exception {
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
                        victim.logged("Commit unknown"),
                        victim.logged("there=true"),
                        topic.repeated(),
                        journal.nowMillis());
        System.out.println("kill rounds: " + report);
        Files.writeString(victim.data().resolveSibling("report.txt"), report + "\n");
    }
}
