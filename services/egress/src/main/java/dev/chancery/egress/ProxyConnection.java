package dev.chancery.egress;

import dev.chancery.egress.OutboundBody.Withheld;
import dev.chancery.egress.RequestHead.Body;
import dev.chancery.egress.RequestHead.Malformed;
import dev.chancery.feature.ProxyOptions;
import dev.chancery.firewall.Host;
import dev.chancery.firewall.Target;
import dev.chancery.kernel.Rejection;
import dev.chancery.redaction.Profile;
import dev.chancery.redaction.Redactor;
import dev.chancery.redaction.Span;
import jakarta.json.Json;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** One client's connection: one request, CONNECT or an absolute URL, and what it leads to. Runs on a virtual thread. */
final class ProxyConnection {
    private static final Logger LOG = Logger.getLogger(ProxyConnection.class);

    /** Until the request's head, and after CONNECT the client's first message, must be there. */
    static final Duration HEAD = Duration.ofSeconds(10);

    static final Duration CONNECT = Duration.ofSeconds(10);

    /** For deciding and recording, and for each address that is tried. */
    static final Duration REACH = Duration.ofSeconds(60);

    /** Addresses of a host that are tried. */
    private static final int MAX_ADDRESSES = 3;

    /** How long a client that is turned away may go on sending, so that it reads why. */
    private static final int LINGER_MILLIS = 1_000;

    private static final int LINGER_BYTES = 65_536;

    private final Socket client;
    private final ProxyOptions options;
    private final ProxyDecider decider;
    private final ProxyServer server;
    private final long bornNanos = System.nanoTime();
    private volatile long movedNanos = bornNanos;
    private volatile @Nullable Socket origin;
    private volatile long deadlineNanos = bornNanos + HEAD.toNanos();
    private volatile Proxied.@Nullable Allowed allowed;
    private final AtomicBoolean counted = new AtomicBoolean();
    /** Why the request did not go out whole. Guarded by this, as {@link #answering} is: one of them happens. */
    private volatile Proxied.@Nullable Refused withheld;

    private boolean answering;

    ProxyConnection(Socket client, ProxyOptions options, ProxyDecider decider, ProxyServer server) {
        this.client = client;
        this.options = options;
        this.decider = decider;
        this.server = server;
    }

    void run() {
        try (client) {
            client.setTcpNoDelay(true);
            var in = new BufferedInputStream(new Timed(client));
            RequestHead head;
            try {
                head = RequestHead.parse(ProxyStreams.head(in));
            } catch (Malformed e) {
                refuse(Proxied.Refused.because(malformed(e)));
                return;
            }
            switch (decider.caller(head)) {
                case ProxyDecider.Known.Nobody nobody -> refuse(Proxied.Refused.because(nobody.why()));
                case ProxyDecider.Known.Caller caller -> {
                    Optional<Rejection> noPlace = server.becomesKnown(this);
                    if (noPlace.isPresent()) {
                        refuse(Proxied.Refused.because(noPlace.get()));
                    } else {
                        deadlineNanos = System.nanoTime() + REACH.toNanos();
                        serve(caller, head, in);
                    }
                }
            }
        } catch (SocketTimeoutException e) {
            count(EgressMetrics.LATE);
        } catch (IOException e) {
            LOG.debugf("Connection ended: cause=%s", e);
        } catch (RuntimeException e) {
            LOG.errorf(e, "Connection failed");
        } finally {
            end();
        }
    }

    private void serve(ProxyDecider.Known.Caller caller, RequestHead head, InputStream in) throws IOException {
        String workspace = caller.principal().tenant() + "/" + caller.workspace();
        if (!server.enter(workspace)) {
            refuse(Proxied.Refused.because(ProxyRejection.TOO_MANY));
            return;
        }
        try {
            if (head.method().equals("CONNECT")) {
                connect(caller, head, in);
            } else {
                forward(caller, head, in);
            }
        } finally {
            server.leave(workspace);
        }
    }

