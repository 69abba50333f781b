package dev.chancery.quickstart.instance;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.ErrorInfo;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.PathTemplate;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Sends what no well-behaved client would: any verb, path, header and body over HTTP, any metadata and any bytes over gRPC. It checks
 * nothing on the way out and hides nothing on the way in.
 */
public final class RawClient implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final RunningInstance instance;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(LIMIT)
            .build();
    private final ManagedChannel channel;

    public RawClient(RunningInstance instance) {
        this.instance = instance;
        this.channel = NettyChannelBuilder.forTarget(instance.grpc())
                .usePlaintext()
                .maxInboundMetadataSize(1 << 20)
                .build();
    }

    // REST

    public Reply rest(ContractMethod method, Message request, Map<String, String> headers) {
        return http(
                method.httpMethod(), path(method, request) + query(method, request), headers, body(method, request));
    }

    /** The method's path with the request's values in place of its variables. */
    public static String path(ContractMethod method, Message request) {
        var path = new StringBuilder();
        for (PathTemplate.Segment segment : method.pathTemplate().segments()) {
            path.append('/').append(segment.variable() ? encode(value(request, segment.text())) : segment.text());
        }
        return path.toString();
    }

    private static Object value(Message request, String field) {
        return request.getField(request.getDescriptorForType().findFieldByName(field));
    }

    /** What is neither in the path nor in a body. */
    private static String query(ContractMethod method, Message request) {
        if (!method.httpMethod().equals("GET")) {
            return "";
        }
        var query = new StringBuilder();
        request.getAllFields().forEach((field, value) -> {
            if (!method.pathTemplate().variables().contains(field.getName())) {
                query.append(query.isEmpty() ? '?' : '&')
                        .append(field.getJsonName())
                        .append('=')
                        .append(encode(value));
            }
        });
        return query.toString();
    }

    /** The request as JSON, without what is in the path; empty for a GET. */
    public static byte[] body(ContractMethod method, Message request) {
        if (method.httpMethod().equals("GET")) {
            return new byte[0];
        }
        Message.Builder rest = request.toBuilder();
        for (String variable : method.pathTemplate().variables()) {
            FieldDescriptor field = rest.getDescriptorForType().findFieldByName(variable);
            rest.clearField(field);
        }
        return json(rest.build()).getBytes(UTF_8);
    }

    public static String encode(Object value) {
        return URLEncoder.encode(String.valueOf(value), UTF_8).replace("+", "%20");
    }

    /** As REST says it: with what is at its default. */
    private static String replied(Message message) {
        return json(JsonFormat.printer().alwaysPrintFieldsWithNoPresence(), message);
    }

    private static String json(Message message) {
        return json(JsonFormat.printer(), message);
    }

    private static String json(JsonFormat.Printer printer, Message message) {
        try {
            return printer.omittingInsignificantWhitespace().print(message);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Any request that the JDK's client lets through; a body is JSON unless a header says otherwise. */
    public Reply http(String verb, String path, Map<String, String> headers, byte[] body) {
        return http(verb, path, headers, body, false);
    }

    /** @param chunked without a Content-Length */
    public Reply http(String verb, String path, Map<String, String> headers, byte[] body, boolean chunked) {
        HttpRequest.BodyPublisher publisher = chunked
                ? BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body))
                : body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body);
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(instance.http() + path))
                .timeout(LIMIT)
                .method(verb, publisher);
        if (body.length > 0) {
            request.setHeader("Content-Type", "application/json");
        }
        headers.forEach(request::setHeader);
        try {
            HttpResponse<byte[]> response = http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
            Map<String, String> received = new LinkedHashMap<>();
            response.headers()
                    .map()
                    .forEach((name, values) -> received.put(name.toLowerCase(Locale.ROOT), values.getFirst()));
            return reply(response.statusCode(), received, response.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static Reply reply(int status, Map<String, String> headers, byte[] body) {
        boolean problem =
                headers.getOrDefault("content-type", "").equals("application/problem+json") && body.length > 0;
        String code = problem ? new JsonObject(new String(body, UTF_8)).getString("code", "") : "";
        return new Reply(status, code, headers, body);
    }

    /** One exchange in bytes, over a connection of its own. */
    public Reply raw(byte[] request) {
        return raw(request, URI.create(instance.http()).getHost());
    }

    /** @param from the address to come from */
    public Reply raw(byte[] request, String from) {
        URI base = URI.create(instance.http());
        try (var socket = new Socket(base.getHost(), base.getPort(), InetAddress.getByName(from), 0)) {
            socket.setSoTimeout((int) LIMIT.toMillis());
            socket.getOutputStream().write(request);
            socket.getOutputStream().flush();
            return parse(socket.getInputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Exchanges one after the other over one connection. */
    public List<Reply> exchanges(byte[]... requests) {
        URI base = URI.create(instance.http());
        List<Reply> replies = new ArrayList<>();
        try (var socket = new Socket(base.getHost(), base.getPort())) {
            socket.setSoTimeout((int) LIMIT.toMillis());
            for (byte[] request : requests) {
                socket.getOutputStream().write(request);
                socket.getOutputStream().flush();
                replies.add(parse(socket.getInputStream()));
            }
            return replies;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A response with a Content-Length, or an interim one, or up to the connection's end. */
    private static Reply parse(InputStream in) throws IOException {
        var head = new StringBuilder();
        for (int next = in.read(); next >= 0; next = in.read()) {
            head.append((char) next);
            if (head.indexOf("\r\n\r\n", head.length() - 4) >= 0) {
                break;
            }
        }
        if (head.isEmpty()) {
            return new Reply(0, "", Map.of(), new byte[0]);
        }
        String[] lines = head.toString().split("\r\n");
        Map<String, String> headers = new LinkedHashMap<>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            headers.put(
                    lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
                    lines[i].substring(colon + 1).strip());
        }
        int status = Integer.parseInt(lines[0].split(" ")[1]);
        String length = status < 200 ? "0" : headers.get("content-length");
        byte[] body = length == null ? in.readAllBytes() : in.readNBytes(Integer.parseInt(length));
        return reply(status, headers, body);
    }

    // gRPC

    public Reply grpc(ContractMethod method, Message request, Map<String, String> metadata) {
        return grpc(method.fullName(), request.toByteArray(), metadata, method);
    }

    /** Any bytes to any method. */
    public Reply grpc(String fullName, byte[] request, Map<String, String> metadata, ContractMethod repliesLike) {
        AtomicReference<Metadata> headers = new AtomicReference<>();
        AtomicReference<Metadata> trailers = new AtomicReference<>();
        var intercepted = ClientInterceptors.intercept(
                channel,
                MetadataUtils.newAttachHeadersInterceptor(metadata(metadata)),
                MetadataUtils.newCaptureMetadataInterceptor(headers, trailers));
        try {
            byte[] reply = ClientCalls.blockingUnaryCall(
                    intercepted,
                    MethodDescriptor.<byte[], byte[]>newBuilder()
                            .setType(MethodType.UNARY)
                            .setFullMethodName(fullName)
                            .setRequestMarshaller(Bytes.MARSHALLER)
                            .setResponseMarshaller(Bytes.MARSHALLER)
                            .build(),
                    CallOptions.DEFAULT.withDeadlineAfter(LIMIT.toSeconds(), TimeUnit.SECONDS),
                    request);
            Message message = repliesLike.replyPrototype().getParserForType().parseFrom(reply);
            return new Reply(200, "", readable(headers.get()), replied(message).getBytes(UTF_8));
        } catch (StatusRuntimeException e) {
            return refusal(e, readable(trailers.get()));
        } catch (InvalidProtocolBufferException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Any number of messages to a method that takes one, and any metadata. */
    public Reply grpc(ContractMethod method, Metadata sent, byte[]... messages) {
        AtomicReference<Metadata> headers = new AtomicReference<>();
        AtomicReference<Metadata> trailers = new AtomicReference<>();
        var call = ClientInterceptors.intercept(
                        channel,
                        MetadataUtils.newAttachHeadersInterceptor(sent),
                        MetadataUtils.newCaptureMetadataInterceptor(headers, trailers))
                .newCall(
                        MethodDescriptor.<byte[], byte[]>newBuilder()
                                .setType(MethodType.CLIENT_STREAMING)
                                .setFullMethodName(method.fullName())
                                .setRequestMarshaller(Bytes.MARSHALLER)
                                .setResponseMarshaller(Bytes.MARSHALLER)
                                .build(),
                        CallOptions.DEFAULT.withDeadlineAfter(LIMIT.toSeconds(), TimeUnit.SECONDS));
        var answered = new CompletableFuture<byte[]>();
        StreamObserver<byte[]> requests = ClientCalls.asyncClientStreamingCall(call, new StreamObserver<>() {
            @Override
            public void onNext(byte[] reply) {
                answered.complete(reply);
            }

            @Override
            public void onError(Throwable failure) {
                answered.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {
                answered.completeExceptionally(new IllegalStateException("no reply"));
            }
        });
        for (byte[] message : messages) {
            requests.onNext(message);
        }
        requests.onCompleted();
        try {
            return new Reply(200, "", readable(headers.get()), answered.join());
        } catch (CompletionException e) {
            return refusal((StatusRuntimeException) e.getCause(), readable(trailers.get()));
        }
    }

    private static Reply refusal(StatusRuntimeException failure, Map<String, String> trailers) {
        var status = StatusProto.fromThrowable(failure);
        String code = "";
        String said = failure.getStatus() + "\n" + status;
        for (Any detail : status == null ? List.<Any>of() : status.getDetailsList()) {
            try {
                ErrorInfo info = detail.unpack(ErrorInfo.class);
                code = info.getReason();
                said = new JsonObject()
                        .put("code", code)
                        .put("domain", info.getDomain())
                        .put("message", status.getMessage())
                        .put("details", new JsonObject(Map.copyOf(info.getMetadataMap())))
                        .encode();
            } catch (InvalidProtocolBufferException e) {
                said = "a detail that is no ErrorInfo: " + detail;
            }
        }
        return new Reply(httpStatus(failure.getStatus().getCode()), code, trailers, said.getBytes(UTF_8));
    }

    private static int httpStatus(io.grpc.Status.Code code) {
        return switch (code) {
            case INVALID_ARGUMENT -> 400;
            case UNAUTHENTICATED -> 401;
            case PERMISSION_DENIED -> 403;
            case NOT_FOUND, UNIMPLEMENTED -> 404;
            case ABORTED -> 409;
            case FAILED_PRECONDITION -> 422;
            case RESOURCE_EXHAUSTED -> 413;
            case UNAVAILABLE -> 503;
            default -> 500;
        };
    }

    public static Metadata metadata(Map<String, String> headers) {
        var metadata = new Metadata();
        headers.forEach((name, value) -> {
            String key = name.toLowerCase(Locale.ROOT);
            if (key.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
                metadata.put(Metadata.Key.of(key, Metadata.BINARY_BYTE_MARSHALLER), value.getBytes(UTF_8));
            } else {
                metadata.put(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER), value);
            }
        });
        return metadata;
    }

    private static Map<String, String> readable(Metadata metadata) {
        Map<String, String> headers = new LinkedHashMap<>();
        if (metadata != null) {
            for (String name : metadata.keys()) {
                headers.put(
                        name,
                        name.endsWith(Metadata.BINARY_HEADER_SUFFIX)
                                ? new String(
                                        metadata.get(Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER)),
                                        ISO_8859_1)
                                : metadata.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER)));
            }
        }
        return headers;
    }

    /** Messages as they are on the wire. */
    private enum Bytes implements MethodDescriptor.Marshaller<byte[]> {
        MARSHALLER;

        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return ByteString.readFrom(stream).toByteArray();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Override
    public void close() {
        channel.shutdownNow();
        http.shutdownNow();
    }
}
