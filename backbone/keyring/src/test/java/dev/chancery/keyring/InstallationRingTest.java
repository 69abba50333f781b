package dev.chancery.keyring;

import static dev.chancery.keyring.Ring.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.schema.log.v1.Sealed;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The ring that seals keys that sign and environments' keys turns because somebody asks, in the sealer of each who holds such keys. */
class InstallationRingTest extends WithSealer {
    private static final int TURNS = 10;
    private static final Duration PAUSE = Duration.ofMillis(250);
    private static final Duration AT_ONCE = Duration.ZERO;

    private record Kept(SecretPlace where, Sealed sealed, String value) {}

    private SealerKeys seals() {
        return process().installationSeals();
    }

    @Test
    void tenTurnsLoseNothingWhileOthersSignAndSealSecrets() throws Exception {
        SealerKeys turning = seals();
        Sealer busy = sealer.open();
        var secrets = new SecretRing(database, busy);
        List<Kept> kept = new ArrayList<>();
        Map<String, VerifierKey> signing = new HashMap<>();
        var stop = new AtomicBoolean();
        try (var threads = Executors.newSingleThreadExecutor()) {
            var others = threads.submit(() -> {
                do {
                    Kept each = keep(secrets);
                    assertThat(secrets.open(each.where(), each.sealed()))
                            .asString()
                            .isEqualTo(each.value());
                    kept.add(each);
                    String name = "test/source/f" + id().substring(0, 8);
                    signing.put(
                            name, new SigningKeys(database, busy).signer(name).verifierKey());
                    // Each turn seals all of them anew, and has to come to an end.
                    LockSupport.parkNanos(PAUSE.toNanos());
                } while (!stop.get());
                return true;
            });
            try {
                for (int recorded = 0, turn = 0; turn < TURNS; turn++) {
                    recorded = turn(turning, recorded);
                }
            } finally {
                stop.set(true);
            }
            others.get();
        }

        assertThat(kept).isNotEmpty();
        assertThat(signing).isNotEmpty();
        for (Sealer each : List.of(busy, sealer.open())) {
            var ring = new SecretRing(database, each);
            assertThat(kept).allSatisfy(value -> assertThat(ring.open(value.where(), value.sealed()))
                    .asString()
                    .isEqualTo(value.value()));
            var keys = new SigningKeys(database, each);
            signing.forEach(
                    (name, key) -> assertThat(keys.signer(name).verifierKey()).isEqualTo(key));
        }
        assertThat(turning.census().stream()
                        .mapToLong(SealerKeys.Version::seals)
                        .sum())
                .isEqualTo(count("SELECT (SELECT count(*) FROM signing.private_key WHERE wrapped IS NOT NULL)"
                        + " + (SELECT count(*) FROM secretring.environment_key WHERE wrapped IS NOT NULL)"));
        assertThat(count("SELECT min(sealed_by) FROM signing.private_key")).isEqualTo(TURNS + 1);
        assertThat(count("SELECT min(sealed_by) FROM secretring.environment_key"))
                .isEqualTo(TURNS + 1);
    }

    /** Rotates, seals anew a few at a time until nothing is left, retires, destroys. */
    private static int turn(SealerKeys seals, int recorded) {
        int version = seals.rotate(recorded).orElseThrow();
        assertThat(version).isGreaterThan(recorded);
        do {
            seals.reseal(20);
        } while (!seals.retire(version - 1));
        seals.destroyRetired(AT_ONCE);
        assertThat(seals.census()).extracting(SealerKeys.Version::version).containsExactly(version);
        return version;
    }

