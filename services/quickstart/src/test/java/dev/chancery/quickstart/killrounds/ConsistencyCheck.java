package dev.chancery.quickstart.killrounds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.Refused;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.quickstart.InstanceAccess;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.DeactivatePrincipalRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.common.KafkaException;

/** Holds what callers were told against PostgreSQL, Kafka, the views and the ledger: docs/reference/reliability.md has the list. */
final class ConsistencyCheck {
    /** From an outage until what has happened is where it belongs. */
    private static final Duration RECOVERY_LIMIT = Duration.ofSeconds(60);

    /** More than an intent's deadline and the reaper's turn. */
    private static final Duration REAPING_LIMIT = Duration.ofSeconds(40);

    /** On a busy machine a connection takes its time. */
    private static final Duration READING_LIMIT = Duration.ofSeconds(60);

    private static final int LOOKED_AT_A_ROUND = 6;

    private final KillableInstance instance;
    private final Journal journal;
    private final Callers callers;
    private final LogCheck log = new LogCheck();
    private final TopicCheck topic = new TopicCheck();
    private final List<LedgerCheck> ledgers = new ArrayList<>();
    private int checked;

    /** Takes the verifier keys as they are now. */
    ConsistencyCheck(KillableInstance instance, Journal journal, Callers callers) throws IOException, Refused {
        this.instance = instance;
        this.journal = journal;
        this.callers = callers;
        for (SignedInClient client : callers.parties()) {
            ledgers.add(new LedgerCheck(client, instance.data().resolveSibling("exports")));
        }
    }

    LogCheck log() {
        return log;
    }

    TopicCheck topic() {
        return topic;
    }

    /** Commands that were looked at. */
    int checked() {
        return checked;
    }

    /** What can be told while callers go on: of those commands that were not looked at yet. */
    void check() {
        List<Command> since = journal.commandsFrom(checked);
        List<Command> settled = since.stream()
                .filter(command -> command.acknowledged().isPresent())
                .toList();
        readAll();
        settled.forEach(command -> EffectCheck.recorded(command, log));
        // The rest is looked at after the last round, with everything.
        checked += since.size();
        settled.reversed().stream()
                .filter(ConsistencyCheck::isAboutAPrincipal)
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
            try (InstanceAccess servers = InstanceAccess.to(instance.data())) {
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

    /** Everything, once all callers have ended; the instance is stopped by then, and what Kafka has builds the same views and ledger. */
    void end() throws Exception {
        callers.end();
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
        for (ClientKey administrator : callers.newAdministrators()) {
            new SignedInClient(instance, administrator).signIn().token();
        }
        readAll();
        for (int i = 0; i < ledgers.size(); i++) {
            ledgers.get(i).intact(log.size(callers.parties().get(i).tenant()));
        }
        instance.stop();
        RunningInstance.Ended replay = RunningInstance.attempt(
                "replay", "--check", "--data", instance.data().toString());
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
                assertThat(log.hasEffect(command.client().tenant(), command.mark()))
                        .as("refused with nothing done, but done: %s", command)
                        .isFalse();
            }
        }
        for (SignedInClient administrator : callers.administrators()) {
            String tenant = administrator.tenant();
            List<Command> its = journal.commands().stream()
                    .filter(command -> command.client().tenant().equals(tenant))
                    .toList();
            EffectCheck.listed(administrator, its, tenant + "@" + (log.size(tenant) - 1));
            its.stream()
                    .filter(command -> command.acknowledged().isPresent() && isAboutAPrincipal(command))
                    .filter(command -> command.request() instanceof DeactivatePrincipalRequest)
                    .forEach(EffectCheck::known);
        }
    }
}
