package dev.chancery.app.openapi;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.schema.Contract;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;

/** The document, at the path where tools look for it. It is the same in every process, whatever its role. */
@Path("/openapi.json")
public class OpenApiPage {
    /** It changes with a deployment at most. */
    private static final String CACHED = "max-age=300";

    /** Made when somebody first asks. */
    private static final class Document {
        static final byte[] BYTES =
                OpenApi.of(Contract.load()).document().encode().getBytes(UTF_8);
    }

    @GET
    @RunOnVirtualThread
    public Response document() {
        return Response.ok(Document.BYTES, MediaType.APPLICATION_JSON)
                .header(HttpHeaders.CACHE_CONTROL, CACHED)
                .build();
    }
}
