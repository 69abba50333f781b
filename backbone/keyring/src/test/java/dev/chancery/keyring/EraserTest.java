package dev.chancery.keyring;

import static dev.chancery.keyring.Ring.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chancery.database.Database;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.testkit.Backing;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Somebody with every copy that there is tries to open what was destroyed. */
class EraserTest extends WithSealer {
    private static final int SUBJECTS = "full".equals(System.getProperty("chancery.rounds")) ? 1_000 : 10;

    private final String tenant = id();
    private final String another = id();

    /** A value that was sealed to somebody. */
    private record Planted(SealContext where, Sealed sealed, String value) {}

    /** The tables of keys as they once were. */
    private record Copy(List<String> tenantKeys, List<String> subjectKeys) {}

    @Test
    void afterTheHorizonNoCopyOpensADestroyedSubjectAndAllOthersOpen() throws Exception {
        Keyring keyring = process();
        List<Planted> destroyed = new ArrayList<>();
        List<Planted> others = new ArrayList<>(plant(keyring, another));
        for (int i = 0; i < SUBJECTS; i++) {
            (i % 2 == 0 ? destroyed : others).addAll(plant(keyring, tenant));
        }
        byte[] hash = keyring.keyedHash(tenant, "identity/email", new byte[] {1});
        Copy backup = copy();
        TestSealer sealerThen = sealer.copy();

        destroyed.stream().map(planted -> planted.where().subject()).distinct().forEach(subject -> assertThat(
                        Ring.destroy(keyring, tenant, subject))
                .isEqualTo(2));
        assertThat(readable(destroyed, keyring)).isEmpty();
        // The attack works until the keys above are gone: with the backup and the sealer of that day, and even with
        // today's.
        assertThat(attack(destroyed, backup, backup, sealerThen)).isEqualTo(values(destroyed));
        assertThat(attack(destroyed, backup, backup, sealer)).isEqualTo(values(destroyed));

        Eraser.Above above = keyring.eraser().above(tenant);
        Eraser.Above from = keyring.eraser().renew(tenant, above);

        assertThat(from).isEqualTo(new Eraser.Above(above.tenantKey() + 1, above.ringVersion() + 1));
        Copy today = copy();
        for (Copy tenantKeys : List.of(backup, today)) {
            for (Copy subjectKeys : List.of(backup, today)) {
                assertThat(attack(destroyed, tenantKeys, subjectKeys, sealer)).isEmpty();
            }
        }
        assertThat(attack(others, today, today, sealer)).isEqualTo(values(others));
        for (Keyring each : List.of(keyring, process())) {
            assertThat(readable(others, each)).isEqualTo(values(others));
            assertThat(readable(destroyed, each)).isEmpty();
            assertThat(each.keyedHash(tenant, "identity/email", new byte[] {1})).isEqualTo(hash);
        }
    }

    /** Another tenant's renewal seals this one's keys anew, between the destruction of a subject's keys and the renewal for it. */
    @Test
    void aCopyFromBetweenTwoRenewalsOpensNothingEither() throws Exception {
        Keyring keyring = process();
        List<Planted> destroyed = plant(keyring, tenant);
        plant(keyring, another);
        Copy backup = copy();
        Eraser.Above above = keyring.eraser().above(tenant);
        Ring.destroy(keyring, tenant, destroyed.getFirst().where().subject());

        keyring.eraser().renew(another, keyring.eraser().above(another));
        Copy between = copy();
        keyring.eraser().renew(tenant, above);

        for (Copy tenantKeys : List.of(backup, between, copy())) {
            assertThat(attack(destroyed, tenantKeys, backup, sealer)).isEmpty();
        }
    }

