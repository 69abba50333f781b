package dev.chancery.cli.export;

import com.google.protobuf.ByteString;
import dev.chancery.cli.client.Headers;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.SignIn;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.ledger.v1.GetInclusionProofReply;
import dev.chancery.schema.ledger.v1.GetInclusionProofRequest;
import java.io.IOException;
import java.util.Base64;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Asks the ledger for proofs of records whose entries are at hand. */
final class InclusionProofs {
    /** A checkpoint follows a record within a second where nothing is wrong. */
    private static final int TRIES = 20;

    private static final long PAUSE_MILLIS = 500;
    private static final String NOT_THERE_YET = "ledger.no-such-position";

    private final RestTransport rest;
    private final SignIn signIn;

    InclusionProofs(RestTransport rest, SignIn signIn) {
        this.rest = rest;
        this.signIn = signIn;
    }

    /** Headers of a call by whoever asks. */
    Map<String, String> headers() throws IOException, Refused, InterruptedException {
        return Map.of(Headers.AUTHORIZATION, "Bearer " + signIn.token());
    }

    /**
     * Proofs that all lead to one checkpoint, each with its entry as extra data. Waits at most ten seconds for a checkpoint that covers the
     * newest.
     *
     * @param entries by position
     * @throws Refused with {@code ledger.no-such-position} if none covers it by then
     */
    SortedMap<Long, String> of(SortedMap<Long, ByteString> entries) throws IOException, Refused, InterruptedException {
        SortedMap<Long, String> proofs = new TreeMap<>();
        GetInclusionProofReply newest = newest(entries.lastKey());
        for (Map.Entry<Long, ByteString> entry : entries.entrySet()) {
            String proof = entry.getKey().equals(entries.lastKey())
                    ? newest.getProof()
                    : proof(entry.getKey(), newest.getTreeSize()).getProof();
            proofs.put(entry.getKey(), withEntry(proof, entry.getValue()));
        }
        return proofs;
    }

    private GetInclusionProofReply newest(long position) throws IOException, Refused, InterruptedException {
        for (int tries = 1; ; tries++) {
            try {
                return proof(position, 0);
            } catch (Refused e) {
                if (tries == TRIES || !e.code().equals(NOT_THERE_YET)) {
                    throw e;
                }
                Thread.sleep(PAUSE_MILLIS);
            }
        }
    }

    private GetInclusionProofReply proof(long position, long treeSize)
            throws IOException, Refused, InterruptedException {
        return (GetInclusionProofReply) rest.call(
                        method("chancery.ledger.v1.LedgerService/GetInclusionProof"),
                        GetInclusionProofRequest.newBuilder()
                                .setPosition(position)
                                .setTreeSize(treeSize)
                                .build(),
                        headers())
                .message();
    }

    /** The ledger leaves the entry out for those who may not read any record; whoever may read what it is about has it from there. */
    private static String withEntry(String inclusion, ByteString entry) {
        return inclusion.contains("\nextra ")
                ? inclusion
                : inclusion.replaceFirst(
                        "\n", "\nextra " + Base64.getEncoder().encodeToString(entry.toByteArray()) + "\n");
    }

    static ContractMethod method(String fullName) {
        return Contract.load().methods().stream()
                .filter(method -> method.fullName().equals(fullName))
                .findFirst()
                .orElseThrow();
    }
}
