package dev.chancery.boundary.connections;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.EnumSet;
import java.util.Set;

/**
 * A socket that can be left unread, whatever Vert.x does with its own switch for that (auto-read). What the peer sends meanwhile stays
 * in the kernel, whose buffer is bounded, and then at the peer's. Used on its event loop alone.
 */
final class BoundedSocket extends NioSocketChannel {
    /** Why nothing is read. */
    enum Pause {
        /** The peer doesn't take what was written. */
        UNREAD_ANSWERS,
        /** The peer has sent more requests than are answered. */
        REQUESTS_WAITING
    }

    private final Set<Pause> pauses = EnumSet.noneOf(Pause.class);
    private boolean wanted;

    BoundedSocket(Channel parent, SocketChannel socket) {
        super(parent, socket);
    }

    void pause(Pause why) {
        SelectionKey key = selectionKey();
        if (pauses.add(why) && key.isValid()) {
            key.interestOps(key.interestOps() & ~SelectionKey.OP_READ);
        }
    }

    void resume(Pause why) {
        if (pauses.remove(why) && pauses.isEmpty() && (wanted || config().isAutoRead())) {
            wanted = false;
            read();
        }
    }

    @Override
    protected void doBeginRead() throws Exception {
        if (pauses.isEmpty()) {
            super.doBeginRead();
        } else {
            wanted = true;
        }
    }

    /** Also ends a loop of reads that has led to the pause. */
    @Override
    protected int doReadBytes(ByteBuf into) throws Exception {
        return pauses.isEmpty() ? super.doReadBytes(into) : 0;
    }
}
