package dev.chancery.keyring;

import static dev.chancery.keyring.Ring.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.testkit.Backing;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The organisation's key and the sealer's ring turn because somebody asks, while everything else goes on. */
class KeyTurnsTest extends WithSealer {
    private static final int TURNS = 10;
    private static final Duration AT_ONCE = Duration.ZERO;
    private static final Duration LONG_AGO = Duration.ofHours(1);

    private final String tenant = id();
    private final String another = id();

    private record Planted(SealContext where, Sealed sealed, String value) {}

    @Test
    void tenTurnsOfEachLoseNothingWhileOthersSealOpenSignAndErase() throws Exception {
        Keyring turning = process();
        Keyring sealing = process();
        Keyring erasing = process();
        Sealer signing = sealer.open();
        List<Planted> planted = new ArrayList<>(List.of(plant(sealing, tenant), plant(sealing, another)));
        List<Planted> erased = new ArrayList<>();
        var stop = new AtomicBoolean();
        try (var threads = Executors.newFixedThreadPool(4)) {
            Future<List<Planted>> sealed = threads.submit(until(stop, () -> {
                Planted each = plant(sealing, tenant);
                assertThat(text(sealing, each)).contains(each.value());
                return List.of(each, plant(sealing, id()));
            }));
            Future<List<Planted>> forgotten = threads.submit(until(stop, () -> {
                Planted each = plant(erasing, tenant);
                Ring.destroy(erasing, tenant, each.where().subject());
                erasing.eraser().renew(tenant, erasing.eraser().above(tenant));
                return List.of(each);
            }));
            Future<List<Planted>> signed = threads.submit(until(stop, () -> {
                new SigningKeys(database, signing).signer("test/source/f" + id().substring(0, 8));
                return List.of();
            }));
            try {
                var organisations = threads.submit(() -> {
                    for (int recorded = 0, turn = 0; turn < TURNS; turn++) {
                        recorded = turnOrganisation(turning.organisations(), recorded);
                    }
                    return true;
                });
                for (int recorded = 0, turn = 0; turn < TURNS; turn++) {
                    recorded = turnRing(turning.seals(), recorded);
                }
                organisations.get();
            } finally {
                stop.set(true);
            }
            planted.addAll(sealed.get());
            erased.addAll(forgotten.get());
            signed.get();
        }

        for (Keyring each : List.of(sealing, turning, erasing, process())) {
            assertThat(planted)
                    .allSatisfy(value -> assertThat(text(each, value)).contains(value.value()));
            assertThat(erased).allSatisfy(value -> assertThat(text(each, value)).isEmpty());
        }
        assertThat(turning.organisations().census(tenant).stream()
                        .mapToLong(OrganisationKeys.Version::wraps)
                        .sum())
                .isEqualTo(count("SELECT count(*) FROM keyring.subject_key WHERE wrapped IS NOT NULL AND tenant = '"
                        + tenant + "'"));
        assertThat(turning.seals().census().stream()
                        .mapToLong(SealerKeys.Version::seals)
                        .sum())
                .isEqualTo(count("SELECT count(*) FROM keyring.tenant_key WHERE wrapped IS NOT NULL"));
    }

    /** Rotates, rewraps a few at a time until nothing is left, retires. An erasure may have done any of it before. */
    private int turnOrganisation(OrganisationKeys keys, int recorded) {
        int version = keys.rotate(tenant, recorded).orElseThrow();
        assertThat(version).isGreaterThan(recorded);
        do {
            keys.rewrap(tenant, 3);
        } while (!keys.retire(tenant, version - 1));
        assertThat(keys.census(tenant))
                .allSatisfy(each -> assertThat(each.version()).isGreaterThanOrEqualTo(version));
        return version;
    }

    private static int turnRing(SealerKeys seals, int recorded) {
        int version = seals.rotate(recorded).orElseThrow();
        assertThat(version).isGreaterThan(recorded);
        do {
            seals.reseal(3);
        } while (!seals.retire(version - 1));
        seals.destroyRetired(AT_ONCE);
        assertThat(seals.census()).allSatisfy(each -> assertThat(each.version()).isGreaterThanOrEqualTo(version));
        return version;
    }

