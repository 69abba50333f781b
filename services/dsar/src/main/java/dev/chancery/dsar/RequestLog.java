package dev.chancery.dsar;

import com.google.protobuf.Message;
import com.google.protobuf.UnsafeByteOperations;
import dev.chancery.command.Ids;
import dev.chancery.decision.ListedHosts;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Appender;
import dev.chancery.log.Draft;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Streams;
import dev.chancery.log.Streams.Loaded;
import dev.chancery.schema.log.v1.Actor;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.log.v1.Target;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jboss.logging.Logger;

/** Reads requests as they are now, and writes what becomes of them by itself: the installation is the actor. */
final class RequestLog {
    private static final Logger LOG = Logger.getLogger(RequestLog.class);

    private final Appender appender;
    private final Streams streams;

    RequestLog(Appender appender, Streams streams) {
        this.appender = appender;
        this.streams = streams;
    }

    Loaded<Request> request(String tenant, String id) {
        return streams.current(tenant, Request.stream(id), Request.FOLD);
    }

    Holders holders(String tenant) {
        return streams.current(tenant, Holders.STREAM, Holders.FOLD).state();
    }

    Destruction destruction(String tenant, String subject) {
        return streams.current(tenant, Destruction.stream(subject), Destruction.FOLD)
                .state();
    }

    ListedHosts egress(String tenant, String workspace) {
        return streams.current(tenant, ListedHosts.stream(workspace), ListedHosts.FOLD)
                .state();
    }

    /**
     * @param version of the request that the events follow from
     * @return whether it is durable; false: the request has moved, or the log takes nothing now
     */
    boolean append(String tenant, String id, long version, UUID entryId, String action, List<Message> events) {
        StreamId stream = Request.stream(id);
        Statement statement = Statement.newBuilder()
                .setEntryId(UnsafeByteOperations.unsafeWrap(Ids.bytes(entryId)))
                .setActor(
                        Actor.newBuilder().setType(ActorType.ACTOR_TYPE_SYSTEM).setId("system"))
                .setAction(action)
                .setTarget(Target.newBuilder().setType("request").setId(id))
                .setOutcome(Outcome.newBuilder().setResult(Result.SUCCESS))
                .build();
        AppendResult result = appender.append(new Draft(
                tenant,
                statement,
                0,
                events.stream().map(event -> new NewEvent(stream, event)).toList(),
                List.of(),
                Optional.empty(),
                Map.of(stream, version)));
        streams.moved(tenant, List.of(stream));
        if (result instanceof AppendResult.Refused refused) {
            LOG.warnf(
                    "Request not advanced: tenant=%s request=%s code=%s",
                    tenant, id, refused.rejection().code());
        }
        return result instanceof AppendResult.Appended;
    }
}
