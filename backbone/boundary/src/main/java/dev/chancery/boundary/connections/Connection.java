package dev.chancery.boundary.connections;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One connection, seen from below HTTP: bytes in, bytes out. Everything but the two questions runs on its own event loop. */
final class Connection extends ChannelDuplexHandler {
    /** HTTP/2's settings and their acknowledgements are shorter, every answer is longer. */
    private static final int ANSWER_BYTES = 128;

    private static final long CHECK_SECONDS = 5;

    private final BoundedSocket channel;
    private final ConnectionLimits limits;
    private final long bornNanos = System.nanoTime();
    private volatile long answeredNanos = bornNanos;
    private volatile long written;
    private long heardNanos = bornNanos;
    /** How much waited for the peer at the last check, and since when none of it was taken. */
    private long unreadBytes;

    private long unreadNanos = bornNanos;

    private @Nullable ScheduledFuture<?> check;

    Connection(BoundedSocket channel, ConnectionLimits limits) {
        this.channel = channel;
        this.limits = limits;
    }

    boolean isAnswered() {
        return written >= ANSWER_BYTES;
    }

    long lastActiveNanos() {
        return answeredNanos - bornNanos > 0 ? answeredNanos : bornNanos;
    }

    void end() {
        channel.close();
    }

    @Override
    public void channelActive(ChannelHandlerContext context) throws Exception {
        check = context.executor()
                .scheduleAtFixedRate(() -> check(context), CHECK_SECONDS, CHECK_SECONDS, TimeUnit.SECONDS);
        super.channelActive(context);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
        if (check != null) {
            check.cancel(false);
        }
        super.channelInactive(context);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
        heardNanos = System.nanoTime();
        super.channelRead(context, message);
    }

    /** While the peer leaves answers unread, its next requests are left unread too. */
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) throws Exception {
        if (channel.isWritable()) {
            channel.resume(BoundedSocket.Pause.UNREAD_ANSWERS);
        } else {
            channel.pause(BoundedSocket.Pause.UNREAD_ANSWERS);
        }
        super.channelWritabilityChanged(context);
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) throws Exception {
        answeredNanos = System.nanoTime();
        if (!isAnswered() && message instanceof ByteBuf bytes) {
            written += bytes.readableBytes();
        }
        super.write(context, message, promise);
        if (waitingBytes(context) > limits.unreadBytes()) {
            context.close();
        }
    }

    private void check(ChannelHandlerContext context) {
        long now = System.nanoTime();
        long waiting = waitingBytes(context);
        if (waiting == 0 || waiting < unreadBytes) {
            unreadNanos = now;
        }
        unreadBytes = waiting;
        boolean late = !isAnswered() && now - bornNanos > limits.firstAnswer().toNanos();
        boolean unread = now - unreadNanos > limits.unread().toNanos();
        boolean silent =
                now - Math.max(heardNanos, answeredNanos) > limits.idle().toNanos();
        if (late || unread || silent) {
            context.close();
        }
    }

    /** What was written and the peer has not taken. */
    private static long waitingBytes(ChannelHandlerContext context) {
        ChannelOutboundBuffer waiting = context.channel().unsafe().outboundBuffer();
        return waiting == null ? 0 : waiting.totalPendingWriteBytes();
    }
}
