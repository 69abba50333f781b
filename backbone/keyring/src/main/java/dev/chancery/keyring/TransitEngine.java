package dev.chancery.keyring;

import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReaderFactory;
import jakarta.json.JsonValue;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/**
 * The HTTP API of a transit engine, as https://openbao.org/api-docs/ has it: requests, and what their status comes to. It follows no
 * redirect, uses no proxy and tries nothing again. What the server says about an error is neither kept nor logged.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@link #MAX_REPLY_BYTES}, and the timeout of its {@link TransitAccess}.
 */
final class TransitEngine {
    /** Bytes of a transit engine's reply; one that is longer is refused. */
    static final int MAX_REPLY_BYTES = 65_536;

    private static final int MAX_TOKEN_BYTES = 4_096;
    private static final Pattern TOKEN = Pattern.compile("[!-~]{1,4096}");
    private static final JsonReaderFactory JSON = Json.createReaderFactory(Map.of());

    /** What a request came to. */
    sealed interface Reply {
        /** @param data empty where the server sent none */
        record Done(JsonObject data) implements Reply {}

        /** Status 400: the engine won't do it with what it was sent. */
        record Invalid() implements Reply {}

        /** Status 404: there is no such key, engine or namespace, or the token may not see it. */
        record Missing() implements Reply {}
    }

    private final TransitAccess access;
    private final Optional<SSLSocketFactory> sockets;

    TransitEngine(TransitAccess access) {
        this.access = access;
        this.sockets = access.authorities().map(file -> trusting(file).getSocketFactory());
    }

