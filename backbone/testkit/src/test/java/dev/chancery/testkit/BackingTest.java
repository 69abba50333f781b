package dev.chancery.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BackingTest {
    @Test
    void aSchemaIsMigratedAndBelongsToTheOwner() {
        Database database = Backing.database("sample");

        String owner = database.transaction(DatabaseRole.OWNER, connection -> {
            try (var row = connection
                    .createStatement()
                    .executeQuery(
                            "SELECT tableowner FROM pg_tables WHERE schemaname = 'sample' AND tablename = 'thing'")) {
                row.next();
                return row.getString(1);
            }
        });

        assertThat(owner).isEqualTo("chancery_owner");
    }

    @Test
    void databasesMadeAtTheSameTimeAreApart() throws Exception {
        try (var threads = Executors.newFixedThreadPool(3)) {
            var databases = IntStream.range(0, 3)
                    .mapToObj(i -> threads.submit(() -> Backing.database("sample")))
                    .toList();

            var names = new java.util.HashSet<String>();
            for (Future<Database> database : databases) {
                names.add(database.get(30, TimeUnit.SECONDS).name());
            }
            assertThat(names).hasSize(3);
        }
    }

    @Test
    void whatOneTestWritesNoOtherFinds() {
        Database before = Backing.database("sample");
        before.transaction(DatabaseRole.OWNER, connection -> connection
                .createStatement()
                .executeUpdate("CREATE TABLE sample.written AS SELECT 1 AS one"));

        boolean found = Backing.database("sample").transaction(DatabaseRole.OWNER, connection -> {
            try (var row = connection.createStatement().executeQuery("SELECT to_regclass('sample.written')")) {
                row.next();
                return row.getString(1) != null;
            }
        });

        assertThat(found).isFalse();
    }

    @Test
    void everyRoleSignsInToADatabase() {
        Database database = Backing.database();

        for (DatabaseRole role : DatabaseRole.STANDARD) {
            String name = database.transaction(role, connection -> {
                try (var row = connection.createStatement().executeQuery("SELECT current_user")) {
                    row.next();
                    return row.getString(1);
                }
            });
            assertThat(name).isEqualTo(role.roleName());
        }
    }

    @Test
    void aTopicIsNewAndAsAsked() throws Exception {
        String topic = Backing.topic("log.v1", 3, Map.of("cleanup.policy", "compact"));

        try (Admin admin =
                Admin.create(Map.of("bootstrap.servers", Backing.kafka().bootstrapServers()))) {
            var description = admin.describeTopics(java.util.List.of(topic))
                    .allTopicNames()
                    .get(30, TimeUnit.SECONDS);
            assertThat(description.get(topic).partitions()).hasSize(3);
        }
        assertThat(topic).startsWith("log.v1.").isNotEqualTo(Backing.topic("log.v1"));
    }
}
