package dev.chancery.command;

import com.google.protobuf.Message;
import dev.chancery.kernel.Principal;
import java.util.Optional;

/** A feature's part of a method. */
public sealed interface Handler {
    /** Decides; called again with a new context when something it read has moved. Effects are events, and nothing else. */
    @FunctionalInterface
    interface Decide<Q extends Message> {
        CommandOutcome decide(CommandContext context, Q request);
    }

    /** Answers from views; writes nothing. */
    @FunctionalInterface
    interface Read<Q extends Message, R extends Message> {
        R read(ReadContext context, Q request) throws RefusedException;
    }

    /** Tells who the caller of a public method is from the credential in its request. */
    @FunctionalInterface
    interface Identify<Q extends Message> {
        /**
         * Who the caller is.
         *
         * @throws FailedSignInException where the request bears the name of a principal and doesn't prove to be that one: it is recorded under
         *     that name
         * @throws RefusedException where it proves nobody
         */
        Principal identify(Q request) throws RefusedException;

        /** Whom a request says it comes from, unverified: attempts that failed are counted under this name. */
        default Optional<String> claimedName(Q request) {
            return Optional.empty();
        }

        /**
         * Who the caller is, if its credential is good by what is in memory: such a call needs no worker slot of unknown callers. Waits for
         * nothing, and decides nothing else: {@link #identify} follows.
         */
        default Optional<Principal> recognise(Q request) {
            return Optional.empty();
        }
    }

    record Command<Q extends Message>(Decide<Q> decide) implements Handler {}

    record PublicCommand<Q extends Message>(Identify<Q> identify, Decide<Q> decide) implements Handler {}

    record Query<Q extends Message, R extends Message>(Read<Q, R> read) implements Handler {}
}
