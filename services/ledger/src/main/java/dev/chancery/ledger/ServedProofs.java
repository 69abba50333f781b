package dev.chancery.ledger;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.command.RefusedException;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.ledger.v1.GetConsistencyProofReply;
import dev.chancery.schema.ledger.v1.GetConsistencyProofRequest;
import dev.chancery.schema.ledger.v1.GetDecisionProofReply;
import dev.chancery.schema.ledger.v1.GetDecisionProofRequest;
import dev.chancery.schema.ledger.v1.GetInclusionProofReply;
import dev.chancery.schema.ledger.v1.GetInclusionProofRequest;
import dev.chancery.schema.log.v1.Statement;
import java.util.List;

/** Proofs in a tenant's own tree. Each leads to a checkpoint that was signed: what has none yet is not there. */
final class ServedProofs {
    private static final String DECISION = "chancery.access.v1.DecisionRecorded";

    private final LedgerReader reader;

    ServedProofs(LedgerReader reader) {
        this.reader = reader;
    }

    GetInclusionProofReply inclusion(String tenant, GetInclusionProofRequest request) throws RefusedException {
        SignedHead head = head(tenant, request.getTreeSize());
        long position = request.getPosition();
        if (position < 0 || position >= head.size()) {
            throw new RefusedException(LedgerRejection.NO_SUCH_POSITION);
        }
        String proof = ProofText.inclusion(
                position, reader.entry(tenant, position), reader.inclusion(tenant, head, position), head);
        return GetInclusionProofReply.newBuilder()
                .setProof(proof)
                .setTreeSize(head.size())
                .build();
    }

    /** A proof of inclusion with the decision before it: the record's one event. */
    GetDecisionProofReply decision(String tenant, GetDecisionProofRequest request) throws RefusedException {
        GetInclusionProofReply inclusion = inclusion(
                tenant,
                GetInclusionProofRequest.newBuilder()
                        .setPosition(request.getPosition())
                        .setTreeSize(request.getTreeSize())
                        .build());
        byte[] entry = reader.entry(tenant, request.getPosition());
        if (!isDecision(entry)) {
            throw new RefusedException(LedgerRejection.NO_DECISION);
        }
        List<byte[]> bodies = BodiesFrame.read(reader.bodies(tenant, request.getPosition()));
        return GetDecisionProofReply.newBuilder()
                .setProof(ProofText.decision(bodies.getFirst(), inclusion.getProof()))
                .setTreeSize(inclusion.getTreeSize())
                .build();
    }

    private static boolean isDecision(byte[] entry) {
        try {
            Statement statement = Statement.parseFrom(
                    ByteString.copyFrom(entry, 1, EntryFrame.of(entry).statementBytes()));
            return statement.getOutcome().getEventsCount() == 1
                    && statement.getOutcome().getEvents(0).getType().equals(DECISION);
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