    /** Between the destruction and the horizon each copy of the sealer opens what the database holds, with the newer one copied in time. */
    @Test
    void untilTheHorizonNoCopyOfTheSealerIsWorthless() throws Exception {
        Keyring keyring = process();
        List<Planted> destroyed = plant(keyring, tenant);
        List<Planted> others = Stream.concat(plant(keyring, tenant).stream(), plant(keyring, another).stream())
                .toList();
        Copy backup = copy();
        TestSealer before = sealer.copy();
        Eraser.Above above = keyring.eraser().above(tenant);
        Ring.destroy(keyring, tenant, destroyed.getFirst().where().subject());
        assertThat(keyring.eraser().isReplaced(tenant, above)).isFalse();

        keyring.eraser().replace(Map.of(tenant, above));

        assertThat(keyring.eraser().isReplaced(tenant, above)).isTrue();
        TestSealer between = sealer.copy();
        assertThat(attack(others, backup, backup, before)).isEqualTo(values(others));
        assertThat(attack(others, backup, backup, sealer)).isEqualTo(values(others));
        assertThat(attack(others, copy(), copy(), sealer)).isEqualTo(values(others));
        assertThat(attack(others, copy(), copy(), before)).isEmpty();
        assertThat(attack(destroyed, backup, backup, sealer)).isEqualTo(values(destroyed));

        keyring.eraser().renew(tenant, above);

        assertThat(attack(destroyed, backup, backup, sealer)).isEmpty();
        assertThat(attack(others, copy(), copy(), sealer)).isEqualTo(values(others));
        assertThat(attack(others, copy(), copy(), between)).isEqualTo(values(others));
    }

    /** The horizon of a later destruction is another: what replaced the earlier's keys stays until then. */
    @Test
    void aHorizonDestroysNothingOfALaterOne() throws Exception {
        Keyring keyring = process();
        List<Planted> first = plant(keyring, tenant);
        List<Planted> second = plant(keyring, tenant);
        List<Planted> others = plant(keyring, another);
        Copy backup = copy();
        Eraser eraser = keyring.eraser();
        Ring.destroy(keyring, tenant, first.getFirst().where().subject());
        Eraser.Above aboveFirst = eraser.above(tenant);
        eraser.replace(Map.of(tenant, aboveFirst));
        Copy between = copy();
        Ring.destroy(keyring, tenant, second.getFirst().where().subject());
        Eraser.Above aboveSecond = eraser.above(tenant);
        eraser.replace(Map.of(tenant, aboveSecond));

        eraser.renew(tenant, aboveFirst);

        assertThat(attack(first, backup, backup, sealer)).isEmpty();
        assertThat(attack(second, backup, backup, sealer)).isEmpty();
        assertThat(attack(second, between, between, sealer)).isEqualTo(values(second));
        assertThat(attack(others, between, between, sealer)).isEqualTo(values(others));
        eraser.renew(tenant, aboveSecond);
        assertThat(attack(second, between, between, sealer)).isEmpty();
        assertThat(readable(others, process())).isEqualTo(values(others));
        assertThat(sealer.versions()).isOne();
    }

    /** Two organisations' destructions that wait share one version of the ring. */
    @Test
    void manyAreReplacedAtOnce() throws Exception {
        Keyring keyring = process();
        List<Planted> destroyed = Stream.concat(plant(keyring, tenant).stream(), plant(keyring, another).stream())
                .toList();
        Copy backup = copy();
        destroyed.forEach(planted ->
                Ring.destroy(keyring, planted.where().tenant(), planted.where().subject()));
        Map<String, Eraser.Above> beyond = Map.of(
                tenant,
                keyring.eraser().above(tenant),
                another,
                keyring.eraser().above(another));
        assertThat(keyring.eraser().sinceReplaced()).isEmpty();

        keyring.eraser().replace(beyond);

        assertThat(keyring.eraser().above(tenant).ringVersion()).isEqualTo(2);
        beyond.forEach((each, above) -> {
            assertThat(keyring.eraser().sinceReplaced(each, above)).isPresent();
            assertThat(keyring.eraser().renew(each, above)).isEqualTo(new Eraser.Above(2, 2));
        });
        assertThat(attack(destroyed, backup, copy(), sealer)).isEmpty();
        assertThat(attack(destroyed, backup, backup, sealer)).isEmpty();
    }

    /** A row of one organisation is damaged: its subjects wait, all others are forgotten. */
    @Test
    void anOrganisationWhoseKeyDoesNotOpenHoldsUpNoOther() throws Exception {
        Keyring keyring = process();
        List<Planted> destroyed = plant(keyring, tenant);
        Planted damaged = plant(keyring, another).getFirst();
        List<Planted> alsoDestroyed = plant(keyring, another);
        Copy backup = copy();
        for (Planted each : List.of(destroyed.getFirst(), alsoDestroyed.getFirst())) {
            Ring.destroy(keyring, each.where().tenant(), each.where().subject());
        }
        Eraser eraser = keyring.eraser();
        Map<String, Eraser.Above> beyond = Map.of(tenant, eraser.above(tenant), another, eraser.above(another));
        String row = " WHERE subject = '" + damaged.where().subject() + "'";
        execute("UPDATE keyring.subject_key SET wrapped = set_byte(wrapped, 5, get_byte(wrapped, 5) # 1)" + row);

        assertThatExceptionOfType(Eraser.NotReplaced.class)
                .isThrownBy(() -> eraser.replace(beyond))
                .withMessageContaining(another)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain(tenant));

