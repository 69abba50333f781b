package dev.chancery.vault;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.command.Clock;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.SecretPlace;
import dev.chancery.schema.vault.v1.SecretRotationSet;
import dev.chancery.schema.vault.v1.SecretVersionState;
import dev.chancery.schema.vault.v1.SecretVersionWritten;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Secrets turn when they are due, over a real log. */
class RotationsTest extends WithVaultLog {
    private static final String SECRET = "prod/mail/key";
    private static final String OWNER = "0199f2aa-0000-7000-8000-000000000001";

    @BeforeEach
    void anEnvironment() {
        ring.rotate(tenant, "prod", 1);
    }

    private Rotations process() {
        return new Rotations(new VaultList(database), log(), ring);
    }

    private void round() {
        try (var process = process()) {
            process.round();
        }
    }

    private Secret secret() {
        return log().secret(tenant, SECRET).state();
    }

    /** What a schedule says, on the log. */
    private void schedule(int everyDays, int windowHours, boolean generated) {
        append(
                Names.secret(SECRET),
                SecretRotationSet.newBuilder()
                        .setSecret(SECRET)
                        .setOwnerId(OWNER)
                        .setEveryDays(everyDays)
                        .setWindowHours(windowHours)
                        .setGenerated(generated)
                        .build());
    }

    private void write(int version, String value) {
        append(
                Names.secret(SECRET),
                SecretVersionWritten.newBuilder()
                        .setSecret(SECRET)
                        .setSecretVersion(version)
                        .setValue(ring.seal(place(version), value.getBytes(UTF_8)))
                        .build());
    }

    private SecretPlace place(int version) {
        return new SecretPlace(tenant, "prod", SECRET, version);
    }

    private String value(int version) {
        return new String(
                ring.open(
                        place(version),
                        secret().version(version).orElseThrow().value().orElseThrow()),
                UTF_8);
    }

    /** What the projection makes of the log. */
    private void listed(String of, String name, int everyDays, boolean generated, int daysAgo, int newest) {
        long since = Clock.nowMicros() - TimeUnit.DAYS.toMicros(daysAgo);
        update(
                of,
                "INSERT INTO vault.secret (tenant, secret, environment, owner, every_days, generated, since_micros) VALUES"
                        + " ('%s', '%s', 'prod', '%s', %d, %b, %d) ON CONFLICT (tenant, environment, secret) DO UPDATE SET"
                                .formatted(of, name, OWNER, everyDays, generated, since)
                        + " every_days = EXCLUDED.every_days, since_micros = EXCLUDED.since_micros");
        if (newest > 0) {
            update(
                    of,
                    "INSERT INTO vault.version (tenant, secret, version, state, written_micros) VALUES ('%s', '%s', %d, %d, %d)"
                            .formatted(of, name, newest, SecretVersionState.SECRET_VERSION_STATE_CURRENT_VALUE, since));
        }
    }

    private void update(String of, String sql) {
        database.inTenant(DatabaseRole.VAULT, of, connection -> {
            try (var statement = connection.createStatement()) {
                return statement.executeUpdate(sql);
            }
        });
    }

    @Test
    void aSecretThatIsDueGetsAValueOfItsOwnAndTheOldOneItsWindow() {
        schedule(90, 24, true);
        write(1, "Papagei");
        listed(tenant, SECRET, 90, true, 91, 1);

        round();

        assertThat(secret().current()).contains(2);
        assertThat(value(2)).hasSize(43).isNotEqualTo("Papagei");
        assertThat(secret().version(1)).hasValueSatisfying(old -> {
            assertThat(old.state()).isEqualTo(SecretVersionState.SECRET_VERSION_STATE_DEPRECATED);
            assertThat(old.untilMicros() - Clock.nowMicros())
                    .isBetween(TimeUnit.HOURS.toMicros(23), TimeUnit.HOURS.toMicros(24));
        });
        assertThat(value(1)).isEqualTo("Papagei");
        round();
        assertThat(secret().newest()).as("the list is behind the log").isEqualTo(2);
        listed(tenant, SECRET, 90, true, 90, 2);
        round();
        assertThat(secret().newest()).as("due again").isEqualTo(3);
    }

    @Test
    void theFirstValueIsMadeToo() {
        schedule(1, 0, true);
        listed(tenant, SECRET, 1, true, 1, 0);
        round();
        assertThat(secret().current()).contains(1);
    }

    @ParameterizedTest
    @CsvSource({"90, true, 89", "0, true, 5000", "90, false, 91"})
    void whatIsNotDueOrWrittenByHandStays(int everyDays, boolean generated, int daysAgo) {
        schedule(everyDays, 24, generated);
        write(1, "Papagei");
        listed(tenant, SECRET, everyDays, generated, daysAgo, 1);
        round();
        assertThat(secret().newest()).isOne();
    }

    @Test
    void aScheduleThatTheListHasNotSeenYetCounts() {
        schedule(90, 24, true);
        write(1, "Papagei");
        listed(tenant, SECRET, 90, true, 91, 1);
        schedule(365, 24, true);
        round();
        assertThat(secret().newest()).isOne();
    }

    /** A process that died before the record has left a key of the version. */
    @Test
    void whatAProcessLeftThatDiedBeforeTheRecordIsTakenUp() {
        schedule(90, 24, true);
        write(1, "Papagei");
        listed(tenant, SECRET, 90, true, 91, 1);
        ring.seal(place(2), "nobody's".getBytes(UTF_8));
        round();
        assertThat(value(2)).hasSize(43);
    }

    @Test
    void ofSeveralProcessesOneTurnsIt() throws Exception {
        schedule(90, 24, true);
        write(1, "Papagei");
        listed(tenant, SECRET, 90, true, 91, 1);
        var ready = new CountDownLatch(4);
        try (var threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> rounds = IntStream.range(0, 4)
                    .<Future<?>>mapToObj(i -> threads.submit(() -> {
                        try (var process = process()) {
                            ready.countDown();
                            ready.await();
                            process.round();
                        }
                        return null;
                    }))
                    .toList();
            for (Future<?> each : rounds) {
                each.get();
            }
        }
        assertThat(secret().newest()).isEqualTo(2);
        assertThat(value(2)).hasSize(43);
    }

    @Test
    void whatCantBeTurnedHoldsUpNobodyAndIsCounted() {
        for (int i = 0; i < VaultRules.MAX_READABLE; i++) {
            write(i + 1, "Papagei");
        }
        schedule(90, 0, true);
        listed(tenant, SECRET, 90, true, 91, VaultRules.MAX_READABLE);
        String other = UUID.randomUUID().toString();
        begin(other);
        ring.rotate(other, "prod", 1);
        append(
                DatabaseRole.VAULT,
                other,
                Names.secret(SECRET),
                SecretRotationSet.newBuilder()
                        .setSecret(SECRET)
                        .setOwnerId(OWNER)
                        .setEveryDays(1)
                        .setGenerated(true)
                        .build());
        listed(other, SECRET, 1, true, 1, 0);
        for (int i = 0; i <= Rotations.MAX_OF_ONE; i++) {
            listed(tenant, "prod/more/" + i, 90, true, 900, 0);
        }

        try (var process = process()) {
            process.round();
            assertThat(log().secret(other, SECRET).state().current()).contains(1);
            for (int i = 0; i < 500 && process.stuck() == 0; i++) {
                process.round();
            }
            assertThat(process.stuck()).isOne();
        }

        assertThat(secret().newest()).isEqualTo(VaultRules.MAX_READABLE);
    }
}
