package dev.chancery.quickstart.atrest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.InstanceAccess;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.story.ClearText;
import dev.chancery.story.ClearText.Found;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * Nothing personal and no secret lies in clear in anything that an instance stores or logs: not in PostgreSQL's tables and write-ahead
 * log, not in Kafka's segments, not in a file beside them. The same search finds what may lie there, where it must.
 */
@Order(50)
class AtRestIT {
    private final RunningInstance instance = RunningInstance.start(RunningInstance.newDirectory("at-rest"));
    private final SharedInstance shared = SharedInstance.on(instance);
    private final TestPeople people = new TestPeople(shared);
    private final TestSecrets secrets = new TestSecrets(shared);

    @AfterEach
    void stop() {
        shared.close();
        instance.close();
    }

    @Test
    void nothingPersonalAndNoSecretIsStoredOrLoggedInClear() throws IOException, SQLException {
        people.live();
        secrets.live();
        checkpoint();
        nothingIsFound();
        assertThat(instance.stop()).as("exit code after TERM").isIn(0, 143);
        nothingIsFound();
        for (String where : List.of("postgres/data/base", "postgres/data/pg_wal", "kafka/data")) {
            assertThat(valuesIn(instance.data().resolve(where), people.open()))
                    .as("public values in %s", where)
                    .isEqualTo(Set.copyOf(people.open()));
        }
    }

    /** Beside the data directory lie its key file and all output of its processes. */
    private void nothingIsFound() throws IOException {
        Path all = instance.data().getParent();
        assertThat(instance.outputs()).allMatch(output -> output.startsWith(all));
        List<String> hidden = Stream.concat(people.hidden().stream(), secrets.values().stream())
                .toList();
        assertThat(ClearText.of(hidden).below(all).found())
                .extracting(found -> found.spelling().value() + ": " + found.place())
                .isEmpty();
    }

    private static Set<String> valuesIn(Path directory, List<String> values) throws IOException {
        return ClearText.of(values).below(directory).found().stream()
                .map(Found::spelling)
                .filter(spelling -> spelling.how().equals("UTF-8"))
                .map(spelling -> spelling.value())
                .collect(Collectors.toSet());
    }

    /** What PostgreSQL still has in memory is in its files afterwards. */
    private void checkpoint() throws IOException, SQLException {
        String password = InstanceAccess.sealer(instance.data()).derive("postgres/superuser");
        try (var superuser = DriverManager.getConnection(
                        "jdbc:postgresql://127.0.0.1:" + InstanceAccess.postgresPort(instance.data()) + "/postgres",
                        "postgres",
                        password);
                var statement = superuser.createStatement()) {
            statement.execute("CHECKPOINT");
        }
    }
}
