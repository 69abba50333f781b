package dev.chancery.retention;

import com.google.protobuf.Message;
import com.google.protobuf.UnsafeByteOperations;
import dev.chancery.command.Clock;
import dev.chancery.command.Ids;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.Eraser;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Appender;
import dev.chancery.log.Claims;
import dev.chancery.log.Draft;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Streams;
import dev.chancery.log.Streams.Loaded;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.retention.v1.DestructionCompleted;
import dev.chancery.schema.retention.v1.ErasureGround;
import dev.chancery.schema.retention.v1.KeysDestroyed;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Does what was decided of one subject, and writes it down: its keys, then those above them. Each step is looked up on the log before it is
 * done, and can be done again: a process that dies between two leaves the rest to the next.
 *
 * <p>Nobody else destroys a subject's keys: an administrator's command, another feature's request and a schedule only decide, by {@link
 * RetentionRules#erase} and {@link RetentionRules#retire}.
 */
final class SubjectEraser {
    // A command's action has its intent first; these follow from what the log says already.
    private static final String ANSWER = "retention.subject.answer";
    private static final String RETIRE = "retention.subject.retire";
    private static final String DESTROY_KEYS = "retention.subject.destroy-keys";
    private static final String COMPLETE = "retention.subject.complete";

    private final Claims claims;
    private final Appender appender;
    private final Streams streams;
    private final Eraser eraser;
    private final RecordTimes times;
    private final Duration horizon;
    private final Consumer<ErasureStep> after;

    SubjectEraser(
            Claims claims, Appender appender, Streams streams, RecordTimes times, Eraser eraser, Duration horizon) {
        this(claims, appender, streams, times, eraser, horizon, step -> {});
    }

    /** @param after told of each step that is done */
    SubjectEraser(
            Claims claims,
            Appender appender,
            Streams streams,
            RecordTimes times,
            Eraser eraser,
            Duration horizon,
            Consumer<ErasureStep> after) {
        this.claims = claims;
        this.appender = appender;
        this.streams = streams;
        this.times = times;
        this.eraser = eraser;
        this.horizon = horizon;
        this.after = after;
    }

    private Loaded<Subject> load(String tenant, String subject) {
        return streams.current(tenant, Subject.stream(subject), Subject.FOLD);
    }

    /** Decides what another feature asked for, as an administrator's command would. */
    void answer(String tenant, String subject, String request) {
        Loaded<Subject> loaded = load(tenant, subject);
        Decision<Message> decision =
                RetentionRules.erase(true, loaded.state(), subject, request, ErasureGround.ERASURE_GROUND_REQUEST);
        if (decision instanceof Decision.Events<Message> decided) {
            append(tenant, subject, Map.of(Subject.stream(subject), loaded.version()), ANSWER, decided.events());
            after.accept(ErasureStep.DECIDED);
        }
    }

    /**
     * Decides what no hold covers and whose retention period is over, as the log has it now. It rests on the subject's holds, on that it is
     * deactivated, and on the schedules: whichever moves meanwhile, append refuses.
     */
    void retire(String tenant, String subject) {
        StreamId principal = AuthorityStreams.principal(subject);
        Loaded<Departure> departure = streams.current(tenant, principal, Departure.FOLD);
        if (departure.state().position().isEmpty()) {
            return;
        }
        Loaded<Schedules> schedules = streams.current(tenant, Schedules.STREAM, Schedules.FOLD);
        Loaded<Subject> loaded = load(tenant, subject);
        Decision<Message> decision = RetentionRules.retire(
                times.recordedAtMicros(tenant, departure.state().position().getAsLong()),
                loaded.state(),
                schedules.state(),
                subject,
                Clock.nowMicros());
        if (decision instanceof Decision.Events<Message> decided) {
            append(
                    tenant,
                    subject,
                    Map.of(
                            Subject.stream(subject),
                            loaded.version(),
                            principal,
                            departure.version(),
                            Schedules.STREAM,
                            schedules.version()),
                    RETIRE,
                    decided.events());
            after.accept(ErasureStep.DECIDED);
        }
    }

    /** Destroys the keys whose destruction was decided. */
    void destroy(String tenant, String subject) {
        for (Map.Entry<String, List<RetentionClass>> each :
                byRequest(load(tenant, subject).state(), Subject::undestroyed).entrySet()) {
            // First, and again where only the record is missing. The count is then of what is left.
            int keys = eraser.destroy(tenant, subject, each.getValue());
            after.accept(ErasureStep.KEYS_DESTROYED);
            forgetNames(tenant, subject, each.getValue());
            after.accept(ErasureStep.NAMES_FORGOTTEN);
            Eraser.Above above = eraser.above(tenant);
            append(
                    tenant,
                    subject,
                    load(tenant, subject),
                    DESTROY_KEYS,
                    KeysDestroyed.newBuilder()
                            .setSubjectId(subject)
                            .setRequestId(each.getKey())
                            .setKeys(keys)
                            .addAllClasses(each.getValue())
                            .setHorizonMicros(ChronoUnit.MICROS.between(
                                    Instant.EPOCH, Instant.now().plus(horizon)))
                            .setTenantKeyVersion(above.tenantKey())
                            .setSealerKeyVersion(above.ringVersion())
                            .build());
            after.accept(ErasureStep.DESTRUCTION_RECORDED);
        }
    }

