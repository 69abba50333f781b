package dev.chancery.boundary.grpc;

import dev.chancery.boundary.RequestLimits;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.Ids;
import dev.chancery.kernel.Rejection;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.impl.HttpServerRequestInternal;
import io.vertx.core.http.impl.HttpServerRequestWrapper;
import org.jspecify.annotations.Nullable;

/**
 * A gRPC request whose frames are looked at before Vert.x does: each is a flag, a length and a message. Vert.x answers a compressed or
 * large one with a status of its own, or throws, and takes any flag.
 */
final class GrpcBody extends HttpServerRequestWrapper {
    private static final int LENGTH_BYTES = 4;

    /** Of a frame's head, what is still to come. */
    private int headBytes = 1 + LENGTH_BYTES;

    private long length;
    /** Of a message, what is still to come. */
    private long messageBytes;

    private boolean refused;

    GrpcBody(HttpServerRequest request) {
        super((HttpServerRequestInternal) request);
    }

    @Override
    public HttpServerRequest handler(@Nullable Handler<Buffer> handler) {
        return super.handler(handler == null ? null : part -> take(part, handler));
    }

    private void take(Buffer part, Handler<Buffer> handler) {
        Rejection why = refused ? null : refusal(part);
        if (why != null) {
            refused = true;
            GrpcRefusal.send(delegate, why, Ids.uuidV7().toString());
        }
        if (!refused) {
            handler.handle(part);
        }
    }

    private @Nullable Rejection refusal(Buffer part) {
        int at = 0;
        while (at < part.length()) {
            if (messageBytes > 0) {
                int passed = (int) Math.min(messageBytes, part.length() - at);
                messageBytes -= passed;
                at += passed;
                continue;
            }
            int next = part.getByte(at++) & 255;
            if (headBytes > LENGTH_BYTES && next != 0) {
                return next == 1 ? BoundaryRejection.COMPRESSED : BoundaryRejection.MALFORMED;
            }
            length = length << Byte.SIZE | next;
            if (--headBytes == 0) {
                if (length > RequestLimits.MAX_BODY_BYTES) {
                    return BoundaryRejection.TOO_LARGE;
                }
                messageBytes = length;
                length = 0;
                headBytes = 1 + LENGTH_BYTES;
            }
        }
        return null;
    }
}
