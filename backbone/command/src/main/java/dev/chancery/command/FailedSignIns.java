package dev.chancery.command;

import com.google.protobuf.UnsafeByteOperations;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.KeyDestroyed;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Draft;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Records failed sign-ins under the name of a principal: one record of a minute, in the principal's organisation, with their number and the
 * address of the last. The actor is the installation, and the principal is the target: it may have had no part in them.
 *
 * <p>Noting one costs memory only, so that the answer takes as long as that to a name that nobody has.
 */
final class FailedSignIns {
    private final CommandParts parts;

    FailedSignIns(CommandParts parts) {
        this.parts = parts;
    }

    void note(ContractMethod method, String tenant, String principalId, Caller caller, Rejection why) {
        // Nothing else of the caller is kept: it may have sent a token as well.
        var from = new Caller(
                caller.requestId(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                caller.address(),
                caller.client());
        var last = new Attempt(method, tenant, principalId, why, from);
        parts.denials().shared(new DenialLimit.Whose(tenant, principalId, false), count -> isRecorded(last, count));
    }

    private record Attempt(ContractMethod method, String tenant, String principalId, Rejection why, Caller caller) {}

    private boolean isRecorded(Attempt last, long count) {
        try {
            var draft = new Draft(
                    last.tenant(), statement(last, count), 0, List.of(), List.of(), Optional.empty(), Map.of());
            return parts.appender(last.method().feature()).append(draft) instanceof AppendResult.Appended;
        } catch (KeyDestroyed e) {
            // The principal was erased: nothing is recorded of it any more.
            return true;
        }
    }

    private Statement statement(Attempt last, long count) {
        UUID entryId = Ids.uuidV7();
        Statement.Builder statement = Statement.newBuilder()
                .setEntryId(UnsafeByteOperations.unsafeWrap(Ids.bytes(entryId)))
                .setAction(last.method().auditAction())
                .setRequestId(last.caller().requestId())
                .setOutcome(Outcome.newBuilder()
                        .setResult(Result.DENIED)
                        .setCode(last.why().code())
                        .setDenials(count == 1 ? 0 : count));
        statement.getActorBuilder().setType(ActorType.ACTOR_TYPE_SYSTEM).setId("system");
        statement.getTargetBuilder().setType("principal").setId(last.principalId());
        return StatementDraft.client(
                        statement, parts.keyring(), last.tenant(), last.principalId(), entryId, last.caller())
                .build();
    }
}
