package dev.chancery.command;

import com.google.protobuf.Message;
import dev.chancery.kernel.Principal;
import dev.chancery.keyring.Keyring;
import dev.chancery.log.Streams;
import dev.chancery.schema.ContractMethod;
import java.util.Optional;

/**
 * Runs the commands of one feature against its log.
 *
 * <p><b>Limits:</b> {@value Limits#MAX_ATTEMPTS} decisions a command, {@value Limits#DEADLINE_MILLIS} ms from intent to outcome,
 * receipts kept {@value Limits#RECEIPT_MILLIS} ms.
 */
public final class CommandRuns {
    private final CommandParts parts;
    private final FailedSignIns failedSignIns;

    public CommandRuns(Appenders appenders, Streams streams, Keyring keyring, Methods methods, DenialLimit denials) {
        this.parts = new CommandParts(appenders, streams, keyring, methods, denials);
        this.failedSignIns = new FailedSignIns(parts);
    }

    /** @param capability what the caller must hold; empty for a public method, whose credential was its request */
    public <Q extends Message> CallResult run(
            ContractMethod method,
            Handler.Decide<Q> decide,
            Message request,
            Principal principal,
            Caller caller,
            Optional<String> capability)
            throws RefusedException {
        return new CommandRun<>(parts, new Call(method, request, principal, caller), decide, capability).run();
    }

    /** Records a sign-in that failed under a principal's name, with others of the same minute. Waits for nothing. */
    public void failed(ContractMethod method, FailedSignInException failure, Caller caller) {
        failedSignIns.note(method, failure.tenant(), failure.principalId(), caller, failure.rejection());
    }
}
