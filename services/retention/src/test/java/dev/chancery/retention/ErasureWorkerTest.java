package dev.chancery.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.Eraser;
import dev.chancery.log.Claims;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The rounds that take each erasure on, and what they tell an operator. */
class ErasureWorkerTest extends WithSubject {
    private static final Duration HORIZON = Duration.ofSeconds(6);

    private ErasureWorker worker() {
        Eraser keys = keyring().eraser();
        return new ErasureWorker(
                database,
                new SubjectEraser(
                        new Claims(database, DatabaseRole.RETENTION),
                        appender,
                        streams(),
                        times()::recordedAtMicros,
                        keys,
                        HORIZON),
                keys,
                HORIZON);
    }

    @Test
    void aRoundRetiresWhatTheCollectorFinds() {
        keepsNothing();
        leaves();
        open(
                tenant,
                "INSERT INTO retention.schedule (tenant, class, period, setter, set_micros, position) VALUES ('"
                        + tenant + "', 1, 'P0D', gen_random_uuid(), 1, 1)");
        keep(tenant, "'" + subject + "'", 1, "P1D", false, 1);
        try (var worker = worker()) {
            worker.round();
        }
        assertThat(loaded().state().destructions().keySet()).containsExactlyElementsOf(Eraser.allClasses());
    }

    /** An organisation with more subjects that can't go on than a round looks at. */
    @Test
    void anOrganisationsStuckErasuresHoldUpNoOtherOrganisation() {
        String first = "00000000-0000-4000-8000-000000000000";
        open(
                first,
                "INSERT INTO retention.open (tenant, subject, class, request) SELECT '" + first
                        + "', gen_random_uuid(), 1, '' FROM generate_series(1, 1200)");
        open(
                tenant,
                "INSERT INTO retention.open (tenant, subject, class, request) VALUES ('" + tenant + "', '" + subject
                        + "', 0, '" + request + "')");

        try (var worker = worker()) {
            worker.round();
        }

        assertThat(loaded().version()).isOne();
    }

    @Test
    void keysAboveAreReplacedSoonAndDestroyedAtTheHorizon() throws Exception {
        process().answer(tenant, subject, request);
        process().destroy(tenant, subject);
        open(
                tenant,
                "INSERT INTO retention.open (tenant, subject, class, request) VALUES ('" + tenant + "', '" + subject
                        + "', 1, '')");
        try (var worker = worker()) {
            worker.round();
            assertThat(loaded().version()).isEqualTo(2);
            assertThat(ring()).containsExactly("1");
            open(tenant, "UPDATE retention.open SET due_micros = " + Long.MAX_VALUE + ", tenant_key = 1, ring = 1");

            worker.round();
            assertThat(ring()).containsExactly("1", "2");
            assertThat(loaded().version()).isEqualTo(2);
            assertThat(certificate()).contains("\"state\":\"keys-destroyed\"").doesNotContain("completed");

            // The horizon is here, and the operator has not had half of it: a process that was down.
            open(tenant, "UPDATE retention.open SET due_micros = 1");
            worker.round();
            assertThat(ring()).containsExactly("1", "2");
            assertThat(loaded().version()).isEqualTo(2);
        }
        // Another process goes on.
        try (var worker = worker()) {
            long begun = System.nanoTime();
            while (loaded().version() < 3
                    && System.nanoTime() - begun < Duration.ofSeconds(60).toNanos()) {
                worker.round();
            }
        }
        assertThat(loaded().version()).isEqualTo(3);
        assertThat(ring()).containsExactly("2");
        assertThat(certificate()).contains("\"state\":\"completed\"", "\"sealer_key_from_version\":2");
    }

    /** Versions in the key file. */
    private List<String> ring() throws IOException {
        return Files.readString(directory.resolve("key"))
                .lines()
                .filter(line -> line.startsWith("chancery-ring-key-1 "))
                .map(line -> line.split(" ")[1])
                .toList();
    }

    @Test
    void anOperatorIsToldOfAKeyFileThatCantBeReplacedOrIsNotBackedUp() throws Exception {
        keyring().eraser().replace(Map.of(tenant, keyring().eraser().above(tenant)));
        try (var worker = worker()) {
            worker.round();
            assertThat(worker.warnings()).singleElement().asString().contains("is not said to be backed up");
            assertThat(worker.measures().get(1).value().get()).isEqualTo(1);
        }
        Files.move(directory.resolve("key"), directory.resolve("elsewhere"));
        try (var worker = worker()) {
            worker.round();
            assertThat(worker.warnings())
                    .anySatisfy(warning -> assertThat(warning).contains("can't be written"));
            assertThat(worker.measures().get(2).value().get()).isEqualTo(1);
        }
    }

    @Test
    void aHorizonThatIsPassedAndNotMetIsCounted() {
        open(
                tenant,
                "INSERT INTO retention.open (tenant, subject, class, request, due_micros, tenant_key, ring) VALUES ('"
                        + tenant + "', '" + subject + "', 1, '', 1, 1, 1)");
        try (var worker = worker()) {
            worker.round();
            assertThat(worker.warnings()).contains("erasures whose horizon has passed and is not met: 1");
        }
    }

    @Test
    void whatNobodyTriedAgainForAMinuteIsForgotten() {
        var again = new HashMap<>(Map.of("just now", 0L, "ended elsewhere", -TimeUnit.SECONDS.toNanos(61)));
        ErasureWorker.forget(again, 1);
        assertThat(again.keySet()).containsExactly("just now");
    }
}
