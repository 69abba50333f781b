package dev.chancery.command;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.chancery.command.CommandOutcome.Done;
import dev.chancery.decision.AuthorityDecision;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.decision.SessionEnds;
import dev.chancery.kernel.Position;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.KeyDestroyed;
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
import dev.chancery.schema.log.v1.Statement;
import io.micrometer.core.instrument.Metrics;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongPredicate;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * One command, from the authorised request to the answer.
 *
 * <pre>
 *   authorise            refused: a DENIED record of a privileged method
 *   intent               of a privileged method, durable before anything else
 *   again while the data it depends on changes:
 *       decide           authorise and decide, on states that may be cached
 *       append           success or failure, with every stream version that was read
 *       next             the answer, or read again what append found changed
 * </pre>
 *
 * <p>So nothing is granted or refused on a state that was old: append compares the versions under the head lock. A refusal that
 * leaves no record is decided again on what PostgreSQL has. Wherever this dies, the log has at most an open intent, which the reaper
 * ends.
 */
final class CommandRun<Q extends Message> {
    private static final Logger LOG = Logger.getLogger(CommandRun.class);

    /** Refusals that say nothing about what the caller may do. */
    private static final Set<Rejection> UNRECORDED = Set.of(BoundaryRejection.STEP_UP, BoundaryRejection.SESSION_OVER);

    private final CommandParts parts;
    private final Call call;
    private final ContractMethod method;
    private final Principal principal;
    private final Handler.Decide<Q> decide;
    private final Optional<String> capability;
    private final Appender appender;
    private final StatementDraft draft;
    private final Optional<Digest> key;
    private final Digest requestHash;

    /** What was decided, and on what. */
    private record Decided(UUID entryId, CommandContext context, AuthorityDecision authority, CommandOutcome outcome) {}

    /** @param capability what the caller must hold; empty for a public method, whose credential was its request */
    CommandRun(CommandParts parts, Call call, Handler.Decide<Q> decide, Optional<String> capability) {
        this.parts = parts;
        this.call = call;
        this.method = call.method();
        this.principal = call.principal();
        this.decide = decide;
        this.capability = capability;
        this.appender = parts.appender(method.feature());
        this.requestHash = hash(
                "request",
                ByteString.copyFromUtf8(method.fullName() + "\n")
                        .concat(call.request().toByteString()));
        this.key = call.caller()
                .idempotencyKey()
                .map(sent -> hash(
                        "idempotency",
                        ByteString.copyFromUtf8(principal.id() + "\n" + method.fullName() + "\n" + sent)));
        this.draft = new StatementDraft(parts.keyring(), call, key, requestHash);
    }

    private Digest hash(String purpose, ByteString value) {
        return new Digest(parts.keyring().keyedHash(principal.tenant(), purpose, value.toByteArray()));
    }

    CallResult run() throws RefusedException {
        try {
            return runWithKeys();
        } catch (KeyDestroyed e) {
            // Whoever calls was erased: there is nothing to seal its address with. What has begun the reaper ends.
            return new CallResult.Refused(BoundaryRejection.ERASED);
        }
    }

    private CallResult runWithKeys() throws RefusedException {
        Authorisation.requireFresh(method, principal);
        // Before anything is sealed: a new key is written too.
        Optional<Rejection> closed = appender.refusal();
        if (closed.isPresent()) {
            return new CallResult.Refused(closed.get());
        }
        if (method.instanceOnly() && !principal.tenant().equals(Principal.INSTANCE)) {
            // Rests on no stream that could have moved.
            var elsewhere = new CallResult.Refused(BoundaryRejection.FORBIDDEN);
            return deny(context(Ids.uuidV7(), Clock.nowMicros()), elsewhere, Limits.MAX_ATTEMPTS)
                    .orElseThrow();
        }
        for (int attempt = 1; attempt <= Limits.MAX_ATTEMPTS; attempt++) {
            CommandContext context = context(Ids.uuidV7(), Clock.nowMicros());
            Admission admission = admit(context);
            if (admission.refusal().isEmpty()) {
                return begin(admission.authority(), context.atMicros());
            }
            Optional<CallResult> denied = deny(context, admission.refusal().get(), attempt);
            if (denied.isPresent()) {
                return denied.get();
            }
        }
        return new CallResult.Refused(LogRejection.BUSY);
    }

