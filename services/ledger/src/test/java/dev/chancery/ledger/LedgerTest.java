package dev.chancery.ledger;

import static dev.chancery.ledger.Records.OTHER_TENANT;
import static dev.chancery.ledger.Records.TENANT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.chancery.database.Database;
import dev.chancery.projection.ForkFound;
import dev.chancery.projection.LogRecord;
import dev.chancery.testkit.Backing;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

class LedgerTest {
    private Database database;
    private Ledger ledger;

    @BeforeEach
    void begin() {
        database = Backing.database("projection", "ledger");
        ledger = new Ledger(database, new LogKey());
    }

    @AfterEach
    void end() {
        database.close();
    }

    @Test
    void aLogWithoutRecordsHasNoFiles() {
        ledger.checkpoints.signAndPublish(TENANT);
        assertThat(ledger.reader.head(TENANT)).isEmpty();
        assertThat(ledger.reader.checkpoint(TENANT)).isEmpty();
        assertThat(ledger.reader.tile(TENANT, 0, 0, 1)).isEmpty();
        assertThat(ledger.reader.entries(TENANT, 0, 1)).isEmpty();
        assertThat(ledger.reader.bodies(TENANT, 0, 1)).isEmpty();
        assertThat(ledger.published).isEmpty();
    }

    @Test
    void servedFilesVerifyOnBothSidesOfEveryTileBorder() {
        int grown = 0;
        for (int size : List.of(1, 2, 255, 256, 257, 511, 512, 513)) {
            ledger.drain(TENANT, grown, size, size);
            ServedFiles.verify(ledger, TENANT, Records.from(TENANT, 0, size));
            grown = size;
        }
    }

    @Test
    @EnabledIfSystemProperty(named = "chancery.rounds", matches = "full")
    void servedFilesVerifyOnBothSidesOfTheThirdLevel() {
        for (int size : List.of(65_535, 65_536, 65_539)) {
            long grown = ledger.reader.head(TENANT).map(SignedHead::size).orElse(0L);
            ledger.drain(TENANT, grown, size, 1_000);
            ServedFiles.verify(ledger, TENANT, Records.from(TENANT, 0, size));
        }
    }

    @Test
    void howRecordsAreBatchedMakesNoDifference() {
        ledger.drain(TENANT, 0, 700, 700);
        byte[] root = ledger.checkpoint(TENANT).root();
        for (int runRecords : List.of(1, 3, 255, 256, 257)) {
            try (Database another = Backing.database("projection", "ledger")) {
                var other = new Ledger(another, ledger.key);
                other.drain(TENANT, 0, 700, runRecords);
                assertThat(other.checkpoint(TENANT).root()).isEqualTo(root);
            }
        }
    }

    @Test
    void eachRestartGrowsTheTreeFromItsTables() {
        int size = 0;
        for (int more : List.of(3, 252, 1, 1, 255, 300)) {
            ledger = ledger.restarted();
            ledger.drain(TENANT, size, size + more, more);
            size += more;
            ServedFiles.verify(ledger, TENANT, Records.from(TENANT, 0, size));
        }
    }

    @Test
    void aRunThatWasRolledBackLeavesNoTrace() {
        ledger.drain(TENANT, 0, 250, 250);
        ledger.rollBack(Records.from(TENANT, 250, 270));
        ledger.drain(TENANT, 250, 265, 15);
        ServedFiles.verify(ledger, TENANT, Records.from(TENANT, 0, 265));
    }

    @Test
    void twoProcessesGrowOneTree() {
        Ledger other = ledger.restarted();
        ledger.drain(TENANT, 0, 100, 10);
        other.drain(TENANT, 100, 300, 50);
        ledger.drain(TENANT, 300, 600, 300);
        ServedFiles.verify(other, TENANT, Records.from(TENANT, 0, 600));
    }

    @Test
    void aRunWithAGapIsRefused() {
        ledger.drain(TENANT, 0, 3, 3);
        assertThatThrownBy(() -> ledger.commit(Records.from(TENANT, 4, 6))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> ledger.commit(List.of(Records.at(TENANT, 3), Records.at(TENANT, 5))))
                .isInstanceOf(IllegalStateException.class);
        ledger.drain(TENANT, 3, 6, 3);
        ServedFiles.verify(ledger, TENANT, Records.from(TENANT, 0, 6));
    }

