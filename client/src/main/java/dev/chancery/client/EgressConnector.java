package dev.chancery.client;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.client.EgressGuard.Admitted;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Makes an application's connections: an HTTP proxy of this process at the loopback, for who knows its password. It decides about each
 * connection, looks the name up once, and dials what it has looked at. The JDK's client leaves no other place to do that.
 *
 * <p>Its clients are this process's libraries, which frame their messages well; it guards where they go to, not what they say.
 */
final class EgressConnector implements AutoCloseable {
    static final int MAX_CONNECTIONS = 1_000;

    private static final int MAX_HEAD = 64 * 1024;
    private static final int MAX_ADDRESSES = 3;
    private static final int BACKLOG = 256;
    private static final int BUFFER = 16 * 1024;
    private static final Duration HEAD = Duration.ofSeconds(10);
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final long REST_MILLIS = 100;

    /** Between two looks at the connections that are open. */
    private static final long JUDGE_MILLIS = 500;

    /** As RFC 9110 writes what CONNECT asks for: the port is never left out. */
    private static final Pattern AUTHORITY = Pattern.compile("[^/?#@\\\\\\s]{1,300}:[0-9]{1,5}");

    /** What concerns one connection. */
    private static final Set<String> DROPPED = Set.of(
            "connection",
            "host",
            "http2-settings",
            "keep-alive",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "upgrade");

    private final EgressGuard guard;
    private final ServerSocket server;
    private final String password;
    private final Semaphore places = new Semaphore(MAX_CONNECTIONS);
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Set<Passage> passages = ConcurrentHashMap.newKeySet();
    private final ExecutorService threads = Executors.newCachedThreadPool(EgressConnector::thread);

    /** A connection that was made, and by what. */
    private record Passage(Admitted admitted, Socket client, Socket origin) {
        void end() {
            reset(client);
            close(origin);
        }
    }

