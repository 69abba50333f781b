package dev.chancery.retention;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.DestructionStep;
import dev.chancery.keyring.KeyDestroyed;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SealContext;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.log.LogEntries;
import dev.chancery.log.LogTimes;
import dev.chancery.log.Streams;
import dev.chancery.retention.ErasingProcess.Asked;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.testkit.Backing;
import dev.chancery.testkit.log.LogFixture;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes that erase are killed with SIGKILL after each step, and the next one ends what they leave. A subject for each step;
 * {@code -Dchancery.rounds=full} for ten, in other orders; {@code -Dretention.seed} repeats a run.
 */
class KilledEraserTest {
    private static final int ROUNDS = "full".equals(System.getProperty("chancery.rounds")) ? 10 : 1;
    private static final long SEED = Long.getLong("retention.seed", new Random().nextLong());
    private static final int SIGKILLED = 137;
    private static final long NOW = 1_780_000_000_000_000L;

    /** Those that refer to others last. */
    private static final List<String> KEY_TABLES = List.of("ring", "ring_version", "tenant_key", "subject_key");

    private final Database database = Backing.database("keyring", "log", "relay", "projection", "retention");
    private final String tenant = UUID.randomUUID().toString();

    @TempDir
    private Path directory;

    private Path keyFile = Path.of("");

    /**
     * @param backup a schema with the key tables from before the erasure was asked for
     */
    private record Victim(Asked asked, SealContext where, Sealed sealed, String backup) {}

    @BeforeEach
    void aLog() {
        keyFile = directory.resolve("key");
        new LogFixture(database, KeyFileSealer.create(keyFile)).begin(tenant);
    }

    @AfterEach
    void close() {
        database.close();
    }

    /** Both enums' steps: a new one is killed after as well. */
    private static List<String> steps() {
        return Stream.concat(Stream.of(ErasureStep.values()), Stream.of(DestructionStep.values()))
                .<String>map(Enum::name)
                .toList();
    }

    @Test
    void aKilledProcessLeavesNoFalseCertificateAndTheNextOneEndsWhatItLeft() throws Exception {
        System.out.println("retention.seed=" + SEED);
        List<Victim> victims = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            List<String> order = new ArrayList<>(steps());
            Collections.shuffle(order, new Random(SEED + round));
            for (String step : order) {
                victims.add(victim("backup_" + victims.size()));
                Process process = start(step, victims);
                process.destroyForcibly();
                assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
                assertThat(process.exitValue()).isEqualTo(SIGKILLED);

                assertIsAsFarAs(victims.getLast(), step);
                if (victims.size() > 1) {
                    assertErased(victims.get(victims.size() - 2));
                }
            }
        }
        Process last = start("", victims);
        assertThat(last.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(last.exitValue()).isZero();
        for (Victim victim : victims) {
            assertErased(victim);
        }
    }

    private Process start(String step, List<Victim> victims) throws IOException {
        return ErasingProcess.start(
                keyFile,
                database,
                tenant,
                step,
                victims.subList(Math.max(0, victims.size() - 2), victims.size()).stream()
                        .map(Victim::asked)
                        .toList());
    }

    private Victim victim(String backup) throws SQLException {
        String subject = UUID.randomUUID().toString();
        var where = new SealContext(
                tenant,
                subject,
                RetentionClass.RETENTION_CLASS_ACCOUNT,
                UUID.randomUUID(),
                "chancery.test.v1.T",
                "name");
        Sealed sealed = keyring().seal(where, "Grace");
        copyKeys("keyring", backup);
        return new Victim(new Asked(subject, UUID.randomUUID().toString()), where, sealed, backup);
    }

    /** What a certificate says now is so, and what was done for it is what the step says. */
    private void assertIsAsFarAs(Victim victim, String step) throws RefusedException, SQLException {
        boolean isCompleted = step.equals(ErasureStep.COMPLETION_RECORDED.name());
        String certificate = certificate(victim);
        assertThat(certificate.contains("\"keys_destroyed\""))
                .as("%s: %s", step, certificate)
                .isEqualTo(isRecorded(step));
        assertThat(certificate.contains("\"state\":\"completed\""))
                .as("%s: %s", step, certificate)
                .isEqualTo(isCompleted);
        assertThat(opens(victim)).as(step).isEqualTo(step.equals(ErasureStep.DECIDED.name()));
        if (isCompleted) {
            assertThat(opensFromItsBackup(victim)).as(step).isFalse();
        }
    }

    /** The keys above go once the destruction is recorded. */
    private static boolean isRecorded(String step) {
        return Stream.of(ErasureStep.values())
                .filter(each -> each.name().equals(step))
                .findFirst()
                .map(each -> each.compareTo(ErasureStep.DESTRUCTION_RECORDED) >= 0)
                .orElse(!step.equals(DestructionStep.SUBJECT_KEYS_DESTROYED.name()));
    }

    private void assertErased(Victim victim) throws RefusedException, SQLException {
        var loaded = new Streams(database, DatabaseRole.RETENTION)
                .load(tenant, Subject.stream(victim.asked().subject()), Subject.FOLD);
        assertThat(loaded.version())
                .as("decided, destroyed, completed, each once")
                .isEqualTo(3);
        assertThat(certificate(victim)).contains("\"state\":\"completed\"");
        assertThat(opens(victim)).isFalse();
        assertThat(opensFromItsBackup(victim)).isFalse();
    }

    private Keyring keyring() {
        return new Keyring(database, KeyFileSealer.open(keyFile));
    }

    private boolean opens(Victim victim) {
        try {
            return keyring().open(victim.where(), victim.sealed()).text().isPresent();
        } catch (KeyDestroyed e) {
            return false;
        }
    }

    /** With the keys of an older database, and the key file of today. */
    private boolean opensFromItsBackup(Victim victim) throws SQLException {
        copyKeys("keyring", "today");
        try {
            copyKeys(victim.backup(), "keyring");
            return opens(victim);
        } finally {
            copyKeys("today", "keyring");
            superuser("DROP SCHEMA today CASCADE");
        }
    }

    private void copyKeys(String from, String to) throws SQLException {
        boolean isNew = !to.equals("keyring");
        if (isNew) {
            superuser("CREATE SCHEMA " + to);
        }
        for (String table : KEY_TABLES) {
            superuser(
                    isNew
                            ? "CREATE TABLE " + to + "." + table + " AS TABLE " + from + "." + table
                            : ("SET session_replication_role = replica; TRUNCATE keyring.%1$s CASCADE;"
                                            + " INSERT INTO keyring.%1$s TABLE %2$s.%1$s")
                                    .formatted(table, from));
        }
    }

    private void superuser(String sql) throws SQLException {
        try (Connection superuser = Backing.postgres().superuser(database.name());
                var statement = superuser.createStatement()) {
            statement.execute(sql);
        }
    }

    private String certificate(Victim victim) throws RefusedException {
        var streams = new Streams(database, DatabaseRole.RETENTION);
        String envelope = new Certificates(
                        ErasingProcess.INSTANCE,
                        streams,
                        new LogEntries(database, DatabaseRole.RETENTION),
                        new LogTimes(database, DatabaseRole.RETENTION)::recordedAtMicros,
                        new SigningKeys(database, KeyFileSealer.open(keyFile)))
                .of(tenant, victim.asked().subject(), NOW)
                .getCertificate();
        return new String(
                Base64.getDecoder().decode(envelope.replaceFirst("^\\{\"payload\":\"([^\"]*)\".*", "$1")), UTF_8);
    }
}
