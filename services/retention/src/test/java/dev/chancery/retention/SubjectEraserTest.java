package dev.chancery.retention;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.Message;
import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.Eraser;
import dev.chancery.keyring.KeyDestroyed;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SealContext;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Appender;
import dev.chancery.log.Claims;
import dev.chancery.log.Digest;
import dev.chancery.log.LogEntries;
import dev.chancery.log.LogTimes;
import dev.chancery.log.Streams;
import dev.chancery.schema.identity.v1.PrincipalDeactivated;
import dev.chancery.schema.identity.v1.PrincipalReactivated;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.options.v1.DataClass;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.retention.v1.HoldCleared;
import dev.chancery.schema.retention.v1.HoldSet;
import dev.chancery.schema.retention.v1.ScheduleSet;
import dev.chancery.testkit.Backing;
import dev.chancery.testkit.log.LogFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The eraser over a real log: what it does, it does once, and writes down once it is so. */
class SubjectEraserTest {
    /** Those that refer to others last. */
    private static final List<String> KEY_TABLES = List.of("ring", "ring_version", "tenant_key", "subject_key");

    private static final long NOW = 1_780_000_000_000_000L;

    private final Database database = Backing.database("keyring", "log", "relay", "projection", "retention");
    private final String tenant = UUID.randomUUID().toString();
    private final String subject = UUID.randomUUID().toString();
    private final String request = UUID.randomUUID().toString();

    @TempDir
    private Path directory;

    private KeyFileSealer sealer;
    private LogFixture log;
    private Appender appender;
    private Sealed sealed;
    private SealContext where;

    @BeforeEach
    void aSubjectWithAValue() {
        sealer = KeyFileSealer.create(directory.resolve("key"));
        log = new LogFixture(database, sealer);
        log.begin(tenant);
        appender = log.appender(DatabaseRole.RETENTION);
        where = new SealContext(
                tenant,
                subject,
                RetentionClass.RETENTION_CLASS_ACCOUNT,
                UUID.randomUUID(),
                "chancery.test.v1.T",
                "name");
        sealed = keyring().seal(where, "Grace");
    }

    @AfterEach
    void close() {
        log.close();
        database.close();
    }

    /** As a process that starts now has it. */
    private Keyring keyring() {
        return new Keyring(database, sealer);
    }

    private Streams streams() {
        return new Streams(database, DatabaseRole.RETENTION);
    }

    private LogTimes times() {
        return new LogTimes(database, DatabaseRole.RETENTION);
    }

    private SubjectEraser process() {
        return process(step -> {});
    }

    private SubjectEraser process(Consumer<ErasureStep> after) {
        return process(Duration.ZERO, after);
    }

    private SubjectEraser process(Duration horizon, Consumer<ErasureStep> after) {
        return new SubjectEraser(
                new Claims(database, DatabaseRole.RETENTION),
                appender,
                streams(),
                times()::recordedAtMicros,
                keyring().eraser(),
                horizon,
                after);
    }

    private Streams.Loaded<Subject> loaded() {
        return streams().load(tenant, Subject.stream(subject), Subject.FOLD);
    }

    private String certificate() throws RefusedException {
        return new String(
                Base64.getDecoder()
                        .decode(new Certificates(
                                        "ch-test",
                                        streams(),
                                        new LogEntries(database, DatabaseRole.RETENTION),
                                        times()::recordedAtMicros,
                                        new SigningKeys(database, sealer))
                                .of(tenant, subject, NOW)
                                .getCertificate()
                                .replaceFirst("^\\{\"payload\":\"([^\"]*)\".*", "$1")),
                UTF_8);
    }

    private AppendResult append(long version, List<Message> events) {
        return append(Subject.stream(subject), version, events);
    }

    private AppendResult append(StreamId stream, long version, List<Message> events) {
        return log.append(DatabaseRole.RETENTION, tenant, stream, version, events);
    }

    /** An event of the principal's own stream, as identity writes it. */
    private void ofPrincipal(long version, Message event) {
        assertThat(log.append(
                        DatabaseRole.IDENTITY, tenant, AuthorityStreams.principal(subject), version, List.of(event)))
                .isInstanceOf(AppendResult.Appended.class);
    }

