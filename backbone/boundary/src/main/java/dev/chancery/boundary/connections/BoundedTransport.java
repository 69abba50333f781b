package dev.chancery.boundary.connections;

import io.netty.channel.ChannelFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.vertx.core.impl.VertxBuilder;
import io.vertx.core.impl.transports.JDKTransport;
import io.vertx.core.spi.VertxServiceProvider;
import java.nio.channels.SocketChannel;
import java.util.List;

/**
 * Gives Vert.x server sockets that bound what they accept. Found by Quarkus as a service. Vert.x itself counts a connection only
 * once its first request has come.
 */
public final class BoundedTransport implements VertxServiceProvider {
    @Override
    public void init(VertxBuilder builder) {
        builder.findTransport(new JDKTransport() {
            private final Connections connections = new Connections(ConnectionLimits.used());

            @Override
            public ChannelFactory<? extends ServerChannel> serverChannelFactory(boolean domainSocket) {
                return domainSocket ? super.serverChannelFactory(true) : () -> new BoundedServerSocket(connections);
            }
        });
    }

    private static final class BoundedServerSocket extends NioServerSocketChannel {
        private final Connections connections;

        BoundedServerSocket(Connections connections) {
            this.connections = connections;
        }

        @Override
        protected int doReadMessages(List<Object> accepted) throws Exception {
            SocketChannel socket = javaChannel().accept();
            if (socket == null) {
                return 0;
            }
            var channel = new BoundedSocket(this, socket);
            connections.admit(channel);
            accepted.add(channel);
            return 1;
        }
    }
}