    private CommandContext context(UUID entryId, long atMicros) {
        return new CommandContext(principal, call.caller(), entryId, atMicros, parts.streams(), parts.keyring());
    }

    /** Whether the caller may, and by what; and if not, the answer to that. */
    private record Admission(AuthorityDecision authority, Optional<CallResult.Refused> refusal) {}

    /** A public method's caller has shown its credential; everybody else needs the capability, and what its use takes. */
    private Admission admit(CommandContext context) {
        if (capability.isEmpty()) {
            return new Admission(new AuthorityDecision(AuthorityDecision.Reason.GRANTED, "", ""), Optional.empty());
        }
        // A public method's credential is no session.
        if (isSessionOver(context)) {
            return new Admission(
                    AuthorityDecision.Reason.NO_GRANT.deny(),
                    Optional.of(new CallResult.Refused(BoundaryRejection.SESSION_OVER)));
        }
        try {
            AuthorityDecision decision = Authorisation.require(
                    principal,
                    context::authority,
                    context.consents(Authorisation.about(call.request(), principal)),
                    capability.get(),
                    Authorisation.where(method, call.request(), principal),
                    context.atMicros());
            return new Admission(decision, Optional.empty());
        } catch (RefusedException e) {
            return new Admission(AuthorityDecision.Reason.NO_GRANT.deny(), Optional.of(e.refused()));
        }
    }

    private boolean isSessionOver(CommandContext context) {
        return context.read(AuthorityStreams.sessionEnds(principal.id()), SessionEnds.FOLD)
                        .ends(principal)
                || principal
                        .actingFor()
                        .map(whom -> context.read(AuthorityStreams.sessionEnds(whom), SessionEnds.FOLD))
                        .filter(theirs -> theirs.endsActingBy(principal))
                        .isPresent();
    }

    /** Refused at the boundary. Of a privileged method that is worth a record: who tried what. Empty: authorise again. */
    private Optional<CallResult> deny(CommandContext context, CallResult.Refused refusal, int attempt) {
        boolean recorded = method.privileged() && !UNRECORDED.contains(refusal.rejection());
        if (!recorded) {
            return refuse(refusal, context, attempt);
        }
        DenialLimit denials = parts.denials();
        var whose = new DenialLimit.Whose(principal.tenant(), principal.id(), true);
        if (!denials.hasRoom(whose)) {
            Optional<CallResult> answer = refuse(refusal, context, attempt);
            if (answer.isPresent()) {
                denials.shared(
                        whose,
                        shared(appender, principal.tenant(), draft.denied(Ids.uuidV7(), refusal.rejection(), 1)));
                Metrics.counter("chancery.denials.unrecorded").increment();
            }
            return answer;
        }
        AppendResult result = appender.append(
                failure(draft.denied(Ids.uuidV7(), refusal.rejection(), 1), Optional.empty(), context.basis()));
        return switch (result) {
            case AppendResult.Moved moved -> readAgain(moved.streams());
            case AppendResult.Refused refused -> Optional.of(new CallResult.Refused(refused.rejection()));
            default -> {
                denials.recorded(whose);
                yield Optional.of(refusal);
            }
        };
    }

    /**
     * One record for so many denials, with the circumstances of the last of them. It keeps the statement alone until it is written: what was
     * refused may be a request with a secret in it.
     */
    private static LongPredicate shared(Appender appender, String tenant, Statement denied) {
        return count -> {
            Statement.Builder statement = denied.toBuilder();
            statement.getOutcomeBuilder().setDenials(count == 1 ? 0 : count);
            return appender.append(failure(tenant, statement.build(), Optional.empty(), Map.of()))
                    instanceof AppendResult.Appended;
        };
    }

