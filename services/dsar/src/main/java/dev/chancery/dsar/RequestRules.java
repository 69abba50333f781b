package dev.chancery.dsar;

import static dev.chancery.kernel.Decision.events;
import static dev.chancery.kernel.Decision.nothing;

import com.google.protobuf.Message;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import dev.chancery.schema.dsar.v1.HolderAction;
import dev.chancery.schema.dsar.v1.HolderAsked;
import dev.chancery.schema.dsar.v1.HolderReported;
import dev.chancery.schema.dsar.v1.HolderTaskReplayed;
import dev.chancery.schema.dsar.v1.IdentityVerified;
import dev.chancery.schema.dsar.v1.RequestAcknowledged;
import dev.chancery.schema.dsar.v1.RequestExtended;
import dev.chancery.schema.dsar.v1.RequestKind;
import dev.chancery.schema.dsar.v1.RequestReceived;
import dev.chancery.schema.dsar.v1.RequestRefused;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** What may become of a request, and when. Sealed fields are filled in where an event is written. */
final class RequestRules {
    /** How long ago staff may have received what it records now. */
    static final Duration MAX_AGO = Duration.ofDays(30);

    private RequestRules() {}

    /**
     * Who speaks: by itself, or an agent for somebody.
     *
     * @param actingFor whom the agent acts for
     */
    record Speaker(String id, Optional<String> actingFor, boolean isPerson) {
        static Speaker of(Principal principal) {
            return new Speaker(
                    principal.id(),
                    principal.actingFor(),
                    principal.type() == Principal.Type.USER
                            && principal.actingFor().isEmpty());
        }

        boolean isItself() {
            return actingFor.isEmpty();
        }

        boolean is(String principal) {
            return id.equals(principal);
        }

        /** Whether it is somebody, or an agent that acts for them. */
        boolean speaksFor(String principal) {
            return is(principal) || actingFor.filter(principal::equals).isPresent();
        }

        /** Whose word it is: the person's that an agent acts for. */
        String responsible() {
            return actingFor.orElse(id);
        }
    }

    /**
     * @param wanted with the request, its subject, kind, regime and key; a time of receipt of 0 is now
     * @param mayReceive whether the speaker receives requests for others
     */
    static Decision<Message> receive(
            Speaker speaker,
            boolean mayReceive,
            boolean subjectExists,
            RequestReceived wanted,
            Holders holders,
            Supplier<String> ids,
            long atMicros) {
        boolean own = speaker.isItself() && speaker.is(wanted.getSubjectId());
        if (!own && !mayReceive) {
            return reject(DsarRejection.NOT_THE_SUBJECT);
        }
        if (!subjectExists) {
            return reject(DsarRejection.NO_SUCH_SUBJECT);
        }
        Optional<Regime> regime = Regime.of(wanted.getRegime());
        if (regime.isEmpty()) {
            return reject(DsarRejection.REGIME);
        }
        Optional<ZoneId> zone = zone(wanted.getTimeZone());
        if (zone.isEmpty()) {
            return reject(DsarRejection.TIME_ZONE);
        }
        long received = wanted.getReceivedMicros() == 0 ? atMicros : wanted.getReceivedMicros();
        if (received > atMicros || received < atMicros - micros(MAX_AGO) || own && received != atMicros) {
            return reject(DsarRejection.RECEIVED);
        }
        boolean export = wanted.getKind() == RequestKind.REQUEST_KIND_ACCESS
                || wanted.getKind() == RequestKind.REQUEST_KIND_PORTABILITY;
        if (export == wanted.getExportKey().isEmpty()
                || export && !SubjectKey.isPoint(wanted.getExportKey().toByteArray())) {
            return reject(DsarRejection.KEY);
        }
        Instant moment = Instant.EPOCH.plus(received, ChronoUnit.MICROS);
        List<Message> happened = new ArrayList<>();
        happened.add(wanted.toBuilder()
                .setTimeZone(zone.get().getId())
                .setReceivedMicros(received)
                .setDueMicros(micros(regime.get().due(moment, zone.get(), false)))
                .setAcknowledgeMicros(regime.get()
                        .acknowledge(moment, zone.get())
                        .map(RequestRules::micros)
                        .orElse(0L))
                .setReceiverId(speaker.responsible())
                .setReceivingAgentId(speaker.isItself() ? "" : speaker.id())
                .build());
        if (own) {
            happened.addAll(verified(wanted, "signed-in", speaker.id(), holders, ids));
        }
        return new Decision.Events<>(happened);
    }

    static Decision<Message> acknowledge(Request request) {
        return open(request)
                .<Decision<Message>>map(RequestRules::reject)
                .orElseGet(() -> request.acknowledged()
                        ? nothing()
                        : events(RequestAcknowledged.newBuilder()
                                .setRequestId(request.received().getRequestId())
                                .build()));
    }

    /** Who received a request doesn't also say whose it is: one person alone could have anybody erased. */
    static Decision<Message> verify(
            Speaker speaker, Request request, String method, Holders holders, Supplier<String> ids) {
        Optional<Rejection> refused = others(speaker, request);
        if (refused.isPresent()) {
            return reject(refused.get());
        }
        RequestReceived received = request.received();
        if (speaker.speaksFor(received.getReceiverId()) || speaker.speaksFor(received.getReceivingAgentId())) {
            return reject(DsarRejection.FOUR_EYES);
        }
        return request.verified().isPresent()
                ? nothing()
                : new Decision.Events<>(verified(request.received(), method, speaker.id(), holders, ids));
    }

