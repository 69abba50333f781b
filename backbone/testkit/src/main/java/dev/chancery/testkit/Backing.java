package dev.chancery.testkit;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseAccess;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.Provisioning;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;

/**
 * The servers behind a test. Each is started when first asked for and shared by the JVM; a database and a topic are new each
 * time.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@link #POOL_SIZE} connections a role and database; the server takes 100 in all,
 * so a test that makes many databases closes those it is done with.
 */
public final class Backing {
    static final int POOL_SIZE = 8;
    private static final int KAFKA_SECONDS = 30;
    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static final Map<DatabaseRole, String> PASSWORDS = new ConcurrentHashMap<>();
    private static final SharedServers SERVERS = new SharedServers();
    private static final Map<Contents, String> TEMPLATES = new HashMap<>();

    /** What is in a database before a test begins. */
    private record Contents(List<DatabaseRole> roles, List<String> schemas) {}

    private Backing() {}

    /** The shared PostgreSQL. A test that kills it starts it again before it ends. */
    public static TestPostgres postgres() {
        return SERVERS.postgres();
    }

    /** The shared Kafka. */
    public static TestKafka kafka() {
        return SERVERS.kafka();
    }

    /**
     * A new database with Chancery's roles, and in it these schemas, in this order, owned by {@link DatabaseRole#OWNER}. Closed
     * at the JVM's end at the latest.
     */
    public static Database database(String... schemas) {
        return database(DatabaseRole.STANDARD, schemas);
    }

    /** The same with other roles, for a test with features of its own. */
    public static synchronized Database database(Collection<DatabaseRole> roles, String... schemas) {
        String template =
                TEMPLATES.computeIfAbsent(new Contents(List.copyOf(roles), List.of(schemas)), Backing::template);
        String name = "test_" + letters(NUMBER.incrementAndGet());
        try (Connection superuser = SERVERS.postgres().superuser("postgres");
                var statement = superuser.createStatement()) {
            statement.execute("CREATE DATABASE " + name + " TEMPLATE " + template);
            // A copy has all that is in a database, and not who may connect to it.
            Provisioning.admitRoles(superuser, name, roles);
        } catch (SQLException e) {
            throw new IllegalStateException("the test's database could not be made", e);
        }
        return SERVERS.closedAtExit(reached(name));
    }

    /** Migrated once: to copy what that made costs far less than to do it again. */
    private static String template(Contents contents) {
        TestPostgres postgres = SERVERS.postgres();
        String name = "template_" + letters(NUMBER.incrementAndGet());
        try {
            try (Connection superuser = postgres.superuser("postgres")) {
                Provisioning.createDatabase(superuser, name);
            }
            try (Connection superuser = postgres.superuser(name)) {
                Provisioning.createRoles(superuser, name, contents.roles(), Backing::passwordOf);
            }
        } catch (SQLException e) {
            throw new IllegalStateException("the template of the test's database could not be made", e);
        }
        // Closed, because PostgreSQL copies no database that somebody is connected to.
        try (Database database = reached(name)) {
            contents.schemas().forEach(database::migrate);
        }
        return name;
    }

    private static Database reached(String name) {
        return Database.pooled(
                DatabaseAccess.byPassword("127.0.0.1", SERVERS.postgres().port(), name, Backing::passwordOf),
                POOL_SIZE);
    }

    /** A new topic with one partition. */
    public static String topic(String prefix) {
        return topic(prefix, 1, Map.of());
    }

    /** A new topic, named {@code <prefix>.<something new>}; answers its name once it has its leaders. */
    public static String topic(String prefix, int partitions, Map<String, String> config) {
        String name = prefix + "." + letters(NUMBER.incrementAndGet());
        Map<String, Object> connection = Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, kafka().bootstrapServers());
        try (Admin admin = Admin.create(connection)) {
            admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1).configs(config)))
                    .all()
                    .get(KAFKA_SECONDS, TimeUnit.SECONDS);
            return name;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("the test's topic could not be made", e);
        }
    }

    /** What lets a role in to the shared PostgreSQL: for a process of a test's own, which is told by its input. */
    public static String passwordOf(DatabaseRole role) {
        return PASSWORDS.computeIfAbsent(role, unknown -> Secrets.fresh());
    }

    /** 1 is b, 26 is ba: a number in letters, all that a database's name takes. */
    private static String letters(int number) {
        var text = new StringBuilder();
        for (int rest = number; rest > 0; rest /= 26) {
            text.insert(0, (char) ('a' + rest % 26));
        }
        return text.toString();
    }
}
