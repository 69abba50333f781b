package dev.chancery.retention;

import static dev.chancery.command.CommandOutcome.decided;
import static dev.chancery.decision.AuthorityStreams.principal;

import com.google.protobuf.Message;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Methods;
import dev.chancery.command.PrincipalNames;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.PrincipalState;
import dev.chancery.feature.Feature;
import dev.chancery.kernel.Decision;
import dev.chancery.keyring.Eraser;
import dev.chancery.keyring.KeyDestroyed;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.retention.v1.ClearHoldReply;
import dev.chancery.schema.retention.v1.ClearHoldRequest;
import dev.chancery.schema.retention.v1.DestructionDecided;
import dev.chancery.schema.retention.v1.EraseSubjectReply;
import dev.chancery.schema.retention.v1.EraseSubjectRequest;
import dev.chancery.schema.retention.v1.ErasureGround;
import dev.chancery.schema.retention.v1.GetErasureCertificateReply;
import dev.chancery.schema.retention.v1.GetErasureCertificateRequest;
import dev.chancery.schema.retention.v1.HoldCleared;
import dev.chancery.schema.retention.v1.HoldSet;
import dev.chancery.schema.retention.v1.ListErasuresReply;
import dev.chancery.schema.retention.v1.ListErasuresRequest;
import dev.chancery.schema.retention.v1.ListHoldsReply;
import dev.chancery.schema.retention.v1.ListHoldsRequest;
import dev.chancery.schema.retention.v1.ListSchedulesReply;
import dev.chancery.schema.retention.v1.ListSchedulesRequest;
import dev.chancery.schema.retention.v1.PreviewRetirementReply;
import dev.chancery.schema.retention.v1.PreviewRetirementRequest;
import dev.chancery.schema.retention.v1.ScheduleSet;
import dev.chancery.schema.retention.v1.SetHoldReply;
import dev.chancery.schema.retention.v1.SetHoldRequest;
import dev.chancery.schema.retention.v1.SetScheduleReply;
import dev.chancery.schema.retention.v1.SetScheduleRequest;
import java.util.List;
import java.util.stream.Stream;

/** The methods of chancery.retention.v1.RetentionService. */
final class RetentionService implements Feature {
    private static final String SERVICE = "chancery.retention.v1.RetentionService/";

    private final ErasureWorker worker;
    private final Certificates certificates;
    private final PrincipalNames names;

    RetentionService(ErasureWorker worker, Certificates certificates, PrincipalNames names) {
        this.worker = worker;
        this.certificates = certificates;
        this.names = names;
    }

    @Override
    public String name() {
        return "retention";
    }

    @Override
    public void register(Methods methods) {
        methods.command(SERVICE + "SetHold", SetHoldRequest.class, this::set)
                .command(SERVICE + "ClearHold", ClearHoldRequest.class, RetentionService::clear)
                .command(SERVICE + "EraseSubject", EraseSubjectRequest.class, RetentionService::erase)
                .command(SERVICE + "SetSchedule", SetScheduleRequest.class, RetentionService::schedule)
                .query(SERVICE + "ListHolds", ListHoldsRequest.class, RetentionService::holds)
                .query(SERVICE + "ListErasures", ListErasuresRequest.class, RetentionService::erasures)
                .query(SERVICE + "GetErasureCertificate", GetErasureCertificateRequest.class, this::certificate)
                .query(SERVICE + "ListSchedules", ListSchedulesRequest.class, RetentionService::schedules)
                .query(SERVICE + "PreviewRetirement", PreviewRetirementRequest.class, RetentionService::preview);
    }

    @Override
    public void start() {
        certificates.start();
        worker.start();
    }

    @Override
    public void stop() {
        worker.close();
    }

    @Override
    public List<String> warnings() {
        return worker.warnings();
    }

    @Override
    public List<Measure> measures() {
        return worker.measures();
    }

    private CommandOutcome set(CommandContext context, SetHoldRequest request) {
        if (request.getPrincipalId().isEmpty() == request.getAlias().isEmpty()) {
            return CommandOutcome.reject(RetentionRejection.SUBJECT);
        }
        return RetentionRules.whom(request, alias -> names.find(context.tenant(), alias))
                .map(subject -> set(context, subject, request))
                .orElseGet(() -> CommandOutcome.reject(RetentionRejection.NO_SUCH_SUBJECT));
    }

