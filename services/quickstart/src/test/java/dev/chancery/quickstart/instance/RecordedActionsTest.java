package dev.chancery.quickstart.instance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.log.AppendResult;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.testkit.Backing;
import dev.chancery.testkit.TemporaryFile;
import dev.chancery.testkit.log.LogFixture;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is looked for after each class of tests is found where it is. */
class RecordedActionsTest {
    private static final String OF_THE_SYSTEM = "retention.subject.retire";
    private static final String OF_A_METHOD = "retention.hold.set";

    private final Database database = Backing.database("keyring", "log");
    private final LogFixture log = new LogFixture(database, TemporaryFile.with(KeyFileSealer::create));
    private final String tenant = log.organisation();

    @AfterEach
    void close() {
        log.close();
        database.close();
    }

    private void record(DatabaseRole by, String action, ActorType actor) {
        var statement = LogFixture.statement(LogFixture.entryId()).setAction(action);
        statement.getActorBuilder().setType(actor);
        assertThat(log.append(by, tenant, statement.build(), Stream.of(), Map.of()))
                .isInstanceOf(AppendResult.Appended.class);
    }

    private List<String> wrong() {
        return database.transaction(DatabaseRole.RELAY, RecordedActions::wrong);
    }

    @Test
    void anActionThatTheContractHasNotIsFoundOnceAndSoIsOneOfAnotherFeatureOrByAnotherThanTheSystem() {
        record(DatabaseRole.RETENTION, OF_THE_SYSTEM, ActorType.ACTOR_TYPE_SYSTEM);
        record(DatabaseRole.RETENTION, OF_A_METHOD, ActorType.ACTOR_TYPE_USER);
        assertThat(wrong()).isEmpty();

        record(DatabaseRole.RETENTION, "retention.subject.lose", ActorType.ACTOR_TYPE_SYSTEM);
        record(DatabaseRole.IDENTITY, OF_A_METHOD, ActorType.ACTOR_TYPE_USER);
        record(DatabaseRole.RETENTION, OF_THE_SYSTEM, ActorType.ACTOR_TYPE_USER);

        assertThat(wrong())
                .containsExactlyInAnyOrder(
                        tenant + "@2: retention.subject.lose of retention by ACTOR_TYPE_SYSTEM",
                        tenant + "@3: retention.hold.set of identity by ACTOR_TYPE_USER",
                        tenant + "@4: retention.subject.retire of retention by ACTOR_TYPE_USER");
        assertThat(wrong()).as("each is told once").isEmpty();
    }
}
