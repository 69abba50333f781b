package dev.chancery.egress;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import javax.net.ServerSocketFactory;

/** A host outside: an HTTP/1.1 server on the loopback that keeps the heads it was sent. */
final class Origin implements AutoCloseable {
    final List<String> heads = new CopyOnWriteArrayList<>();
    final List<String> bodies = new CopyOnWriteArrayList<>();
    private final ServerSocket server;
    private final Function<String, String> answers;

    /** @param answers from a request's head to the whole response; empty: it says nothing and keeps the connection open */
    Origin(ServerSocketFactory sockets, String address, Function<String, String> answers) throws IOException {
        this.server = sockets.createServerSocket(0, 50, InetAddress.getByName(address));
        this.answers = answers;
        Thread.ofVirtual().start(this::serve);
    }

    static String ok(String body) {
        return "HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\nConnection: close\r\n\r\n" + body;
    }

    int port() {
        return server.getLocalPort();
    }

    private void serve() {
        try {
            while (!server.isClosed()) {
                Socket socket = server.accept();
                Thread.ofVirtual().start(() -> answer(socket));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void answer(Socket socket) {
        try (socket) {
            InputStream in = socket.getInputStream();
            var head = new StringBuilder();
            while (!head.toString().endsWith("\r\n\r\n")) {
                int next = in.read();
                if (next < 0) {
                    return;
                }
                head.append((char) next);
            }
            heads.add(head.toString());
            var length = java.util.regex.Pattern.compile("(?i)content-length: ([0-9]+)")
                    .matcher(head);
            if (length.find()) {
                bodies.add(new String(in.readNBytes(Integer.parseInt(length.group(1))), StandardCharsets.ISO_8859_1));
            }
            String answer = answers.apply(head.toString());
            socket.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
            if (answer.isEmpty()) {
                in.read();
            }
        } catch (IOException e) {
            // Its client's.
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