    private void leaves() {
        ofPrincipal(0, PrincipalDeactivated.newBuilder().setPrincipalId(subject).build());
    }

    private void keeps(RetentionClass retention, String period) {
        Streams.Loaded<Schedules> now = streams().load(tenant, Schedules.STREAM, Schedules.FOLD);
        append(
                Schedules.STREAM,
                now.version(),
                decided(RetentionRules.schedule(
                        now.state(),
                        ScheduleSet.newBuilder()
                                .setDataClass(DataClass.DATA_CLASS_PERSONAL)
                                .setRetentionClass(retention)
                                .setPeriod(period)
                                .build())));
    }

    private void keepsNothing() {
        Eraser.allClasses().forEach(retention -> keeps(retention, "P0D"));
    }

    @Test
    void whatIsKeptNoLongerIsRetiredByClassAndSaysWhy() throws RefusedException {
        keeps(RetentionClass.RETENTION_CLASS_ACCOUNT, "P0D");
        process().retire(tenant, subject);
        assertThat(loaded().version()).as("still one of the organisation's").isZero();
        leaves();
        for (int i = 0; i < 2; i++) {
            process().retire(tenant, subject);
            process().destroy(tenant, subject);
        }

        assertThat(loaded().version()).isEqualTo(2);
        assertThat(loaded().state().destructions().keySet()).containsExactly(RetentionClass.RETENTION_CLASS_ACCOUNT);
        assertThat(keyring().open(where, sealed).text()).isEmpty();
        assertThat(certificate())
                .contains(
                        "\"ground\":\"retention-ended\"",
                        "\"retention\":{\"period\":\"P0D\",\"since\":\"",
                        "\"state\":\"keys-destroyed\"");
    }

    @Test
    void whoIsBackIsKept() {
        keepsNothing();
        leaves();
        ofPrincipal(1, PrincipalReactivated.newBuilder().setPrincipalId(subject).build());
        process().retire(tenant, subject);
        assertThat(loaded().version()).isZero();
    }

    @Test
    void aHoldKeepsWhatIsOverUntilItIsCleared() {
        keepsNothing();
        append(0, decided(RetentionRules.set(true, loaded().state(), hold("h1"), NOW)));
        leaves();
        process().retire(tenant, subject);
        process().destroy(tenant, subject);
        assertThat(loaded().version()).isOne();
        assertThat(keyring().open(where, sealed).text()).contains("Grace");

        append(
                1,
                decided(RetentionRules.clear(
                        loaded().state(),
                        HoldCleared.newBuilder()
                                .setHoldId("h1")
                                .setSubjectId(subject)
                                .build())));
        // Nobody tells the collector: it finds what is over.
        process().retire(tenant, subject);
        process().destroy(tenant, subject);
        assertThat(keyring().open(where, sealed).text()).isEmpty();
    }

    /** What a collection was decided on moves while it reads: append refuses, and nothing is destroyed. */
    @ParameterizedTest
    @ValueSource(strings = {"held", "back", "kept longer"})
    void aCollectionThatMeetsAnotherDecisionIsNotAppended(String meanwhile) {
        keepsNothing();
        leaves();
        var moved = new AtomicBoolean();
        var late = new SubjectEraser(
                new Claims(database, DatabaseRole.RETENTION),
                appender,
                streams(),
                (of, position) -> {
                    if (moved.compareAndSet(false, true)) {
                        switch (meanwhile) {
                            case "held" ->
                                append(0, decided(RetentionRules.set(true, loaded().state(), hold("h1"), NOW)));
                            case "back" ->
                                ofPrincipal(
                                        1,
                                        PrincipalReactivated.newBuilder()
                                                .setPrincipalId(subject)
                                                .build());
                            default -> Eraser.allClasses().forEach(retention -> keeps(retention, "UNLIMITED"));
                        }
                    }
                    return times().recordedAtMicros(of, position);
                },
                keyring().eraser(),
                Duration.ZERO,
                step -> {});

        assertThatExceptionOfType(SubjectEraser.NotAppended.class).isThrownBy(() -> late.retire(tenant, subject));
        assertThat(moved).isTrue();
        late.retire(tenant, subject);
        late.destroy(tenant, subject);
        assertThat(keyring().open(where, sealed).text()).contains("Grace");
    }