    /** The ledger and the proxy have sealers that the core knows nothing of. */
    @ParameterizedTest
    @CsvSource({"LEDGER, test/instance", "PROXY, test/source/proxy"})
    void aHolderWithASealerOfItsOwnFollowsAndUntilThenNoVersionThatSealsItsKeysIsRetired(String role, String name)
            throws Exception {
        DatabaseRole holder = role.equals("LEDGER") ? DatabaseRole.LEDGER : DatabaseRole.PROXY;
        try (TestSealer own = TestSealer.make(Files.createDirectory(directory.resolve("own")))) {
            Sealer running = own.open();
            var follower = new FollowedRing(database, running);
            VerifierKey key = new SigningKeys(database, running).signer(name).verifierKey();
            follow(follower, holder);
            SealerKeys seals = seals();
            keep(new SecretRing(database, sealer.open()));

            assertThat(seals.rotate(0)).hasValue(2);
            assertThat(seals.reseal(1_000)).isOne();
            assertThat(census(seals)).isEqualTo(Map.of(1, 1L, 2, 1L));
            assertThat(seals.retire(1)).isFalse();
            follow(follower, holder);

            assertThat(census(seals)).isEqualTo(Map.of(1, 0L, 2, 2L));
            assertThat(running.installationRing().versions()).containsExactly(1, 2);
            assertThat(seals.retire(1)).isTrue();
            follow(follower, holder);
            assertThat(running.installationRing().versions()).containsExactly(1, 2);
            seals.destroyThrough(1);
            follow(follower, holder);
            assertThat(running.installationRing().versions()).containsExactly(2);
            assertThat(own.open().installationRing().versions()).containsExactly(2);
            assertThat(new SigningKeys(database, own.open()).signer(name).verifierKey())
                    .isEqualTo(key);
            assertThat(running.ring().versions()).containsExactly(1);
        }
    }

    @Test
    void aKeyFileThatItsHolderCantWriteKeepsTheOlderVersionFromBeingRetired() throws Exception {
        KeyFileSealer.create(directory.resolve("own"));
        // So long a name that none can be made beside it: permissions would not keep root from it.
        Path file = Files.move(directory.resolve("own"), directory.resolve("k".repeat(250)));
        KeyFileSealer own = KeyFileSealer.open(file);
        new SigningKeys(database, own).signer("test/instance");
        SealerKeys seals = seals();
        seals.rotate(0);

        assertThatExceptionOfType(SealerUnusable.class)
                .isThrownBy(() -> new FollowedRing(database, own).catchUp(DatabaseRole.LEDGER));

        assertThat(seals.retire(1)).isFalse();
        assertThat(new SigningKeys(database, KeyFileSealer.open(file)).signer("test/instance"))
                .isNotNull();
    }

    private static void follow(FollowedRing follower, DatabaseRole holder) {
        follower.catchUp(holder);
        follower.reseal(holder);
    }

    /** Somebody put an old copy of the sealer in place: a version 2 of its own would open nothing that version 2 sealed. */
    @Test
    void aSealerThatIsOlderThanTheKeysMakesNoVersionUnderANumberThatTheyNeed() throws Exception {
        try (TestSealer own = TestSealer.make(Files.createDirectory(directory.resolve("own")));
                TestSealer copied = own.copy();
                TestSealer copiedOfTheCore = sealer.copy()) {
            Sealer running = own.open();
            new SigningKeys(database, running).signer("test/instance");
            keep(new SecretRing(database, sealer.open()));
            SealerKeys seals = seals();
            seals.rotate(0);
            seals.reseal(1_000);
            follow(new FollowedRing(database, running), DatabaseRole.LEDGER);
            seals.retire(1);
            Keyring oldCore = new Keyring(database, copiedOfTheCore.open());

            for (Sealer old : List.of(copied.open(), copiedOfTheCore.open())) {
                assertThatExceptionOfType(SealerOutdated.class)
                        .isThrownBy(() -> new FollowedRing(database, old).catchUp(DatabaseRole.LEDGER));
            }
            assertThatExceptionOfType(SealerOutdated.class)
                    .isThrownBy(() -> oldCore.installationSeals().rotate(2));
            assertThatExceptionOfType(SealerOutdated.class)
                    .isThrownBy(() -> oldCore.installationSeals().destroyThrough(1));

            for (TestSealer each : List.of(copied, copiedOfTheCore)) {
                assertThat(each.open().installationRing().versions()).containsExactly(1);
            }
            assertThat(seals().rotate(2)).hasValue(3);
        }
    }

