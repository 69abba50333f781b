package dev.chancery.boundary.connections;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.ssl.SslHandler;

/**
 * Puts the guard of a protocol between Vert.x's codec and Vert.x, once Vert.x knows which protocol a connection speaks: with TLS when the
 * handshake is over, otherwise by the first bytes, which is why those are handed on one by one.
 */
final class GuardInstaller extends ChannelInboundHandlerAdapter {
    /** Vert.x's name for what encodes answers of HTTP/1.1. */
    private static final String HTTP1_ENCODER = "httpEncoder";

    /** How long HTTP/2's codec waits for open streams when it ends a connection itself, as after a protocol error; it would take 30 s. */
    private static final long GRACE_MILLIS = 1_000;

    private final BoundedSocket socket;
    private final Connection connection;
    private final ConnectionLimits limits;
    private final boolean behindTls;

    GuardInstaller(BoundedSocket socket, Connection connection, ConnectionLimits limits, boolean behindTls) {
        this.socket = socket;
        this.connection = connection;
        this.limits = limits;
        this.behindTls = behindTls;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
        ChannelHandlerContext tls = context.pipeline().context(SslHandler.class);
        if (tls != null && !behindTls) {
            context.pipeline().addAfter(tls.name(), null, new GuardInstaller(socket, connection, limits, true));
            context.pipeline().remove(this);
            context.fireChannelRead(message);
            return;
        }
        var bytes = (ByteBuf) message;
        boolean installed = install(context);
        while (!installed && bytes.isReadable()) {
            context.fireChannelRead(bytes.readRetainedSlice(1));
            installed = install(context);
        }
        if (bytes.isReadable()) {
            context.fireChannelRead(bytes);
        } else {
            bytes.release();
        }
    }

    /** The end of the handshake is such an event. */
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
        super.userEventTriggered(context, event);
        if (behindTls) {
            install(context);
        }
    }

    private boolean install(ChannelHandlerContext context) {
        ChannelPipeline pipeline = context.pipeline();
        if (context.isRemoved()) {
            return true;
        }
        ChannelHandlerContext http2 = pipeline.context(Http2ConnectionHandler.class);
        if (http2 != null) {
            var codec = (Http2ConnectionHandler) http2.handler();
            codec.gracefulShutdownTimeoutMillis(GRACE_MILLIS);
            // The codec keeps to what was announced once the peer has acknowledged that, which is up to the peer.
            codec.connection().remote().maxActiveStreams(limits.streams());
            UnreadAnswers.count(codec.connection(), connection::holdAbove);
            pipeline.addBefore(http2.name(), null, new Http2Guard(connection, limits, behindTls));
        } else if (pipeline.context(HTTP1_ENCODER) != null) {
            pipeline.addAfter(HTTP1_ENCODER, null, new Http1Guard(socket, connection, limits));
        } else {
            return false;
        }
        pipeline.remove(this);
        return true;
    }
}
