package dev.chancery.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.SigningKeyRotation;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.keyring.VerifierKey;
import dev.chancery.keyring.VerifierKeys;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.testkit.Backing;
import dev.chancery.testkit.TemporaryFile;
import dev.chancery.testkit.log.LogFixture;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A log's key is withdrawn, as the ledger's process sees it. */
class WithdrawnKeysTest {
    private static final String ORIGIN = Origin.of(Records.INSTANCE, Records.TENANT);

    private Database database;
    private LogFixture log;
    private SigningKeys keys;
    private SigningKeyRotation rotation;
    private Ledger ledger;
    private Checkpoints checkpoints;

    @BeforeEach
    void aLog() {
        database = Backing.database("keyring", "log", "projection", "ledger");
        log = new LogFixture(database, TemporaryFile.with(KeyFileSealer::create));
        keys = log.keys();
        rotation = new SigningKeyRotation(database, keys, Records.INSTANCE);
        ledger = new Ledger(database, new LogKey());
        checkpoints = new Checkpoints(database, Records.INSTANCE, keys::signNote, (origin, note) -> {});
    }

    @AfterEach
    void close() {
        log.close();
        database.close();
    }

    @Test
    void theLogSaysOnceWhichKeyItWasAndHowFarItsCheckpointsGo() {
        log.begin(Records.TENANT);
        VerifierKey stolen = checkpointOf(10);
        try (var withdrawn = process();
                var another = process()) {
            withdrawn.look();
            assertThat(records()).isEmpty();
            rotation.withdraw(ORIGIN, stolen.keyId());
            withdrawn.look();
            withdrawn.look();
            another.look();
        }
        assertThat(records()).singleElement().satisfies(statement -> {
            assertThat(statement.getAction()).isEqualTo("ledger.key.withdraw");
            assertThat(statement.getTarget().getType()).isEqualTo("checkpoint-key");
            assertThat(statement.getTarget().getId()).isEqualTo(HexFormat.of().toHexDigits(stolen.keyId()) + ":10");
        });
    }

    @Test
    void eachKeyThatIsWithdrawnIsSaid() {
        log.begin(Records.TENANT);
        VerifierKey first = checkpointOf(10);
        rotation.withdraw(ORIGIN, first.keyId());
        try (var withdrawn = process()) {
            withdrawn.look();
            rotation.withdraw(ORIGIN, keys.signer(ORIGIN).verifierKey().keyId());
            withdrawn.look();
        }
        assertThat(records()).hasSize(2);
    }

    @Test
    void aLogThatTakesNoRecordIsToldLater() {
        VerifierKey stolen = checkpointOf(10);
        rotation.withdraw(ORIGIN, stolen.keyId());
        try (var withdrawn = process()) {
            withdrawn.look();
            log.begin(Records.TENANT);
            withdrawn.look();
        }
        assertThat(records()).hasSize(1);
    }

    @Test
    void aKeyThatWasReplacedIsNotWithdrawn() {
        log.begin(Records.TENANT);
        checkpointOf(10);
        rotation.replace("logs", Long.MAX_VALUE / 4);
        rotation.settle(DatabaseRole.LEDGER);
        try (var withdrawn = process()) {
            withdrawn.look();
        }
        assertThat(records()).isEmpty();
    }

    private WithdrawnKeys process() {
        return new WithdrawnKeys(
                new VerifierKeys(database, DatabaseRole.LEDGER),
                Records.INSTANCE,
                new LedgerReader(database),
                log.appender(DatabaseRole.LEDGER)::append);
    }

    /** Has a checkpoint of so many records signed; answers the key that signed it. */
    private VerifierKey checkpointOf(int size) {
        ledger.commit(Records.from(Records.TENANT, 0, size));
        checkpoints.signAndPublish(Records.TENANT);
        return keys.signer(ORIGIN).verifierKey();
    }

    private List<Statement> records() {
        return database.inTenant(DatabaseRole.LEDGER, Records.TENANT, connection -> {
            List<Statement> found = new ArrayList<>();
            try (var query =
                    connection.prepareStatement("SELECT record FROM log.record WHERE tenant = ? ORDER BY position")) {
                query.setString(1, Records.TENANT);
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        byte[] entry =
                                Record.parseFrom(rows.getBytes(1)).getEntry().toByteArray();
                        found.add(Statement.parseFrom(ByteString.copyFrom(
                                entry, 1, EntryFrame.of(entry).statementBytes())));
                    }
                }
            } catch (InvalidProtocolBufferException e) {
                throw new AssertionError(e);
            }
            return found;
        });
    }
}
