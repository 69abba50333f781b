package dev.chancery.vault;

import static dev.chancery.testkit.log.Decider.folded;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.command.ReadContext;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SealerKeys;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Streams;
import dev.chancery.schema.vault.v1.ListSealerKeysRequest;
import dev.chancery.schema.vault.v1.OrganisationKeyRetired;
import dev.chancery.schema.vault.v1.OrganisationKeyRotated;
import dev.chancery.schema.vault.v1.SealerKeyRetired;
import dev.chancery.schema.vault.v1.SealerKeyRotated;
import dev.chancery.schema.vault.v1.SealerRing;
import dev.chancery.testkit.Backing;
import dev.chancery.testkit.TemporaryFile;
import dev.chancery.testkit.log.LogFixture;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

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
    void twoVersionsOfEachRing() {
        KeyFileSealer sealer = KeyFileSealer.create(directory.resolve("key"));
        keyring = new Keyring(database, sealer);
        log = new LogFixture(database, sealer);
        log.begin(Principal.INSTANCE);
        keyring.introduce(tenant, UUID.randomUUID().toString());
        for (SealerRing ring : rings()) {
            assertThat(seals(ring).rotate(0)).hasValue(2);
            seals(ring).reseal(1_000);
            assertThat(seals(ring).retire(1)).isTrue();
        }
    }

    @AfterEach
    void close() {
        log.close();
        database.close();
    }

    private static List<SealerRing> rings() {
        return List.of(SealerRing.SEALER_RING_ORGANISATIONS, SealerRing.SEALER_RING_INSTALLATION);
    }

    private static SealerRing other(SealerRing ring) {
        return rings().get(1 - rings().indexOf(ring));
    }

    private SealerKeys seals(SealerRing ring) {
        return ring == SealerRing.SEALER_RING_ORGANISATIONS ? keyring.seals() : keyring.installationSeals();
    }

    private void round(Duration horizon) {
        var streams = new Streams(database, DatabaseRole.VAULT);
        try (var methods = new KeyMethods(keyring, streams, horizon)) {
            methods.round();
        }
    }

    private List<Integer> versions(SealerRing ring) {
        return seals(ring).census().stream().map(SealerKeys.Version::version).toList();
    }

    private void said(SealerRing ring, int version, boolean compromised) {
        StreamId asked =
                ring == SealerRing.SEALER_RING_ORGANISATIONS ? KeyTurns.ORGANISATIONS_RING : KeyTurns.INSTALLATION_RING;
        var retired = SealerKeyRetired.newBuilder()
                .setRingVersion(version)
                .setCompromised(compromised)
                .setRing(ring)
                .build();
        assertThat(log.append(DatabaseRole.VAULT, Principal.INSTANCE, asked, 0, List.of(retired)))
                .isInstanceOf(AppendResult.Appended.class);
    }

    @ParameterizedTest
    @MethodSource("rings")
    void aRetiredVersionStaysForAHorizon(SealerRing ring) {
        said(ring, 1, false);

        round(DAY);
        assertThat(versions(ring)).containsExactly(1, 2);
        round(Duration.ZERO);
        assertThat(versions(ring)).containsExactly(2);
    }

    /** The process that recorded it was killed before it destroyed it. */
    @ParameterizedTest
    @MethodSource("rings")
    void aCompromisedVersionGoesAtTheNextRound(SealerRing ring) {
        said(ring, 1, true);

        round(DAY);
        assertThat(versions(ring)).containsExactly(2);
        round(DAY);
        assertThat(versions(ring)).containsExactly(2);
    }

    @ParameterizedTest
    @MethodSource("rings")
    void aVersionOfTheOtherRingStaysWhateverIsSaidOfThisOne(SealerRing ring) {
        said(ring, 1, true);

        round(DAY);
        assertThat(versions(other(ring))).containsExactly(1, 2);
    }

    /** It is in the log, and in use for whatever reason: an older database was restored. */
    @ParameterizedTest
    @MethodSource("rings")
    void whatSealsSomethingIsNotDestroyedWhateverTheLogSays(SealerRing ring) {
        assertThat(seals(ring).rotate(2)).hasValue(3);
        said(ring, 2, true);

        round(DAY);
        assertThat(versions(ring)).containsExactly(2, 3);
    }

    @Test
    void theVersionsOfBothRingsAreListedThoseOfOrganisationsKeysFirst() {
        var owner = new Principal(
                Principal.Type.USER,
                "owner",
                Principal.INSTANCE,
                Optional.empty(),
                "session",
                Optional.empty(),
                Instant.now());
        try (var methods = new KeyMethods(keyring, new Streams(database, DatabaseRole.VAULT), DAY)) {
            assertThat(methods
                            .listSealerKeys(
                                    new ReadContext(owner, 0, capability -> {}),
                                    ListSealerKeysRequest.getDefaultInstance())
                            .getKeysList()
                            .stream()
                            .map(key -> Map.entry(key.getRing(), key.getRingVersion())))
                    .containsExactlyElementsOf(rings().stream()
                            .flatMap(ring -> versions(ring).stream().map(version -> Map.entry(ring, version)))
                            .toList())
                    .hasSize(4);
        }
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
