package dev.chancery.log;

import static dev.chancery.database.DatabaseRole.ACCESS;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseAccess;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.Provisioning;
import dev.chancery.embedded.EmbeddedPostgres;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.AppendResult.Appended;
import dev.chancery.log.AppendResult.Refused;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PostgreSQL is killed, again and again, under load: what was answered is so. */
final class KillTest {
    private static final String NAME = "killed";
    private static final Function<DatabaseRole, String> PASSWORDS = role -> "of-this-test-" + role;
    private static final int CALLERS = 24;
    private static final int ROUNDS =
            System.getProperty("chancery.rounds", "quick").equals("full") ? 200 : 10;

    private final Map<ByteString, AppendResult> answers = new ConcurrentHashMap<>();
    private final AtomicInteger unknown = new AtomicInteger();
    private final AtomicLong appended = new AtomicLong();
    private volatile boolean running = true;

    @Test
    void whatWasAnsweredIsSo(@TempDir Path directory) throws Exception {
        long seed = ThreadLocalRandom.current().nextLong();
        var random = new Random(seed);
        try (var postgres = EmbeddedPostgres.start(directory.resolve("postgres"), 0, "of-this-test-alone");
                var log = new TestLog(provisioned(postgres))) {
            log.reconcile();
            List<String> tenants = List.of(log.tenant(), log.tenant());
            try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
                List<Future<?>> callers = IntStream.range(0, CALLERS)
                        .<Future<?>>mapToObj(caller ->
                                executor.submit(() -> call(log, tenants.get(caller % tenants.size()), caller)))
                        .toList();
                try {
                    for (int round = 0; round < ROUNDS; round++) {
                        // Under load again, then for a random while, then dead.
                        long before = appended.get();
                        long more = 20L + random.nextInt(600);
                        TestLog.await(() -> appended.get() >= before + more);
                        postgres.kill();
                        postgres.restart();
                    }
                    long before = appended.get();
                    TestLog.await(() -> appended.get() >= before + 100);
                } finally {
                    running = false;
                }
                for (Future<?> caller : callers) {
                    caller.get();
                }
            }
            // As a process that starts afterwards finds it.
            try (var after = new TestLog(database(postgres))) {
                for (String tenant : tenants) {
                    LogCheck.check(after, tenant);
                }
                compare(after, tenants, seed);
            }
        }
    }

    /** Intent and outcome, on a stream of its own and on one that all share; every answer is kept. */
    private void call(TestLog log, String tenant, int caller) {
        StreamId own = StreamId.of("access", "assignments", "caller-" + caller);
        long version = 0;
        boolean known = true;
        while (running) {
            if (!known) {
                try {
                    version = log.query(
                            ACCESS,
                            tenant,
                            "SELECT coalesce(max(version), 0) FROM log.stream_head WHERE stream = '" + own + "'");
                    known = true;
                } catch (RuntimeException e) {
                    Thread.onSpinWait();
                    continue;
                }
            }
            if (append(log, Drafts.intent(tenant)) instanceof Appended intent) {
                AppendResult result = append(
                        log,
                        Drafts.outcome(tenant)
                                .ending(intent)
                                .retiring(own, version)
                                .draft());
                if (result instanceof Appended) {
                    version++;
                } else {
                    known = false;
                }
            }
        }
    }

    private AppendResult append(TestLog log, Draft draft) {
        AppendResult result = log.appender(ACCESS).append(draft);
        answers.put(draft.statement().getEntryId(), result);
        if (result instanceof Appended) {
            appended.incrementAndGet();
        }
        return result;
    }

    private void compare(TestLog log, List<String> tenants, long seed) {
        Map<ByteString, Long> there = new HashMap<>();
        for (String tenant : tenants) {
            log.records(tenant).forEach(record -> {
                var statement = record.entry().statement();
                there.put(statement.getEntryId(), statement.getPosition());
            });
        }
        answers.forEach((entryId, answer) -> {
            Long position = there.remove(entryId);
            switch (answer) {
                case Appended one -> assertThat(position).as("seed %d", seed).isEqualTo(one.position());
                case Refused(var rejection) when rejection == LogRejection.OUTCOME_UNKNOWN -> unknown.incrementAndGet();
                case Refused refused ->
                    assertThat(position).as("seed %d %s", seed, refused).isNull();
                case AppendResult.Moved moved ->
                    assertThat(position).as("seed %d %s", seed, moved).isNull();
                case AppendResult.Replayed r -> throw new AssertionError(r);
                case AppendResult.Taken t -> throw new AssertionError(t);
            }
        });
        assertThat(there).as("seed %d", seed).isEmpty();
        assertThat(unknown.get()).as("seed %d", seed).isLessThanOrEqualTo(ROUNDS * CALLERS / 10);
        System.Logger report = System.getLogger(KillTest.class.getName());
        report.log(
                System.Logger.Level.INFO,
                "kills={0} appended={1} answers={2} unknown={3} seed={4}",
                ROUNDS,
                appended.get(),
                answers.size(),
                unknown.get(),
                Long.toString(seed));
    }

    private static Database provisioned(EmbeddedPostgres postgres) throws SQLException {
        try (var superuser = postgres.superuser("postgres")) {
            Provisioning.createDatabase(superuser, NAME);
        }
        try (var superuser = postgres.superuser(NAME)) {
            Provisioning.createRoles(superuser, NAME, DatabaseRole.STANDARD, PASSWORDS);
        }
        Database database = database(postgres);
        database.migrate("keyring");
        database.migrate("log");
        return database;
    }

    private static Database database(EmbeddedPostgres postgres) {
        return Database.pooled(DatabaseAccess.byPassword("127.0.0.1", postgres.port(), NAME, PASSWORDS), 8);
    }
}