    private static CommandOutcome set(CommandContext context, String subject, SetHoldRequest request) {
        var wanted = HoldSet.newBuilder()
                .setHoldId(context.newId())
                .setSubjectId(subject)
                .setMatter(request.getMatter())
                .addAllClasses(request.getClassesList())
                .setReviewMicros(Math.clamp(request.getReviewMillis(), 0, Long.MAX_VALUE / 1000) * 1000)
                .setSetterId(context.principal().id())
                .build();
        Subject before = context.read(Subject.stream(subject), Subject.FOLD);
        Decision<Message> decision = RetentionRules.set(exists(context, subject), before, wanted, context.atMicros());
        if (decision.equals(Decision.reject(RetentionRejection.TOO_LATE))) {
            return CommandOutcome.reject(
                    RetentionRejection.TOO_LATE, RetentionRejection.tooLate(before.progress(), before.undecided()));
        }
        CommandOutcome outcome = decided(
                Subject.stream(subject),
                decision,
                events -> SetHoldReply.newBuilder()
                        .setHoldId(wanted.getHoldId())
                        .setPrincipalId(subject)
                        .build(),
                // Sealed once it is known that the subject is there: nobody makes a key for whomever it likes.
                event -> grounded(context, (HoldSet) event, request.getReason()));
        return outcome instanceof CommandOutcome.Done done ? done.withTarget("principal", subject) : outcome;
    }

    /**
     * A hold of what is left of a subject has no ground of its own once the subject's key for it is destroyed: the reason stays in the
     * record's statement, sealed to who gave it.
     */
    private static HoldSet grounded(CommandContext context, HoldSet hold, String reason) {
        try {
            return hold.toBuilder()
                    .setGround(context.seal(hold.getSubjectId(), HoldSet.getDescriptor(), "ground", reason))
                    .build();
        } catch (KeyDestroyed e) {
            return hold;
        }
    }

    private static CommandOutcome clear(CommandContext context, ClearHoldRequest request) {
        String subject = request.getPrincipalId();
        return decided(
                Subject.stream(subject),
                RetentionRules.clear(
                        context.read(Subject.stream(subject), Subject.FOLD),
                        HoldCleared.newBuilder()
                                .setHoldId(request.getHoldId())
                                .setSubjectId(subject)
                                .setClearerId(context.principal().id())
                                .build()),
                events -> ClearHoldReply.newBuilder()
                        .addAllResumed(decidedIn(events).sorted().toList())
                        .build());
    }

    private static CommandOutcome erase(CommandContext context, EraseSubjectRequest request) {
        if (request.getGround() == ErasureGround.ERASURE_GROUND_RETENTION_ENDED) {
            return CommandOutcome.reject(RetentionRejection.GROUND);
        }
        String subject = request.getPrincipalId();
        Subject before = context.read(Subject.stream(subject), Subject.FOLD);
        return decided(
                Subject.stream(subject),
                RetentionRules.erase(exists(context, subject), before, subject, "", request.getGround()),
                events -> {
                    List<RetentionClass> destroyed = Stream.concat(
                                    before.destructions().keySet().stream(), decidedIn(events))
                            .sorted()
                            .toList();
                    List<RetentionClass> kept = before.undecided().stream()
                            .filter(retention -> !Eraser.erasable().contains(retention))
                            .toList();
                    List<RetentionClass> withheld = Eraser.erasable().stream()
                            .filter(retention -> !destroyed.contains(retention))
                            .toList();
                    return EraseSubjectReply.newBuilder()
                            .addAllDestroyed(destroyed)
                            .addAllWithheld(withheld)
                            .addAllHoldIds(RetentionRules.withholding(before, withheld))
                            .addAllKept(kept)
                            .build();
                });
    }

    private static Stream<RetentionClass> decidedIn(List<Message> events) {
        return events.stream()
                .filter(DestructionDecided.class::isInstance)
                .flatMap(event -> ((DestructionDecided) event).getClassesList().stream());
    }

    private static boolean exists(CommandContext context, String subject) {
        return context.read(principal(subject), PrincipalState.FOLD).exists();
    }

    private static CommandOutcome schedule(CommandContext context, SetScheduleRequest request) {
        Schedules before = context.read(Schedules.STREAM, Schedules.FOLD);
        return decided(
                Schedules.STREAM,
                RetentionRules.schedule(
                        before,
                        ScheduleSet.newBuilder()
                                .setDataClass(request.getDataClass())
                                .setRetentionClass(request.getRetentionClass())
                                .setPeriod(request.getPeriod())
                                .setSetterId(context.principal().id())
                                .build()),
                events -> SetScheduleReply.newBuilder()
                        .setPreviousPeriod(before.period(request.getRetentionClass()))
                        .build());
    }

    private static ListSchedulesReply schedules(ReadContext context, ListSchedulesRequest request) {
        return ScheduleLists.schedules(context.tenant());
    }

    private static PreviewRetirementReply preview(ReadContext context, PreviewRetirementRequest request)
            throws RefusedException {
        return ScheduleLists.preview(context.tenant(), request, context.atMicros());
    }

    private static ListHoldsReply holds(ReadContext context, ListHoldsRequest request) throws RefusedException {
        return RetentionLists.holds(context.tenant(), request);
    }

    private static ListErasuresReply erasures(ReadContext context, ListErasuresRequest request)
            throws RefusedException {
        return RetentionLists.erasures(context.tenant(), request);
    }

    private GetErasureCertificateReply certificate(ReadContext context, GetErasureCertificateRequest request)
            throws RefusedException {
        return certificates.of(context.tenant(), request.getPrincipalId(), context.atMicros());
    }
}
