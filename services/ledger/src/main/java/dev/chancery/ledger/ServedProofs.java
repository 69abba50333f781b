package dev.chancery.ledger;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.access.v1.DecisionRecorded;
import dev.chancery.schema.ledger.v1.GetConsistencyProofReply;
import dev.chancery.schema.ledger.v1.GetConsistencyProofRequest;
import dev.chancery.schema.ledger.v1.GetDecisionProofReply;
import dev.chancery.schema.ledger.v1.GetDecisionProofRequest;
import dev.chancery.schema.ledger.v1.GetInclusionProofReply;
import dev.chancery.schema.ledger.v1.GetInclusionProofRequest;
import dev.chancery.schema.log.v1.Statement;
import java.util.Optional;

/**
 * Proofs in a tenant's own tree. Each leads to a checkpoint that was signed: what has none yet is not there.
 *
 * <p>Hashes are for everybody who reads the ledger. What a record says is for whoever did it, for whom a decision was about, and for those
 * who may copy the log, which is recorded ({@link Copies}): asked for one after the other, proofs are no way to copy it.
 */
final class ServedProofs {
    private static final String DECISION = "chancery.access.v1.DecisionRecorded";

    private final LedgerReader reader;
    private final Copies copies;

    ServedProofs(LedgerReader reader, Copies copies) {
        this.reader = reader;
        this.copies = copies;
    }

    GetInclusionProofReply inclusion(ReadContext context, GetInclusionProofRequest request) throws RefusedException {
        String tenant = context.tenant();
        SignedHead head = head(tenant, request.getTreeSize());
        long position = position(request.getPosition(), head);
        byte[] entry = reader.entry(tenant, position);
        Optional<byte[]> shown =
                isBy(context.principal(), statement(entry)) || mayCopy(context) ? Optional.of(entry) : Optional.empty();
        return GetInclusionProofReply.newBuilder()
                .setProof(ProofText.inclusion(position, shown, reader.inclusion(tenant, head, position), head))
                .setTreeSize(head.size())
                .build();
    }

    /** A proof of inclusion with the decision before it: the record's one event. */
    GetDecisionProofReply decision(ReadContext context, GetDecisionProofRequest request) throws RefusedException {
        String tenant = context.tenant();
        SignedHead head = head(tenant, request.getTreeSize());
        long position = position(request.getPosition(), head);
        byte[] entry = reader.entry(tenant, position);
        Statement statement = statement(entry);
        Optional<byte[]> decision = isDecision(statement)
                ? Optional.of(BodiesFrame.read(reader.bodies(tenant, position)).getFirst())
                : Optional.empty();
        Principal caller = context.principal();
        if (!isBy(caller, statement)
                && decision.filter(body -> isOn(caller, body)).isEmpty()) {
            context.require(LedgerFiles.EXPORT);
            copies.record(caller);
        }
        byte[] body = decision.orElseThrow(() -> new RefusedException(LedgerRejection.NO_DECISION));
        String inclusion =
                ProofText.inclusion(position, Optional.of(entry), reader.inclusion(tenant, head, position), head);
        return GetDecisionProofReply.newBuilder()
                .setProof(ProofText.decision(body, inclusion))
                .setTreeSize(head.size())
                .build();
    }

    private static long position(long position, SignedHead head) throws RefusedException {
        if (position < 0 || position >= head.size()) {
            throw new RefusedException(LedgerRejection.NO_SUCH_POSITION);
        }
        return position;
    }

    /** Whether the caller may copy the log anyway; if so, that it is given some of it is recorded by now. */
    private boolean mayCopy(ReadContext context) throws RefusedException {
        try {
            context.require(LedgerFiles.EXPORT);
        } catch (RefusedException refused) {
            if (refused.rejection().kind() == Rejection.Kind.UNAVAILABLE) {
                throw refused;
            }
            return false;
        }
        copies.record(context.principal());
        return true;
    }

    private static boolean isBy(Principal caller, Statement statement) {
        return statement.getActor().getId().equals(caller.id())
                || statement.getActingFor().getId().equals(caller.id());
    }

    private static boolean isDecision(Statement statement) {
        return statement.getOutcome().getEventsCount() == 1
                && statement.getOutcome().getEvents(0).getType().equals(DECISION);
    }

    private static boolean isOn(Principal caller, byte[] decision) {
        try {
            return DecisionRecorded.parseFrom(decision).getPrincipalId().equals(caller.id());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a decision of the ledger does not parse", e);
        }
    }

    private static Statement statement(byte[] entry) {
        try {
            return Statement.parseFrom(
                    ByteString.copyFrom(entry, 1, EntryFrame.of(entry).statementBytes()));
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("an entry of the ledger does not parse", e);
        }
    }

    GetConsistencyProofReply consistency(String tenant, GetConsistencyProofRequest request) throws RefusedException {
        SignedHead head = head(tenant, request.getTreeSize());
        long oldSize = request.getOldSize();
        if (oldSize < 0 || oldSize > head.size()) {
            throw new RefusedException(LedgerRejection.OLD_SIZE_LARGER);
        }
        String proof = ProofText.consistency(oldSize, reader.consistency(tenant, head, oldSize), head);
        return GetConsistencyProofReply.newBuilder()
                .setProof(proof)
                .setTreeSize(head.size())
                .build();
    }

    /** @param size 0: the newest */
    private SignedHead head(String tenant, long size) throws RefusedException {
        return (size == 0 ? reader.head(tenant) : reader.head(tenant, size))
                .orElseThrow(() -> new RefusedException(LedgerRejection.NO_SUCH_CHECKPOINT));
    }
}
