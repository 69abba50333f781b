package dev.chancery.dsar;

import static dev.chancery.decision.EventReading.read;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.dsar.v1.DataExported;
import dev.chancery.schema.dsar.v1.ErasureAsked;
import dev.chancery.schema.dsar.v1.ErasureDone;
import dev.chancery.schema.dsar.v1.ErasureWithheld;
import dev.chancery.schema.dsar.v1.HolderAnswered;
import dev.chancery.schema.dsar.v1.HolderAsked;
import dev.chancery.schema.dsar.v1.HolderReported;
import dev.chancery.schema.dsar.v1.HolderTaskReplayed;
import dev.chancery.schema.dsar.v1.IdentityVerified;
import dev.chancery.schema.dsar.v1.RequestAcknowledged;
import dev.chancery.schema.dsar.v1.RequestCompleted;
import dev.chancery.schema.dsar.v1.RequestExtended;
import dev.chancery.schema.dsar.v1.RequestKind;
import dev.chancery.schema.dsar.v1.RequestReceived;
import dev.chancery.schema.dsar.v1.RequestRefused;
import dev.chancery.schema.dsar.v1.RequestState;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;

/**
 * One request, from receipt to its end.
 *
 * @param happened the newest event of each type, but for those about tasks
 * @param tasks what systems were asked, by id, in that order
 */
record Request(Map<String, Happened> happened, Map<String, Task> tasks) {
    private static final String PACKAGE = "chancery.dsar.v1.";
    private static final String PREFIX = "dsar/request/";

    /** @param position -1: it is decided and not in the log yet */
    record Happened(ByteString body, long position, UUID entryId) {}

    static final Fold<Request, StoredEvent> FOLD = new Fold<>() {
        @Override
        public Request initial() {
            return new Request(Map.of(), Map.of());
        }

        @Override
        public Request evolve(Request state, StoredEvent event) {
            String type = event.type().startsWith(PACKAGE) ? event.type().substring(PACKAGE.length()) : "";
            ByteString body = event.body();
            return switch (type) {
                case "HolderAsked" -> state.asked(read(HolderAsked.parser(), body));
                case "HolderAnswered" -> {
                    var answered = read(HolderAnswered.parser(), body);
                    yield state.changed(answered.getTaskId(), task -> task.answered(answered, event.entryId()));
                }
                case "HolderReported" -> {
                    var reported = read(HolderReported.parser(), body);
                    yield state.changed(reported.getTaskId(), task -> task.reported(reported.getDone()));
                }
                case "HolderTaskReplayed" ->
                    state.changed(read(HolderTaskReplayed.parser(), body).getTaskId(), Task::replayed);
                case "" -> state;
                default -> state.with(type, new Happened(body, event.position(), event.entryId()));
            };
        }
    };

    Request {
        happened = Map.copyOf(happened);
        tasks = Collections.unmodifiableMap(new LinkedHashMap<>(tasks));
    }

    static StreamId stream(String requestId) {
        return new StreamId(PREFIX + requestId);
    }

    boolean exists() {
        return happened("RequestReceived").isPresent();
    }

    RequestReceived received() {
        return event("RequestReceived", RequestReceived.parser()).orElse(RequestReceived.getDefaultInstance());
    }

    String subject() {
        return received().getSubjectId();
    }

    RequestKind kind() {
        return received().getKind();
    }

    boolean isExport() {
        return kind() == RequestKind.REQUEST_KIND_ACCESS || kind() == RequestKind.REQUEST_KIND_PORTABILITY;
    }

    boolean isErasure() {
        return kind() == RequestKind.REQUEST_KIND_ERASURE;
    }

    boolean acknowledged() {
        return event("RequestAcknowledged", RequestAcknowledged.parser()).isPresent();
    }

    Optional<IdentityVerified> verified() {
        return event("IdentityVerified", IdentityVerified.parser());
    }

    Optional<RequestExtended> extended() {
        return event("RequestExtended", RequestExtended.parser());
    }

    long dueMicros() {
        return extended().map(RequestExtended::getDueMicros).orElse(received().getDueMicros());
    }

    Optional<RequestRefused> refused() {
        return event("RequestRefused", RequestRefused.parser());
    }

    Optional<ErasureAsked> erasureAsked() {
        return event("ErasureAsked", ErasureAsked.parser());
    }

    Optional<ErasureWithheld> withheld() {
        return event("ErasureWithheld", ErasureWithheld.parser());
    }

    Optional<ErasureDone> erased() {
        return event("ErasureDone", ErasureDone.parser());
    }

    Optional<DataExported> exported() {
        return event("DataExported", DataExported.parser());
    }

    Optional<RequestCompleted> completed() {
        return event("RequestCompleted", RequestCompleted.parser());
    }

    boolean isOpen() {
        return exists() && refused().isEmpty() && completed().isEmpty();
    }

    RequestState state() {
        if (completed().isPresent()) {
            return RequestState.REQUEST_STATE_COMPLETED;
        }
        if (refused().isPresent()) {
            return RequestState.REQUEST_STATE_REFUSED;
        }
        if (withheld().isPresent() && erased().isEmpty()) {
            return RequestState.REQUEST_STATE_WITHHELD;
        }
        return verified().isPresent() ? RequestState.REQUEST_STATE_VERIFIED : RequestState.REQUEST_STATE_RECEIVED;
    }

    Optional<Happened> happened(String type) {
        return Optional.ofNullable(happened.get(type));
    }

    List<Task> tasksInOrder() {
        return List.copyOf(tasks.values());
    }

    Optional<Task> task(String id) {
        return Optional.ofNullable(tasks.get(id));
    }

    private <M extends Message> Optional<M> event(String type, Parser<M> parser) {
        return happened(type).map(found -> read(parser, found.body()));
    }

    private Request with(String type, Happened event) {
        var more = new HashMap<>(happened);
        if (type.equals("DataExported")) {
            // The first completed the request: what was stated then stays what is stated.
            more.putIfAbsent(type, event);
        } else {
            more.put(type, event);
        }
        return new Request(more, tasks);
    }

    private Request asked(HolderAsked asked) {
        var more = new LinkedHashMap<>(tasks);
        more.put(asked.getTaskId(), Task.of(asked));
        return new Request(happened, more);
    }

    private Request changed(String task, UnaryOperator<Task> change) {
        var changed = new LinkedHashMap<>(tasks);
        changed.computeIfPresent(task, (id, known) -> change.apply(known));
        return new Request(happened, changed);
    }
}