    @Test
    void anOrganisationsKeyThatWrapsSomethingIsNotRetiredAndEachRowCounts() {
        Keyring keyring = process();
        OrganisationKeys keys = keyring.organisations();
        List<Planted> planted = List.of(plant(keyring, tenant), plant(keyring, tenant), plant(keyring, tenant));
        Planted elsewhere = plant(keyring, another);
        assertThat(keys.retire(tenant, 1)).isFalse();

        assertThat(keys.rotate(tenant, 0)).hasValue(2);

        assertThat(wraps(keys)).isEqualTo(Map.of(1, 3L, 2, 0L));
        assertThat(keys.retire(tenant, 1)).isFalse();
        assertThat(keys.rewrap(tenant, 2)).isEqualTo(2);
        assertThat(wraps(keys)).isEqualTo(Map.of(1, 1L, 2, 2L));
        assertThat(keys.retire(tenant, 1)).isFalse();
        Planted later = plant(process(), tenant);
        assertThat(wraps(keys)).isEqualTo(Map.of(1, 1L, 2, 3L));
        assertThat(keys.rewrap(tenant, 1_000)).isOne();
        assertThat(keys.rewrap(tenant, 1_000)).isZero();
        assertThat(keys.retire(tenant, 1)).isTrue();
        assertThat(keys.retire(tenant, 1)).isTrue();
        assertThat(keys.retire(tenant, 2)).isFalse();
        assertThat(wraps(keys)).isEqualTo(Map.of(2, 4L));
        assertThat(keys.census(another)).hasSize(1);
        for (Keyring each : List.of(keyring, process())) {
            assertThat(planted)
                    .allSatisfy(value -> assertThat(text(each, value)).contains(value.value()));
            assertThat(text(each, later)).contains(later.value());
            assertThat(text(each, elsewhere)).contains(elsewhere.value());
        }
    }

    @Test
    void aRingVersionThatSealsSomethingIsNotRetiredAndEachRowCounts() {
        Keyring keyring = process();
        SealerKeys seals = keyring.seals();
        List<Planted> planted = List.of(plant(keyring, tenant), plant(keyring, another));
        assertThat(seals.retire(1)).isFalse();

        assertThat(seals.rotate(0)).hasValue(2);

        assertThat(seals(seals)).isEqualTo(Map.of(1, 2L, 2, 0L));
        assertThat(seals.retire(1)).isFalse();
        assertThat(seals.reseal(1)).isOne();
        assertThat(seals.retire(1)).isFalse();
        assertThat(seals(seals)).isEqualTo(Map.of(1, 1L, 2, 1L));
        assertThat(seals.reseal(1_000)).isOne();
        assertThat(seals.census()).noneMatch(each -> each.retiredAt().isPresent());
        assertThat(seals.retire(1)).isTrue();
        assertThat(seals.retire(2)).isFalse();
        // It opens older copies until it was retired for long enough.
        seals.destroyRetired(LONG_AGO);
        assertThat(sealer.versions()).isEqualTo(2);
        assertThat(seals.census().getFirst().retiredAt()).isPresent();
        assertThat(seals.census().getLast().retiredAt()).isEmpty();
        seals.destroyRetired(AT_ONCE);
        assertThat(sealer.versions()).isOne();
        assertThat(seals(seals)).isEqualTo(Map.of(2, 2L));
        for (Keyring each : List.of(keyring, process())) {
            assertThat(planted)
                    .allSatisfy(value -> assertThat(text(each, value)).contains(value.value()));
        }
    }

    /** A process that did not see the newer version seals by the older until that is retired. */
    @Test
    void aProcessThatLagsBehindSealsByNoRetiredVersion() {
        Keyring lagging = process();
        plant(lagging, tenant);
        Keyring turning = process();
        int version = turning.seals().rotate(0).orElseThrow();
        Planted late = plant(lagging, another);
        assertThat(seals(turning.seals())).isEqualTo(Map.of(1, 2L, 2, 0L));

        turning.seals().reseal(1_000);
        assertThat(turning.seals().retire(version - 1)).isTrue();
        Planted later = plant(lagging, id());

        assertThat(seals(turning.seals())).isEqualTo(Map.of(1, 0L, 2, 3L));
        turning.seals().destroyRetired(AT_ONCE);
        assertThat(text(lagging, late)).contains(late.value());
        assertThat(text(process(), later)).contains(later.value());
    }

    @Test
    void aTurnThatIsNotRecordedIsNotMadeAgain() {
        Keyring keyring = process();
        plant(keyring, tenant);
        assertThat(keyring.organisations().rotate(tenant, 0)).hasValue(2);
        assertThat(keyring.seals().rotate(0)).hasValue(2);

        Keyring next = process();

        assertThat(next.organisations().rotate(tenant, 0)).hasValue(2);
        assertThat(next.seals().rotate(0)).hasValue(2);
        assertThat(next.organisations().rotate(tenant, 2)).hasValue(3);
        assertThat(next.seals().rotate(2)).hasValue(3);
        // What an erasure made is not what was asked for.
        next.eraser().renew(tenant, next.eraser().above(tenant));
        assertThat(next.organisations().rotate(tenant, 3)).hasValue(5);
        assertThat(next.seals().rotate(3)).hasValue(5);
    }

    /** The process died after the ring had the version, and before PostgreSQL knew. */
    @Test
    void aVersionThatNobodyNotedIsFound() {
        Keyring keyring = process();
        plant(keyring, tenant);
        sealer.open().ring().add(2);

        assertThat(keyring.seals().rotate(0)).hasValue(2);

        assertThat(keyring.seals().census().getLast().madeAt()).isPresent();
        assertThat(keyring.seals().rotate(2)).hasValue(3);
    }

