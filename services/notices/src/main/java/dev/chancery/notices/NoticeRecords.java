package dev.chancery.notices;

import com.google.protobuf.Message;
import com.google.protobuf.UnsafeByteOperations;
import dev.chancery.command.Ids;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Appender;
import dev.chancery.log.Draft;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Streams;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jboss.logging.Logger;

/** Appends what became of a notice: the installation's own doing, which no command asked for. */
final class NoticeRecords {
    static final String ACTION = "notices.notice.deliver";

    private static final Logger LOG = Logger.getLogger(NoticeRecords.class);

    private final Appender appender;
    private final Streams streams;

    NoticeRecords(Appender appender, Streams streams) {
        this.appender = appender;
        this.streams = streams;
    }

    /** Whether records are taken at all right now. */
    boolean areTaken() {
        return appender.refusal().isEmpty();
    }

    /** Whether an organisation's log takes records: it is not stopped. */
    boolean areTaken(String tenant) {
        return appender.refusal(tenant).isEmpty();
    }

    /**
     * Appends an event to a notice's stream.
     *
     * @param before events in it so far: where there are more by now, nothing is appended
     * @return what the log says to it
     */
    AppendResult append(String tenant, String noticeId, long before, Message event) {
        StreamId stream = NoticeState.stream(noticeId);
        Statement.Builder statement = Statement.newBuilder()
                .setEntryId(UnsafeByteOperations.unsafeWrap(Ids.bytes(Ids.uuidV7())))
                .setAction(ACTION)
                .setRequestId(Ids.uuidV7().toString())
                .setOutcome(Outcome.newBuilder().setResult(Result.SUCCESS));
        statement.getActorBuilder().setType(ActorType.ACTOR_TYPE_SYSTEM).setId("system");
        statement.getTargetBuilder().setType("notice").setId(noticeId);
        AppendResult result = appender.append(new Draft(
                tenant,
                statement.build(),
                0,
                List.of(new NewEvent(stream, event)),
                List.of(),
                Optional.empty(),
                Map.of(stream, before)));
        streams.moved(tenant, List.of(stream));
        if (!(result instanceof AppendResult.Appended)) {
            LOG.warnf("Notice's record not appended: tenant=%s notice=%s result=%s", tenant, noticeId, result);
        }
        return result;
    }
}
