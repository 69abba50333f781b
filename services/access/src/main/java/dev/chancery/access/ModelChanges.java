package dev.chancery.access;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.chancery.command.Authorisation;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Handler;
import dev.chancery.command.RefusedException;
import dev.chancery.log.Draft;
import dev.chancery.log.NewEvent;
import dev.chancery.schema.access.v1.AssignGroupRoleReply;
import dev.chancery.schema.access.v1.AssignRoleReply;
import dev.chancery.schema.access.v1.ChangeModelReply;
import dev.chancery.schema.access.v1.ChangeModelRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Several changes in one command: each is decided by its own method's handler, on what the ones before have come to. */
final class ModelChanges {
    static final int MAX_CHANGES = 200;

    private static final String WHOLE_ORGANISATION = "";

    /** @param capability what the change's own method asks for */
    private record Kind(String capability, Handler.Decide<Message> decide) {}

    /** By the request's fields, in their order. */
    private final Map<FieldDescriptor, Kind> kinds = new LinkedHashMap<>();

    /**
     * @param field of {@link ChangeModelRequest}: a list of another method's requests
     * @param capability what that method asks for
     */
    @SuppressWarnings("unchecked") // a field's items are of its type
    <Q extends Message> ModelChanges with(String field, String capability, Handler.Decide<Q> decide) {
        FieldDescriptor list = ChangeModelRequest.getDescriptor().findFieldByName(field);
        kinds.put(list, new Kind(capability, (Handler.Decide<Message>) decide));
        return this;
    }

    CommandOutcome change(CommandContext context, ChangeModelRequest request) {
        int changes =
                kinds.keySet().stream().mapToInt(request::getRepeatedFieldCount).sum();
        if (changes == 0 || changes > MAX_CHANGES) {
            return CommandOutcome.reject(AccessRejection.TOO_MANY_CHANGES);
        }
        var reply = ChangeModelReply.newBuilder();
        List<NewEvent> events = new ArrayList<>();
        for (Map.Entry<FieldDescriptor, Kind> kind : kinds.entrySet()) {
            int count = request.getRepeatedFieldCount(kind.getKey());
            for (int i = 0; i < count; i++) {
                var one = (Message) request.getRepeatedField(kind.getKey(), i);
                switch (decide(context, kind.getValue(), one)) {
                    case CommandOutcome.Rejected rejected -> {
                        return rejected;
                    }
                    case CommandOutcome.Done done -> {
                        context.decide(done.events());
                        events.addAll(done.events());
                        switch (done.reply()) {
                            case AssignRoleReply made -> reply.addAssignmentIds(made.getAssignmentId());
                            case AssignGroupRoleReply made -> reply.addAssignmentIds(made.getAssignmentId());
                            default -> {}
                        }
                    }
                }
            }
        }
        return events.size() > Draft.MAX_EVENTS || !context.fitsBasis()
                ? CommandOutcome.reject(AccessRejection.TOO_MANY_CHANGES)
                : CommandOutcome.done(reply.build(), events.toArray(NewEvent[]::new));
    }

    private static CommandOutcome decide(CommandContext context, Kind kind, Message one) {
        FieldDescriptor reason = one.getDescriptorForType().findFieldByName("reason");
        if (reason != null && !one.getField(reason).equals("")) {
            return CommandOutcome.reject(AccessRejection.REASON_OF_ALL);
        }
        try {
            Authorisation.require(
                    context.principal(),
                    context::authority,
                    context.consents(Authorisation.about(one, context.principal())),
                    kind.capability(),
                    WHOLE_ORGANISATION,
                    context.atMicros());
        } catch (RefusedException e) {
            boolean lacking = e.rejection().equals(BoundaryRejection.FORBIDDEN);
            return CommandOutcome.reject(lacking ? AccessRejection.CHANGE_FORBIDDEN : e.rejection());
        }
        return kind.decide().decide(context, one);
    }
}