    /** From here on, systems that export are asked: nobody has to begin it. */
    private static List<Message> verified(
            RequestReceived request, String method, String verifier, Holders holders, Supplier<String> ids) {
        List<Message> happened = new ArrayList<>();
        happened.add(IdentityVerified.newBuilder()
                .setRequestId(request.getRequestId())
                .setMethod(method)
                .setVerifierId(verifier)
                .build());
        if (request.getKind() == RequestKind.REQUEST_KIND_ACCESS
                || request.getKind() == RequestKind.REQUEST_KIND_PORTABILITY) {
            holders.that(HolderAction.HOLDER_ACTION_EXPORT)
                    .forEach(holder -> happened.add(HolderAsked.newBuilder()
                            .setRequestId(request.getRequestId())
                            .setTaskId(ids.get())
                            .setHolder(holder.name())
                            .setAction(HolderAction.HOLDER_ACTION_EXPORT)
                            .build()));
        }
        return happened;
    }

    static Decision<Message> extend(Speaker speaker, Request request, long atMicros) {
        Optional<Rejection> refused = others(speaker, request);
        if (refused.isPresent()) {
            return reject(refused.get());
        }
        Regime regime = Regime.of(request.received().getRegime()).orElseThrow();
        if (!regime.isExtendable() || request.extended().isPresent() || request.dueMicros() <= atMicros) {
            return reject(DsarRejection.EXTENSION);
        }
        Instant due = regime.due(
                Instant.EPOCH.plus(request.received().getReceivedMicros(), ChronoUnit.MICROS),
                ZoneId.of(request.received().getTimeZone()),
                true);
        return events(RequestExtended.newBuilder()
                .setRequestId(request.received().getRequestId())
                .setSubjectId(request.subject())
                .setDueMicros(micros(due))
                .build());
    }

    static Decision<Message> refuse(Speaker speaker, Request request, RequestRefused wanted) {
        Optional<Rejection> refused = others(speaker, request);
        if (refused.isPresent()) {
            return reject(refused.get());
        }
        return request.erasureAsked().isPresent() ? reject(DsarRejection.BEGUN) : events(wanted);
    }

    static Decision<Message> complete(Speaker speaker, Request request) {
        Optional<Rejection> refused = others(speaker, request);
        if (refused.isPresent()) {
            return reject(refused.get());
        }
        if (request.verified().isEmpty()) {
            return reject(DsarRejection.NOT_VERIFIED);
        }
        if (request.isExport() || request.isErasure()) {
            return reject(DsarRejection.BY_ITSELF);
        }
        if (request.kind() == RequestKind.REQUEST_KIND_DECISION_REVIEW && !speaker.isPerson()) {
            return reject(DsarRejection.NO_PERSON);
        }
        return events(CompletionStatement.completed(request, speaker.id(), 0));
    }

    /** Why the data can't be exported now. Once it was, it can be again: what was handed out may be lost on its way. */
    static Optional<Rejection> mayExport(Request request, boolean partial) {
        if (!request.exists()) {
            return Optional.of(DsarRejection.NO_SUCH_REQUEST);
        }
        if (!request.isExport()
                || request.verified().isEmpty()
                || request.refused().isPresent()) {
            return Optional.of(DsarRejection.NO_EXPORT);
        }
        return partial || request.tasksInOrder().stream().allMatch(Task::isDone)
                ? Optional.empty()
                : Optional.of(DsarRejection.PENDING);
    }

    static Decision<Message> report(Request request, HolderReported wanted) {
        Optional<Rejection> refused = open(request);
        if (refused.isPresent()) {
            return reject(refused.get());
        }
        return request.task(wanted.getTaskId())
                .<Decision<Message>>map(
                        task -> task.isDone() || !wanted.getDone() && task.isParked() ? nothing() : events(wanted))
                .orElse(reject(DsarRejection.NO_SUCH_TASK));
    }

    static Decision<Message> replay(Request request, HolderTaskReplayed wanted) {
        Optional<Rejection> refused = open(request);
        if (refused.isPresent()) {
            return reject(refused.get());
        }
        return request.task(wanted.getTaskId())
                .<Decision<Message>>map(task -> task.isParked() ? events(wanted) : nothing())
                .orElse(reject(DsarRejection.NO_SUCH_TASK));
    }

    private static Optional<Rejection> open(Request request) {
        if (!request.exists()) {
            return Optional.of(DsarRejection.NO_SUCH_REQUEST);
        }
        return request.isOpen() ? Optional.empty() : Optional.of(DsarRejection.ENDED);
    }

    private static Optional<Rejection> others(Speaker speaker, Request request) {
        return open(request)
                .or(() ->
                        speaker.speaksFor(request.subject()) ? Optional.of(DsarRejection.ONES_OWN) : Optional.empty());
    }

    private static Optional<ZoneId> zone(String name) {
        try {
            return Optional.of(ZoneId.of(name.isEmpty() ? "UTC" : name));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    static long micros(Instant moment) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, moment);
    }

    private static long micros(Duration duration) {
        return duration.toMillis() * 1000;
    }

    private static Decision<Message> reject(Rejection rejection) {
        return new Decision.Rejected<>(rejection);
    }
}