    /** Names and addresses belong to the account: they stay while a hold keeps it. */
    private void forgetNames(String tenant, String subject, List<RetentionClass> classes) {
        if (classes.contains(RetentionClass.RETENTION_CLASS_ACCOUNT)) {
            claims.forget(tenant, AuthorityStreams.principal(subject));
        }
    }

    /**
     * Destroys what is left of the keys above those that were destroyed, where the horizon is here. Each destruction has its own: a class that
     * was destroyed later waits for its later one.
     *
     * @param least for how long the keys above must have been replaced
     * @return whether all is done whose horizon is here; false: some of it has not been replaced for so long
     */
    boolean complete(String tenant, String subject, Duration least) {
        boolean all = true;
        for (Map.Entry<String, List<RetentionClass>> each : byRequest(
                        load(tenant, subject).state(), state -> state.due(Clock.nowMicros()))
                .entrySet()) {
            Eraser.Above beyond = above(load(tenant, subject).state(), each.getValue());
            if (eraser.sinceReplaced(tenant, beyond).orElse(Duration.ZERO).compareTo(least) < 0) {
                all = false;
                continue;
            }
            // Once more: a process that had the subject's key at hand may have taken a name after the key was
            // destroyed.
            forgetNames(tenant, subject, each.getValue());
            Eraser.Above from = eraser.renew(tenant, beyond);
            after.accept(ErasureStep.KEYS_ABOVE_DESTROYED);
            append(
                    tenant,
                    subject,
                    load(tenant, subject),
                    COMPLETE,
                    DestructionCompleted.newBuilder()
                            .setSubjectId(subject)
                            .setRequestId(each.getKey())
                            .addAllClasses(each.getValue())
                            .setTenantKeyVersion(from.tenantKey())
                            .setSealerKeyVersion(from.ringVersion())
                            .build());
            after.accept(ErasureStep.COMPLETION_RECORDED);
        }
        return all;
    }

    /** The newest versions that may have wrapped the keys of some classes, which were destroyed. */
    static Eraser.Above above(Subject subject, List<RetentionClass> classes) {
        return classes.stream()
                .map(subject.destructions()::get)
                .map(destruction -> destruction.destroyed().orElseThrow().what())
                .map(keys -> new Eraser.Above(keys.getTenantKeyVersion(), keys.getSealerKeyVersion()))
                .reduce(new Eraser.Above(0, 0), SubjectEraser::later);
    }

    static Eraser.Above later(Eraser.Above one, Eraser.Above other) {
        return new Eraser.Above(
                Math.max(one.tenantKey(), other.tenantKey()), Math.max(one.ringVersion(), other.ringVersion()));
    }

    private static Map<String, List<RetentionClass>> byRequest(
            Subject subject, Function<Subject, List<RetentionClass>> classes) {
        return classes.apply(subject).stream().collect(Collectors.groupingBy(retention -> Optional.ofNullable(
                        subject.destructions().get(retention))
                .orElseThrow()
                .decided()
                .what()
                .getRequestId()));
    }

    private void append(String tenant, String subject, Loaded<Subject> at, String action, Message event) {
        append(tenant, subject, Map.of(Subject.stream(subject), at.version()), action, List.of(event));
    }

    private void append(String tenant, String subject, Map<StreamId, Long> basis, String action, List<Message> events) {
        StreamId stream = Subject.stream(subject);
        Statement.Builder statement = Statement.newBuilder()
                .setEntryId(UnsafeByteOperations.unsafeWrap(Ids.bytes(Ids.uuidV7())))
                .setAction(action)
                .setRequestId(UUID.randomUUID().toString())
                .setOutcome(Outcome.newBuilder().setResult(Result.SUCCESS));
        statement.getActorBuilder().setType(ActorType.ACTOR_TYPE_SYSTEM).setId("system");
        statement.getTargetBuilder().setType("principal").setId(subject);
        AppendResult result = appender.append(new Draft(
                tenant,
                statement.build(),
                0,
                events.stream().map(event -> new NewEvent(stream, event)).toList(),
                List.of(),
                Optional.empty(),
                basis));
        streams.moved(tenant, basis.keySet());
        if (!(result instanceof AppendResult.Appended)) {
            // Another process was faster, or the log takes nothing now: the next round looks again.
            throw new NotAppended(result.toString());
        }
    }

    /** When the record at a position was made, Unix time in microseconds; empty: there is none. */
    interface RecordTimes {
        OptionalLong recordedAtMicros(String tenant, long position);
    }

    /** A record is not there yet. */
    static final class NotAppended extends RuntimeException {
        private static final long serialVersionUID = 1;

        NotAppended(String why) {
            super(why);
        }
    }
}
