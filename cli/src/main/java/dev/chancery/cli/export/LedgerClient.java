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
import java.util.List;
import java.util.Map;

/** The caller's own ledger, over HTTP. */
public final class LedgerClient implements Export.Source {
    private static final String METHOD = "chancery.ledger.v1.LedgerService/GetCheckpoint";

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

    /** How much of the log the newest checkpoint covers. */
    public Coverage coverage() throws Refused, Unreachable {
        GetCheckpointReply head = head();
        return new Coverage(head.getRecords(), head.getSize());
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
