package dev.chancery.app.processes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.cli.client.ClientKey;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import dev.chancery.testkit.TestAuthority;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Calls an installation's processes over HTTPS, as an application behind no gateway would. */
final class TestClient implements AutoCloseable {
    private static final Duration CALL_LIMIT = Duration.ofSeconds(20);
    private final Contract contract = Contract.load();
    private final HttpClient http;

    /** A caller who is signed in. */
    record Caller(String tenant, String token) {}

    /** @param position the log's position, where the reply names one */
    record Reply(int status, JsonObject json, String position) {
        Reply done() {
            assertThat(status).as("%s", json).isEqualTo(200);
            return this;
        }
    }

    TestClient(TestAuthority authority) throws Exception {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (var in = Files.newInputStream(authority.certificate())) {
            trusted.setCertificateEntry(
                    "authority", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);
        http = HttpClient.newBuilder()
                .sslContext(tls)
                .connectTimeout(CALL_LIMIT)
                .version(HttpClient.Version.HTTP_1_1)
                .build();
    }

    HttpResponse<byte[]> send(String base, String verb, String path, Map<String, String> headers, byte[] body)
            throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path))
                .timeout(CALL_LIMIT)
                .method(verb, body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
        headers.forEach(request::setHeader);
        try {
            return http.send(request.build(), BodyHandlers.ofByteArray());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    boolean isReady(String base) {
        try {
            return send(base, "GET", "/q/health/ready", Map.of(), new byte[0]).statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    String health(String base) {
        try {
            return new String(
                    send(base, "GET", "/q/health/ready", Map.of(), new byte[0]).body(), UTF_8);
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Calls a method of the contract; variables of its path are the request's texts of that name. */
    Reply call(String base, String method, JsonObject request, Map<String, String> headers) throws IOException {
        ContractMethod called = contract.method("chancery." + method).orElseThrow();
        JsonObject rest = request.copy();
        String path = called.pathTemplate().segments().stream()
                .map(segment -> segment.variable() ? (String) rest.remove(camelCase(segment.text())) : segment.text())
                .collect(Collectors.joining("/", "/", ""));
        boolean get = called.httpMethod().equals("GET");
        var sent = new java.util.HashMap<>(headers);
        if (!get) {
            sent.put("Content-Type", "application/json");
        }
        HttpResponse<byte[]> response = send(
                base,
                called.httpMethod(),
                path,
                sent,
                get ? new byte[0] : rest.encode().getBytes(UTF_8));
        String text = new String(response.body(), UTF_8);
        return new Reply(
                response.statusCode(),
                text.startsWith("{") ? new JsonObject(text) : new JsonObject().put("text", text),
                response.headers().firstValue("Chancery-Position").orElse(""));
    }

    private static String camelCase(String field) {
        return Pattern.compile("_([a-z])").matcher(field).replaceAll(letter -> letter.group(1)
                .toUpperCase(Locale.ROOT));
    }

    static Map<String, String> headers(Caller caller) {
        return Map.of(
                "Authorization",
                "Bearer " + caller.token(),
                "Idempotency-Key",
                UUID.randomUUID().toString());
    }

    static Map<String, String> reading(Caller caller, String position) {
        return Map.of("Authorization", "Bearer " + caller.token(), "Chancery-Position", position);
    }

    Caller signIn(String base, String clientId, ClientKey key) throws IOException {
        String form = "grant_type=client_credentials&client_assertion_type="
                + URLEncoder.encode("urn:ietf:params:oauth:client-assertion-type:jwt-bearer", UTF_8)
                + "&client_assertion=" + assertion(clientId, key);
        HttpResponse<byte[]> response = send(
                base,
                "POST",
                "/oauth/token",
                Map.of("Content-Type", "application/x-www-form-urlencoded"),
                form.getBytes(UTF_8));
        String text = new String(response.body(), UTF_8);
        assertThat(response.statusCode()).as(text).isEqualTo(200);
        return new Caller(clientId.substring(0, clientId.indexOf('.')), new JsonObject(text).getString("access_token"));
    }

    static String assertion(String clientId, ClientKey key) {
        long now = Instant.now().getEpochSecond();
        String claims = new JsonObject()
                .put("iss", clientId)
                .put("sub", clientId)
                .put("aud", TestInstallation.PUBLIC_URL)
                .put("jti", UUID.randomUUID().toString())
                .put("iat", now)
                .put("exp", now + 60)
                .encode();
        String signed = base64("{\"alg\":\"EdDSA\"}".getBytes(UTF_8)) + "." + base64(claims.getBytes(UTF_8));
        return signed + "." + base64(key.sign(signed.getBytes(UTF_8)));
    }

    /** As JSON has bytes. */
    static String bytes(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