    private void connect(ProxyDecider.Known.Caller caller, RequestHead head, InputStream in) throws IOException {
        // A port is part of it, and nothing that would end a URL's authority.
        if (!head.target().matches("[^/?#@\\\\]{1,1024}:[0-9]{1,5}")
                || !head.body().equals(new Body.OfLength(0))) {
            refuse(Proxied.Refused.because(ProxyRejection.MALFORMED));
            return;
        }
        switch (decider.decide(caller, "https://" + head.target())) {
            case Proxied.Refused refused -> refuse(refused);
            case Proxied.Allowed found -> {
                if (!head.host().equalsIgnoreCase(head.target()) && !isHost(found.target(), head.host())) {
                    decider.differs(found, ProxyRejection.NAME_DIFFERS);
                    refuse(named(ProxyRejection.NAME_DIFFERS, found));
                } else {
                    tunnel(found, in);
                }
            }
        }
    }

    /** Clients write the host of CONNECT with its port or without. */
    private static boolean isHost(Target target, String field) {
        return ProxyDecider.isHost(target, field) || ProxyDecider.names(target, field);
    }

    private void tunnel(Proxied.Allowed found, InputStream in) throws IOException {
        Optional<Socket> reached = dial(found);
        if (reached.isEmpty()) {
            return;
        }
        try (Socket dialled = reached.get()) {
            deadlineNanos = System.nanoTime() + HEAD.toNanos();
            client.getOutputStream()
                    .write("HTTP/1.1 200 Connection Established\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            ClientHello hello;
            try {
                hello = ClientHello.read(in);
            } catch (ClientHello.NotTls e) {
                decider.differs(found, ProxyRejection.NOT_TLS);
                count(ProxyRejection.NOT_TLS.code());
                return;
            } catch (IOException e) {
                found.use().failed(ProxyRejection.NOT_TLS);
                throw e;
            }
            if (!asksFor(found.target(), hello)) {
                decider.differs(found, ProxyRejection.NAME_DIFFERS);
                count(ProxyRejection.NAME_DIFFERS.code());
                return;
            }
            begin(found);
            dialled.getOutputStream().write(hello.bytes());
            both(in, dialled);
        }
    }

    /** By a name, for that name; an address is no server name (RFC 6066). */
    private static boolean asksFor(Target target, ClientHello hello) {
        return switch (target.host()) {
            case Host.Address address -> hello.serverName().isEmpty();
            case Host.Name name ->
                hello.serverName()
                        .filter(asked -> ProxyDecider.names(target, asked))
                        .isPresent();
        };
    }

    private void forward(ProxyDecider.Known.Caller caller, RequestHead head, InputStream in) throws IOException {
        String url = head.target();
        if (!url.regionMatches(true, 0, "http://", 0, 7) || url.indexOf('#') >= 0) {
            refuse(Proxied.Refused.because(ProxyRejection.MALFORMED));
            return;
        }
        switch (decider.decide(caller, url)) {
            case Proxied.Refused refused -> refuse(refused);
            case Proxied.Allowed found -> {
                if (ProxyDecider.isHost(found.target(), head.host())) {
                    exchange(found, head, path(url), in);
                } else {
                    decider.differs(found, ProxyRejection.NAME_DIFFERS);
                    refuse(named(ProxyRejection.NAME_DIFFERS, found));
                }
            }
        }
    }

    private void exchange(Proxied.Allowed found, RequestHead head, String path, InputStream in) throws IOException {
        try {
            looked(found, path);
        } catch (Withheld e) {
            found.use().failed(e.refused().rejection());
            refuse(e.refused());
            return;
        }
        Optional<Socket> reached = dial(found);
        if (reached.isEmpty()) {
            return;
        }
        try (Socket dialled = reached.get()) {
            begin(found);
            dialled.getOutputStream().write(head.forOrigin(authority(found.target()), path));
            Thread body = Thread.ofVirtual().name("egress-body").start(() -> body(found, head, in, dialled));
            try {
                answer(new BufferedInputStream(dialled.getInputStream()));
            } catch (IOException e) {
                Proxied.Refused refused = withheld;
                if (refused == null) {
                    throw e;
                }
                refuse(refused);
            } finally {
                end();
                body.interrupt();
            }
        }
    }

    /** A path and a query say as much as a body does. */
    private void looked(Proxied.Allowed found, String path) throws Withheld {
        if (!found.dlp().isEmpty()) {
            for (Span span : Redactor.spans(PercentDecoded.text(path), Profile.ALL)) {
                judge(found, span.kind(), 1);
            }
        }
    }

    private void judge(Proxied.Allowed found, String kind, long values) throws Withheld {
        Optional<Proxied.Refused> refused = decider.found(found, kind, values);
        if (refused.isPresent()) {
            throw new Withheld(refused.get());
        }
    }

    private void body(Proxied.Allowed found, RequestHead head, InputStream in, Socket dialled) {
        try {
            var out = new ProxyStreams.Framed(dialled.getOutputStream(), head.body());
            InputStream body = ProxyStreams.body(in, head.body());
            if (found.dlp().isEmpty() || head.body().equals(new Body.OfLength(0))) {
                ProxyStreams.copy(body, out, this::moved);
            } else {
                new OutboundBody(head, body, out, (kind, values) -> judge(found, kind, values), this::moved).pass();
            }
            out.end();
        } catch (Withheld e) {
            withhold(e.refused(), dialled);
        } catch (IOException e) {
            LOG.debugf("Body not passed on: cause=%s", e);
            end();
        } catch (RuntimeException e) {
            LOG.errorf(e, "Body not passed on");
            end();
        }
    }

    /** Ends the exchange, so that the host is left with half a request; the client is told why, if no answer has begun. */
    private void withhold(Proxied.Refused refused, Socket dialled) {
        boolean tell;
        synchronized (this) {
            tell = !answering;
            withheld = tell ? refused : null;
        }
        if (tell) {
            close(dialled);
        } else {
            count(refused.rejection().code());
            end();
        }
    }

    /** Whether the host's answer goes to the client; false: it gets another one. */
    private synchronized boolean answers() {
        answering = withheld == null;
        return answering;
    }

    private void answer(InputStream from) throws IOException {
        OutputStream to = client.getOutputStream();
        byte[] head;
        boolean last;
        do {
            try {
                head = RequestHead.responseForClient(ProxyStreams.head(from));
            } catch (Malformed e) {
                LOG.debugf("Answer not passed on: cause=%s", e);
                return;
            }
            moved();
            last = head[9] != '1';
            if (last && !answers()) {
                throw new IOException("the request was withheld");
            }
            to.write(head);
        } while (!last);
        ProxyStreams.copy(from, to, this::moved);
        client.shutdownOutput();
    }

    private static String authority(Target target) {
        return target.port() == target.scheme().defaultPort()
                ? target.host().text()
                : target.host().text() + ":" + target.port();
    }

    private static String path(String url) {
        int slashes = url.indexOf("//") + 2;
        int end = slashes;
        while (end < url.length() && url.charAt(end) != '/' && url.charAt(end) != '?') {
            end++;
        }
        String path = url.substring(end);
        return path.startsWith("/") ? path : "/" + path;
    }

    /** Connects to an address that was looked at; empty: none could be reached, and the client knows. */
    private Optional<Socket> dial(Proxied.Allowed found) throws IOException {
        for (InetAddress address :
                found.addresses().stream().limit(MAX_ADDRESSES).toList()) {
            var socket = new Socket();
            origin = socket;
            try {
                socket.connect(new InetSocketAddress(address, found.target().port()), (int) CONNECT.toMillis());
                socket.setTcpNoDelay(true);
                return Optional.of(socket);
            } catch (IOException e) {
                LOG.debugf("Not reached: cause=%s", e);
                socket.close();
            }
        }
        found.use().failed(ProxyRejection.UNREACHABLE);
        refuse(named(ProxyRejection.UNREACHABLE, found));
        return Optional.empty();
    }

    private void begin(Proxied.Allowed found) throws IOException {
        deadlineNanos = System.nanoTime() + REACH.toNanos();
        found.use().begun();
        client.setSoTimeout(0);
        moved();
        allowed = found;
    }

    private void both(InputStream in, Socket dialled) throws IOException {
        Thread out = Thread.ofVirtual().name("egress-out").start(() -> {
            try {
                ProxyStreams.copy(in, dialled.getOutputStream(), this::moved);
                dialled.shutdownOutput();
            } catch (IOException e) {
                end();
            }
        });
        try {
            ProxyStreams.copy(dialled.getInputStream(), client.getOutputStream(), this::moved);
            client.shutdownOutput();
            out.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void moved() {
        movedNanos = System.nanoTime();
    }

    /** Ends it when what has to be sent is late, when it carries no bytes, has lasted too long, or is not allowed any more. */
    void endUnlessItMayGoOn() {
        long now = System.nanoTime();
        Proxied.Allowed found = allowed;
        if (found == null) {
            if (now - deadlineNanos > 0) {
                endRefused(EgressMetrics.LATE);
            }
        } else if (now - bornNanos > options.lifetime().toNanos()
                || now - movedNanos > options.idle().toNanos()
                || !decider.stillAllowed(found)) {
            endSoon();
        }
    }

    /** Ends it without an answer. */
    void endRefused(String code) {
        count(code);
        endSoon();
    }

    /** With TLS, closing waits for who is writing. */
    void endSoon() {
        Thread.ofVirtual().start(this::end);
    }

    /** Once: a connection is refused for one reason. */
    private void count(String code) {
        if (counted.compareAndSet(false, true)) {
            EgressMetrics.refused(code);
        }
    }

    void end() {
        close(client);
        Socket dialled = origin;
        if (dialled != null) {
            close(dialled);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debugf("Not closed: cause=%s", e);
        }
    }

    private static Proxied.Refused named(Rejection rejection, Proxied.Allowed found) {
        return new Proxied.Refused(rejection, found.target().host().text(), "");
    }

    private static Rejection malformed(Malformed e) {
        Rejection general = ProxyRejection.MALFORMED;
        return new Rejection(
                general.code(), general.kind(), "The request can't be read: " + e.getMessage() + ".", general.hint());
    }

    private void refuse(Proxied.Refused refused) throws IOException {
        Rejection rejection = refused.rejection();
        count(rejection.code());
        deadlineNanos = System.nanoTime() + HEAD.toNanos();
        var told = Json.createObjectBuilder()
                .add("type", "/errors/" + rejection.code())
                .add("title", rejection.message())
                .add("status", status(rejection))
                .add("code", rejection.code())
                .add("hint", rejection.hint());
        if (!refused.host().isEmpty()) {
            told.add("host", refused.host());
        }
        if (!refused.reason().isEmpty()) {
            told.add("reason", refused.reason());
        }
        byte[] body = told.build().toString().getBytes(StandardCharsets.UTF_8);
        String challenge = rejection.equals(ProxyRejection.TOKEN)
                ? "Proxy-Authenticate: Bearer realm=\"chancery\"\r\nProxy-Authenticate: Basic realm=\"chancery\"\r\n"
                : "";
        OutputStream out = client.getOutputStream();
        out.write(("HTTP/1.1 " + status(rejection) + " " + rejection.code() + "\r\n" + challenge
                        + "Content-Type: application/problem+json\r\nContent-Length: " + body.length
                        + "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        out.write(body);
        out.flush();
        linger();
    }

    /** What the client has sent and nobody read would reset the connection, and with it the answer. */
    private void linger() throws IOException {
        client.shutdownOutput();
        client.setSoTimeout(LINGER_MILLIS);
        long deadline = System.nanoTime() + Duration.ofMillis(LINGER_MILLIS).toNanos();
        InputStream in = client.getInputStream();
        byte[] dropped = new byte[4_096];
        int total = 0;
        try {
            while (total < LINGER_BYTES && System.nanoTime() < deadline) {
                int read = in.read(dropped);
                if (read < 0) {
                    return;
                }
                total += read;
            }
        } catch (SocketTimeoutException e) {
            LOG.debug("Client told, and still there");
        }
    }

    private static int status(Rejection rejection) {
        return switch (rejection.kind()) {
            case INVALID -> 400;
            case UNAUTHENTICATED -> 407;
            case FORBIDDEN -> 403;
            case TOO_MANY -> 429;
            default ->
                rejection.equals(ProxyRejection.UNRESOLVED) || rejection.equals(ProxyRejection.UNREACHABLE) ? 502 : 503;
        };
    }

    /** A socket's bytes; until the connection goes through, all of them have to be there in time, however slowly they come. */
    private final class Timed extends InputStream {
        private final Socket socket;
        private final InputStream in;

        Timed(Socket socket) throws IOException {
            this.socket = socket;
            this.in = socket.getInputStream();
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 255;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (allowed == null) {
                long left = Duration.ofNanos(deadlineNanos - System.nanoTime()).toMillis();
                if (left <= 0) {
                    throw new SocketTimeoutException("the head did not come in time");
                }
                socket.setSoTimeout((int) left);
            }
            return in.read(into, offset, length);
        }

        @Override
        public int available() throws IOException {
            return in.available();
        }
    }
}
