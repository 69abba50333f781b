package dev.chancery.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kernel.Principal;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.log.LogRejection;
import dev.chancery.log.StoppedLogs;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.testkit.Backing;
import dev.chancery.testkit.TemporaryFile;
import dev.chancery.testkit.log.LogFixture;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is in the log of whom copies of it were given to, on a real database, as the ledger's own role. */
class CopiesTest {
    private static Database database;
    private static LogFixture log;

    private final String tenant = UUID.randomUUID().toString();
    private final String reader = UUID.randomUUID().toString();
    private final Copies copies = new Copies(log.appender(DatabaseRole.LEDGER)::append);

    @BeforeAll
    static void begin() throws Exception {
        database = Backing.database("keyring", "log");
        log = new LogFixture(database, TemporaryFile.with(KeyFileSealer::create));
        log.begin(Principal.INSTANCE);
    }

    @AfterAll
    static void end() {
        log.close();
        database.close();
    }

    static Principal principal(String tenant, String id, String session) {
        return new Principal(
                Principal.Type.USER, id, tenant, Optional.empty(), session, Optional.empty(), Instant.now());
    }

    @Test
    void whoIsGivenCopiesIsInTheLogOnceASession() throws Exception {
        log.begin(tenant);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var asked = new ArrayList<java.util.concurrent.Future<?>>();
            for (int file = 0; file < 20; file++) {
                asked.add(threads.submit(() -> {
                    copies.record(principal(tenant, reader, "one"));
                    return true;
                }));
            }
            for (var done : asked) {
                done.get();
            }
        }
        copies.record(principal(tenant, reader, "another"));

        assertThat(records(tenant)).hasSize(2).allSatisfy(statement -> {
            assertThat(statement.getAction()).isEqualTo("ledger.log.export");
            assertThat(statement.getActor().getId()).isEqualTo(reader);
            assertThat(statement.getTarget().getType()).isEqualTo("log");
            assertThat(statement.getTarget().getId()).isEqualTo(tenant);
            assertThat(statement.getOutcome().getResult()).isEqualTo(Result.SUCCESS);
        });
    }

    @Test
    void nothingIsGivenThatCannotBeRecorded() {
        // This organisation has no log.
        for (int again = 0; again < 2; again++) {
            assertThatThrownBy(() -> copies.record(principal(tenant, reader, "one")))
                    .isInstanceOfSatisfying(RefusedException.class, refused -> assertThat(refused.rejection())
                            .isEqualTo(LogRejection.TENANT_UNKNOWN));
        }
    }

    @Test
    void copiesOfAStoppedLogAreInTheInstallationsLog() throws Exception {
        log.begin(tenant);
        StoppedLogs.stop(database, tenant, 0);
        copies.record(principal(tenant, reader, "one"));

        assertThat(records(tenant)).isEmpty();
        assertThat(records(Principal.INSTANCE))
                .filteredOn(statement -> statement.getTarget().getId().equals(tenant))
                .singleElement()
                .satisfies(statement -> assertThat(statement.getActor().getId()).isEqualTo(reader));
    }

    private static List<Statement> records(String log) {
        return database.inTenant(DatabaseRole.LEDGER, log, connection -> {
            List<Statement> found = new ArrayList<>();
            try (var query =
                    connection.prepareStatement("SELECT record FROM log.record WHERE tenant = ? ORDER BY position")) {
                query.setString(1, log);
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        byte[] entry =
                                Record.parseFrom(rows.getBytes(1)).getEntry().toByteArray();
                        found.add(Statement.parseFrom(ByteString.copyFrom(
                                entry, 1, EntryFrame.of(entry).statementBytes())));
                    }
                }
            } catch (com.google.protobuf.InvalidProtocolBufferException e) {
                throw new AssertionError(e);
            }
            return found;
        });
    }
}
