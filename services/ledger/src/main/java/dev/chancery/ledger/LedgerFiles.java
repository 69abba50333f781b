package dev.chancery.ledger;

import dev.chancery.boundary.http.StandardEndpoints;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.RefusedException;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.Optional;

/**
 * The caller's own ledger over HTTP: the files of C2SP tlog-tiles, and the bodies and the contract that an export holds in addition.
 */
@Path("/ledger/v1")
@RunOnVirtualThread
public class LedgerFiles {
    /** What copying the log takes. */
    static final String EXPORT = "ledger:export";

    private static final String ROOT = "/ledger/v1/";
    /** Of one organisation, under a path that others have too: StandardEndpoints has caches go by the token. */
    private static final String IMMUTABLE = "private, max-age=31536000, immutable";

    /** The newest checkpoint changes with every batch: caches have to ask. */
    private static final String CHANGING = "no-cache, private";

    private static final String TEXT = "text/plain; charset=utf-8";

    private final StandardEndpoints endpoints;

    @Inject
    public LedgerFiles(StandardEndpoints endpoints) {
        this.endpoints = endpoints;
    }

    @GET
    @Path("checkpoint")
    public Response checkpoint() throws RefusedException {
        LedgerReader reader = endpoints.feature(LedgerService.class).reader();
        return endpoints.admit(caller -> file(reader.checkpoint(caller.tenant()), TEXT, CHANGING));
    }

    @GET
    @Path("contract.binpb")
    public Response contract() throws RefusedException {
        byte[] contract = endpoints.feature(LedgerService.class).contract().bytes();
        return endpoints.admit(caller -> file(Optional.of(contract), MediaType.APPLICATION_OCTET_STREAM, "no-store"));
    }

    @GET
    @Path("tile/{file:.+}")
    public Response tile() throws RefusedException {
        return stored();
    }

    @GET
    @Path("bodies/{file:.+}")
    public Response bodies() throws RefusedException {
        return stored();
    }

    /** What the log says, or its hashes. That the caller is given it is recorded before. */
    private Response stored() throws RefusedException {
        LedgerService ledger = endpoints.feature(LedgerService.class);
        return endpoints.admit(caller -> {
            Optional<byte[]> stored = TilePath.parse(endpoints.path().substring(ROOT.length()))
                    .flatMap(wanted -> ledger.reader().file(caller.tenant(), wanted));
            if (stored.isPresent()) {
                ledger.copies().record(caller);
            }
            return file(stored, MediaType.APPLICATION_OCTET_STREAM, IMMUTABLE);
        });
    }

    private static Response file(Optional<byte[]> file, String mediaType, String cacheControl) throws RefusedException {
        byte[] body = file.orElseThrow(() -> new RefusedException(BoundaryRejection.NO_SUCH_PATH));
        return Response.ok(body, mediaType)
                .header(HttpHeaders.CACHE_CONTROL, cacheControl)
                .build();
    }
}
