package dev.chancery.keyring;

import static dev.chancery.keyring.Ring.id;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.database.Database;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.testkit.Backing;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process is killed while it turns the keys above subjects' and those that sign, anywhere: everything opens, and the next one ends what it left. */
class KilledKeyTurnsTest {
    private static final int ROUNDS = "full".equals(System.getProperty("chancery.rounds")) ? 50 : 5;
    private static final long LONGEST_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long SEED = Long.getLong("keyring.seed", new Random().nextLong());
    private static final int SIGKILLED = 137;

    private final Database database = Backing.database("keyring");
    private final String tenant = id();

    @TempDir
    private Path directory;

    private record Planted(SealContext where, Sealed sealed, String value) {}

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void whereverAProcessDiesNothingIsLostAndTheNextOneGoesOn() throws Exception {
        System.out.println("keyring.seed=" + SEED);
        var random = new Random(SEED);
        Path keyFile = directory.resolve("key");
        KeyFileSealer.create(keyFile);
        List<Planted> planted = new ArrayList<>();
        Map<String, VerifierKey> signing = new HashMap<>();
        for (int round = 0; round < ROUNDS; round++) {
            var before = new Keyring(database, KeyFileSealer.open(keyFile));
            for (int i = 0; i < 5; i++) {
                SealContext where = Ring.email(i == 0 ? id() : tenant, id());
                String value = "value " + id();
                planted.add(new Planted(where, before.seal(where, value), value));
            }
            String name = "test/source/f" + round;
            signing.put(name, signer(keyFile, name));
            Process process = TurningProcess.start(keyFile, database, tenant);
            LockSupport.parkNanos(random.nextLong(LONGEST_NANOS));
            process.destroyForcibly();
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(SIGKILLED);

            var after = new Keyring(database, KeyFileSealer.open(keyFile));
            for (Keyring each : List.of(before, after)) {
                assertThat(planted).allSatisfy(value -> assertThat(
                                each.open(value.where(), value.sealed()).text())
                        .contains(value.value()));
            }
            signing.forEach((each, key) -> assertThat(signer(keyFile, each)).isEqualTo(key));
            TurningProcess.turn(after, tenant);
            assertThat(after.organisations().census(tenant)).hasSizeLessThanOrEqualTo(2);
            assertThat(after.seals().census()).hasSizeLessThanOrEqualTo(2);
            assertThat(after.installationSeals().census()).hasSizeLessThanOrEqualTo(2);
        }
    }

    private VerifierKey signer(Path keyFile, String name) {
        return new SigningKeys(database, KeyFileSealer.open(keyFile))
                .signer(name)
                .verifierKey();
    }
}