    private static SSLContext trusting(Path file) {
        try (var in = Files.newInputStream(file)) {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            int number = 0;
            for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                trusted.setCertificateEntry("ca-" + number++, certificate);
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (IOException | GeneralSecurityException e) {
            throw new TransitUnusable("the certificates in " + file + " can't be used: it has to be a PEM file", e);
        }
    }

    /** @throws TransitUnusable if there is no answer, or one of another kind */
    Reply get(String path) {
        return ask(path, Optional.empty());
    }

    /** @throws TransitUnusable if there is no answer, or one of another kind; whether it took effect is not known then */
    Reply post(String path, JsonObject body) {
        return ask(path, Optional.of(body.toString().getBytes(UTF_8)));
    }

    @SuppressWarnings("ArrayRecordComponent") // read, judged, dropped; never compared
    private record Answer(int status, byte[] body) {}

    private Reply ask(String path, Optional<byte[]> body) {
        HttpURLConnection connection = connection(path, body);
        // The connection's own time-outs are for each step of it.
        var answer = new FutureTask<>(() -> answer(connection, body));
        Thread.ofVirtual().name("transit").start(answer);
        try {
            return judge(answer.get(access.timeout().toMillis(), TimeUnit.MILLISECONDS));
        } catch (ExecutionException e) {
            throw noAnswer(e);
        } catch (TimeoutException e) {
            throw noAnswer(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TransitUnusable("interrupted while " + this + " was asked", e);
        } finally {
            answer.cancel(true);
            connection.disconnect();
        }
    }

    private TransitUnusable noAnswer(Exception failure) {
        if (isCausedBy(SSLHandshakeException.class, failure)) {
            return new TransitUnusable(
                    this + " does not prove who it is: check its certificate, and the file of authorities", failure);
        }
        boolean late = failure instanceof TimeoutException || isCausedBy(SocketTimeoutException.class, failure);
        return TransitUnusable.away(
                this + " does not answer" + (late ? " in time" : "") + ": is it up, and reachable from here?", failure);
    }

    /** One for each request: what a proxy or the server has closed meanwhile is never tried, and nothing is sent twice. */
    private HttpURLConnection connection(String path, Optional<byte[]> body) {
        try {
            var connection = (HttpURLConnection) access.path(path).toURL().openConnection(Proxy.NO_PROXY);
            if (connection instanceof HttpsURLConnection overTls) {
                sockets.ifPresent(overTls::setSSLSocketFactory);
            }
            int millis = Math.toIntExact(Math.min(access.timeout().toMillis(), Integer.MAX_VALUE));
            connection.setConnectTimeout(millis);
            connection.setReadTimeout(millis);
            connection.setInstanceFollowRedirects(false);
            connection.setUseCaches(false);
            connection.setRequestProperty("Connection", "close");
            connection.setRequestProperty("X-Vault-Token", token());
            connection.setRequestProperty("X-Vault-Request", "true");
            access.namespace().ifPresent(name -> connection.setRequestProperty("X-Vault-Namespace", name));
            if (body.isPresent()) {
                connection.setRequestMethod("POST");
                connection.setRequestProperty("Content-Type", "application/json");
                connection.setDoOutput(true);
                connection.setFixedLengthStreamingMode(body.get().length);
            }
            return connection;
        } catch (IOException e) {
            throw new TransitUnusable(this + " can't be called", e);
        }
    }

    private Answer answer(HttpURLConnection connection, Optional<byte[]> body) throws IOException {
        if (body.isPresent()) {
            try (var out = connection.getOutputStream()) {
                out.write(body.get());
            }
        }
        int status = connection.getResponseCode();
        try (var in = status < HttpURLConnection.HTTP_BAD_REQUEST
                ? connection.getInputStream()
                : connection.getErrorStream()) {
            byte[] read = in == null ? new byte[0] : in.readNBytes(MAX_REPLY_BYTES + 1);
            if (read.length > MAX_REPLY_BYTES) {
                throw new IOException("a reply of more than " + MAX_REPLY_BYTES + " bytes");
            }
            return new Answer(status, read);
        }
    }

    private Reply judge(Answer reply) {
        return switch (reply.status()) {
            case 200 -> new Reply.Done(data(reply.body()));
            case 204 -> new Reply.Done(JsonValue.EMPTY_JSON_OBJECT);
            case 400 -> new Reply.Invalid();
            case 404 -> new Reply.Missing();
            case 403 ->
                throw new TransitUnusable(this + " refuses the token in " + access.tokenFile()
                        + ": put one there that has not expired and whose policy allows it");
            case 429 -> throw TransitUnusable.away(this + " has had too many requests: raise its quota", null);
            case 503 -> throw TransitUnusable.away(this + " is sealed or down for maintenance: unseal it", null);
            default -> {
                String said = this + " answers with status " + reply.status()
                        + ": see its log; the address has to be the server's own, and not one that redirects";
                throw reply.status() >= HttpURLConnection.HTTP_INTERNAL_ERROR
                        ? TransitUnusable.away(said, null)
                        : new TransitUnusable(said);
            }
        };
    }

    private JsonObject data(byte[] body) {
        try (var reader = JSON.createReader(new ByteArrayInputStream(body), UTF_8)) {
            JsonObject reply = reader.readObject();
            return reply.get("data") instanceof JsonObject data ? data : JsonValue.EMPTY_JSON_OBJECT;
        } catch (JsonException e) {
            // Its message would repeat part of the reply.
            throw strange();
        }
    }

    /** The reply is none that the API documents. */
    TransitUnusable strange() {
        return new TransitUnusable(
                this + " answers what its API does not document: is it an OpenBao or a Vault, and nothing in between?");
    }

    private String token() {
        Path file = access.tokenFile();
        try {
            if (KeyFile.isOpen(file)) {
                throw new TransitUnusable("the token in " + file + " is open to others: run chmod 600 " + file);
            }
            try (var in = Files.newInputStream(file)) {
                String token = new String(in.readNBytes(MAX_TOKEN_BYTES + 1), UTF_8).strip();
                if (!TOKEN.matcher(token).matches()) {
                    throw new TransitUnusable("what is in " + file + " is no token: one line, without spaces");
                }
                return token;
            }
        } catch (IOException e) {
            throw new TransitUnusable(
                    "the token in " + file + " can't be read: the file has to be there, and readable by this user", e);
        }
    }

    private static boolean isCausedBy(Class<? extends IOException> type, Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public String toString() {
        return "the transit engine at " + access.address();
    }
}
