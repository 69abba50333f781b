package dev.chancery.command;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.chancery.command.CommandOutcome.Done;
import dev.chancery.decision.Authority;
import dev.chancery.kernel.Position;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Appender;
import dev.chancery.log.Digest;
import dev.chancery.log.Draft;
import dev.chancery.log.LogRejection;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Receipt;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.log.v1.Intent;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * One command, from the authorised request to the answer.
 *
 * <p>Privileged: authorise, intent, then as often as what it rests on moves: authorise, decide, outcome. So the outcome is never
 * appended on authority that was gone by then. Not privileged: the same without the intent. Wherever this dies, the log has at
 * most an open intent, which the reaper ends.
 */
final class CommandRun<Q extends Message> {
    private static final Logger LOG = Logger.getLogger(CommandRun.class);

    private final CommandParts parts;
    private final ContractMethod method;
    private final Handler.Decide<Q> decide;
    private final Message request;
    private final Principal principal;
    private final Optional<String> capability;
    private final Appender appender;
    private final StatementDraft draft;
    private final Optional<Digest> key;
    private final Digest requestHash;

    CommandRun(
            CommandParts parts,
            ContractMethod method,
            Handler.Decide<Q> decide,
            Message request,
            Principal principal,
            Caller caller,
            Optional<String> capability) {
        this.parts = parts;
        this.method = method;
        this.decide = decide;
        this.request = request;
        this.principal = principal;
        this.capability = capability;
        this.appender = parts.appender(method.feature());
        this.requestHash = hash(
                "request", ByteString.copyFromUtf8(method.fullName() + "\n").concat(request.toByteString()));
        this.key = caller.idempotencyKey()
                .map(sent -> hash(
                        "idempotency",
                        ByteString.copyFromUtf8(principal.id() + "\n" + method.fullName() + "\n" + sent)));
        this.draft = new StatementDraft(parts.keyring(), method, request, principal, caller, key, requestHash);
    }

    private Digest hash(String purpose, ByteString value) {
        return new Digest(parts.keyring().keyedHash(principal.tenant(), purpose, value.toByteArray()));
    }

    CallResult run() throws RefusedException {
        if (method.instanceOnly() && !principal.tenant().equals(Principal.INSTANCE)) {
            throw new RefusedException(BoundaryRejection.FORBIDDEN);
        }
        Authorisation.requireFresh(method, principal);
        // Before anything is sealed: a new key is written too.
        Optional<LogRejection> turnedAway = appender.refusal();
        if (turnedAway.isPresent()) {
            return new CallResult.Refused(turnedAway.get());
        }
        CommandContext first = context(Ids.uuidV7(), Clock.nowMicros());
        Authority.Answer authority = authorise(first);
        if (!authority.granted()) {
            authority = authorise(reread(first));
        }
        if (!authority.granted()) {
            return deny();
        }
        if (!method.privileged()) {
            return attempt(null, first.atMicros());
        }
        AppendResult intent = appender.append(Draft.intent(
                principal.tenant(),
                draft.intent(Ids.uuidV7(), authority.role(), Intent.getDefaultInstance()),
                Limits.DEADLINE_MILLIS,
                receipt(new Receipt.Reserve())));
        return switch (intent) {
            case AppendResult.Appended appended -> attempt(appended, appended.recordedAtMicros());
            case AppendResult.Replayed replayed -> replay(replayed);
            case AppendResult.Refused refused -> new CallResult.Refused(refused.rejection());
            case AppendResult.Moved m -> throw new IllegalStateException("an intent rests on nothing");
            case AppendResult.Taken t -> throw new IllegalStateException("an intent claims nothing");
        };
    }

    private CommandContext context(UUID entryId, long atMicros) {
        return new CommandContext(principal, entryId, atMicros, parts.streams(), parts.keyring());
    }

    /** Nobody is refused on a cached state: what was read is read again from PostgreSQL. */
    private CommandContext reread(CommandContext context) {
        parts.streams().moved(principal.tenant(), context.basis().keySet());
        return context(Ids.uuidV7(), context.atMicros());
    }