    /** A process that dies after any step leaves what the next one ends, once, and nothing is certified that did not happen. */
    @ParameterizedTest
    @EnumSource(ErasureStep.class)
    void whatAProcessLeavesThatDiesAfterAStepTheNextOneEnds(ErasureStep last) throws RefusedException {
        keepsNothing();
        leaves();
        assertThatExceptionOfType(Killed.class)
                .isThrownBy(() -> retireWhole(process(step -> {
                    if (step == last) {
                        throw new Killed();
                    }
                })));
        String certificate = certificate();
        assertThat(certificate.contains("keys_destroyed"))
                .isEqualTo(last.compareTo(ErasureStep.DESTRUCTION_RECORDED) >= 0);
        assertThat(certificate.contains("\"state\":\"completed\"")).isEqualTo(last == ErasureStep.COMPLETION_RECORDED);
        if (last.compareTo(ErasureStep.KEYS_DESTROYED) >= 0) {
            assertThat(keyring().open(where, sealed).text()).isEmpty();
        }

        retireWhole(process());

        assertThat(keyring().open(where, sealed).text()).isEmpty();
        assertThat(loaded().version()).as("decided, destroyed, completed").isEqualTo(3);
        assertThat(certificate()).contains("\"state\":\"completed\"");
    }

    private void retireWhole(SubjectEraser process) {
        process.retire(tenant, subject);
        process.destroy(tenant, subject);
        process.complete(tenant, subject, Duration.ZERO);
    }

    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    @Test
    void theCollectorFindsWhatIsOverInEveryOrganisationAndNothingElse() {
        String large = "00000000-0000-4000-8000-000000000000";
        keep(large, "gen_random_uuid()", 1, "P8Y", false, 1_200);
        String over = keep(tenant, "'" + subject + "'", 1, "P7Y", false, 1);
        keep(tenant, "gen_random_uuid()", 1, "P6Y", false, 1);
        keep(tenant, "gen_random_uuid()", 1, "P8Y", true, 1);
        open(
                tenant,
                "INSERT INTO retention.schedule (tenant, class, period, setter, set_micros, position) VALUES ('"
                        + tenant + "', 2, 'UNLIMITED', gen_random_uuid(), 1, 1)");
        keep(tenant, "gen_random_uuid()", 2, "P8Y", false, 1);
        String other = UUID.randomUUID().toString();
        open(
                other,
                "INSERT INTO retention.schedule (tenant, class, period, setter, set_micros, position) VALUES ('" + other
                        + "', 1, 'P3M', gen_random_uuid(), 1, 1)");
        keep(other, "'" + subject + "'", 1, "P4M", false, 1);
        keep(other, "gen_random_uuid()", 1, "P2M", false, 1);

        List<Collector.Due> due = new Collector(database).due();

        assertThat(due.stream().filter(each -> !each.tenant().equals(large)))
                .containsExactlyInAnyOrder(new Collector.Due(tenant, over), new Collector.Due(other, subject));
        assertThat(due.stream().filter(each -> each.tenant().equals(large))).hasSize(ErasureWorker.MAX_OF_ONE);
        assertThat(due.subList(0, 3).stream().map(Collector.Due::tenant))
                .containsExactlyInAnyOrder(large, tenant, other);
    }

