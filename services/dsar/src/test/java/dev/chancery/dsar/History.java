package dev.chancery.dsar;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Rejection;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.dsar.v1.HolderAction;
import dev.chancery.schema.dsar.v1.HolderRegistered;
import dev.chancery.schema.dsar.v1.RequestKind;
import dev.chancery.schema.dsar.v1.RequestReceived;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;

/** A request with its systems, as events make it. */
final class History {
    static final long NOW = 1_790_000_000_000_000L;
    static final String SUBJECT = "0199f2aa-0000-7000-8000-000000000001";
    static final String REQUEST = "0199f2aa-0000-7000-8000-00000000000a";
    static final RequestRules.Speaker STAFF =
            new RequestRules.Speaker("0199f2aa-0000-7000-8000-000000000002", Optional.empty(), true);
    static final RequestRules.Speaker CLERK =
            new RequestRules.Speaker("0199f2aa-0000-7000-8000-000000000004", Optional.empty(), true);
    static final RequestRules.Speaker SELF = new RequestRules.Speaker(SUBJECT, Optional.empty(), true);
    static final RequestRules.Speaker AGENT = new RequestRules.Speaker(
            "0199f2aa-0000-7000-8000-000000000003", Optional.of("0199f2aa-0000-7000-8000-000000000005"), false);

    Request request = Request.FOLD.initial();
    Holders holders = Holders.FOLD.initial();
    Destruction destruction = Destruction.FOLD.initial();
    long position;
    private int ids;
    final Supplier<String> newId = () -> "0199f2aa-0000-7000-8000-%012x".formatted(0x1000 + ids++);

    History holder(String name, HolderAction... actions) {
        holders = Holders.FOLD.evolve(
                holders,
                stored(HolderRegistered.newBuilder()
                        .setHolder(name)
                        .setUrl("https://" + name + ".example.com/dsar")
                        .addAllActions(List.of(actions))
                        .build()));
        return this;
    }

    StoredEvent stored(Message event) {
        return new StoredEvent(
                event.getDescriptorForType().getFullName(),
                event.toByteString(),
                position++,
                position,
                new UUID(0, position));
    }

    History received(RequestKind kind, RequestRules.Speaker by) {
        return is(RequestRules.receive(by, true, true, wanted(kind), holders, newId, NOW));
    }

    static RequestReceived wanted(RequestKind kind) {
        boolean export = kind == RequestKind.REQUEST_KIND_ACCESS || kind == RequestKind.REQUEST_KIND_PORTABILITY;
        return RequestReceived.newBuilder()
                .setRequestId(REQUEST)
                .setSubjectId(SUBJECT)
                .setKind(kind)
                .setRegime("gdpr")
                .setExportKey(export ? ByteString.copyFrom(SubjectKeyTest.point()) : ByteString.EMPTY)
                .build();
    }

    History is(Decision<Message> decision) {
        if (decision instanceof Decision.Rejected<Message> rejected) {
            throw new AssertionError("rejected: " + rejected.rejection().code());
        }
        if (decision instanceof Decision.Events<Message> events) {
            events.events().forEach(this::happened);
        }
        return this;
    }

    void happened(Message event) {
        request = Request.FOLD.evolve(request, stored(event));
    }

    void inRetention(Message event) {
        destruction = Destruction.FOLD.evolve(destruction, stored(event));
    }

    Next next(long now) {
        return Next.of(request, holders, destruction, newId, now);
    }

    static Optional<Rejection> refusal(Decision<Message> decision) {
        return decision instanceof Decision.Rejected<Message> rejected
                ? Optional.of(rejected.rejection())
                : Optional.empty();
    }
}
