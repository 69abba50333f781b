package dev.chancery.boundary.connections;

import dev.chancery.boundary.Problem;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult;
import dev.chancery.command.Ids;
import dev.chancery.kernel.Rejection;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/1.1 between its codec and Vert.x: one request at a time, and only what is HTTP beyond doubt.
 *
 * <p>Vert.x takes every request in at once that was sent without waiting for an answer (pipelining). Here the next one waits, and the
 * socket is left unread as long as one does. What can't be read, or could be read differently by a proxy on the way, is refused with a
 * problem document, and the connection ends; Vert.x answers such requests with a bare status, or not at all.
 */
final class Http1Guard extends ChannelDuplexHandler {
    /** What the peer still sends is dropped for so long: closed at once, the connection would take the refusal with it. */
    private static final long LINGER_SECONDS = 1;

    private final BoundedSocket socket;
    private final Connection connection;
    private final ConnectionLimits limits;
    private final Queue<Object> waiting = new ArrayDeque<>();
    private int waitingRequests;
    /** Between a request and the end of its answer. */
    private boolean answering;
    /** Between an answer's head and its end. */
    private boolean begun;

    private boolean refused;

    Http1Guard(BoundedSocket socket, Connection connection, ConnectionLimits limits) {
        this.socket = socket;
        this.connection = connection;
        this.limits = limits;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (refused) {
            ReferenceCountUtil.release(message);
        } else if (!waiting.isEmpty() || hasToWait(context, message)) {
            waiting.add(message);
            socket.pause(BoundedSocket.Pause.REQUESTS_WAITING);
            if (message instanceof HttpRequest && ++waitingRequests > limits.pipelined()) {
                connection.end(Connection.Why.REQUESTS_WAITING);
            }
        } else {
            pass(context, message);
        }
    }

    /** A request waits for the answer before its own, and until the peer has read enough. */
    private boolean hasToWait(ChannelHandlerContext context, Object message) {
        return message instanceof HttpRequest
                && (answering || !context.channel().isWritable());
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (!waiting.isEmpty() && context.channel().isWritable()) {
            context.executor().execute(() -> next(context));
        }
        context.fireChannelWritabilityChanged();
    }

    /** Hands on what waited: the next request, and what came with it. */
    private void next(ChannelHandlerContext context) {
        while (!waiting.isEmpty() && !hasToWait(context, waiting.element())) {
            Object message = waiting.remove();
            if (message instanceof HttpRequest) {
                waitingRequests--;
            }
            pass(context, message);
        }
        context.fireChannelReadComplete();
        if (waiting.isEmpty()) {
            socket.resume(BoundedSocket.Pause.REQUESTS_WAITING);
        }
    }

    private void pass(ChannelHandlerContext context, Object message) {
        Rejection why = refused || !(message instanceof HttpObject part) ? null : refusal(part);
        if (refused || why != null) {
            ReferenceCountUtil.release(message);
            if (why != null) {
                refuse(context, why);
            }
            return;
        }
        if (message instanceof HttpRequest request) {
            answering = true;
            // Taken up, it would lead past every rule for HTTP/1.1 that a proxy on the way may have. Left out, the
            // request is served as it is.
            request.headers().remove(HttpHeaderNames.UPGRADE).remove("HTTP2-Settings");
        }
        context.fireChannelRead(message);
    }

    private static @Nullable Rejection refusal(HttpObject part) {
        if (part.decoderResult().isFailure()) {
            return switch (part.decoderResult().cause()) {
                case TooLongHttpLineException tooLong -> BoundaryRejection.LINE_TOO_LONG;
                case TooLongHttpHeaderException tooLong -> BoundaryRejection.HEAD_TOO_LARGE;
                default -> BoundaryRejection.MALFORMED_HEAD;
            };
        }
        return part instanceof HttpRequest request && isAmbiguous(request) ? BoundaryRejection.MALFORMED_HEAD : null;
    }

    /** Whether others could see another host, or another end of the request (RFC 9112, 3.2 and 6.1). */
    private static boolean isAmbiguous(HttpRequest request) {
        List<String> encodings = request.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING);
        boolean chunked = encodings.size() == 1
                && HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(encodings.getFirst())
                && !request.headers().contains(HttpHeaderNames.CONTENT_LENGTH);
        return (!encodings.isEmpty() && !chunked)
                || request.headers().getAll(HttpHeaderNames.HOST).size() > 1;
    }

    private void refuse(ChannelHandlerContext context, Rejection why) {
        refused = true;
        if (begun) {
            context.close();
            return;
        }
        context.writeAndFlush(problem(why)).addListener(written -> {
            if (context.pipeline().get(SslHandler.class) == null) {
                socket.shutdownOutput();
            }
            context.executor().schedule(() -> context.close(), LINGER_SECONDS, TimeUnit.SECONDS);
        });
    }

    private static FullHttpResponse problem(Rejection why) {
        byte[] body = Problem.json(new CallResult.Refused(why), Ids.uuidV7().toString())
                .getBytes(StandardCharsets.UTF_8);
        var response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(Problem.httpStatus(why)),
                Unpooled.wrappedBuffer(body));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, Problem.MEDIA_TYPE)
                .set(HttpHeaderNames.CONTENT_LENGTH, body.length)
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE)
                .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE)
                .set("X-Content-Type-Options", "nosniff");
        return response;
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) throws Exception {
        if (refused) {
            ReferenceCountUtil.release(message);
            promise.tryFailure(new ClosedChannelException());
            return;
        }
        super.write(context, message, promise);
        boolean interim = message instanceof HttpResponse response
                && response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
        if (interim) {
            return;
        }
        if (message instanceof HttpResponse) {
            begun = true;
        }
        if (message instanceof LastHttpContent) {
            answering = false;
            begun = false;
            if (!waiting.isEmpty()) {
                // Not within Vert.x's own work on the answer.
                context.executor().execute(() -> next(context));
            }
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        waiting.forEach(ReferenceCountUtil::release);
        waiting.clear();
    }
}
