package dev.chancery.vault;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.SecretRing;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Appender;
import dev.chancery.log.Streams;
import dev.chancery.testkit.Backing;
import dev.chancery.testkit.TemporaryFile;
import dev.chancery.testkit.log.LogFixture;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** An organisation's real log, and a ring of secrets. */
abstract class WithVaultLog {
    static final String INSTANCE = LogFixture.INSTANCE;

    final Database database = Backing.database("keyring", "log", "relay", "projection", "vault");
    final String tenant = UUID.randomUUID().toString();
    private final KeyFileSealer sealer = TemporaryFile.with(KeyFileSealer::create);
    private final LogFixture fixture = new LogFixture(database, sealer);
    final Appender appender = fixture.appender(DatabaseRole.VAULT);
    final SecretRing ring = new SecretRing(database, sealer);

    @BeforeEach
    void aLog() {
        begin(tenant);
    }

    @AfterEach
    void close() {
        fixture.close();
        database.close();
    }

    void begin(String organisation) {
        fixture.begin(organisation);
    }

    Streams streams() {
        return new Streams(database, DatabaseRole.VAULT);
    }

    VaultLog log() {
        return new VaultLog(appender, streams());
    }

    void append(StreamId stream, Message event) {
        append(DatabaseRole.VAULT, tenant, stream, event);
    }

    void append(DatabaseRole by, String organisation, StreamId stream, Message event) {
        long version = streams().current(organisation, stream, Lease.FOLD).version();
        assertThat(fixture.append(by, organisation, stream, version, List.of(event)))
                .isInstanceOf(AppendResult.Appended.class);
    }
}