    EgressConnector(EgressGuard guard) throws IOException {
        this.guard = guard;
        byte[] secret = new byte[24];
        new SecureRandom().nextBytes(secret);
        this.password = Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
        this.server = new ServerSocket(0, BACKLOG, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
    }

    private static Thread thread(Runnable work) {
        var thread = new Thread(work, "chancery-egress-connection");
        thread.setDaemon(true);
        return thread;
    }

    InetSocketAddress address() {
        return new InetSocketAddress(server.getInetAddress(), server.getLocalPort());
    }

    String password() {
        return password;
    }

    void start() {
        threads.execute(this::accept);
        threads.execute(this::judge);
    }

    /** Ends what would not be made any more: the list has changed, an override has ended, or nobody knows. */
    private void judge() {
        while (!server.isClosed()) {
            passages.stream()
                    .filter(passage -> !guard.stillAdmits(passage.admitted()))
                    .forEach(Passage::end);
            try {
                Thread.sleep(JUDGE_MILLIS);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                if (places.tryAcquire()) {
                    open.add(client);
                    threads.execute(() -> serve(client));
                } else {
                    client.close();
                }
            } catch (IOException | RuntimeException e) {
                try {
                    Thread.sleep(REST_MILLIS);
                } catch (InterruptedException interrupted) {
                    return;
                }
            }
        }
    }

    private void serve(Socket client) {
        try {
            client.setTcpNoDelay(true);
            client.setSoTimeout((int) HEAD.toMillis());
            var in = new BufferedInputStream(client.getInputStream());
            List<String> head = head(in);
            client.setSoTimeout(0);
            String[] request = head.get(0).split(" ", -1);
            if (request.length != 3 || !isKnown(head)) {
                told(
                        client,
                        "407 Proxy Authentication Required",
                        "Proxy-Authenticate: Basic realm=\"chancery\"\r\n",
                        "");
            } else if (request[0].equals("CONNECT")) {
                connect(client, in, request[1]);
            } else {
                forward(client, in, request, head);
            }
        } catch (EgressDenied e) {
            told(client, "403 " + e.code(), "", String.valueOf(e.getMessage()));
        } catch (IOException | IllegalArgumentException e) {
            told(client, "502 Bad Gateway", "", "the host could not be reached");
        } finally {
            leave(client);
            places.release();
        }
    }

    private void leave(Socket socket) {
        open.remove(socket);
        close(socket);
    }

    private boolean isKnown(List<String> head) {
        String given = field(head, "proxy-authorization");
        String basic = given.regionMatches(true, 0, "basic ", 0, 6) ? decoded(given.substring(6)) : "";
        String sent =
                basic.isEmpty() ? given.replaceFirst("(?i)^bearer ", "") : basic.substring(basic.indexOf(':') + 1);
        return MessageDigest.isEqual(sent.getBytes(UTF_8), password.getBytes(UTF_8));
    }

    private static String decoded(String base64) {
        try {
            return new String(Base64.getDecoder().decode(base64.trim()), ISO_8859_1);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    private void connect(Socket client, InputStream in, String target) throws IOException {
        if (!AUTHORITY.matcher(target).matches()) {
            throw new IllegalArgumentException("CONNECT names a host and a port");
        }
        Admitted admitted = tunnelled(target);
        Socket origin = dial(admitted);
        var passage = new Passage(admitted, client, origin);
        passages.add(passage);
        try {
            client.getOutputStream().write("HTTP/1.1 200 Connection Established\r\n\r\n".getBytes(US_ASCII));
            threads.execute(() -> copy(in, origin, client));
            answer(origin.getInputStream(), client);
        } finally {
            passages.remove(passage);
            leave(origin);
        }
    }

    /** From here on the client reads what the origin says: what breaks now is told by a reset, so that no half answer passes for a whole. */
    private static void answer(InputStream from, Socket client) {
        try {
            from.transferTo(client.getOutputStream());
            client.shutdownOutput();
        } catch (IOException e) {
            reset(client);
        }
    }

    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
        } catch (IOException e) {
            // It is closed already.
        }
        close(socket);
    }

    /** Through CONNECT nobody sees whether it is https or wss: either pattern does. */
    private Admitted tunnelled(String target) throws IOException {
        try {
            return guard.admit("https://" + target);
        } catch (EgressDenied e) {
            if (!e.reason().equals("not-allowlisted")) {
                throw e;
            }
            return guard.admit("wss://" + target);
        }
    }

    private void forward(Socket client, InputStream in, String[] request, List<String> head) throws IOException {
        URI url = URI.create(request[1]);
        if (!"http".equalsIgnoreCase(url.getScheme())) {
            throw new IllegalArgumentException("only http is passed on in clear");
        }
        Admitted admitted = guard.admit(request[1]);
        Socket origin = dial(admitted);
        var passage = new Passage(admitted, client, origin);
        passages.add(passage);
        try {
            String path = (url.getRawPath().isEmpty() ? "/" : url.getRawPath())
                    + (url.getRawQuery() == null ? "" : "?" + url.getRawQuery());
            String first = request[0] + " " + path + " HTTP/1.1\r\nHost: " + url.getRawAuthority();
            origin.getOutputStream().write(passedOn(first, head));
            threads.execute(() -> copy(in, origin, client));
            var answers = new BufferedInputStream(origin.getInputStream());
            List<String> answer = head(answers);
            while (answer.get(0).matches("HTTP/1\\.[01] 1[0-9]{2}.*")) {
                answer = head(answers);
            }
            // One request a connection: the next one may be for another host.
            client.getOutputStream().write(passedOn(answer.get(0), answer));
            answer(answers, client);
        } finally {
            passages.remove(passage);
            leave(origin);
        }
    }

    private static byte[] passedOn(String first, List<String> head) {
        return Stream.concat(
                        Stream.concat(Stream.of(first), head.stream().skip(1).filter(EgressConnector::isPassedOn)),
                        Stream.of("Connection: close"))
                .collect(Collectors.joining("\r\n", "", "\r\n\r\n"))
                .getBytes(ISO_8859_1);
    }

    private static boolean isPassedOn(String line) {
        int colon = line.indexOf(':');
        return colon > 0 && !DROPPED.contains(line.substring(0, colon).toLowerCase(Locale.ROOT));
    }

    private Socket dial(Admitted admitted) throws IOException {
        IOException last = new IOException("no address");
        for (InetAddress address :
                admitted.addresses().stream().limit(MAX_ADDRESSES).collect(Collectors.toList())) {
            var socket = new Socket();
            try {
                socket.connect(new InetSocketAddress(address, admitted.port()), (int) CONNECT.toMillis());
                socket.setTcpNoDelay(true);
                open.add(socket);
                return socket;
            } catch (IOException e) {
                socket.close();
                last = e;
            }
        }
        throw last;
    }

    /** Until one of the two ends it; then both are closed, so that nobody waits. */
    private static void copy(InputStream in, Socket to, Socket from) {
        byte[] buffer = new byte[BUFFER];
        try {
            OutputStream out = to.getOutputStream();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                out.write(buffer, 0, read);
            }
            to.shutdownOutput();
        } catch (IOException e) {
            close(to);
            close(from);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is of no use any more either way.
        }
    }

    private static List<String> head(InputStream in) throws IOException {
        var head = new ByteArrayOutputStream();
        int newlines = 0;
        while (newlines < 2) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException("the peer left");
            }
            if (head.size() >= MAX_HEAD) {
                throw new IOException("the head is longer than " + MAX_HEAD + " bytes");
            }
            head.write(next);
            newlines = next == '\n' ? newlines + 1 : next == '\r' ? newlines : 0;
        }
        return List.of(head.toString(ISO_8859_1).split("\r?\n"));
    }

    private static String field(List<String> head, String name) {
        return head.stream()
                .skip(1)
                .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
                .map(line -> line.substring(name.length() + 1).trim())
                .findFirst()
                .orElse("");
    }

    private static void told(Socket client, String status, String fields, String why) {
        byte[] body = why.getBytes(UTF_8);
        try {
            client.getOutputStream()
                    .write(("HTTP/1.1 " + status + "\r\n" + fields + "Content-Type: text/plain\r\nContent-Length: "
                                    + body.length + "\r\nConnection: close\r\n\r\n")
                            .getBytes(US_ASCII));
            client.getOutputStream().write(body);
        } catch (IOException e) {
            // It has left, or was passed an answer already.
        }
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            // It takes nobody in any more either way.
        }
        open.forEach(EgressConnector::close);
        threads.shutdownNow();
    }
}