    private void follow(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException e) {
            LOG.errorf(e, "Left for the next start: method=%s", method.fullName());
        }
    }

    /** A public method's caller has shown its credential; everybody else needs the capability. */
    private Authority.Answer authorise(CommandContext context) {
        return capability
                .map(needed -> context.authority(principal.id())
                        .decide(needed, Authorisation.where(method, request, principal), context.atMicros()))
                .orElse(new Authority.Answer(Authority.Reason.GRANTED, "", ""));
    }

    /** Decides and appends, again while what it rests on moves. */
    @SuppressWarnings("unchecked")
    private CallResult attempt(AppendResult.@Nullable Appended intent, long atMicros) {
        for (int attempt = 1; attempt <= Limits.MAX_ATTEMPTS; attempt++) {
            UUID entryId = Ids.uuidV7();
            CommandContext context = context(entryId, atMicros);
            Authority.Answer authority = authorise(context);
            CommandOutcome decided = authority.granted()
                    ? decide.decide(context, (Q) request)
                    : CommandOutcome.reject(BoundaryRejection.FORBIDDEN);
            if (decided instanceof CommandOutcome.Rejected rejected) {
                if (attempt == 1) {
                    reread(context);
                    continue;
                }
                return fail(intent, rejected.rejection());
            }
            Done done = (Done) decided;
            AppendResult result = appender.append(outcome(entryId, intent, context, authority, done));
            switch (result) {
                case AppendResult.Appended appended -> {
                    remember(appended, entryId, context, done);
                    done.then().ifPresent(this::follow);
                    return new CallResult.Replied(
                            done.reply(), Optional.of(new Position(principal.tenant(), appended.position())));
                }
                case AppendResult.Replayed replayed -> {
                    return replay(replayed);
                }
                case AppendResult.Moved moved -> parts.streams().moved(principal.tenant(), moved.streams());
                case AppendResult.Taken taken -> {
                    return fail(intent, done.taken().orElse(LogRejection.BUSY));
                }
                case AppendResult.Refused refused -> {
                    return new CallResult.Refused(refused.rejection());
                }
            }
        }
        return fail(intent, LogRejection.BUSY);
    }

    private Draft outcome(
            UUID entryId,
            AppendResult.@Nullable Appended intent,
            CommandContext context,
            Authority.Answer authority,
            Done done) {
        Outcome.Builder outcome = Outcome.newBuilder().setResult(Result.SUCCESS);
        Receipt.Effect kept = new Receipt.KeepReply(
                method.replyHoldsSecret() ? new byte[0] : done.reply().toByteArray());
        Optional<Receipt> receipt = done.once()
                .map(once -> new Receipt(
                        once.key(),
                        once.key(), // it is spent, whatever else the next request that brings it says
                        new Receipt.KeepCode(once.spent().code()),
                        once.keptMillis()))
                .or(() -> receipt(kept));
        return new Draft(
                principal.tenant(),
                draft.outcome(entryId, authority.role(), intent, outcome, done.target()),
                0,
                done.events(),
                done.claims(),
                receipt,
                context.basis());
    }

    /** The command is refused for good, or for now: the intent gets its outcome either way. */
    private CallResult fail(AppendResult.@Nullable Appended intent, Rejection rejection) {
        var refused = new CallResult.Refused(rejection);
        if (intent == null) {
            return refused;
        }
        boolean worthTryingAgain = rejection.kind() == Rejection.Kind.UNAVAILABLE;
        AppendResult result = appender.append(new Draft(
                principal.tenant(),
                draft.outcome(
                        Ids.uuidV7(),
                        "",
                        intent,
                        Outcome.newBuilder().setResult(Result.FAILURE).setCode(rejection.code()),
                        Optional.empty()),
                0,
                List.of(),
                List.of(),
                receipt(worthTryingAgain ? new Receipt.Release() : new Receipt.KeepCode(rejection.code())),
                Map.of()));
        return result instanceof AppendResult.Appended ? refused : new CallResult.Refused(LogRejection.UNAVAILABLE);
    }

    /** Refused at the boundary. Of a privileged method that is worth a record: who tried what. */
    private CallResult deny() {
        if (method.privileged()) {
            AppendResult result = appender.append(new Draft(
                    principal.tenant(),
                    draft.denied(Ids.uuidV7(), BoundaryRejection.FORBIDDEN),
                    0,
                    List.of(),
                    List.of(),
                    Optional.empty(),
                    Map.of()));
            if (result instanceof AppendResult.Refused refused) {
                return new CallResult.Refused(refused.rejection());
            }
        }
        return new CallResult.Refused(BoundaryRejection.FORBIDDEN);
    }

    private Optional<Receipt> receipt(Receipt.Effect effect) {
        return key.map(k -> new Receipt(k, requestHash, effect, Limits.RECEIPT_MILLIS));
    }

    private CallResult replay(AppendResult.Replayed replayed) {
        if (replayed.code().isPresent()) {
            return new CallResult.Refused(
                    parts.methods().rejection(replayed.code().get()).orElse(BoundaryRejection.INTERNAL));
        }
        if (method.replyHoldsSecret()) {
            return new CallResult.Refused(LogRejection.KEY_REUSED);
        }
        try {
            return new CallResult.Replied(
                    method.replyPrototype().getParserForType().parseFrom(replayed.reply()),
                    Optional.of(new Position(principal.tenant(), replayed.position())));
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a kept reply does not parse", e);
        }
    }

    /** What this process appended it need not read back. */
    private void remember(AppendResult.Appended appended, UUID entryId, CommandContext context, Done done) {
        Map<StreamId, List<StoredEvent>> appendedTo = new HashMap<>();
        Map<StreamId, Long> versions = new HashMap<>(context.basis());
        for (NewEvent event : done.events()) {
            long version = versions.merge(event.stream(), 1L, Long::sum);
            appendedTo
                    .computeIfAbsent(event.stream(), stream -> new ArrayList<>())
                    .add(new StoredEvent(
                            event.type(), event.body().toByteString(), appended.position(), version, entryId));
        }
        appendedTo.forEach((stream, events) -> parts.streams().appended(principal.tenant(), stream, events));
    }
}