    /** Somebody, or several, deactivated so long ago. */
    private String keep(String of, String who, int retention, String ago, boolean held, int howMany) {
        open(
                of,
                "INSERT INTO retention.retained (tenant, subject, class, began_micros, held) SELECT '" + of + "', "
                        + who
                        + ", " + retention + ", (extract(epoch FROM now() - interval '" + ago
                        + "') * 1000000)::bigint, "
                        + held + " FROM generate_series(1, " + howMany + ")");
        return who.replace("'", "");
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

    /** Why a request was refused, for instance: an erasure leaves it, and says on what ground and until when. */
    @Test
    void anErasureLeavesEvidenceUntilItsPeriodIsOver() throws RefusedException {
        var ofEvidence = new SealContext(
                tenant,
                subject,
                RetentionClass.RETENTION_CLASS_EVIDENCE,
                UUID.randomUUID(),
                "chancery.test.v1.T",
                "ground");
        Sealed evidence = keyring().seal(ofEvidence, "The court asks for it.");
        process().answer(tenant, subject, request);
        process().destroy(tenant, subject);
        process().complete(tenant, subject, Duration.ZERO);

        assertThat(loaded().state().destructions().keySet()).containsExactlyElementsOf(Eraser.erasable());
        assertThat(keyring().open(where, sealed).text()).isEmpty();
        assertThat(keyring().open(ofEvidence, evidence).text()).contains("The court asks for it.");
        assertThat(certificate())
                .contains(
                        "\"state\":\"completed\"",
                        "chancery.dsar.v1.RequestRefused.explanation",
                        "GDPR, articles 12(4) and 17(3)(e): why a request was refused.",
                        "P7Y after the subject is deactivated.");

        leaves();
        process().retire(tenant, subject);
        assertThat(keyring().open(ofEvidence, evidence).text()).isPresent();
        assertThat(certificate()).containsPattern("P7Y after 20[^\"]*Z, when the subject was deactivated");
        keeps(RetentionClass.RETENTION_CLASS_EVIDENCE, "P0D");
        process().retire(tenant, subject);
        process().destroy(tenant, subject);

        assertThat(keyring().open(ofEvidence, evidence).text()).isEmpty();
        assertThat(certificate())
                .contains("\"class\":\"evidence\",\"decided\"", "\"ground\":\"retention-ended\"")
                .doesNotContain("RequestRefused");
    }

    private static List<Message> decided(Decision<Message> decision) {
        return ((Decision.Events<Message>) decision).events();
    }

    private HoldSet hold(String id) {
        return HoldSet.newBuilder()
                .setHoldId(id)
                .setSubjectId(subject)
                .setReviewMicros(NOW + 1)
                .build();
    }

    @Test
    void anotherFeaturesRequestIsDoneAndAnsweredOnce() throws RefusedException {
        process().answer(tenant, subject, request);
        process().answer(tenant, subject, request);
        assertThat(loaded().version()).isOne();
        assertThat(certificate()).contains("\"state\":\"decided\"").doesNotContain("keys_destroyed");

        for (int i = 0; i < 2; i++) {
            process().destroy(tenant, subject);
        }
        assertThat(loaded().version()).isEqualTo(2);
        assertThat(keyring().open(where, sealed).text()).isEmpty();
        assertThat(certificate())
                .contains("\"keys\":1", "\"request\":\"" + request + "\"", "\"state\":\"keys-destroyed\"")
                .doesNotContain("completed");

        for (int i = 0; i < 2; i++) {
            process().complete(tenant, subject, Duration.ZERO);
        }
        assertThat(loaded().version()).isEqualTo(3);
        assertThat(certificate())
                .contains(
                        "\"organisation_key_from_version\":2",
                        "\"sealer_key_from_version\":2",
                        "\"state\":\"completed\"")
                .doesNotContain("Grace");
        // Asked again by another request: it gets its answer, and nothing is done again.
        process().answer(tenant, subject, UUID.randomUUID().toString());
        process().destroy(tenant, subject);
        process().complete(tenant, subject, Duration.ZERO);
        assertThat(loaded().version()).isEqualTo(4);
    }

    /** A backup from before the erasure, with the key file of its day, brings the value back; the log since says that it is to go. */
    @Test
    void afterARestoreTheErasedIsForgottenAgainAndTheBackupOpensNothing() throws SQLException, IOException {
        Path keyFile = directory.resolve("key");
        byte[] keysOfThatDay = Files.readAllBytes(keyFile);
        superuser("CREATE SCHEMA backup");
        for (String table : KEY_TABLES) {
            superuser("CREATE TABLE backup.%1$s AS TABLE keyring.%1$s".formatted(table));
        }
        process().answer(tenant, subject, request);
        process().destroy(tenant, subject);
        process().complete(tenant, subject, Duration.ZERO);

        for (boolean died : new boolean[] {false, true}) {
            Files.write(keyFile, keysOfThatDay);
            sealer = KeyFileSealer.open(keyFile);
            restoreKeys();
            assertThat(keyring().open(where, sealed).text()).contains("Grace");

            if (died) {
                // All that a replay does before it goes on to the keys above.
                keyring().eraser().destroy(tenant, subject, Eraser.allClasses());
            }
            List<String> said = new ErasureReplay(database, keyring().eraser()).run(tenant);
            assertThat(said).hasSize(died ? 1 : 2).last().asString().endsWith("are replaced again");
            assertThat(new ErasureReplay(database, keyring().eraser()).run(tenant))
                    .isEmpty();

            assertThat(keyring().open(where, sealed).text()).isEmpty();
            sealer = KeyFileSealer.open(keyFile);
            restoreKeys();
            assertThatExceptionOfType(KeyDestroyed.class)
                    .isThrownBy(() -> keyring().open(where, sealed));
        }
    }

    private void restoreKeys() throws SQLException {
        for (String table : KEY_TABLES) {
            superuser(("SET session_replication_role = replica; TRUNCATE keyring.%1$s CASCADE;"
                            + " INSERT INTO keyring.%1$s TABLE backup.%1$s")
                    .formatted(table));
        }
    }

    private void superuser(String sql) throws SQLException {
        try (Connection superuser = Backing.postgres().superuser(database.name());
                var statement = superuser.createStatement()) {
            statement.execute(sql);
        }
    }

    @Test
    void keysThatAProcessDestroyedBeforeItDiedAreRecordedByTheNext() {
        process().answer(tenant, subject, request);
        keyring().eraser().destroy(tenant, subject, Eraser.allClasses());

        process().destroy(tenant, subject);
        keyring().eraser().renew(tenant, keyring().eraser().above(tenant));
        process().complete(tenant, subject, Duration.ZERO);

        assertThat(loaded().state().destructions().values()).allSatisfy(destruction -> {
            assertThat(destruction.destroyed()).isPresent();
            assertThat(destruction.completed()).isPresent();
        });
    }

    @Test
    void ofAHoldAndAnErasureThatMeetOneIsFirst() {
        Subject before = loaded().state();
        List<Message> held = decided(RetentionRules.set(true, before, hold("h1"), NOW));
        // The eraser decided on the same version, and is first.
        process().answer(tenant, subject, request);

        assertThat(append(0, held)).isInstanceOf(AppendResult.Moved.class);
        assertThat(RetentionRules.set(true, loaded().state(), hold("h1"), NOW))
                .isEqualTo(Decision.reject(RetentionRejection.TOO_LATE));
    }

    @Test
    void whatIsHeldIsNotDestroyedAndGoesOnWithTheRelease() throws RefusedException {
        append(0, decided(RetentionRules.set(true, loaded().state(), hold("h1"), NOW)));
        process().answer(tenant, subject, request);
        process().destroy(tenant, subject);
        process().complete(tenant, subject, Duration.ZERO);
        assertThat(keyring().open(where, sealed).text()).contains("Grace");
        assertThat(certificate()).contains("\"state\":\"withheld\"", "\"holds\":[\"h1\"]");

        Streams.Loaded<Subject> now = loaded();
        append(
                now.version(),
                decided(RetentionRules.clear(
                        now.state(),
                        HoldCleared.newBuilder()
                                .setHoldId("h1")
                                .setSubjectId(subject)
                                .build())));
        process().destroy(tenant, subject);
        assertThat(keyring().open(where, sealed).text()).isEmpty();
    }

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

    /** What the projection makes of the log. */
    private void open(String tenant, String sql) {
        database.inTenant(DatabaseRole.RETENTION, tenant, connection -> {
            try (var statement = connection.createStatement()) {
                return statement.executeUpdate(sql);
            }
        });
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
    private List<String> ring() throws java.io.IOException {
        return java.nio.file.Files.readString(directory.resolve("key"))
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
        java.nio.file.Files.move(directory.resolve("key"), directory.resolve("elsewhere"));
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
    void aHoldThatIsTooLateIsToldWhatIsGoneAndWhatIsLeft() {
        append(
                0,
                decided(RetentionRules.set(
                        true,
                        loaded().state(),
                        hold("h1").toBuilder()
                                .addClasses(RetentionClass.RETENTION_CLASS_AUDIT)
                                .build(),
                        NOW)));
        process().answer(tenant, subject, request);
        Subject decided = loaded().state();
        assertThat(RetentionRejection.tooLate(decided.progress(), decided.undecided()))
                .isEqualTo("The hold comes too late for RETENTION_CLASS_ACCOUNT (decided at position 1; its keys may be"
                        + " gone already). It can name RETENTION_CLASS_AUDIT and RETENTION_CLASS_EVIDENCE.");

        process().destroy(tenant, subject);
        Subject destroyed = loaded().state();
        assertThat(RetentionRejection.tooLate(destroyed.progress(), destroyed.undecided()))
                .contains("its keys were destroyed at position 2");
    }

    /** What tells from an address whose it is belongs to the account: it stays while a hold keeps that, whatever else is destroyed. */
    @Test
    void theNamesOfAHeldAccountStayUntilItIsReleased() throws SQLException {
        var address = new Digest(new byte[32]);
        try (var connection = Backing.postgres().superuser(database.name());
                var insert = connection.prepareStatement(
                        "INSERT INTO log.claim (tenant, kind, hash, stream) VALUES (?, 'email', ?, ?)")) {
            insert.setString(1, tenant);
            insert.setBytes(2, address.bytes());
            insert.setString(3, AuthorityStreams.principal(subject).value());
            insert.executeUpdate();
        }
        HoldSet ofTheAccount = hold("h1").toBuilder()
                .addClasses(RetentionClass.RETENTION_CLASS_ACCOUNT)
                .build();
        append(0, decided(RetentionRules.set(true, loaded().state(), ofTheAccount, NOW)));
        process().answer(tenant, subject, request);
        process().destroy(tenant, subject);
        process().complete(tenant, subject, Duration.ZERO);
        var claims = new Claims(database, DatabaseRole.IDENTITY);
        assertThat(loaded().state().destructions()).isNotEmpty();
        assertThat(claims.holder(tenant, "email", address)).contains(AuthorityStreams.principal(subject));

        append(
                loaded().version(),
                decided(RetentionRules.clear(
                        loaded().state(),
                        HoldCleared.newBuilder()
                                .setHoldId("h1")
                                .setSubjectId(subject)
                                .build())));
        process().destroy(tenant, subject);
        assertThat(claims.holder(tenant, "email", address)).isEmpty();
    }

    /** What a hold kept is destroyed later than the rest, and its horizon is later, too. */
    @Test
    void eachDestructionOfASubjectWaitsForItsOwnHorizon() throws RefusedException {
        HoldSet ofTheAccount = hold("h1").toBuilder()
                .addClasses(RetentionClass.RETENTION_CLASS_ACCOUNT)
                .build();
        append(0, decided(RetentionRules.set(true, loaded().state(), ofTheAccount, NOW)));
        process().answer(tenant, subject, request);
        process().destroy(tenant, subject);
        append(
                loaded().version(),
                decided(RetentionRules.clear(
                        loaded().state(),
                        HoldCleared.newBuilder()
                                .setHoldId("h1")
                                .setSubjectId(subject)
                                .build())));
        SubjectEraser later = process(Duration.ofHours(1), step -> {});
        later.destroy(tenant, subject);

        assertThat(later.complete(tenant, subject, Duration.ofDays(1)))
                .as("not replaced for a day")
                .isFalse();
        assertThat(later.complete(tenant, subject, Duration.ZERO)).isTrue();

        assertThat(completed())
                .isNotEmpty()
                .doesNotContain(RetentionClass.RETENTION_CLASS_ACCOUNT)
                .hasSize(Eraser.erasable().size() - 1);
        assertThat(certificate()).contains("\"state\":\"completed\"", "\"state\":\"keys-destroyed\"");
        assertThat(later.complete(tenant, subject, Duration.ofDays(1)))
                .as("nothing else is due")
                .isTrue();
    }

    private List<RetentionClass> completed() {
        return loaded().state().destructions().entrySet().stream()
                .filter(each -> each.getValue().completed().isPresent())
                .map(Map.Entry::getKey)
                .toList();
    }

    @Test
    void whatNobodyTriedAgainForAMinuteIsForgotten() {
        var again = new HashMap<>(Map.of("just now", 0L, "ended elsewhere", -TimeUnit.SECONDS.toNanos(61)));
        ErasureWorker.forget(again, 1);
        assertThat(again.keySet()).containsExactly("just now");
    }

    @Test
    void ofWhomNothingWasDecidedNothingIsCertified() {
        assertThatExceptionOfType(RefusedException.class).isThrownBy(this::certificate);
    }
}
