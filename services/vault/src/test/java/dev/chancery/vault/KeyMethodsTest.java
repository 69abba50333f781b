package dev.chancery.vault;

import static dev.chancery.testkit.log.Decider.folded;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Principal;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SealerKeys;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Streams;
import dev.chancery.schema.vault.v1.OrganisationKeyRetired;
import dev.chancery.schema.vault.v1.OrganisationKeyRotated;
import dev.chancery.schema.vault.v1.SealerKeyRetired;
import dev.chancery.schema.vault.v1.SealerKeyRotated;
import dev.chancery.testkit.Backing;
import dev.chancery.testkit.TemporaryFile;
import dev.chancery.testkit.log.LogFixture;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the log says of the keys above subjects', and what is done of it by a process that starts after another died. */
class KeyMethodsTest {
    private static final Duration DAY = Duration.ofDays(1);
    private static final Message SAID =
            OrganisationKeyRetired.newBuilder().setKeyVersion(2).build();

    private final Database database = Backing.database("keyring", "log", "relay", "projection", "vault");
    private final String tenant = UUID.randomUUID().toString();

    @TempDir
    private Path directory;

    private Keyring keyring = new Keyring(database, TemporaryFile.with(KeyFileSealer::create));
    private LogFixture log = new LogFixture(database, TemporaryFile.with(KeyFileSealer::create));

    @BeforeEach
    void twoVersionsOfTheRing() {
        KeyFileSealer sealer = KeyFileSealer.create(directory.resolve("key"));
        keyring = new Keyring(database, sealer);
        log = new LogFixture(database, sealer);
        log.begin(Principal.INSTANCE);
        keyring.introduce(tenant, UUID.randomUUID().toString());
        assertThat(keyring.seals().rotate(0)).hasValue(2);
        keyring.seals().reseal(1_000);
        assertThat(keyring.seals().retire(1)).isTrue();
    }

    @AfterEach
    void close() {
        log.close();
        database.close();
    }

    private List<Integer> versionsAfterARound(Duration horizon) {
        var streams = new Streams(database, DatabaseRole.VAULT);
        try (var methods = new KeyMethods(keyring.organisations(), keyring.seals(), streams, horizon)) {
            methods.round();
        }
        return keyring.seals().census().stream()
                .map(SealerKeys.Version::version)
                .toList();
    }

    private void said(boolean compromised) {
        var retired = SealerKeyRetired.newBuilder()
                .setRingVersion(1)
                .setCompromised(compromised)
                .build();
        assertThat(log.append(DatabaseRole.VAULT, Principal.INSTANCE, KeyTurns.SEALER, 0, List.of(retired)))
                .isInstanceOf(AppendResult.Appended.class);
    }

    @Test
    void aRetiredVersionStaysForAHorizon() {
        said(false);

        assertThat(versionsAfterARound(DAY)).containsExactly(1, 2);
        assertThat(versionsAfterARound(Duration.ZERO)).containsExactly(2);
    }

    /** The process that recorded it was killed before it destroyed it. */
    @Test
    void aCompromisedVersionGoesAtTheNextRound() {
        said(true);

        assertThat(versionsAfterARound(DAY)).containsExactly(2);
        assertThat(versionsAfterARound(DAY)).containsExactly(2);
    }

    /** It is in the log, and in use for whatever reason: an older database was restored. */
    @Test
    void whatSealsSomethingIsNotDestroyedWhateverTheLogSays() {
        assertThat(keyring.seals().rotate(2)).hasValue(3);
        assertThat(log.append(
                        DatabaseRole.VAULT,
                        Principal.INSTANCE,
                        KeyTurns.SEALER,
                        0,
                        List.of(SealerKeyRetired.newBuilder()
                                .setRingVersion(2)
                                .setCompromised(true)
                                .build())))
                .isInstanceOf(AppendResult.Appended.class);

        assertThat(versionsAfterARound(DAY)).containsExactly(2, 3);
    }

    @Test
    void theLogKnowsWhatWasAskedForAndRetired() {
        assertThat(folded(
                        KeyTurns.FOLD,
                        OrganisationKeyRotated.newBuilder().setKeyVersion(2).build(),
                        OrganisationKeyRotated.newBuilder().setKeyVersion(4).build(),
                        OrganisationKeyRetired.newBuilder().setKeyVersion(3).build(),
                        OrganisationKeyRetired.newBuilder().setKeyVersion(1).build()))
                .isEqualTo(new KeyTurns(4, 3, 0));
        assertThat(folded(
                        KeyTurns.FOLD,
                        SealerKeyRotated.newBuilder().setRingVersion(3).build(),
                        SealerKeyRetired.newBuilder()
                                .setRingVersion(1)
                                .setCompromised(true)
                                .build(),
                        SealerKeyRetired.newBuilder().setRingVersion(2).build()))
                .isEqualTo(new KeyTurns(3, 2, 1));
    }

    @Test
    void theVersionThatWrapsIsNotRetiredAndNoneThatThereIsNot() {
        assertThat(KeyTurns.retire(3, 3, 0, SAID)).isEqualTo(Decision.reject(VaultRejection.KEY_IN_USE));
        for (int none : List.of(4, 0, -1)) {
            assertThat(KeyTurns.retire(none, 3, 0, SAID)).isEqualTo(Decision.reject(VaultRejection.NO_SUCH_KEY));
        }
        assertThat(KeyTurns.retire(2, 3, 1, SAID)).isEqualTo(Decision.events(SAID));
        assertThat(KeyTurns.retire(2, 3, 2, SAID)).isEqualTo(Decision.nothing());
    }
}
