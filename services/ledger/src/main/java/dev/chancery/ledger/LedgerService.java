package dev.chancery.ledger;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.boundary.http.HttpReply;
import dev.chancery.boundary.http.StandardEndpoints;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.Caller;
import dev.chancery.command.Methods;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.feature.Feature;
import dev.chancery.kernel.Principal;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.keyring.VerifierKey;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ledger.v1.GetCheckpointReply;
import dev.chancery.schema.ledger.v1.GetCheckpointRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;

/**
 * The caller's own ledger over HTTP: the files of C2SP tlog-tiles under {@code /ledger/v1/}, the bodies and the contract that an export
 * holds besides, and the contract's ledger methods.
 */
public final class LedgerService implements Feature {
    /** What reading the ledger takes. */
    static final String CAPABILITY = "ledger:read";

    private static final String ROOT = "/ledger/v1/";

    private final LedgerReader reader;
    private final SigningKeys keys;
    private final String instanceId;
    private final Contract contract;

    public LedgerService(LedgerReader reader, SigningKeys keys, String instanceId, Contract contract) {
        this.reader = reader;
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
        methods.query(
                "chancery.ledger.v1.LedgerService/GetCheckpoint", GetCheckpointRequest.class, this::getCheckpoint);
    }

    @Override
    public void mount(StandardEndpoints faces) {
        faces.mount(HttpMethod.GET, ROOT + "checkpoint", (context, caller) -> {
            Principal principal = faces.admit(context, caller, CAPABILITY);
            // The newest head changes with every batch: caches have to ask.
            context.response().putHeader("Cache-Control", "no-cache, private");
            send(context, "text/plain; charset=utf-8", reader.checkpoint(principal.tenant()));
        });
        faces.mount(HttpMethod.GET, ROOT + "contract.binpb", (context, caller) -> {
            faces.admit(context, caller, CAPABILITY);
            send(context, "application/octet-stream", Optional.of(contract.bytes()));
        });
        faces.mount(HttpMethod.GET, ROOT + "tile/*", (context, caller) -> file(faces, context, caller));
        faces.mount(HttpMethod.GET, ROOT + "bodies/*", (context, caller) -> file(faces, context, caller));
    }

    private void file(StandardEndpoints faces, RoutingContext context, Caller caller) throws RefusedException {
        Principal principal = faces.admit(context, caller, CAPABILITY);
        Optional<TilePath> path = TilePath.parse(context.request().path().substring(ROOT.length()));
        context.response().putHeader("Cache-Control", "private, max-age=31536000, immutable");
        send(context, "application/octet-stream", path.flatMap(wanted -> reader.file(principal.tenant(), wanted)));
    }

    private static void send(RoutingContext context, String mediaType, Optional<byte[]> body) throws RefusedException {
        HttpReply.send(context, mediaType, body.orElseThrow(() -> {
            context.response().headers().remove("Cache-Control");
            return new RefusedException(BoundaryRejection.NO_SUCH_PATH);
        }));
    }

    private GetCheckpointReply getCheckpoint(ReadContext context, GetCheckpointRequest request) {
        GetCheckpointReply.Builder reply = GetCheckpointReply.newBuilder();
        reader.head(context.tenant())
                .ifPresent(head -> reply.setSize(head.size()).setCheckpoint(new String(head.note(), UTF_8)));
        for (VerifierKey key : keys.verifierKeys(Origin.of(instanceId, context.tenant()))) {
            reply.addVerifierKeys(key.vkey());
        }
        for (VerifierKey key : keys.verifierKeys(instanceId + "/source/")) {
            reply.addVerifierKeys(key.vkey());
        }
        return reply.build();
    }
}