    /** Refuses without a record, but not on a state that may be cached. */
    private Optional<CallResult> refuse(CallResult.Refused refusal, CommandContext context, int attempt) {
        return attempt == 1 ? readAgain(context.basis().keySet()) : Optional.of(refusal);
    }

    private Optional<CallResult> readAgain(Set<StreamId> streams) {
        parts.streams().moved(principal.tenant(), streams);
        return Optional.empty();
    }

    private CallResult begin(AuthorityDecision authority, long atMicros) {
        if (!method.privileged()) {
            return perform(null, atMicros);
        }
        AppendResult intent = appender.append(Draft.intent(
                principal.tenant(),
                draft.intent(Ids.uuidV7(), Optional.of(authority), Intent.getDefaultInstance()),
                Limits.DEADLINE_MILLIS,
                receipt(new Receipt.Reserve())));
        return switch (intent) {
            case AppendResult.Appended appended -> perform(appended, appended.recordedAtMicros());
            case AppendResult.Replayed replayed -> replay(replayed);
            case AppendResult.Refused refused -> new CallResult.Refused(refused.rejection());
            case AppendResult.Moved m -> throw new IllegalStateException("an intent rests on nothing");
            case AppendResult.Taken t -> throw new IllegalStateException("an intent claims nothing");
        };
    }

    private CallResult perform(AppendResult.@Nullable Appended intent, long atMicros) {
        for (int attempt = 1; attempt <= Limits.MAX_ATTEMPTS; attempt++) {
            Decided decided = decide(atMicros);
            Optional<CallResult> answer =
                    switch (decided.outcome()) {
                        case Done done -> next(intent, decided, done, appender.append(outcome(intent, decided, done)));
                        case CommandOutcome.Rejected rejected -> {
                            var refusal = new CallResult.Refused(
                                    rejected.rejection(), rejected.message(), rejected.details());
                            yield intent == null
                                    ? refuse(refusal, decided.context(), attempt)
                                    : fail(intent, refusal, decided.context().basis());
                        }
                    };
            if (answer.isPresent()) {
                return answer.get();
            }
        }
        return give(intent, LogRejection.BUSY);
    }

    @SuppressWarnings("unchecked") // the method was bound with its request's class
    private Decided decide(long atMicros) {
        UUID entryId = Ids.uuidV7();
        CommandContext context = context(entryId, atMicros);
        Admission admission = admit(context);
        CommandOutcome outcome = admission
                .refusal()
                .<CommandOutcome>map(refusal -> CommandOutcome.reject(refusal.rejection()))
                .orElseGet(() -> {
                    try {
                        return decide.decide(context, (Q) call.request());
                    } catch (KeyDestroyed e) {
                        return CommandOutcome.reject(BoundaryRejection.ERASED);
                    }
                });
        return new Decided(entryId, context, admission.authority(), outcome);
    }

    /** The answer to what append made of a success; empty: decide again. */
    private Optional<CallResult> next(
            AppendResult.@Nullable Appended intent, Decided decided, Done done, AppendResult result) {
        return switch (result) {
            case AppendResult.Appended appended -> {
                remember(appended, decided, done);
                done.then().ifPresent(this::follow);
                yield Optional.of(done.told()
                        .<CallResult>map(CallResult.Refused::new)
                        .orElseGet(() -> new CallResult.Replied(
                                done.reply(), Optional.of(new Position(principal.tenant(), appended.position())))));
            }
            case AppendResult.Moved moved -> readAgain(moved.streams());
            case AppendResult.Replayed replayed -> {
                // A credential that counts once: whoever sent it again may have found it.
                done.once().ifPresent(once -> new FailedSignIns(parts)
                        .note(method, principal.tenant(), principal.id(), call.caller(), once.spent()));
                yield Optional.of(replay(replayed));
            }
            case AppendResult.Taken taken ->
                Optional.of(give(intent, done.taken().getOrDefault(taken.kind(), LogRejection.BUSY)));
            case AppendResult.Refused refused -> Optional.of(new CallResult.Refused(refused.rejection()));
        };
    }

