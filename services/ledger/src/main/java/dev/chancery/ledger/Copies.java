package dev.chancery.ledger;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.protobuf.UnsafeByteOperations;
import dev.chancery.command.Ids;
import dev.chancery.command.RefusedException;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Draft;
import dev.chancery.log.LogRejection;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Who is given copies of a log's content, recorded in that log before the first of them goes out. An export asks for many files: those of
 * one session within {@link #WINDOW} share a record.
 *
 * <p>Of a log that is stopped by a fork, which takes no record, copies are evidence: the log of the installation has the record then.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@value #MAX_SESSIONS} sessions at a time; one that makes room is recorded again.
 */
final class Copies {
    static final String ACTION = "ledger.log.export";
    static final Duration WINDOW = Duration.ofMinutes(15);
    static final int MAX_SESSIONS = 10_000;

    private final Function<Draft, AppendResult> append;
    private final Cache<Reader, Optional<Rejection>> recorded = Caffeine.newBuilder()
            .maximumSize(MAX_SESSIONS)
            .expireAfterWrite(WINDOW)
            .build();

    private record Reader(String tenant, String id, String session, Optional<String> actingFor) {}

    Copies(Function<Draft, AppendResult> append) {
        this.append = append;
    }

    /**
     * Returns when it is durable that the caller is given copies of its organisation's log.
     *
     * @throws RefusedException if that can't be recorded: nothing may be given then
     */
    void record(Principal caller) throws RefusedException {
        var reader = new Reader(caller.tenant(), caller.id(), caller.session(), caller.actingFor());
        // Those who ask at once wait for the one record.
        Optional<Rejection> refusal = recorded.get(reader, first -> recordNow(caller));
        if (refusal.isPresent()) {
            recorded.invalidate(reader);
            throw new RefusedException(refusal.get());
        }
    }

    private Optional<Rejection> recordNow(Principal caller) {
        Optional<Rejection> refusal = append(caller.tenant(), caller);
        return refusal.filter(LogRejection.STOPPED::equals).isPresent() ? append(Principal.INSTANCE, caller) : refusal;
    }

    private Optional<Rejection> append(String log, Principal caller) {
        Statement.Builder statement = Statement.newBuilder()
                .setEntryId(UnsafeByteOperations.unsafeWrap(Ids.bytes(Ids.uuidV7())))
                .setAction(ACTION)
                .setRequestId(Ids.uuidV7().toString())
                .setOutcome(Outcome.newBuilder().setResult(Result.SUCCESS));
        statement.getActorBuilder().setType(typeOf(caller)).setId(caller.id());
        caller.actingFor().ifPresent(whom -> statement
                .getActingForBuilder()
                .setType(ActorType.ACTOR_TYPE_USER)
                .setId(whom));
        statement.getTargetBuilder().setType("log").setId(caller.tenant());
        AppendResult result =
                append.apply(new Draft(log, statement.build(), 0, List.of(), List.of(), Optional.empty(), Map.of()));
        return switch (result) {
            case AppendResult.Appended _ -> Optional.empty();
            case AppendResult.Refused(Rejection rejection) -> Optional.of(rejection);
            case AppendResult.Moved _, AppendResult.Replayed _, AppendResult.Taken _ ->
                throw new IllegalStateException("a record that rests on nothing was refused: " + result);
        };
    }

    private static ActorType typeOf(Principal caller) {
        return switch (caller.type()) {
            case SYSTEM -> ActorType.ACTOR_TYPE_SYSTEM;
            case USER -> ActorType.ACTOR_TYPE_USER;
            case AGENT -> ActorType.ACTOR_TYPE_AGENT;
            case SERVICE -> ActorType.ACTOR_TYPE_SERVICE;
            case CLAIMANT -> ActorType.ACTOR_TYPE_CLAIMANT;
        };
    }
}
