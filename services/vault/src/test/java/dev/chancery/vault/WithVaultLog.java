package dev.chancery.vault;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.command.Ids;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.SecretRing;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Appender;
import dev.chancery.log.Draft;
import dev.chancery.log.LogCreation;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Streams;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.testkit.Backing;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** An organisation's real log, and a ring of secrets. */
abstract class WithVaultLog {
    static final String INSTANCE = "ch-test";

    final Database database = Backing.database("keyring", "log", "relay", "projection", "vault");
    final String tenant = UUID.randomUUID().toString();
    Appender appender;
    SecretRing ring;
    private KeyFileSealer sealer;

    @TempDir
    private Path keys;

    @BeforeEach
    void aLog() {
        sealer = KeyFileSealer.create(keys.resolve("key"));
        database.transaction(DatabaseRole.RELAY, connection -> {
            try (var statement = connection.createStatement()) {
                return statement.executeUpdate("""
                        INSERT INTO log.reconciled (system_identifier, timeline)
                        SELECT system_identifier,
                               ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer
                        FROM pg_control_system()""");
            }
        });
        appender = appender(DatabaseRole.VAULT);
        ring = new SecretRing(database, sealer);
        begin(tenant);
    }

    @AfterEach
    void close() {
        appender.close();
        database.close();
    }

    void begin(String organisation) {
        new LogCreation(database, DatabaseRole.IDENTITY).begin(organisation);
    }

    Streams streams() {
        return new Streams(database, DatabaseRole.VAULT);
    }

    VaultLog log() {
        return new VaultLog(appender, streams());
    }

    /** As a feature has it. */
    Appender appender(DatabaseRole role) {
        return new Appender(
                database,
                role,
                INSTANCE,
                new SigningKeys(database, sealer).signer(INSTANCE + "/source/" + role.name()),
                Optional::empty);
    }

    void append(StreamId stream, Message event) {
        append(appender, tenant, stream, event);
    }

    void append(Appender by, String organisation, StreamId stream, Message event) {
        Statement.Builder statement = Statement.newBuilder()
                .setEntryId(ByteString.copyFrom(Ids.bytes(Ids.uuidV7())))
                .setAction("test.happen")
                .setOutcome(Outcome.newBuilder().setResult(Result.SUCCESS));
        statement.getActorBuilder().setType(ActorType.ACTOR_TYPE_SYSTEM).setId("system");
        long version = streams().current(organisation, stream, Lease.FOLD).version();
        assertThat(by.append(new Draft(
                        organisation,
                        statement.build(),
                        0,
                        List.of(new NewEvent(stream, event)),
                        List.of(),
                        Optional.empty(),
                        Map.of(stream, version))))
                .isInstanceOf(AppendResult.Appended.class);
    }
}