    private void follow(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException e) {
            LOG.errorf(e, "Left for later, or for the next start: method=%s", method.fullName());
        }
    }

    /** Refuses for a reason that rests on no stream: the intent, if any, gets its outcome. */
    private CallResult give(AppendResult.@Nullable Appended intent, Rejection rejection) {
        return intent == null
                ? new CallResult.Refused(rejection)
                : fail(intent, new CallResult.Refused(rejection), Map.of()).orElseThrow();
    }

    /** The command is refused for good, or for now: the intent gets its outcome either way. Empty: decide again. */
    private Optional<CallResult> fail(
            AppendResult.Appended intent, CallResult.Refused refusal, Map<StreamId, Long> basis) {
        Rejection rejection = refusal.rejection();
        boolean worthTryingAgain =
                rejection.kind() == Rejection.Kind.UNAVAILABLE || rejection.equals(BoundaryRejection.STEP_UP);
        AppendResult result = appender.append(failure(
                draft.outcome(
                        Ids.uuidV7(),
                        Optional.empty(),
                        intent,
                        Outcome.newBuilder().setResult(Result.FAILURE).setCode(rejection.code()),
                        Optional.empty()),
                receipt(worthTryingAgain ? new Receipt.Release() : new Receipt.KeepCode(rejection.code())),
                basis));
        return switch (result) {
            case AppendResult.Appended appended -> Optional.of(refusal);
            case AppendResult.Moved moved -> readAgain(moved.streams());
            default -> Optional.of(new CallResult.Refused(LogRejection.UNAVAILABLE));
        };
    }

    private Draft failure(Statement statement, Optional<Receipt> receipt, Map<StreamId, Long> basis) {
        return failure(principal.tenant(), statement, receipt, basis);
    }

    private static Draft failure(
            String tenant, Statement statement, Optional<Receipt> receipt, Map<StreamId, Long> basis) {
        return new Draft(tenant, statement, 0, List.of(), List.of(), receipt, basis);
    }

    private Draft outcome(AppendResult.@Nullable Appended intent, Decided decided, Done done) {
        Outcome.Builder outcome = Outcome.newBuilder().setResult(Result.SUCCESS);
        Receipt.Effect kept = done.told()
                .<Receipt.Effect>map(told -> new Receipt.KeepCode(told.code()))
                .orElseGet(() -> new Receipt.KeepReply(
                        method.replyIsConfidential()
                                ? new byte[0]
                                : done.reply().toByteArray()));
        Optional<Receipt> receipt = done.once()
                .map(once -> new Receipt(
                        once.key(),
                        once.key(), // it is spent, whatever else the next request that brings it says
                        new Receipt.KeepCode(once.spent().code()),
                        once.keptMillis()))
                .or(() -> receipt(kept));
        return new Draft(
                principal.tenant(),
                draft.outcome(decided.entryId(), Optional.of(decided.authority()), intent, outcome, done.target()),
                0,
                done.events(),
                done.claims(),
                receipt,
                decided.context().basis());
    }

    private Optional<Receipt> receipt(Receipt.Effect effect) {
        return key.map(k -> new Receipt(k, requestHash, effect, Limits.RECEIPT_MILLIS));
    }

    private CallResult replay(AppendResult.Replayed replayed) {
        if (replayed.code().isPresent()) {
            return new CallResult.Refused(
                    parts.methods().rejection(replayed.code().get()).orElse(BoundaryRejection.INTERNAL));
        }
        if (method.replyIsConfidential()) {
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
    private void remember(AppendResult.Appended appended, Decided decided, Done done) {
        Map<StreamId, List<StoredEvent>> appendedTo = new HashMap<>();
        Map<StreamId, Long> versions = new HashMap<>(decided.context().basis());
        for (NewEvent event : done.events()) {
            long version = versions.merge(event.stream(), 1L, Long::sum);
            appendedTo
                    .computeIfAbsent(event.stream(), stream -> new ArrayList<>())
                    .add(new StoredEvent(
                            event.type(),
                            event.body().toByteString(),
                            appended.position(),
                            version,
                            decided.entryId()));
        }
        appendedTo.forEach((stream, events) -> parts.streams().appended(principal.tenant(), stream, events));
    }
}
