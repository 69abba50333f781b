package dev.chancery.ledger;

import static dev.chancery.ledger.Records.OTHER_TENANT;
import static dev.chancery.ledger.Records.TENANT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.testkit.Backing;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The log's own table says how long a log is; what the ledger was given of it is another matter. */
class CheckpointWatchTest {
    private static final Duration ALLOWED = Duration.ofSeconds(60);

    private final AtomicLong nanos = new AtomicLong();
    private Database database;
    private Ledger ledger;
    private CheckpointWatch watch;

    @BeforeEach
    void begin() {
        database = Backing.database("log", "projection", "ledger");
        ledger = new Ledger(database, new LogKey());
        watch = watch();
    }

    @AfterEach
    void end() {
        database.close();
    }

    private CheckpointWatch watch() {
        return new CheckpointWatch(database, ALLOWED, nanos::get);
    }

    @Test
    void aLogThatIsCoveredIsNotStaleHoweverOld() {
        log(TENANT, 16, Duration.ofHours(1));
        ledger.drain(TENANT, 0, 16, 16);
        look();
        pass(ALLOWED.multipliedBy(10));
        look();
        fresh();
    }

    @Test
    void aLogThatTheLedgerWasNotGivenIsStaleAndIsSoAfterARestart() {
        log(TENANT, 16, ALLOWED.plusSeconds(40));
        ledger.drain(TENANT, 0, 4, 4);
        look();
        stale(1);
        assertThat(watch.staleSeconds()).isBetween(100.0, 200.0);
        watch = watch();
        look();
        stale(1);
        ledger.drain(TENANT, 4, 16, 12);
        look();
        fresh();
    }

    @Test
    void aTreeThatNobodySignsIsStale() {
        log(TENANT, 16, ALLOWED.plusSeconds(1));
        ledger.commit(Records.from(TENANT, 0, 16));
        look();
        stale(1);
        ledger.checkpoints.signAndPublish(TENANT);
        look();
        fresh();
    }

    @Test
    void whatWaitsForLessThanAllowedIsNotStaleAndLaterIs() {
        log(TENANT, 16, Duration.ZERO);
        look();
        fresh();
        pass(ALLOWED.minusSeconds(1));
        look();
        fresh();
        pass(Duration.ofSeconds(1));
        look();
        stale(1);
        assertThat(watch.staleSeconds()).isBetween(60.0, 120.0);
    }

    @Test
    void eachLogIsLookedAtForItself() {
        log(TENANT, 16, ALLOWED.plusSeconds(1));
        log(OTHER_TENANT, 4, ALLOWED.plusSeconds(1));
        ledger.drain(OTHER_TENANT, 0, 4, 4);
        look();
        stale(1);
        assertThat(ledger.reader.records(TENANT)).isEqualTo(16);
        assertThat(ledger.reader.records(OTHER_TENANT)).isEqualTo(4);
        assertThat(ledger.reader.records(Records.INSTANCE)).isZero();
    }

    @Test
    void whoCannotLookSaysSo() {
        look();
        pass(ALLOWED.plusSeconds(1));
        assertThat(watch.warnings()).containsExactly("ledger: checkpoints can't be compared with their logs");
        assertThat(watch.staleSeconds()).isNaN();
        look();
        fresh();
    }

    private void look() {
        watch.look();
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    private void fresh() {
        assertThat(watch.warnings()).isEmpty();
        assertThat(watch.staleSeconds()).isZero();
    }

    private void stale(int logs) {
        assertThat(watch.warnings()).containsExactly("ledger: logs with a stale checkpoint: " + logs);
    }

    /** A log as its table has it; the newest record was recorded so long ago. */
    private void log(String tenant, long records, Duration quiet) {
        database.inTenant(DatabaseRole.IDENTITY, tenant, connection -> {
            try (var insert =
                    connection.prepareStatement("INSERT INTO log.head (tenant, next_position, recorded_at_micros)"
                            + " VALUES (?, ?, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - ?)")) {
                insert.setString(1, tenant);
                insert.setLong(2, records);
                insert.setLong(3, quiet.toNanos() / 1000);
                return insert.executeUpdate();
            }
        });
    }
}
