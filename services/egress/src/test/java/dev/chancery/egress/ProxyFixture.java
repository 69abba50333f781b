package dev.chancery.egress;

import com.google.protobuf.Message;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.ProxyOptions;
import dev.chancery.firewall.HostPattern;
import dev.chancery.firewall.TestRanges;
import dev.chancery.kernel.Principal;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.log.Appender;
import dev.chancery.log.LogCreation;
import dev.chancery.log.ServerInStep;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.egress.v1.AllowedHostAdded;
import dev.chancery.schema.egress.v1.DlpPolicySet;
import dev.chancery.schema.egress.v1.OverrideApproved;
import dev.chancery.schema.egress.v1.OverrideRequested;
import dev.chancery.schema.egress.v1.OverrideRevoked;
import dev.chancery.schema.egress.v1.SandboxSet;
import dev.chancery.testkit.Backing;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A proxy as its process has it, on a real log; who calls and what the lists say is the test's. */
final class ProxyFixture implements AutoCloseable {
    static final String TOKEN = "a.good.token";
    static final String HOST = "origin.example.com";
    static final char[] PASSWORD = "of-this-test".toCharArray();

    final NameServer names = new NameServer();
    final String tenant = UUID.randomUUID().toString();
    final String workspace = UUID.randomUUID().toString();
    final Principal caller = new Principal(
            Principal.Type.AGENT,
            UUID.randomUUID().toString(),
            tenant,
            Optional.of(workspace),
            "session",
            Optional.empty(),
            Instant.now());
    volatile boolean mayUse = true;
    volatile WorkspaceEgress state = WorkspaceEgress.NONE;
    final SSLContext tls;
    final Path authority;
    private final Database database = Backing.database("keyring", "log");
    private final Appender appender;
    private final DecisionLog allowed;
    private final DecisionLog denied;
    private final DecisionLog seen;
    private final DecisionLog blocked;
    final ProxyServer server;

    ProxyFixture(Path directory) throws Exception {
        this(directory, ProxyOptions.local(port -> {}));
    }

    ProxyFixture(Path directory, ProxyOptions options) throws Exception {
        KeyStore keys = keys(directory);
        authority = pem(keys, directory);
        tls = context(keys);
        ServerInStep.confirm(database);
        new LogCreation(database, DatabaseRole.IDENTITY).begin(tenant);
        var signing = new SigningKeys(database, KeyFileSealer.create(directory.resolve("sealer")));
        appender = new Appender(database, DatabaseRole.PROXY, "ch-test", signing, Optional::empty);
        var records = new DecisionRecords(appender);
        allowed = ProxyFeature.allowed(records);
        denied = ProxyFeature.denied(records);
        seen = ProxyFeature.seen(records);
        blocked = ProxyFeature.blocked(records);
        var callers = new ProxyDecider.Callers() {
            @Override
            public Optional<Principal> of(String token) {
                return token.equals(TOKEN) ? Optional.of(caller) : Optional.empty();
            }

            @Override
            public Optional<Boolean> mayUse(Principal principal, String place) {
                return Optional.of(mayUse);
            }
        };
        var policies = new Policies((of, place) -> Optional.of(state), TestRanges.TABLE, List.<HostPattern>of());
        server = new ProxyServer(
                options, new ProxyDecider(callers, policies, names, allowed, denied, seen, blocked, records));
        server.start();
    }

    void happened(Message event) {
        state = WorkspaceEgress.FOLD.evolve(
                state,
                new StoredEvent(
                        event.getDescriptorForType().getFullName(), event.toByteString(), 0, 1, UUID.randomUUID()));
    }

    void allow(String pattern) {
        happened(AllowedHostAdded.newBuilder().setHost(pattern).build());
    }

    void sandbox() {
        happened(SandboxSet.newBuilder().setSandbox(true).build());
    }

    void dlp(List<String> block, List<String> alert) {
        happened(DlpPolicySet.newBuilder().addAllBlock(block).addAllAlert(alert).build());
    }

