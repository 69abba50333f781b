package dev.chancery.boundary.connections;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts what a connection of HTTP/2 holds: its open streams, and the answers that wait for a window. They wait above the socket, where
 * only the codec's flow control knows of them, so this stands before it. Used on the connection's event loop alone.
 */
final class UnreadAnswers implements Http2RemoteFlowController {
    /**
     * What a stream costs besides its answer: the codec's, Vert.x's and JAX-RS's objects for it. Rounded up: a heap with 18,700 open streams had
     * about 13 KiB for each.
     */
    static final long STREAM_BYTES = 16 << 10;

    private final Http2Connection connection;
    private final Http2RemoteFlowController codec;
    private final Holds holds;
    private long waitingBytes;

    /** Told what a connection holds. */
    interface Holds {
        /**
         * @param bytes in all
         * @param waitForPeer of these, what waits for the peer to go on: to send the rest of a request, to take an answer
         */
        void are(long bytes, long waitForPeer);
    }

    private UnreadAnswers(Http2Connection connection, Holds holds) {
        this.connection = connection;
        this.codec = connection.remote().flowController();
        this.holds = holds;
    }

    /** @param holds told how much the connection holds, whenever that changes */
    static void count(Http2Connection connection, Holds holds) {
        var counting = new UnreadAnswers(connection, holds);
        connection.remote().flowController(counting);
        connection.addListener(new Http2ConnectionAdapter() {
            @Override
            public void onStreamActive(Http2Stream stream) {
                counting.tell();
            }

            @Override
            public void onStreamHalfClosed(Http2Stream stream) {
                counting.tell();
            }

            @Override
            public void onStreamClosed(Http2Stream stream) {
                counting.tell();
            }
        });
    }

    private void tell() {
        long bytes = connection.numActiveStreams() * STREAM_BYTES + waitingBytes;
        holds.are(bytes, bytes - unanswered() * STREAM_BYTES);
    }

    /** Requests that have come whole, and wait for us. */
    private long unanswered() {
        var count = new AtomicInteger();
        try {
            connection.forEachActiveStream(stream -> {
                if (stream.state() == Http2Stream.State.HALF_CLOSED_REMOTE && !stream.isHeadersSent()) {
                    count.incrementAndGet();
                }
                return true;
            });
        } catch (Http2Exception e) {
            throw new IllegalStateException(e);
        }
        return count.get();
    }

    @Override
    public void addFlowControlled(Http2Stream stream, FlowControlled payload) {
        var counted = new Counted(payload);
        counted.count(payload.size());
        codec.addFlowControlled(stream, counted);
        tell();
    }

    @Override
    public void writePendingBytes() throws Http2Exception {
        long before = waitingBytes;
        codec.writePendingBytes();
        if (waitingBytes != before) {
            tell();
        }
    }

    /** Something that waits, counted by the bytes of it that still do. */
    private final class Counted implements FlowControlled {
        private final FlowControlled payload;
        private int counted;

        Counted(FlowControlled payload) {
            this.payload = payload;
        }

        void count(int bytes) {
            waitingBytes += bytes - counted;
            counted = bytes;
        }

        @Override
        public int size() {
            return payload.size();
        }

        @Override
        public void error(ChannelHandlerContext context, Throwable cause) {
            count(0);
            payload.error(context, cause);
        }

        @Override
        public void writeComplete() {
            count(0);
            payload.writeComplete();
        }

        @Override
        public void write(ChannelHandlerContext context, int allowedBytes) {
            payload.write(context, allowedBytes);
            count(payload.size());
        }

        @Override
        public boolean merge(ChannelHandlerContext context, FlowControlled next) {
            boolean merged = next instanceof Counted other && payload.merge(context, other.payload);
            if (merged) {
                ((Counted) next).count(0);
                count(payload.size());
            }
            return merged;
        }
    }

    // As the codec has it.

    @Override
    public ChannelHandlerContext channelHandlerContext() {
        return codec.channelHandlerContext();
    }

    @Override
    public void channelHandlerContext(ChannelHandlerContext context) throws Http2Exception {
        codec.channelHandlerContext(context);
    }

    @Override
    public boolean hasFlowControlled(Http2Stream stream) {
        return codec.hasFlowControlled(stream);
    }

    @Override
    public void listener(Listener listener) {
        codec.listener(listener);
    }

    @Override
    public boolean isWritable(Http2Stream stream) {
        return codec.isWritable(stream);
    }

    @Override
    public void channelWritabilityChanged() throws Http2Exception {
        codec.channelWritabilityChanged();
    }

    @Override
    public void updateDependencyTree(int child, int parent, short weight, boolean exclusive) {
        codec.updateDependencyTree(child, parent, weight, exclusive);
    }

    @Override
    public void initialWindowSize(int size) throws Http2Exception {
        codec.initialWindowSize(size);
    }

    @Override
    public int initialWindowSize() {
        return codec.initialWindowSize();
    }

    @Override
    public int windowSize(Http2Stream stream) {
        return codec.windowSize(stream);
    }

    @Override
    public void incrementWindowSize(Http2Stream stream, int delta) throws Http2Exception {
        codec.incrementWindowSize(stream, delta);
    }
}
