package dev.chancery.ledger;

import dev.chancery.command.RefusedException;
import dev.chancery.schema.ledger.v1.GetConsistencyProofReply;
import dev.chancery.schema.ledger.v1.GetConsistencyProofRequest;
import dev.chancery.schema.ledger.v1.GetInclusionProofReply;
import dev.chancery.schema.ledger.v1.GetInclusionProofRequest;

/** Proofs in a tenant's own tree. Each leads to a checkpoint that was signed: what has none yet is not there. */
final class ServedProofs {
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