        assertThat(eraser.isReplaced(tenant, beyond.get(tenant))).isTrue();
        assertThat(eraser.isReplaced(another, beyond.get(another))).isFalse();
        assertThatExceptionOfType(Eraser.NotReplaced.class)
                .isThrownBy(() -> eraser.renew(another, beyond.get(another)));
        eraser.renew(tenant, beyond.get(tenant));
        assertThat(attack(destroyed, backup, backup, sealer)).isEmpty();

        execute("UPDATE keyring.subject_key SET wrapped = set_byte(wrapped, 5, get_byte(wrapped, 5) # 1)" + row);
        eraser.renew(another, beyond.get(another));
        assertThat(attack(alsoDestroyed, backup, backup, sealer)).isEmpty();
        assertThat(readable(List.of(damaged), process())).isEqualTo(values(List.of(damaged)));
    }

    private void execute(String sql) throws SQLException {
        try (Connection superuser = Backing.postgres().superuser(database.name());
                var statement = superuser.createStatement()) {
            assertThat(statement.executeUpdate(sql)).isPositive();
        }
    }

    @Test
    void aKeyFileThatChangedIsUncopiedUntilTheEvidenceNamesItsCopy() throws Exception {
        Path keyFile = directory.resolve("file");
        KeyFileSealer.create(keyFile);
        var keyring = new Keyring(database, KeyFileSealer.open(keyFile));
        plant(keyring, tenant);
        Eraser eraser = keyring.eraser();
        assertThat(eraser.ringHealth()).isEqualTo(new Eraser.RingHealth(Optional.empty(), Optional.empty()));
        Eraser.Above above = eraser.above(tenant);

        eraser.replace(Map.of(tenant, above));
        assertThat(eraser.ringHealth().uncopied()).isPresent();
        said(keyFile);
        assertThat(eraser.ringHealth().uncopied()).isEmpty();
        assertThat(new Keyring(database, KeyFileSealer.open(keyFile))
                        .eraser()
                        .ringHealth()
                        .uncopied())
                .isEmpty();
        eraser.renew(tenant, above);

        assertThat(eraser.ringHealth().uncopied()).isPresent();
        said(keyFile);
        assertThat(eraser.ringHealth().uncopied()).isEmpty();
    }

    /** As the operator does it. */
    private void said(Path keyFile) throws Exception {
        Path copy = Files.copy(keyFile, directory.resolve("copy"), StandardCopyOption.REPLACE_EXISTING);
        int exit = new ProcessBuilder("sha256sum", copy.toString())
                .redirectOutput(directory.resolve("file.copied").toFile())
                .start()
                .waitFor();
        assertThat(exit).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void whereAProcessDiesAfterAStepAnotherGoesOn(DestructionStep dies) throws Exception {
        Keyring keyring = process();
        List<Planted> destroyed = plant(keyring, tenant);
        List<Planted> others = Stream.concat(plant(keyring, tenant).stream(), plant(keyring, another).stream())
                .toList();
        Copy backup = copy();
        String subject = destroyed.getFirst().where().subject();
        Eraser.Above above = keyring.eraser().above(tenant);
        Eraser dying = keyring.eraser().telling(step -> {
            if (step == dies) {
                throw new Died();
            }
        });

        assertThatExceptionOfType(Died.class).isThrownBy(() -> {
            dying.destroy(tenant, subject, Eraser.allClasses());
            dying.renew(tenant, above);
        });
        assertThat(readable(others, process())).isEqualTo(values(others));
        Keyring next = process();
        next.eraser().destroy(tenant, subject, Eraser.allClasses());
        next.eraser().renew(tenant, above);

        assertThat(attack(destroyed, backup, backup, sealer)).isEmpty();
        assertThat(attack(destroyed, backup, copy(), sealer)).isEmpty();
        assertThat(readable(destroyed, next)).isEmpty();
        for (Keyring each : List.of(keyring, next, process())) {
            assertThat(readable(others, each)).isEqualTo(values(others));
        }
        // Nothing is done twice.
        assertThat(next.eraser().above(tenant))
                .isEqualTo(new Eraser.Above(above.tenantKey() + 1, above.ringVersion() + 1));
    }

    @Test
    void aClassThatIsHeldStaysReadable() {
        Keyring keyring = process();
        List<Planted> both = plant(keyring, tenant);
        String subject = both.getFirst().where().subject();

        keyring.eraser().destroy(tenant, subject, List.of(RetentionClass.RETENTION_CLASS_ACCOUNT));

        assertThat(readable(both, keyring)).containsExactly(both.getLast().value());
        assertThat(readable(both, process())).containsExactly(both.getLast().value());
        assertThatExceptionOfType(KeyDestroyed.class)
                .isThrownBy(() -> process().seal(both.getFirst().where(), "again"));
        keyring.eraser().destroy(tenant, subject, List.of(RetentionClass.RETENTION_CLASS_AUDIT));
        assertThat(readable(both, process())).isEmpty();
        assertThatExceptionOfType(KeyDestroyed.class)
                .isThrownBy(() -> process().seal(both.getLast().where(), "again"));
    }

    @Test
    void processesThatGoOnSealingLoseNothingWhileKeysAreRenewed() throws Exception {
        Keyring renewing = process();
        Keyring sealing = process();
        var stop = new AtomicBoolean();
        List<Planted> planted = new ArrayList<>(plant(sealing, tenant));
        try (var thread = Executors.newSingleThreadExecutor()) {
            var sealed = thread.submit(() -> {
                List<Planted> more = new ArrayList<>();
                while (!stop.get()) {
                    more.addAll(plant(sealing, tenant));
                    more.addAll(plant(sealing, id()));
                }
                return more;
            });
            for (int i = 0; i < 5; i++) {
                renewing.eraser().renew(tenant, renewing.eraser().above(tenant));
            }
            stop.set(true);
            planted.addAll(sealed.get());
        }

        for (Keyring each : List.of(sealing, renewing, process())) {
            assertThat(readable(planted, each)).isEqualTo(values(planted));
        }
        assertThat(sealer.versions()).isOne();
    }

    private static final class Died extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private static List<Planted> plant(Keyring keyring, String tenant) {
        String subject = id();
        return Stream.of(Ring.email(tenant, subject), Ring.reason(tenant, subject))
                .map(where -> {
                    String value = "value " + id();
                    return new Planted(where, keyring.seal(where, value), value);
                })
                .toList();
    }

    private static List<String> values(List<Planted> planted) {
        return planted.stream().map(Planted::value).toList();
    }

    private static List<String> readable(List<Planted> planted, Keyring keyring) {
        return planted.stream()
                .map(each -> keyring.open(each.where(), each.sealed()).text())
                .flatMap(Optional::stream)
                .toList();
    }

    /** What opens in a database of the attacker's own, with these tables and this sealer. */
    private List<String> attack(List<Planted> planted, Copy tenantKeys, Copy subjectKeys, TestSealer keys)
            throws SQLException {
        try (Database theirs = Backing.database("keyring")) {
            try (Connection superuser = Backing.postgres().superuser(theirs.name());
                    var statement = superuser.createStatement()) {
                statement.execute("SET session_replication_role = replica");
                for (String row : tenantKeys.tenantKeys()) {
                    statement.execute(
                            "INSERT INTO keyring.tenant_key SELECT * FROM json_populate_record(null::keyring.tenant_key, '"
                                    + row + "')");
                }
                for (String row : subjectKeys.subjectKeys()) {
                    statement.execute(
                            "INSERT INTO keyring.subject_key SELECT * FROM json_populate_record(null::keyring.subject_key, '"
                                    + row + "')");
                }
            }
            var attacker = new Keyring(theirs, keys.open());
            List<String> opened = new ArrayList<>();
            for (Planted each : planted) {
                try {
                    attacker.open(each.where(), each.sealed()).text().ifPresent(opened::add);
                } catch (KeyDestroyed | KeyMissing | SealBroken e) {
                    // not with these
                }
            }
            return opened;
        }
    }

    private Copy copy() throws SQLException {
        return new Copy(rows("tenant_key"), rows("subject_key"));
    }

    private List<String> rows(String table) throws SQLException {
        try (Connection superuser = Backing.postgres().superuser(database.name());
                var statement = superuser.createStatement();
                var found = statement.executeQuery("SELECT row_to_json(k)::text FROM keyring." + table + " k")) {
            List<String> rows = new ArrayList<>();
            while (found.next()) {
                rows.add(found.getString(1));
            }
            return rows;
        }
    }
}
