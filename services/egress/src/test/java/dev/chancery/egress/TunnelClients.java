package dev.chancery.egress;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A process with so many clients of the proxy, and with the host that they go to, so that neither is in the memory of the proxy's. */
final class TunnelClients {
    private TunnelClients() {}

    /** @param arguments the proxy's port, the number of clients, the file with their first message */
    public static void main(String[] arguments) throws IOException {
        byte[] hello = Files.readAllBytes(Path.of(arguments[2]));
        var told = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        try (var echo = new ProxyBenchmark.Echo()) {
            System.out.println(echo.port());
            String target = told.readLine();
            List<Socket> tunnels = new ArrayList<>();
            for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
                tunnels.add(open(Integer.parseInt(arguments[0]), target, hello));
            }
            System.out.println("open");
            told.readLine();
            for (Socket tunnel : tunnels) {
                tunnel.getOutputStream().write(new byte[100]);
            }
            for (Socket tunnel : tunnels) {
                if (tunnel.getInputStream().readNBytes(100).length < 100) {
                    throw new IOException("a tunnel ended");
                }
            }
            System.out.println("answered");
            told.readLine();
        }
    }

    private static Socket open(int port, String target, byte[] hello) throws IOException {
        var socket = new Socket("127.0.0.1", port);
        socket.getOutputStream()
                .write(("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n" + ProxyFixture.credentials()
                                + "\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        var head = new StringBuilder();
        while (!head.toString().endsWith("\r\n\r\n")) {
            int next = socket.getInputStream().read();
            if (next < 0) {
                throw new IOException("no tunnel: " + head);
            }
            head.append((char) next);
        }
        socket.getOutputStream().write(hello);
        if (socket.getInputStream().readNBytes(hello.length).length < hello.length) {
            throw new IOException("no tunnel: " + head);
        }
        return socket;
    }
}
