package dev.chancery.command;

import com.google.protobuf.Message;
import dev.chancery.kernel.Principal;
import dev.chancery.keyring.Keyring;
import dev.chancery.log.Appender;
import dev.chancery.log.Streams;
import dev.chancery.schema.ContractMethod;
import java.util.Optional;

/**
 * Runs the commands of one feature against its log.
 *
 * <p><b>Limits:</b> {@value #MAX_ATTEMPTS} decisions a command, {@value #DEADLINE_MILLIS} ms from intent to outcome, receipts kept
 * {@value #RECEIPT_MILLIS} ms.
 */
public final class CommandRuns {
    /** Decisions a command may take when what it rests on keeps moving; then it is refused as busy. */
    static final int MAX_ATTEMPTS = 4;

    /** From intent to outcome; later, the intent is abandoned. */
    static final long DEADLINE_MILLIS = 10_000;

    /** How long the same idempotency key gets the same answer: a day. */
    static final long RECEIPT_MILLIS = 86_400_000;

    final Appenders appenders;
    final Streams streams;
    final Keyring keyring;
    final Methods methods;

    /** The appender of a feature: what it writes is signed with its key, under its database role. */
    @FunctionalInterface
    public interface Appenders {
        Appender of(String feature);
    }

    public CommandRuns(Appenders appenders, Streams streams, Keyring keyring, Methods methods) {
        this.appenders = appenders;
        this.streams = streams;
        this.keyring = keyring;
        this.methods = methods;
    }

    /** @param capability what the caller must hold; empty for a public method, whose credential was its request */
    <Q extends Message> CallResult run(
            ContractMethod method,
            Handler.Decide<Q> decide,
            Message request,
            Principal principal,
            Caller caller,
            Optional<String> capability)
            throws Handler.RefusedException {
        return new CommandRun<>(this, method, decide, request, principal, caller, capability).run();
    }
}