    String override(String pattern, Duration length) {
        String id = UUID.randomUUID().toString();
        long now = dev.chancery.command.Clock.nowMicros();
        happened(OverrideRequested.newBuilder()
                .setOverrideId(id)
                .setHost(pattern)
                .setRequestedMicros(now)
                .setUntilMicros(now + length.toNanos() / 1_000)
                .build());
        happened(OverrideApproved.newBuilder()
                .setOverrideId(id)
                .setApproverId(UUID.randomUUID().toString())
                .build());
        return id;
    }

    void revoke(String override) {
        happened(OverrideRevoked.newBuilder().setOverrideId(override).build());
    }

    static String credentials() {
        return "Proxy-Authorization: Bearer " + TOKEN + "\r\n";
    }

    Socket dialled() throws IOException {
        var socket = new Socket("127.0.0.1", server.port());
        socket.setSoTimeout(20_000);
        return socket;
    }

    /** What the proxy sends until it closes. */
    String sent(String bytes) throws IOException {
        try (Socket socket = dialled()) {
            socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    String connect(String target) throws IOException {
        return sent("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n" + credentials() + "\r\n");
    }

    /** A tunnel that is open, up to the client's first byte. */
    Socket tunnel(String target) throws IOException {
        Socket socket = dialled();
        socket.getOutputStream()
                .write(("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n" + credentials() + "\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        var head = new StringBuilder();
        InputStream in = socket.getInputStream();
        while (!head.toString().endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("no tunnel: " + head);
            }
            head.append((char) next);
        }
        if (!head.toString().startsWith("HTTP/1.1 200 ")) {
            throw new IOException("no tunnel: " + head);
        }
        return socket;
    }

    String get(String url, String host) throws IOException {
        return sent("GET " + url + " HTTP/1.1\r\nHost: " + host + "\r\n" + credentials() + "\r\n");
    }

    long records(String event) {
        return count("SELECT count(*) FROM log.record WHERE tenant = ? AND ? = ANY (event_types)", event);
    }

    /** Of each record with such an event the bytes, as text. */
    List<String> texts(String event) {
        return database.inTenant(DatabaseRole.IDENTITY, tenant, connection -> {
            var texts = new ArrayList<String>();
            try (var query = connection.prepareStatement(
                    "SELECT record FROM log.record WHERE tenant = ? AND ? = ANY (event_types)")) {
                query.setString(1, tenant);
                query.setString(2, event);
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        texts.add(new String(rows.getBytes(1), StandardCharsets.ISO_8859_1));
                    }
                }
            }
            return texts;
        });
    }

    private long count(String sql, String value) {
        return database.inTenant(DatabaseRole.IDENTITY, tenant, connection -> {
            try (var query = connection.prepareStatement(sql)) {
                query.setString(1, tenant);
                query.setString(2, value);
                try (var rows = query.executeQuery()) {
                    rows.next();
                    return rows.getLong(1);
                }
            }
        });
    }

    static KeyStore keys(Path directory) throws Exception {
        Path file = directory.resolve("origin.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "origin",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=" + HOST,
                        "-ext",
                        "san=dns:" + HOST,
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        new String(PASSWORD),
                        "-storetype",
                        "PKCS12")
                .redirectErrorStream(true)
                .start();
        String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (keytool.waitFor() != 0) {
            throw new IllegalStateException(said);
        }
        var keys = KeyStore.getInstance("PKCS12");
        try (var in = new FileInputStream(file.toFile())) {
            keys.load(in, PASSWORD);
        }
        return keys;
    }

    static Path pem(KeyStore keys, Path directory) throws Exception {
        String body = Base64.getMimeEncoder()
                .encodeToString(keys.getCertificate("origin").getEncoded());
        return Files.writeString(
                directory.resolve("origin.crt"),
                "-----BEGIN CERTIFICATE-----\n" + body + "\n-----END CERTIFICATE-----\n");
    }

    private static SSLContext context(KeyStore keys) throws GeneralSecurityException, IOException {
        var key = KeyManagerFactory.getInstance("PKIX");
        key.init(keys, PASSWORD);
        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("origin", keys.getCertificate("origin"));
        var trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        var context = SSLContext.getInstance("TLS");
        context.init(key.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    @Override
    public void close() {
        server.close();
        allowed.close();
        denied.close();
        seen.close();
        blocked.close();
        appender.close();
        names.close();
        database.close();
    }
}
