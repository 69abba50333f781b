package dev.chancery.boundary.connections;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/2, as bytes, in front of its codec: counts the frames that carry no request, of which the codec bounds some kinds only (RST_STREAM,
 * empty CONTINUATION), and ends a connection whose peer gives an answer no window to be sent in.
 */
final class Http2Guard extends ChannelInboundHandlerAdapter {
    /** An answer that waits for its window: since when that has been as it is. */
    private record Waiting(int window, long sinceNanos) {}

    private final Connection connection;
    private final ConnectionLimits limits;
    private final byte[] header = new byte[Http2CodecUtil.FRAME_HEADER_LENGTH];
    private int headerBytes;
    /** Of the preface, or of a frame's payload, what is still to come. */
    private long skip;

    private long windowNanos = System.nanoTime();
    private int controlFrames;
    private boolean ended;
    private Map<Integer, Waiting> waiting = new HashMap<>();
    private @Nullable ScheduledFuture<?> check;

    /** @param fromPreface whether the first bytes to come are the connection's preface, not a frame */
    Http2Guard(Connection connection, ConnectionLimits limits, boolean fromPreface) {
        this.connection = connection;
        this.limits = limits;
        this.skip = fromPreface ? Http2CodecUtil.connectionPrefaceBuf().readableBytes() : 0;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        long every = limits.checkNanos();
        check = context.executor().scheduleAtFixedRate(() -> check(context), every, every, TimeUnit.NANOSECONDS);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        Objects.requireNonNull(check, "added").cancel(false);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (!ended) {
            count(context, ((ByteBuf) message).duplicate());
        }
        if (ended) {
            ReferenceCountUtil.release(message);
        } else {
            context.fireChannelRead(message);
        }
    }

    private void count(ChannelHandlerContext context, ByteBuf bytes) {
        while (bytes.isReadable() && !ended) {
            if (skip > 0) {
                int skipped = (int) Math.min(skip, bytes.readableBytes());
                bytes.skipBytes(skipped);
                skip -= skipped;
                continue;
            }
            header[headerBytes++] = bytes.readByte();
            if (headerBytes == header.length) {
                headerBytes = 0;
                skip = (header[0] & 255L) << 16 | (header[1] & 255) << 8 | header[2] & 255;
                count(context, header[3]);
            }
        }
    }

    private void count(ChannelHandlerContext context, byte type) {
        if (type == Http2FrameTypes.DATA || type == Http2FrameTypes.HEADERS) {
            return;
        }
        long now = System.nanoTime();
        if (now - windowNanos > limits.controlWindow().toNanos()) {
            windowNanos = now;
            controlFrames = 0;
        }
        if (++controlFrames > limits.controlFrames()) {
            end(context, Connection.Why.CONTROL_FRAMES);
        }
    }

    private void end(ChannelHandlerContext context, Connection.Why why) {
        ended = true;
        ByteBuf goAway = Unpooled.buffer();
        Http2CodecUtil.writeFrameHeader(
                goAway, 8, Http2FrameTypes.GO_AWAY, new io.netty.handler.codec.http2.Http2Flags(), 0);
        goAway.writeInt(0).writeInt((int) Http2Error.ENHANCE_YOUR_CALM.code());
        context.writeAndFlush(goAway);
        connection.end(why);
    }

    private void check(ChannelHandlerContext context) {
        var http2 = context.pipeline().get(Http2ConnectionHandler.class);
        if (http2 == null) {
            return;
        }
        long now = System.nanoTime();
        Http2RemoteFlowController answers = http2.encoder().flowController();
        Map<Integer, Waiting> still = new HashMap<>();
        try {
            http2.connection().forEachActiveStream(stream -> {
                if (answers.hasFlowControlled(stream)) {
                    still.put(stream.id(), waiting(answers, stream, now));
                }
                return true;
            });
        } catch (Http2Exception e) {
            throw new IllegalStateException(e);
        }
        waiting = still;
        if (still.values().stream()
                .anyMatch(answer -> now - answer.sinceNanos() > limits.unread().toNanos())) {
            end(context, Connection.Why.UNREAD);
        }
    }

    private Waiting waiting(Http2RemoteFlowController answers, Http2Stream stream, long now) {
        Waiting before = waiting.get(stream.id());
        int window = answers.windowSize(stream);
        return before != null && before.window() == window ? before : new Waiting(window, now);
    }
}