    /** The proxy shares the core's sealer and has no key yet: it makes no version in a copy that is too old. */
    @Test
    void whoeverSharesTheCoresSealerMakesNoVersionInIt() throws Exception {
        try (TestSealer copied = sealer.copy()) {
            seals().rotate(0);

            assertThatExceptionOfType(SealerOutdated.class)
                    .isThrownBy(() -> new FollowedRing(database, copied.open()).catchUp(DatabaseRole.PROXY));

            assertThat(copied.open().installationRing().versions()).containsExactly(1);
            new FollowedRing(database, sealer.open()).catchUp(DatabaseRole.PROXY);
            assertThat(sealer.open().installationRing().versions()).containsExactly(1, 2);
        }
    }

    /** Where the holder's sealer is lost, its keys are: withdrawn, they keep nothing from going on. */
    @Test
    void aHolderWhoseSealerIsLostGoesOnOnceItsKeysAreWithdrawn() throws Exception {
        try (TestSealer own = TestSealer.make(Files.createDirectory(directory.resolve("own")));
                TestSealer copied = own.copy()) {
            VerifierKey lost = new SigningKeys(database, own.open())
                    .signer("test/instance")
                    .verifierKey();
            SealerKeys seals = seals();
            seals.rotate(0);
            follow(new FollowedRing(database, own.open()), DatabaseRole.LEDGER);
            assertThat(seals.retire(1)).isTrue();
            Sealer old = copied.open();
            var keys = new SigningKeys(database, old);
            var rotation = new SigningKeyRotation(database, keys, "test");

            rotation.withdraw("test/instance", lost.keyId());
            var follower = new FollowedRing(database, old);
            follower.catchUp(DatabaseRole.LEDGER);
            rotation.settle(DatabaseRole.LEDGER);
            follower.reseal(DatabaseRole.LEDGER);

            assertThat(keys.signer("test/instance").verifierKey()).isNotEqualTo(lost);
            assertThat(census(seals)).isEqualTo(Map.of(1, 0L, 2, 1L));
        }
    }

    @Test
    void aSealerThatIsNewCatchesUpWithMoreVersionsThanItHasRoomFor() throws Exception {
        SealerKeys seals = seals();
        for (int recorded = 0, turn = 0; turn <= KeyFile.MAX_RING; turn++) {
            recorded = turn(seals, recorded);
        }
        KeyFileSealer own = KeyFileSealer.create(directory.resolve("new"));

        new FollowedRing(database, own).catchUp(DatabaseRole.LEDGER);

        assertThat(own.installationRing().versions()).containsExactly(KeyFile.MAX_RING + 2);
        assertThat(new SigningKeys(database, own).signer("test/instance")).isNotNull();
    }

    /** The version was noted, the copy of the database taken, and the sealer lost before it sealed anything. */
    @Test
    void aVersionThatIsLostBeforeItSealedAnythingHoldsUpNothing() throws Exception {
        try (TestSealer copied = sealer.copy()) {
            seals().rotate(0);
            SealerKeys old = new Keyring(database, copied.open()).installationSeals();

            if (sealer instanceof TestSealer.InEngine) {
                // An engine has no gaps; its snapshot is to be the newest.
                assertThatExceptionOfType(TransitUnusable.class).isThrownBy(() -> old.rotate(2));
            } else {
                assertThat(old.rotate(2)).hasValue(3);
                assertThat(copied.open().installationRing().versions()).containsExactly(1, 3);
            }
        }
    }

    @Test
    void aVersionThatNobodyNotedIsNotedBeforeItSealsAndIsNoAnswerToWhoHasRecordedIt() {
        keep(new SecretRing(database, sealer.open()));
        sealer.open().installationRing().add(2);
        SealerKeys seals = seals();

        seals.reseal(1_000);

        assertThat(census(seals)).isEqualTo(Map.of(1, 0L, 2, 1L));
        assertThat(count("SELECT max(version) FROM signing.ring_version")).isEqualTo(2);
        sealer.open().installationRing().add(3);
        assertThat(seals.rotate(3)).hasValue(4);
    }

