package dev.chancery.command;

import com.google.protobuf.Message;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.Claim;
import dev.chancery.log.Digest;
import dev.chancery.log.NewEvent;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** What a feature made of a command. */
public sealed interface CommandOutcome {
    /**
     * It happens.
     *
     * @param target what the outcome is about where the command itself could not say, e.g. what was created
     * @param claims names taken or released; {@code taken} is what the caller is told when one of a kind is another's
     * @param once a key that admits one such command ever, e.g. the id of a credential that works once; {@code spent} is what the
     *     next is told
     * @param told what the caller is refused with for all that
     */
    record Done(
            Message reply,
            List<NewEvent> events,
            Optional<TargetRef> target,
            List<Claim> claims,
            Map<String, Rejection> taken,
            Optional<Once> once,
            Optional<Runnable> then,
            Optional<Rejection> told)
            implements CommandOutcome {
        public Done withTarget(String type, String id) {
            return new Done(reply, events, Optional.of(new TargetRef(type, id)), claims, taken, once, then, told);
        }

        public Done with(NewEvent event) {
            return new Done(
                    reply,
                    Stream.concat(events.stream(), Stream.of(event)).toList(),
                    target,
                    claims,
                    taken,
                    once,
                    then,
                    told);
        }

        public Done withClaim(Claim claim, Rejection otherwise) {
            Map<String, Rejection> names = new HashMap<>(taken);
            names.put(claim.kind(), otherwise);
            return new Done(
                    reply,
                    events,
                    target,
                    Stream.concat(claims.stream(), Stream.of(claim)).toList(),
                    Map.copyOf(names),
                    once,
                    then,
                    told);
        }

        public Done withOnce(Digest key, Rejection spent, long keptMillis) {
            return new Done(
                    reply, events, target, claims, taken, Optional.of(new Once(key, spent, keptMillis)), then, told);
        }

        /** Work that follows from the outcome once it is durable, and that a start after a crash would do as well. */
        public Done afterwards(Runnable work) {
            return new Done(reply, events, target, claims, taken, once, Optional.of(work), told);
        }

        /** The outcome takes place, and the caller is refused: what it did has a consequence, and not the one that it asked for. */
        public Done refusing(Rejection rejection) {
            return new Done(reply, events, target, claims, taken, once, then, Optional.of(rejection));
        }
    }

    record TargetRef(String type, String id) {}

    record Once(Digest key, Rejection spent, long keptMillis) {}

    /**
     * @param message the rejection's own, or one that says more; a repetition of the command gets the rejection's own
     * @param details what a program needs in order to help itself; a repetition of the command gets none
     */
    record Rejected(Rejection rejection, String message, Map<String, String> details) implements CommandOutcome {
        public Rejected {
            details = Map.copyOf(details);
        }
    }

    static Done done(Message reply, NewEvent... events) {
        return new Done(
                reply,
                List.of(events),
                Optional.empty(),
                List.of(),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /**
     * What a rule decided about one stream.
     *
     * @param stream where the decision's events go
     * @param reply the answer, made of the decision's events; of none where it was true already
     */
    static CommandOutcome decided(StreamId stream, Decision<Message> decision, Function<List<Message>, Message> reply) {
        return decided(stream, decision, reply, UnaryOperator.identity());
    }

    /** @param written what becomes of an event before it is appended, e.g. its free text is sealed; {@code reply} sees it as decided */
    static CommandOutcome decided(
            StreamId stream,
            Decision<Message> decision,
            Function<List<Message>, Message> reply,
            UnaryOperator<Message> written) {
        return switch (decision) {
            case Decision.Events<Message> happened ->
                done(
                        reply.apply(happened.events()),
                        happened.events().stream()
                                .map(event -> new NewEvent(stream, written.apply(event)))
                                .toArray(NewEvent[]::new));
            case Decision.Nothing<Message> nothing -> already(reply.apply(List.of()));
            case Decision.Rejected<Message> rejected -> reject(rejected.rejection());
        };
    }

    /** True already: the same answer, no event. */
    static Done already(Message reply) {
        return done(reply);
    }

    static Rejected reject(Rejection rejection) {
        return reject(rejection, rejection.message());
    }

    /** @param message one sentence or two that say what exactly is refused, and hold nothing personal */
    static Rejected reject(Rejection rejection, String message) {
        return new Rejected(rejection, message, Map.of());
    }

    /** Refuses whoever was not authenticated strongly within the last {@code maxAgeSeconds}: what a method asks of some of its callers only. */
    static Rejected stepUp(int maxAgeSeconds) {
        CallResult.Refused refused = Authorisation.stepUp(maxAgeSeconds);
        return new Rejected(refused.rejection(), refused.message(), refused.details());
    }
}
