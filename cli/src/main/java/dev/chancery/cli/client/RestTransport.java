package dev.chancery.cli.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.chancery.schema.ContractMethod;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;

/**
 * The contract's methods as JSON over HTTP, and plain requests for the standard endpoints.
 *
 * <p><b>Thread safety:</b> safe.
 */
public final class RestTransport implements Transport, AutoCloseable {
    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final JsonFormat.Printer PRINTER = JsonFormat.printer().omittingInsignificantWhitespace();
    // An instance that is newer than this may answer with fields that are new to us.
    private static final JsonFormat.Parser PARSER = JsonFormat.parser().ignoringUnknownFields();

    private final String base;
    private final HttpClient client;

    public RestTransport(Instance instance) {
        this.base = instance.http();
        HttpClient.Builder builder =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT);
        instance.trust().map(RestTransport::tls).ifPresent(builder::sslContext);
        this.client = builder.build();
    }

    private static SSLContext tls(TrustManagerFactory trust) {
        try {
            SSLContext tls = SSLContext.getInstance("TLS");
            tls.init(null, trust.getTrustManagers(), null);
            return tls;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no TLS", e);
        }
    }

    /** The instance's base URL, which is its issuer. */
    public String base() {
        return base;
    }

    @Override
    public Reply call(ContractMethod method, Message request, Map<String, String> headers) throws Refused, Unreachable {
        Message.Builder rest = request.toBuilder();
        String path = path(method, request, rest);
        Map<String, String> sent = new LinkedHashMap<>(headers);
        byte[] body = new byte[0];
        if (method.httpMethod().equals("GET")) {
            path += query(rest);
        } else {
            body = json(rest.build()).getBytes(UTF_8);
            sent.put("Content-Type", "application/json");
        }
        HttpAnswer answer = send(method.httpMethod(), path, sent, body);
        if (!answer.isSuccess()) {
            throw answer.refusal();
        }
        Message.Builder reply = method.replyPrototype().newBuilderForType();
        try {
            PARSER.merge(answer.text(), reply);
        } catch (InvalidProtocolBufferException e) {
            throw new Unreachable("the server at " + base + " is not Chancery", e);
        }
        return new Reply(reply.build(), answer.header(Headers.POSITION));
    }

    /** The method's path with its variables' values, which leave the rest of the request. */
    static String path(ContractMethod method, Message request, Message.Builder rest) {
        return "/"
                + method.pathTemplate().segments().stream()
                        .map(segment -> {
                            if (!segment.variable()) {
                                return segment.text();
                            }
                            FieldDescriptor field =
                                    request.getDescriptorForType().findFieldByName(segment.text());
                            rest.clearField(field);
                            return encode(request.getField(field));
                        })
                        .collect(Collectors.joining("/"));
    }

    private static String query(Message.Builder request) {
        return request.getAllFields().entrySet().stream()
                .map(field -> field.getKey().getJsonName() + "=" + encode(field.getValue()))
                .collect(Collectors.collectingAndThen(
                        Collectors.joining("&"), text -> text.isEmpty() ? "" : "?" + text));
    }

    private static String encode(Object value) {
        return URLEncoder.encode(String.valueOf(value), UTF_8).replace("+", "%20");
    }

    private static String json(Message message) {
        try {
            return PRINTER.print(message);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("the contract's messages hold no Any", e);
        }
    }

    /** A plain request; any status is an answer. */
    public HttpAnswer send(String verb, String path, Map<String, String> headers, byte[] body) throws Unreachable {
        return send(verb, path, headers, body, BodyHandlers.ofString());
    }

    /** A plain GET whose body, if the answer is a 200, goes into a file. */
    public HttpAnswer download(String path, Map<String, String> headers, Path to) throws Unreachable {
        return send(
                "GET",
                path,
                headers,
                new byte[0],
                response -> response.statusCode() == 200
                        ? BodySubscribers.mapping(BodySubscribers.ofFile(to), written -> "")
                        : BodySubscribers.ofString(UTF_8));
    }

    private HttpAnswer send(
            String verb, String path, Map<String, String> headers, byte[] body, BodyHandler<String> handler)
            throws Unreachable {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path))
                .timeout(Duration.ofSeconds(CALL_SECONDS))
                .method(verb, body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
        headers.forEach(request::setHeader);
        try {
            HttpResponse<String> response = client.send(request.build(), handler);
            return new HttpAnswer(response.statusCode(), response.headers(), response.body());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Unreachable("interrupted", new InterruptedIOException());
        } catch (SSLException e) {
            throw Unreachable.untrusted(base, e);
        } catch (IOException e) {
            throw new Unreachable(
                    "no instance answers at " + base + "; start one with ./chancery up, or name another"
                            + " with --server URL",
                    e);
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
        client.close();
    }
}
