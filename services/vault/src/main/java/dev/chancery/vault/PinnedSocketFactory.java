package dev.chancery.vault;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.HexFormat;
import javax.net.SocketFactory;

/**
 * Connects to one address, whatever a host's name leads to by then: the address that the egress policy was asked about. PostgreSQL's driver
 * makes it by its name, and takes a socket that is connected as it is.
 */
public final class PinnedSocketFactory extends SocketFactory {
    private final InetSocketAddress address;

    /** @param argument as {@link #argument} has it */
    public PinnedSocketFactory(String argument) throws UnknownHostException {
        int colon = argument.indexOf(':');
        address = new InetSocketAddress(
                InetAddress.getByAddress(HexFormat.of().parseHex(argument.substring(0, colon))),
                Integer.parseInt(argument.substring(colon + 1)));
    }

    static String argument(InetAddress address, int port) {
        return HexFormat.of().formatHex(address.getAddress()) + ":" + port;
    }

    @Override
    public Socket createSocket() throws IOException {
        var socket = new Socket();
        try {
            socket.connect(address, TargetServer.CONNECT_SECONDS * 1_000);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        return createSocket();
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress localHost, int localPort) throws IOException {
        return createSocket();
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        return createSocket();
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort) throws IOException {
        return createSocket();
    }
}
