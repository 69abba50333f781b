package dev.chancery.command;

import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.util.function.Consumer;

/** Reads a request's body, bounded. */
public final class HttpBody {
    /** A request's body at most. */
    public static final int MAX_BYTES = 64 * 1024;

    private static final String BODY = "chancery.body";

    private HttpBody() {}

    /** Reads the whole body, then goes on; a body that is too large is refused before it is read. */
    static void read(RoutingContext context, Consumer<byte[]> then) {
        String declared = context.request().getHeader("Content-Length");
        if (declared != null && (declared.length() > 9 || Long.parseLong(declared) > MAX_BYTES)) {
            tooLarge(context);
            return;
        }
        Buffer body = Buffer.buffer();
        var request = context.request();
        request.handler(part -> {
            if (body.length() <= MAX_BYTES) {
                body.appendBuffer(part);
            }
        });
        request.exceptionHandler(failure -> {});
        request.endHandler(end -> {
            if (body.length() > MAX_BYTES) {
                tooLarge(context);
            } else {
                byte[] bytes = body.getBytes();
                context.put(BODY, bytes);
                then.accept(bytes);
            }
        });
        request.resume();
    }

    /** The body that was read. */
    public static byte[] of(RoutingContext context) {
        byte[] body = context.get(BODY);
        return body == null ? new byte[0] : body;
    }

    private static void tooLarge(RoutingContext context) {
        HttpReply.refuse(
                context,
                new Answer.Refused(BoundaryRejection.TOO_LARGE),
                Ids.uuidV7().toString());
    }
}
