package dev.chancery.ledger;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.command.Methods;
import dev.chancery.command.ReadContext;
import dev.chancery.feature.Feature;
import dev.chancery.keyring.VerifierKey;
import dev.chancery.keyring.VerifierKeys;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ledger.v1.GetCheckpointReply;
import dev.chancery.schema.ledger.v1.GetCheckpointRequest;
import dev.chancery.schema.ledger.v1.GetConsistencyProofRequest;
import dev.chancery.schema.ledger.v1.GetDecisionProofRequest;
import dev.chancery.schema.ledger.v1.GetInclusionProofRequest;
import java.util.List;

/** The contract's ledger methods; {@link LedgerFiles} serves the files. */
public final class LedgerService implements Feature {
    private static final String SERVICE = "chancery.ledger.v1.LedgerService/";

    private final LedgerReader reader;
    private final Copies copies;
    private final ServedProofs proofs;
    private final CheckpointWatch watch;
    private final WithdrawnKeys withdrawn;
    private final VerifierKeys keys;
    private final String instanceId;
    private final Contract contract;

    LedgerService(
            LedgerReader reader,
            Copies copies,
            CheckpointWatch watch,
            WithdrawnKeys withdrawn,
            VerifierKeys keys,
            String instanceId,
            Contract contract) {
        this.reader = reader;
        this.copies = copies;
        this.proofs = new ServedProofs(reader, copies);
        this.watch = watch;
        this.withdrawn = withdrawn;
        this.keys = keys;
        this.instanceId = instanceId;
        this.contract = contract;
    }

    @Override
    public String name() {
        return "ledger";
    }

    @Override
    public void register(Methods methods) {
        methods.query(SERVICE + "GetCheckpoint", GetCheckpointRequest.class, this::getCheckpoint)
                .query(SERVICE + "GetInclusionProof", GetInclusionProofRequest.class, proofs::inclusion)
                .query(SERVICE + "GetDecisionProof", GetDecisionProofRequest.class, proofs::decision)
                .query(
                        SERVICE + "GetConsistencyProof",
                        GetConsistencyProofRequest.class,
                        (context, request) -> proofs.consistency(context.tenant(), request));
    }

    @Override
    public void start() {
        watch.start();
        withdrawn.start();
    }

    @Override
    public List<String> warnings() {
        return watch.warnings();
    }

    @Override
    public List<Measure> measures() {
        return List.of(new Measure(
                "chancery.ledger.stale.seconds",
                "How long the longest-waiting record is in no checkpoint; 0 while none waits too long",
                watch::staleSeconds));
    }

    LedgerReader reader() {
        return reader;
    }

    Copies copies() {
        return copies;
    }

    Contract contract() {
        return contract;
    }

    private GetCheckpointReply getCheckpoint(ReadContext context, GetCheckpointRequest request) {
        GetCheckpointReply.Builder reply = GetCheckpointReply.newBuilder();
        reader.head(context.tenant())
                .ifPresent(head -> reply.setSize(head.size()).setCheckpoint(new String(head.note(), UTF_8)));
        for (VerifierKey key : keys.live(Origin.of(instanceId, context.tenant()))) {
            reply.addVerifierKeys(key.vkey());
        }
        // Of the features' entries: those that were withdrawn too, since a checkpoint covers what they signed.
        for (VerifierKey key : keys.of(instanceId + "/source/")) {
            reply.addVerifierKeys(key.vkey());
        }
        // Of consent receipts, of erasure certificates, of statements of completion.
        for (String name : List.of("/receipt", "/erasure", "/dsar")) {
            for (VerifierKey key : keys.live(instanceId + name)) {
                reply.addVerifierKeys(key.vkey());
            }
        }
        // After the checkpoint: what is appended in between is rather said to be missing than not.
        return reply.setRecords(reader.records(context.tenant())).build();
    }
}