    @Test
    void anOrganisationHasTenVersionsAtMostAndItsErasuresMakeTheirsAnyway() {
        Keyring keyring = process();
        OrganisationKeys keys = keyring.organisations();
        Planted destroyed = plant(keyring, tenant);
        for (int version = 2; version <= OrganisationKeys.MAX_VERSIONS; version++) {
            assertThat(keys.rotate(tenant, version - 1)).hasValue(version);
        }
        assertThat(keys.rotate(tenant, OrganisationKeys.MAX_VERSIONS)).isEmpty();

        Ring.destroy(keyring, tenant, destroyed.where().subject());
        keyring.eraser().renew(tenant, keyring.eraser().above(tenant));

        assertThat(keys.rotate(tenant, OrganisationKeys.MAX_VERSIONS)).hasValue(OrganisationKeys.MAX_VERSIONS + 2);
    }

    /** However often somebody asks: the erasures' room and their pace are theirs. */
    @Test
    void whatIsAskedForHoldsUpNoErasureAndHastensNone() {
        Keyring keyring = process();
        plant(keyring, another);
        Planted destroyed = plant(keyring, tenant);
        SealerKeys seals = keyring.seals();
        for (int recorded = 0, turn = 0; turn < SealerKeys.MAX_ASKED; turn++) {
            recorded = seals.rotate(recorded).orElseThrow();
        }
        assertThat(seals.rotate(SealerKeys.MAX_ASKED + 1)).isEqualTo(OptionalInt.empty());
        assertThat(keyring.eraser().sinceReplaced()).isEmpty();

        Eraser.Above above = keyring.eraser().above(tenant);
        Ring.destroy(keyring, tenant, destroyed.where().subject());
        keyring.eraser().replace(Map.of(tenant, above));
        assertThat(keyring.eraser().sinceReplaced()).isPresent();
        update("UPDATE keyring.ring_version SET older_retired_at = older_retired_at - interval '1 hour'"
                + " WHERE version > " + above.ringVersion());
        int asked = seals.rotate(SealerKeys.MAX_ASKED + 1).orElse(0);
        seals.reseal(1_000);
        assertThat(asked).isZero();

        assertThat(keyring.eraser().sinceReplaced(tenant, above).orElseThrow())
                .isBetween(LONG_AGO, LONG_AGO.plusMinutes(5));
        keyring.eraser().renew(tenant, above);
        assertThat(sealer.versions()).isOne();
        assertThat(seals.rotate(SealerKeys.MAX_ASKED + 1)).hasValue(above.ringVersion() + 2);
    }

    /** A version that somebody asked for before replaces an erasure's keys from when nothing is sealed by older ones. */
    @Test
    void aVersionThatWasAskedForReplacesNothingBeforeItSealsEverything() {
        Keyring keyring = process();
        Planted destroyed = plant(keyring, tenant);
        Eraser.Above above = keyring.eraser().above(tenant);
        Ring.destroy(keyring, tenant, destroyed.where().subject());
        keyring.seals().rotate(0);
        update("UPDATE keyring.ring_version SET made_at = made_at - interval '1 hour'");

        keyring.eraser().replace(Map.of(tenant, above));

        assertThat(keyring.eraser().sinceReplaced(tenant, above).orElseThrow()).isLessThan(Duration.ofMinutes(5));
    }

    @Test
    void theKeyringsRoleAloneSeesAndNotesVersions() {
        process().seals().rotate(0);

        for (DatabaseRole role : List.of(DatabaseRole.VAULT, DatabaseRole.LEDGER, DatabaseRole.RETENTION)) {
            assertThatExceptionOfType(DatabaseUnavailable.class)
                    .isThrownBy(() -> database.inTenant(role, tenant, connection -> {
                        try (var statement = connection.createStatement()) {
                            return statement.executeQuery("SELECT * FROM keyring.ring_version");
                        }
                    }));
        }
    }

    private static Callable<List<Planted>> until(AtomicBoolean stop, Callable<List<Planted>> round) {
        return () -> {
            List<Planted> all = new ArrayList<>();
            while (!stop.get()) {
                all.addAll(round.call());
            }
            return all;
        };
    }

    private Map<Integer, Long> wraps(OrganisationKeys keys) {
        return keys.census(tenant).stream()
                .collect(Collectors.toMap(OrganisationKeys.Version::version, OrganisationKeys.Version::wraps));
    }

    private static Map<Integer, Long> seals(SealerKeys keys) {
        return keys.census().stream().collect(Collectors.toMap(SealerKeys.Version::version, SealerKeys.Version::seals));
    }

    private static Planted plant(Keyring keyring, String tenant) {
        SealContext where = Ring.email(tenant, id());
        String value = "value " + id();
        return new Planted(where, keyring.seal(where, value), value);
    }

    private static Optional<String> text(Keyring keyring, Planted planted) {
        return keyring.open(planted.where(), planted.sealed()).text();
    }

    private void update(String sql) {
        try (Connection superuser = Backing.postgres().superuser(database.name());
                var statement = superuser.createStatement()) {
            assertThat(statement.executeUpdate(sql)).isPositive();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
