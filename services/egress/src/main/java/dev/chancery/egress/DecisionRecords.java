package dev.chancery.egress;

import com.google.protobuf.Message;
import com.google.protobuf.UnsafeByteOperations;
import dev.chancery.command.Ids;
import dev.chancery.command.Limits;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Appender;
import dev.chancery.log.Draft;
import dev.chancery.log.NewEvent;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Intent;
import dev.chancery.schema.log.v1.IntentRef;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;

/** Writes records about connections: what no command asked for, so nobody else writes it. Each call returns when the record is durable. */
final class DecisionRecords {
    /** What a record's target may be called; another host stands in the event alone. */
    private static final Pattern TARGET = Pattern.compile("[a-z0-9][a-z0-9.:-]{0,127}");

    private static final Logger LOG = Logger.getLogger(DecisionRecords.class);

    private final Appender appender;

    DecisionRecords(Appender appender) {
        this.appender = appender;
    }

    /**
     * Something that happened, in a stream that nobody else writes.
     *
     * @param before events in the stream so far
     * @return whether it is durable
     */
    boolean happened(Principal principal, String action, String host, StreamId stream, long before, Message event) {
        Statement statement = statement(principal, action, host)
                .setOutcome(Outcome.newBuilder().setResult(Result.SUCCESS))
                .build();
        return append(new Draft(
                        principal.tenant(),
                        statement,
                        0,
                        List.of(new NewEvent(stream, event)),
                        List.of(),
                        Optional.empty(),
                        Map.of(stream, before)))
                .isPresent();
    }

    /** Something that is about to happen; empty: it must not. */
    Optional<AppendResult.Appended> intent(Principal principal, String action, String host) {
        Statement statement = statement(principal, action, host)
                .setIntent(Intent.getDefaultInstance())
                .build();
        return append(Draft.intent(principal.tenant(), statement, Limits.DEADLINE_MILLIS, Optional.empty()));
    }

    /** What an intent came to. */
    boolean succeeded(
            AppendResult.Appended intent,
            Principal principal,
            String action,
            String host,
            StreamId stream,
            Message event) {
        Statement statement = statement(principal, action, host)
                .setOutcome(Outcome.newBuilder().setResult(Result.SUCCESS).setIntent(reference(intent)))
                .build();
        return append(new Draft(
                        principal.tenant(),
                        statement,
                        0,
                        List.of(new NewEvent(stream, event)),
                        List.of(),
                        Optional.empty(),
                        Map.of(stream, 0L)))
                .isPresent();
    }

    /** An intent that came to nothing. */
    boolean failed(AppendResult.Appended intent, Principal principal, String action, String host, String code) {
        Statement statement = statement(principal, action, host)
                .setOutcome(Outcome.newBuilder()
                        .setResult(Result.FAILURE)
                        .setCode(code)
                        .setIntent(reference(intent)))
                .build();
        return append(new Draft(principal.tenant(), statement, 0, List.of(), List.of(), Optional.empty(), Map.of()))
                .isPresent();
    }

    private static IntentRef reference(AppendResult.Appended intent) {
        return IntentRef.newBuilder()
                .setPosition(intent.position())
                .setHash(UnsafeByteOperations.unsafeWrap(intent.hash().bytes()))
                .build();
    }

    private Optional<AppendResult.Appended> append(Draft draft) {
        AppendResult result = appender.append(draft);
        if (result instanceof AppendResult.Appended appended) {
            return Optional.of(appended);
        }
        LOG.warnf("proxy: not recorded tenant=%s result=%s", draft.tenant(), result);
        return Optional.empty();
    }

    private static Statement.Builder statement(Principal principal, String action, String host) {
        Statement.Builder statement = Statement.newBuilder()
                .setEntryId(UnsafeByteOperations.unsafeWrap(Ids.bytes(Ids.uuidV7())))
                .setAction(action)
                .setRequestId(UUID.randomUUID().toString());
        statement.getActorBuilder().setType(type(principal)).setId(principal.id());
        principal.actingFor().ifPresent(whom -> statement
                .getActingForBuilder()
                .setType(ActorType.ACTOR_TYPE_USER)
                .setId(whom));
        principal.workspace().ifPresent(statement::setWorkspace);
        if (TARGET.matcher(host).matches()) {
            statement.getTargetBuilder().setType("host").setId(host);
        }
        return statement;
    }

    private static ActorType type(Principal principal) {
        return switch (principal.type()) {
            case SYSTEM -> ActorType.ACTOR_TYPE_SYSTEM;
            case USER -> ActorType.ACTOR_TYPE_USER;
            case AGENT -> ActorType.ACTOR_TYPE_AGENT;
            case SERVICE -> ActorType.ACTOR_TYPE_SERVICE;
            case CLAIMANT -> ActorType.ACTOR_TYPE_CLAIMANT;
        };
    }
}