    @Test
    void theSameRecordAgainIsNoFork() {
        ledger.drain(TENANT, 0, 10, 10);
        Records.from(TENANT, 0, 10).forEach(ledger::seenAgain);
    }

    @Test
    void anotherRecordAtAPositionIsAFork() {
        ledger.drain(TENANT, 0, 10, 10);
        LogRecord record = Records.at(TENANT, 5);
        byte[] flipped = record.entry().clone();
        flipped[flipped.length - 1] ^= 1;
        for (LogRecord other : List.of(
                Records.withEntry(record, flipped),
                Records.withEntry(record, Arrays.copyOf(record.entry(), record.entry().length - 1)),
                Records.withBodies(record),
                Records.withBodies(record, "another"))) {
            assertThatThrownBy(() -> ledger.seenAgain(other)).isInstanceOfSatisfying(ForkFound.class, fork -> {
                assertThat(fork.tenant()).isEqualTo(TENANT);
                assertThat(fork.position()).isEqualTo(5);
            });
        }
        ServedFiles.verify(ledger, TENANT, Records.from(TENANT, 0, 10));
    }

    @Test
    void aRecordOfAnotherLogStopsTheTenant() {
        ledger.drain(TENANT, 0, 2, 2);
        for (String origin : List.of("ch-another/" + TENANT, Records.INSTANCE + "/" + OTHER_TENANT)) {
            LogRecord moved = Records.of(TENANT, 2, origin, List.of(ByteString.EMPTY));
            assertThatThrownBy(() -> ledger.commit(List.of(moved))).isInstanceOf(ForkFound.class);
        }
        assertThat(ledger.checkpoint(TENANT).size()).isEqualTo(2);
    }

    @Test
    void narrowerFilesAreWhatWiderOnesBeginWith() {
        ledger.drain(TENANT, 0, 300, 300);
        byte[] tile = ledger.reader.tile(TENANT, 0, 1, 44).orElseThrow();
        byte[] full = ledger.reader.tile(TENANT, 0, 0, 256).orElseThrow();
        for (int width = 1; width < 44; width++) {
            assertThat(ledger.reader.tile(TENANT, 0, 1, width)).contains(Arrays.copyOf(tile, 32 * width));
            assertThat(ledger.reader.tile(TENANT, 0, 0, width)).contains(Arrays.copyOf(full, 32 * width));
        }
    }

    @Test
    void whatTheNewestCheckpointDoesNotCoverIsNotThere() {
        ledger.drain(TENANT, 0, 300, 300);
        ledger.commit(Records.from(TENANT, 300, 600));
        assertThat(ledger.reader.tile(TENANT, 0, 1, 44)).isPresent();
        assertThat(ledger.reader.tile(TENANT, 0, 1, 45)).isEmpty();
        assertThat(ledger.reader.entries(TENANT, 1, 45)).isEmpty();
        assertThat(ledger.reader.bodies(TENANT, 1, 256)).isEmpty();
        assertThat(ledger.reader.tile(TENANT, 1, 0, 1)).isPresent();
        assertThat(ledger.reader.tile(TENANT, 1, 0, 2)).isEmpty();
    }

    @Test
    void numbersBeyondAnyTreeAreAnsweredWithNothing() {
        ledger.drain(TENANT, 0, 1, 1);
        assertThat(ledger.reader.tile(TENANT, 63, 0, 1)).isEmpty();
        assertThat(ledger.reader.tile(TENANT, -1, 0, 1)).isEmpty();
        assertThat(ledger.reader.tile(TENANT, 0, Long.MAX_VALUE, 1)).isEmpty();
        assertThat(ledger.reader.tile(TENANT, 0, TilePath.MAX_INDEX, 256)).isEmpty();
        assertThat(ledger.reader.tile(TENANT, 0, -1, 256)).isEmpty();
        assertThat(ledger.reader.entries(TENANT, 0, 0)).isEmpty();
        assertThat(ledger.reader.entries(TENANT, 0, 257)).isEmpty();
    }

    @Test
    void theLargestEntryAndEmptyBodiesAreServedAsTheyCame() {
        LogRecord largest = Records.withEntry(Records.at(TENANT, 0), new byte[LogRecord.MAX_ENTRY_BYTES]);
        LogRecord empty = Records.withBodies(Records.at(TENANT, 1), "", "");
        ledger.commit(List.of(largest, empty));
        ledger.checkpoints.signAndPublish(TENANT);
        ServedFiles.verify(ledger, TENANT, List.of(largest, empty));
    }
}
