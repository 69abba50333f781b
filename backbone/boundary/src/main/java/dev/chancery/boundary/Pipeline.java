package dev.chancery.boundary;

import com.google.protobuf.Message;
import dev.chancery.boundary.admission.InFlight;
import dev.chancery.boundary.limits.RateLimits;
import dev.chancery.boundary.tokens.Authentication;
import dev.chancery.command.Authorisation;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult;
import dev.chancery.command.Caller;
import dev.chancery.command.Clock;
import dev.chancery.command.CommandRuns;
import dev.chancery.command.FailedSignInException;
import dev.chancery.command.FieldScan;
import dev.chancery.command.Handler;
import dev.chancery.command.Methods;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.kernel.Position;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.SealerUnusable;
import dev.chancery.log.LogRejection;
import dev.chancery.redaction.Findings;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.FieldProblem;
import dev.chancery.schema.FieldRules;
import dev.chancery.schema.options.v1.RateClass;
import io.micrometer.core.instrument.Metrics;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Every call, over REST, gRPC or a standard endpoint, goes through {@link #call}, and is judged in this order.
 *
 * <ol>
 *   <li>whether there is a permit for it ({@link InFlight}); its body is read after that
 *   <li>who calls ({@link Authentication}, or the method's own credential where it is public)
 *   <li>whether it has called too often ({@link RateLimits})
 *   <li>what is asked (shape, field rules, idempotency key, position)
 *   <li>whether it may ({@link Authorisation}: capability where the call takes place, freshness of the authentication)
 *   <li>the command itself ({@link CommandRuns}), or the view that answers
 *   <li>whether the reply has what its fields don't declare ({@link FieldScan})
 * </ol>
 */
public final class Pipeline implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Pipeline.class);

    /** How many unauthenticated calls are worked on at a time. This also caps the database connections they can hold. */
    public static final int MAX_UNKNOWN_AT_WORK = InFlight.MAX_UNKNOWN_AT_WORK;

    private static final String WHOLE_ORGANISATION = "";
    private static final String NOBODY = "";

    private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]{1,128}");

    private final Authentication authentication;
    private final FieldRules rules;
    private final Authorisation authorisation;
    private final @Nullable CommandRuns runs;
    private final RateLimits limits;
    private final InFlight inFlight = new InFlight();
    private final Deadline deadline;
    private final FieldScan replies = new FieldScan(Findings.Sink.REPLY);

    /** @param runs null: this process serves no command */
    public Pipeline(
            Authentication authentication,
            FieldRules rules,
            Authorisation authorisation,
            @Nullable CommandRuns runs,
            RateLimits limits) {
        this(authentication, rules, authorisation, runs, limits, new Deadline(Deadline.LIMIT));
    }

    Pipeline(
            Authentication authentication,
            FieldRules rules,
            Authorisation authorisation,
            @Nullable CommandRuns runs,
            RateLimits limits,
            Deadline deadline) {
        this.limits = limits;
        this.deadline = deadline;
        this.authentication = authentication;
        this.rules = rules;
        this.authorisation = authorisation;
        this.runs = runs;
    }

    /** A request that is read once it is known who sent it. */
    @FunctionalInterface
    public interface Request {
        Message read() throws RefusedException;
    }

    /**
     * Admits a call before its body is read: with a permit of the caller's tenant where the token verifies at once, otherwise with one of
     * unknown callers.
     *
     * @throws RefusedException when a limit is reached
     */
    public InFlight.Permit enter(Caller caller) throws RefusedException {
        return inFlight.enter(authentication.recognised(caller));
    }

    /** Admits and serves a call that came neither over HTTP nor over gRPC; never throws. */
    public CallResult call(Methods.Bound method, Request request, Caller caller) {
        try (InFlight.Permit place = enter(caller)) {
            return call(method, request, caller, place);
        } catch (RefusedException e) {
            return new CallResult.Refused(e.rejection());
        }
    }

    /** Serves a call; never throws. */
    public CallResult call(Methods.Bound method, Request request, Caller caller, InFlight.Permit place) {
        return call(method, request, caller, place, Deadline.LIMIT);
    }

    /**
     * Serves a call; never throws.
     *
     * @param atMost how long the caller waits for the answer; nothing is begun where that is over
     */
    public CallResult call(
            Methods.Bound method, Request request, Caller caller, InFlight.Permit place, Duration atMost) {
        long begunNanos = System.nanoTime();
        boolean writes = !(method.handler() instanceof Handler.Query<?, ?>);
        CallResult answer = atMost.isPositive()
                ? answerInTime(place, caller, writes, atMost, () -> guarded(method, request, caller, place))
                : new CallResult.Refused(BoundaryRejection.DEADLINE);
        if (answer instanceof CallResult.Replied replied) {
            answer = new CallResult.Replied(replies.withoutCredentials(replied.reply()), replied.position());
        }
        String code = answer instanceof CallResult.Refused refused
                ? refused.rejection().code()
                : "ok";
        Metrics.timer("chancery.calls", "method", method.contract().fullName(), "code", code)
                .record(System.nanoTime() - begunNanos, TimeUnit.NANOSECONDS);
        return answer;
    }

    /** Admits no call any more, and waits until those under way are answered. */
    @Override
    public void close() {
        inFlight.close();
    }

    /** Calls in flight of known callers. */
    public int knownCalls() {
        return inFlight.knownCalls();
    }

    /** Calls in flight of unknown callers. */
    public int unknownCalls() {
        return inFlight.unknownCalls();
    }

    /** A call that isn't over in time is answered for all that: of a command nobody knows by then what becomes of it. */
    private CallResult answerInTime(
            InFlight.Permit permit, Caller caller, boolean writes, Duration atMost, Supplier<CallResult> work) {
        Rejection late =
                atMost.compareTo(Deadline.LIMIT) < 0 ? BoundaryRejection.DEADLINE : BoundaryRejection.UNAVAILABLE;
        return deadline.await(permit, caller, atMost, work)
                .orElseGet(() -> new CallResult.Refused(writes ? LogRejection.OUTCOME_UNKNOWN : late));
    }

    private CallResult guarded(Methods.Bound method, Request request, Caller caller, InFlight.Permit place) {
        try {
            return serve(method, request, caller, place);
        } catch (RefusedException e) {
            return e.refused();
        } catch (DatabaseUnavailable | SealerUnusable e) {
            LOG.errorf(e, "Call failed: method=%s", method.contract().fullName());
            return new CallResult.Refused(BoundaryRejection.UNAVAILABLE);
        } catch (RuntimeException e) {
            LOG.errorf(e, "Call failed: method=%s", method.contract().fullName());
            return new CallResult.Refused(BoundaryRejection.INTERNAL);
        }
    }

    private CallResult serve(Methods.Bound method, Request unread, Caller caller, InFlight.Permit place)
            throws RefusedException {
        ContractMethod contract = method.contract();
        Handler handler = method.handler();
        if (handler instanceof Handler.PublicCommand<?> open) {
            Message request = unread.read();
            Optional<CallResult> wrong = wrongShape(request, caller);
            if (wrong.isPresent()) {
                return wrong.get();
            }
            Principal principal = identify(contract, open, request, caller, place);
            limits.admit(contract.rateClass(), principal);
            return runs().run(contract, open.decide(), request, principal, caller, Optional.empty());
        }
        Principal principal = authenticate(caller, place);
        limits.admit(contract.rateClass(), principal);
        Message request = unread.read();
        Optional<CallResult> wrong = wrongShape(request, caller);
        if (wrong.isPresent()) {
            return wrong.get();
        }
        Optional<Position> seen = position(caller, principal);
        return switch (handler) {
            case Handler.Command<?> command ->
                runs().run(contract, command.decide(), request, principal, caller, Optional.of(contract.capability()));
            case Handler.Query<?, ?> query -> read(contract, query, request, principal, seen);
            case Handler.PublicCommand<?> open -> throw new IllegalStateException("handled above");
        };
    }

    /** From an address with too many bad tokens, no unknown one is looked at. */
    private Principal authenticate(Caller caller, InFlight.Permit place) throws RefusedException {
        if (place.caller().isPresent()) {
            return place.caller().get();
        }
        limits.requireFewFailures(caller);
        try {
            return authentication.authenticate(caller, place);
        } catch (RefusedException e) {
            if (e.rejection().kind() == Rejection.Kind.UNAUTHENTICATED) {
                limits.failed(caller.address());
            }
            throw e;
        }
    }

    private CommandRuns runs() {
        if (runs == null) {
            throw new IllegalStateException("a command was bound in a process that runs none");
        }
        return runs;
    }

    /** What a standard endpoint that serves files, rather than a method, does for a caller that may. */
    @FunctionalInterface
    public interface Admitted<T> {
        T answer(Principal caller) throws RefusedException;
    }

    /**
     * Authenticates and authorises a caller, and does the work for it.
     *
     * @throws RefusedException when the caller may not, the work refuses, or it isn't over in time
     */
    public <T> T admit(Caller caller, String capability, InFlight.Permit permit, Admitted<T> work)
            throws RefusedException {
        return deadline.await(permit, caller, Deadline.LIMIT, () -> admitted(caller, capability, permit, work))
                .orElseThrow(() -> new RefusedException(BoundaryRejection.UNAVAILABLE))
                .get();
    }

    private <T> Outcome<T> admitted(Caller caller, String capability, InFlight.Permit permit, Admitted<T> work) {
        try {
            Principal principal = authenticate(caller, permit);
            limits.admit(RateClass.RATE_CLASS_READ, principal);
            requireGrant(principal, capability, WHOLE_ORGANISATION, NOBODY, position(caller, principal));
            return new Outcome<>(work.answer(principal), null);
        } catch (RefusedException | RuntimeException e) {
            return new Outcome<>(null, e);
        }
    }

    /** What work came to on another thread. */
    private record Outcome<T>(@Nullable T answer, @Nullable Exception failure) {
        T get() throws RefusedException {
            switch (failure) {
                case null -> {
                    return Objects.requireNonNull(answer);
                }
                case RefusedException refused -> throw refused;
                case RuntimeException broken -> throw broken;
                default -> throw new IllegalStateException(failure);
            }
        }
    }

    private CallResult read(
            ContractMethod contract,
            Handler.Query<?, ?> query,
            Message request,
            Principal principal,
            Optional<Position> seen)
            throws RefusedException {
        if (contract.instanceOnly() && !principal.tenant().equals(Principal.INSTANCE)) {
            return new CallResult.Refused(BoundaryRejection.FORBIDDEN);
        }
        requireGrant(
                principal,
                contract.capability(),
                Authorisation.where(contract, request, principal),
                Authorisation.about(request, principal),
                seen);
        Authorisation.requireFresh(contract, principal);
        authorisation.awaitViews(contract, principal.tenant(), seen);
        var context = new ReadContext(
                principal, Clock.nowMicros(), more -> requireGrant(principal, more, WHOLE_ORGANISATION, NOBODY, seen));
        return new CallResult.Replied(answer(query, context, request), Optional.empty());
    }

    private void requireGrant(
            Principal principal, String capability, String where, String about, Optional<Position> seen)
            throws RefusedException {
        Authorisation.require(
                principal,
                authorisation.authorities(principal, seen),
                authorisation.consents(principal.tenant(), about),
                capability,
                where,
                Clock.nowMicros());
    }

    private Optional<CallResult> wrongShape(Message request, Caller caller) {
        if (caller.idempotencyKey().filter(key -> !KEY.matcher(key).matches()).isPresent()) {
            return Optional.of(new CallResult.Refused(BoundaryRejection.KEY_MALFORMED));
        }
        return rules.check(request).map(Pipeline::refusal);
    }

    private static CallResult refusal(FieldProblem problem) {
        if (problem.rule() == FieldProblem.Rule.UNKNOWN_FIELD) {
            return new CallResult.Refused(BoundaryRejection.UNKNOWN_FIELD);
        }
        return new CallResult.Refused(
                BoundaryRejection.INVALID_FIELD,
                "The field " + problem.fieldPath() + " " + problem.rule().text() + ".");
    }

    private static Optional<Position> position(Caller caller, Principal principal) throws RefusedException {
        if (caller.position().isEmpty()) {
            return Optional.empty();
        }
        Optional<Position> position = Position.parse(caller.position().get());
        if (position.isEmpty() || !position.get().tenant().equals(principal.tenant())) {
            throw new RefusedException(BoundaryRejection.POSITION_MALFORMED);
        }
        return position;
    }

    @SuppressWarnings("unchecked")
    private <Q extends Message> Principal identify(
            ContractMethod contract,
            Handler.PublicCommand<Q> handler,
            Message request,
            Caller caller,
            InFlight.Permit place)
            throws RefusedException {
        Optional<Principal> recognised = handler.identify().recognise((Q) request);
        if (place.caller().isEmpty()) {
            if (recognised.isPresent()) {
                place.becomes(recognised.get());
            } else {
                place.awaitWorkerSlot();
            }
        }
        if (recognised.isPresent()) {
            try {
                return handler.identify().identify((Q) request);
            } catch (RefusedException e) {
                signInFailed(contract, caller, "recognised", e);
                throw e;
            }
        }
        // Only now: no more attempts are counted at a time than are worked on, and good ones are given back.
        RateLimits.Spent attempt = limits.signIn(caller);
        try {
            Principal principal = handler.identify().identify((Q) request);
            attempt.giveBack();
            return principal;
        } catch (RefusedException e) {
            if (e.rejection().kind() == Rejection.Kind.UNAVAILABLE) {
                attempt.giveBack();
                throw e;
            }
            signInFailed(contract, caller, e instanceof FailedSignInException ? "named" : "unknown", e);
            Optional<String> name = handler.identify().claimedName((Q) request);
            if (name.isPresent()) {
                limits.signInFailed(name.get(), caller);
            }
            throw e;
        }
    }

    /** Counts it; under the name of somebody who is there it is recorded as well. */
    private void signInFailed(ContractMethod contract, Caller caller, String whose, RefusedException why) {
        Metrics.counter("chancery.sign.ins.failed", "code", why.rejection().code(), "caller", whose)
                .increment();
        if (why instanceof FailedSignInException failure) {
            runs().failed(contract, failure, caller);
        }
    }

    @SuppressWarnings("unchecked")
    private static <Q extends Message, R extends Message> R answer(
            Handler.Query<Q, R> query, ReadContext context, Message request) throws RefusedException {
        return query.read().read(context, (Q) request);
    }
}
