package dev.chancery.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.testkit.Backing;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HeadCaptureTest {
    private static final Duration BOUND = Duration.ofSeconds(20);
    private static final String MARK = "chancery.pulse.test";

    private final Database database = Backing.database("log", "relay");
    private final RelayOptions options = RelayOptions.defaults(database.name());
    private final Tenants tenants = new Tenants(database);
    private final String tenant = UUID.randomUUID().toString();
    private final HeadUpdates updates = new HeadUpdates();
    private final HeadCapture capture = new HeadCapture(database, options, MARK, updates);

    @BeforeEach
    void given() {
        tenants.begin(tenant);
        new Slot(database, options.slot()).ensure();
    }

    @AfterEach
    void stop() throws SQLException {
        capture.close();
        try (var superuser = Backing.postgres().superuser(database.name());
                var statement = superuser.createStatement()) {
            statement.execute("SELECT pg_drop_replication_slot('" + options.slot() + "')");
        }
        database.close();
    }

    @Test
    void headsAndMarksAreReportedInTheOrderOfCommitAlsoThoseFromBeforeTheStart() throws InterruptedException {
        tenants.append(tenant, 2);
        mark("1");
        capture.start();
        HeadUpdates.Taken before = updates.take(BOUND.toNanos());
        while (before.markMicros().isEmpty()) {
            assertThat(before.lastPositions()).containsEntry(tenant, 1L);
            before = updates.take(BOUND.toNanos());
        }
        assertThat(before.markMicros()).hasValue(1);
        mark("2");
        assertThat(updates.take(BOUND.toNanos()).markMicros()).hasValue(2);
    }

    @Test
    void theSlotLetsGoOnlyOfWhatWasAcknowledged() throws InterruptedException {
        capture.start();
        mark("1");
        HeadUpdates.Taken first = updates.take(BOUND.toNanos());
        String begun = confirmed();
        tenants.append(tenant, 1);
        for (int i = 0; i < 3; i++) {
            // More than one interval of confirming, with events in each.
            mark("2");
            updates.take(BOUND.toNanos());
            updates.take(TimeUnit.MILLISECONDS.toNanos(700));
        }
        assertThat(confirmed()).isEqualTo(begun);
        mark("3");
        HeadUpdates.Taken last = updates.take(BOUND.toNanos());
        assertThat(first.newest()).isNotNull();
        capture.acknowledge(last.newest());
        await(() -> {
            mark("4");
            return !confirmed().equals(begun);
        });
    }

    @Test
    void closingItWhileItStartsEndsItSoon() {
        capture.start();
        long begun = System.nanoTime();
        capture.close();
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
        assertThat(capture.failure()).isNull();
        assertThat(updates.hasEnded()).isTrue();
        await(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("debezium")
                        || thread.getName().startsWith("chancery-relay")));
    }

    private void mark(String content) {
        database.transaction(DatabaseRole.RELAY, connection -> connection
                .createStatement()
                .execute("SELECT pg_logical_emit_message(true, '" + MARK + "', '" + content + "')"));
    }

    private String confirmed() {
        return database.transaction(DatabaseRole.RELAY, connection -> {
            var row = connection
                    .createStatement()
                    .executeQuery("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '"
                            + options.slot() + "'");
            row.next();
            return row.getString(1);
        });
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + BOUND.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("within " + BOUND).isLessThan(deadline);
            LockSupport.parkNanos(50_000_000);
        }
    }
}
