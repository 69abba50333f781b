package dev.chancery.cli.export;

import dev.chancery.cli.client.Headers;
import dev.chancery.cli.client.HttpAnswer;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.SignIn;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.ledger.v1.GetCheckpointReply;
import dev.chancery.schema.ledger.v1.GetCheckpointRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The caller's own ledger, over HTTP. */
public final class LedgerClient implements Export.Source {
    private static final String METHOD = "chancery.ledger.v1.LedgerService/GetCheckpoint";

    private static final long PAUSE_MILLIS = 100;

    private final RestTransport rest;
    private final SignIn caller;

    public LedgerClient(RestTransport rest, SignIn caller) {
        this.rest = rest;
        this.caller = caller;
    }

    /** Size of the newest checkpoint. */
    public long size() throws Refused, Unreachable {
        return head().getSize();
    }

    /**
     * Waits until a checkpoint covers what the log had when it was asked first.
     *
     * @return what the log had then, and what the newest checkpoint covers: less where the wait was in vain
     */
    public Coverage awaitCoverage(Duration atMost) throws Refused, Unreachable, InterruptedException {
        long deadline = System.nanoTime() + atMost.toNanos();
        GetCheckpointReply head = head();
        long records = head.getRecords();
        while (head.getSize() < records && System.nanoTime() < deadline) {
            Thread.sleep(PAUSE_MILLIS);
            head = head();
        }
        return new Coverage(records, head.getSize());
    }

    /**
     * How much of a log its newest checkpoint covers.
     *
     * @param records that the log has
     * @param size of the checkpoint
     */
    public record Coverage(long records, long size) {
        public boolean isWhole() {
            return size >= records;
        }
    }

    /** The log's key first, then the source keys. */
    public List<String> verifierKeys() throws Refused, Unreachable {
        return head().getVerifierKeysList();
    }

    private GetCheckpointReply head() throws Refused, Unreachable {
        ContractMethod method = Contract.load().method(METHOD).orElseThrow();
        return (GetCheckpointReply) rest.call(method, GetCheckpointRequest.getDefaultInstance(), authorization())
                .message();
    }

    @Override
    public void copy(String name, Path to) throws Refused, Unreachable {
        HttpAnswer answer = rest.download("/ledger/v1/" + name, authorization(), to);
        if (!answer.isSuccess()) {
            throw answer.refusal();
        }
    }

    private Map<String, String> authorization() throws Refused, Unreachable {
        return Map.of(Headers.AUTHORIZATION, "Bearer " + caller.token());
    }
}