    @Test
    void aProcessThatHasSeenNoNewerVersionSealsAnewByIt() {
        SealerKeys lagging = seals();
        keep(new SecretRing(database, sealer.open()));
        assertThat(seals().rotate(0)).hasValue(2);

        assertThat(lagging.reseal(1_000)).isOne();

        assertThat(census(lagging)).isEqualTo(Map.of(1, 0L, 2, 1L));
    }

    /** The core died before it could note which sealer it is. */
    @Test
    void aVersionThatNobodyNotedIsNotedWithTheSealerThatHasIt() throws Exception {
        try (TestSealer copied = sealer.copy()) {
            sealer.open().installationRing().add(2);
            assertThat(seals().rotate(0)).hasValue(2);

            assertThatExceptionOfType(SealerOutdated.class)
                    .isThrownBy(() -> new FollowedRing(database, copied.open()).catchUp(DatabaseRole.PROXY));
        }
    }

    @Test
    void aProcessThatHasSeenNoNewerVersionSealsByIt() {
        Sealer lagging = sealer.open();
        var keys = new SigningKeys(database, lagging);
        var tokens = new RotatingKey(database, lagging, keys, "test/token");
        VerifierKey token = tokens.signer().verifierKey();
        SealerKeys seals = seals();
        assertThat(seals.rotate(0)).hasValue(2);
        keys.signer("test/source/late");
        assertThat(census(seals)).isEqualTo(Map.of(1, 2L, 2, 1L));
        seals.reseal(1_000);
        assertThat(seals.retire(1)).isTrue();
        seals.destroyThrough(1);

        keys.signer("test/source/later");
        Kept secret = keep(new SecretRing(database, lagging));
        tokens.rotate(token.keyId());

        // Two keys of access tokens, one of each source, and the environment's.
        assertThat(census(seals)).isEqualTo(Map.of(2, 5L));
        assertThat(new SecretRing(database, sealer.open()).open(secret.where(), secret.sealed()))
                .asString()
                .isEqualTo(secret.value());
        assertThat(tokens.signer().verifierKey()).isNotEqualTo(token);
    }

    @Test
    void aDestroyedKeyIsSealedByNothing() {
        var keys = new SigningKeys(database, sealer.open());
        var tokens = new RotatingKey(database, sealer.open(), keys, "test/token");
        SealerKeys seals = seals();
        VerifierKey token = tokens.signer().verifierKey();
        assertThat(census(seals)).isEqualTo(Map.of(1, 2L));

        tokens.rotate(token.keyId());

        assertThat(census(seals)).isEqualTo(Map.of(1, 2L));
        assertThat(count("SELECT count(*) FROM signing.private_key")).isEqualTo(3);
    }

    @Test
    void theCoreAloneTurnsIt() {
        refused(DatabaseRole.LEDGER, "UPDATE signing.ring SET oldest = 2");
        refused(DatabaseRole.LEDGER, "UPDATE signing.ring SET destroyed_before = 2");
        refused(DatabaseRole.PROXY, "INSERT INTO signing.ring_version (version) VALUES (2)");
        refused(DatabaseRole.VAULT, "SELECT * FROM signing.sealed");
        refused(DatabaseRole.KEYRING, "DELETE FROM signing.sealed");
        refused(DatabaseRole.RETENTION, "SELECT * FROM signing.ring");
    }

    private void refused(DatabaseRole role, String sql) {
        assertThatExceptionOfType(DatabaseUnavailable.class)
                .as("%s: %s", role, sql)
                .isThrownBy(() -> database.inTenant(role, "*", connection -> {
                    try (var statement = connection.createStatement()) {
                        return statement.execute(sql);
                    }
                }))
                .satisfies(refused -> assertThat(refused.sqlState()).isEqualTo("42501"));
    }

    private static Map<Integer, Long> census(SealerKeys keys) {
        return keys.census().stream().collect(Collectors.toMap(SealerKeys.Version::version, SealerKeys.Version::seals));
    }

    /** A secret in an environment of its own. */
    private static Kept keep(SecretRing ring) {
        String value = "value " + id();
        var where = new SecretPlace(id(), "prod", "prod/db/password", 1);
        return new Kept(where, ring.seal(where, value.getBytes(StandardCharsets.UTF_8)), value);
    }
}
