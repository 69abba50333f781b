package dev.chancery.boundary.connections;

import io.micrometer.core.instrument.Metrics;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One connection, seen from below HTTP: bytes in, bytes out. The questions are for any thread, and so is its end; all else runs on its own
 * event loop.
 */
final class Connection extends ChannelDuplexHandler {
    /** HTTP/2's settings and their acknowledgements are shorter, every answer is longer. */
    private static final int ANSWER_BYTES = 128;

    private final BoundedSocket channel;
    private final ConnectionLimits limits;
    private final Connections all;
    private final long bornNanos = System.nanoTime();
    private volatile boolean begun;
    private volatile long answeredNanos = bornNanos;
    private volatile long written;
    private long heardNanos = bornNanos;
    /** What HTTP/2's streams and answers hold above the socket; of that, what waits for the peer. */
    private long heldAbove;

    private long waitingAbove;
    /** What streams and answers hold in all. */
    private long held;
    /** Of that, what waits for the peer, and since when that has not become less. */
    private volatile long waitingForPeer;

    private volatile long waitingNanos = bornNanos;
    private boolean gone;
    /** How much waited in the socket at the last check, and since when none of it was taken. */
    private long unreadBytes;

    private long unreadNanos = bornNanos;

    private @Nullable ScheduledFuture<?> check;

    Connection(BoundedSocket channel, ConnectionLimits limits, Connections all) {
        this.channel = channel;
        this.limits = limits;
        this.all = all;
    }

    /** Whether its event loop has it. Before that it holds nothing, and nobody can end it. */
    boolean isBegun() {
        return begun;
    }

    boolean isAnswered() {
        return written >= ANSWER_BYTES;
    }

    long lastActiveNanos() {
        return answeredNanos - bornNanos > 0 ? answeredNanos : bornNanos;
    }

    /**
     * How much and how long the peer keeps waiting what is held for it: the more, the sooner a connection has to go when all hold too much.
     * 0: nothing waits for the peer.
     */
    double burden(long nowNanos) {
        return (double) waitingForPeer * Math.max(1, nowNanos - waitingNanos);
    }

    /**
     * Closes the socket below every codec, from any thread. Closed from above, HTTP/2's would wait for streams that nobody reads, and TLS's
     * for its farewell to be taken.
     */
    void end(Why why) {
        Metrics.counter("chancery.connections.ended", "why", why.label()).increment();
        channel.eventLoop().execute(() -> channel.unsafe().close(channel.voidPromise()));
    }

    /** On the event loop: what HTTP/2 holds above the socket, and what of it waits for the peer. */
    void holdAbove(long bytes, long waitForPeer) {
        heldAbove = bytes;
        waitingAbove = waitForPeer;
        account();
    }

    private void account() {
        long written = waitingBytes();
        if (all.holdsMore(holds(heldAbove + written, waitingAbove + written))) {
            all.relieve();
        }
    }

    /** Answers by how much that is more than before. */
    private synchronized long holds(long bytes, long waitForPeer) {
        if (gone) {
            return 0;
        }
        if (waitForPeer < waitingForPeer || waitingForPeer == 0) {
            waitingNanos = System.nanoTime();
        }
        waitingForPeer = waitForPeer;
        long more = bytes - held;
        held = bytes;
        return more;
    }

    /** It counts for nothing any more; answers what it held. */
    synchronized long forget() {
        long freed = gone ? 0 : held;
        gone = true;
        held = 0;
        waitingForPeer = 0;
        return freed;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) throws Exception {
        begun = true;
        long every = limits.checkNanos();
        check = context.executor().scheduleAtFixedRate(this::check, every, every, TimeUnit.NANOSECONDS);
        super.channelActive(context);
        all.begun();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
        if (check != null) {
            check.cancel(false);
        }
        super.channelInactive(context);
    }

    /** What was written may be at the peer's by then, or not: that is known later, at the next write or check. */
    @Override
    public void flush(ChannelHandlerContext context) throws Exception {
        super.flush(context);
        account();
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
            account();
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
        if (waitingBytes() > limits.unreadBytes()) {
            end(Why.UNREAD_BYTES);
        }
    }

    private void check() {
        account();
        long now = System.nanoTime();
        long waiting = waitingBytes();
        if (waiting == 0 || waiting < unreadBytes) {
            unreadNanos = now;
        }
        unreadBytes = waiting;
        if (!isAnswered() && now - bornNanos > limits.firstAnswer().toNanos()) {
            end(Why.NO_FIRST_ANSWER);
        } else if (now - unreadNanos > limits.unread().toNanos()) {
            end(Why.UNREAD);
        } else if (now - Math.max(heardNanos, answeredNanos) > limits.idle().toNanos()) {
            end(Why.IDLE);
        }
    }

    /** What was written and the peer has not taken. */
    private long waitingBytes() {
        ChannelOutboundBuffer waiting = channel.unsafe().outboundBuffer();
        return waiting == null ? 0 : waiting.totalPendingWriteBytes();
    }

    /** Why the server ended a connection. */
    enum Why {
        /** It was one too many, and the one with the least to lose. */
        PUSHED_OUT,
        /** Its peer was the slowest to take answers when all connections together held too much. */
        ALL_HOLD_TOO_MUCH,
        UNREAD_BYTES,
        UNREAD,
        NO_FIRST_ANSWER,
        IDLE,
        REQUESTS_WAITING,
        CONTROL_FRAMES;

        String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }
}
