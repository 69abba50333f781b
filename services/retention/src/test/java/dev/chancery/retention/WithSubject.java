package dev.chancery.retention;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.Eraser;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SealContext;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Appender;
import dev.chancery.log.Claims;
import dev.chancery.log.LogEntries;
import dev.chancery.log.LogTimes;
import dev.chancery.log.Streams;
import dev.chancery.schema.identity.v1.PrincipalDeactivated;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.options.v1.DataClass;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.retention.v1.GetErasureCertificateReply;
import dev.chancery.schema.retention.v1.HoldSet;
import dev.chancery.schema.retention.v1.ScheduleSet;
import dev.chancery.testkit.Backing;
import dev.chancery.testkit.log.LogFixture;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A subject with a value, in an organisation's real log, and the eraser over it, as processes that start now have it. */
abstract class WithSubject {
    static final long NOW = 1_780_000_000_000_000L;

    final Database database = Backing.database("keyring", "log", "relay", "projection", "retention");
    final String tenant = UUID.randomUUID().toString();
    final String subject = UUID.randomUUID().toString();
    final String request = UUID.randomUUID().toString();

    @TempDir
    Path directory;

    KeyFileSealer sealer;
    LogFixture log;
    Appender appender;
    Sealed sealed;
    SealContext where;

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
    Keyring keyring() {
        return new Keyring(database, sealer);
    }

    Streams streams() {
        return new Streams(database, DatabaseRole.RETENTION);
    }

    LogTimes times() {
        return new LogTimes(database, DatabaseRole.RETENTION);
    }

    SubjectEraser process() {
        return process(step -> {});
    }

    SubjectEraser process(Consumer<ErasureStep> after) {
        return process(Duration.ZERO, after);
    }

    SubjectEraser process(Duration horizon, Consumer<ErasureStep> after) {
        return new SubjectEraser(
                new Claims(database, DatabaseRole.RETENTION),
                appender,
                streams(),
                times()::recordedAtMicros,
                keyring().eraser(),
                horizon,
                after);
    }

    Streams.Loaded<Subject> loaded() {
        return streams().load(tenant, Subject.stream(subject), Subject.FOLD);
    }

    GetErasureCertificateReply issued() throws RefusedException {
        return new Certificates(
                        LogFixture.INSTANCE,
                        streams(),
                        new LogEntries(database, DatabaseRole.RETENTION),
                        times()::recordedAtMicros,
                        new SigningKeys(database, sealer))
                .of(tenant, subject, NOW);
    }

    /** What is signed of it. */
    String certificate() throws RefusedException {
        return new String(
                Base64.getDecoder()
                        .decode(issued().getCertificate().replaceFirst("^\\{\"payload\":\"([^\"]*)\".*", "$1")),
                UTF_8);
    }

    AppendResult append(long version, List<Message> events) {
        return append(Subject.stream(subject), version, events);
    }

    AppendResult append(StreamId stream, long version, List<Message> events) {
        return log.append(DatabaseRole.RETENTION, tenant, stream, version, events);
    }

    /** An event of the principal's own stream, as identity writes it. */
    void ofPrincipal(long version, Message event) {
        assertThat(log.append(
                        DatabaseRole.IDENTITY, tenant, AuthorityStreams.principal(subject), version, List.of(event)))
                .isInstanceOf(AppendResult.Appended.class);
    }

    void leaves() {
        ofPrincipal(0, PrincipalDeactivated.newBuilder().setPrincipalId(subject).build());
    }

    void keeps(RetentionClass retention, String period) {
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

    void keepsNothing() {
        Eraser.allClasses().forEach(retention -> keeps(retention, "P0D"));
    }

    HoldSet hold(String id) {
        return HoldSet.newBuilder()
                .setHoldId(id)
                .setSubjectId(subject)
                .setReviewMicros(NOW + 1)
                .build();
    }

    static List<Message> decided(Decision<Message> decision) {
        return ((Decision.Events<Message>) decision).events();
    }

    /** What the projection makes of the log. */
    void open(String tenant, String sql) {
        database.inTenant(DatabaseRole.RETENTION, tenant, connection -> {
            try (var statement = connection.createStatement()) {
                return statement.executeUpdate(sql);
            }
        });
    }

    /** Somebody, or several, deactivated so long ago. */
    String keep(String of, String who, int retention, String ago, boolean held, int howMany) {
        open(
                of,
                "INSERT INTO retention.retained (tenant, subject, class, began_micros, held) SELECT '" + of + "', "
                        + who
                        + ", " + retention + ", (extract(epoch FROM now() - interval '" + ago
                        + "') * 1000000)::bigint, "
                        + held + " FROM generate_series(1, " + howMany + ")");
        return who.replace("'", "");
    }
}
