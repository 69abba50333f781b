package dev.chancery.keyring;

import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReaderFactory;
import jakarta.json.JsonValue;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
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
    private final HttpClient client;

    TransitEngine(TransitAccess access) {
        this.access = access;
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .proxy(HttpClient.Builder.NO_PROXY)
                .connectTimeout(access.timeout());
        access.authorities().ifPresent(file -> builder.sslContext(trusting(file)));
        this.client = builder.build();
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
        return ask(HttpRequest.newBuilder(access.path(path)).GET());
    }

    /** @throws TransitUnusable if there is no answer, or one of another kind; whether it took effect is not known then */
    Reply post(String path, JsonObject body) {
        return ask(HttpRequest.newBuilder(access.path(path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString(), UTF_8)));
    }

    private Reply ask(HttpRequest.Builder request) {
        request.header("X-Vault-Token", token()).header("X-Vault-Request", "true");
        access.namespace().ifPresent(name -> request.header("X-Vault-Namespace", name));
        // The request's own timeout would end with the reply's head.
        var reply = client.sendAsync(
                request.build(),
                HttpResponse.BodyHandlers.limiting(HttpResponse.BodyHandlers.ofByteArray(), MAX_REPLY_BYTES));
        try {
            return judge(reply.get(access.timeout().toMillis(), TimeUnit.MILLISECONDS));
        } catch (ExecutionException e) {
            throw new TransitUnusable(
                    isOfHandshake(e)
                            ? this + " does not prove who it is: check its certificate, and the file of authorities"
                            : this + " does not answer: is it up, and reachable from here?",
                    e.getCause());
        } catch (TimeoutException e) {
            reply.cancel(true);
            throw new TransitUnusable(this + " does not answer in time: is it up, and reachable from here?", e);
        } catch (InterruptedException e) {
            reply.cancel(true);
            Thread.currentThread().interrupt();
            throw new TransitUnusable("interrupted while " + this + " was asked", e);
        }
    }

    private Reply judge(HttpResponse<byte[]> reply) {
        return switch (reply.statusCode()) {
            case 200 -> new Reply.Done(data(reply.body()));
            case 204 -> new Reply.Done(JsonValue.EMPTY_JSON_OBJECT);
            case 400 -> new Reply.Invalid();
            case 404 -> new Reply.Missing();
            case 403 ->
                throw new TransitUnusable(this + " refuses the token in " + access.tokenFile()
                        + ": put one there that has not expired and whose policy allows it");
            case 429 -> throw new TransitUnusable(this + " has had too many requests: raise its quota");
            case 503 -> throw new TransitUnusable(this + " is sealed or down for maintenance: unseal it");
            default ->
                throw new TransitUnusable(this + " answers with status " + reply.statusCode()
                        + ": see its log; the address has to be the server's own, and not one that redirects");
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

    private static boolean isOfHandshake(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SSLHandshakeException) {
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
