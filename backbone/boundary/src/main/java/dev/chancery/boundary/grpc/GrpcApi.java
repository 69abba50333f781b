package dev.chancery.boundary.grpc;

import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.chancery.boundary.ContextFields;
import dev.chancery.boundary.Pipeline;
import dev.chancery.boundary.Problem;
import dev.chancery.boundary.RequestLimits;
import dev.chancery.boundary.admission.Arrival;
import dev.chancery.boundary.admission.InFlight;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult;
import dev.chancery.command.Caller;
import dev.chancery.command.Ids;
import dev.chancery.command.Methods;
import dev.chancery.command.RefusedException;
import dev.chancery.kernel.Rejection;
import dev.chancery.schema.ContractMethod;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import io.grpc.protobuf.ProtoUtils;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerRequest;
import io.vertx.grpc.server.GrpcServiceBridge;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The contract's methods over gRPC: one definition for each service, from the contract's own descriptors. Metadata keys are the REST
 * headers in lower case.
 */
public final class GrpcApi {
    private static final String TRANSPORT = "chancery.grpc.transport";

    static final Metadata.Key<String> AUTHORIZATION = key("authorization");
    static final Metadata.Key<String> IDEMPOTENCY_KEY = key("idempotency-key");
    static final Metadata.Key<String> POSITION = key("chancery-position");
    static final Metadata.Key<String> CHALLENGE = key("chancery-challenge");
    static final Metadata.Key<String> REQUEST = key("chancery-request");
    private static final Metadata.Key<String> USER_AGENT = key("user-agent");

    private final Pipeline pipeline;
    private final Executor executor;

    public GrpcApi(Pipeline pipeline, Executor executor) {
        this.pipeline = pipeline;
        this.executor = executor;
    }

    private static Metadata.Key<String> key(String name) {
        return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
    }

    /** Definitions of the services that have bound methods. */
    public List<ServerServiceDefinition> services(Methods methods) {
        Map<String, List<Methods.Bound>> byService = new HashMap<>();
        methods.all().forEach(bound -> byService
                .computeIfAbsent(bound.contract().service(), service -> new ArrayList<>())
                .add(bound));
        return byService.values().stream().map(this::service).toList();
    }

    /**
     * Serves the contract's services, reflection and health for every request of media type {@code application/grpc}.
     *
     * @param healthy what health answers
     */
    public void mount(Vertx vertx, Router router, Methods methods, BooleanSupplier healthy) {
        mount(vertx, router, methods, healthy, List.of());
    }

    /** With services besides, under the same admission. */
    public void mount(
            Vertx vertx,
            Router router,
            Methods methods,
            BooleanSupplier healthy,
            List<ServerServiceDefinition> others) {
        Set<String> elsewhere =
                methods.elsewhere().stream().map(ContractMethod::fullName).collect(Collectors.toUnmodifiableSet());
        GrpcServer server = GrpcServer.server(vertx).callHandler(request -> nothingHere(request, elsewhere));
        List<ServerServiceDefinition> contract = services(methods);
        contract.forEach(service -> GrpcServiceBridge.bridge(service).bind(server));
        var standard = new StandardServices(contract, healthy);
        Stream.concat(standard.definitions().stream(), others.stream()).forEach(service -> GrpcServiceBridge.bridge(
                        ServerInterceptors.intercept(service, new Beside(standard)))
                .bind(server));
        router.route().order(-1).handler(context -> {
            HttpServerRequest request = context.request();
            if (!GrpcRefusal.isGrpc(request) || request.method() != HttpMethod.POST) {
                context.next();
                return;
            }
            Optional<Rejection> why = refusal(request);
            if (why.isPresent()) {
                GrpcRefusal.send(request, why.get(), Ids.uuidV7().toString());
                return;
            }
            // Before the call is handled: whoever handles it asks for these.
            Vertx.currentContext().putLocal(TRANSPORT, Transport.of(context));
            server.handle(new GrpcBody(request));
        });
    }

    /** What makes a head no call's. */
    private static Optional<Rejection> refusal(HttpServerRequest request) {
        String encoding = request.getHeader("grpc-encoding");
        if (encoding != null && !encoding.equals("identity")) {
            // The limit on a message's size holds for its compressed form: nothing bounds what it unpacks to before the
            // caller is
            // authenticated.
            return Optional.of(BoundaryRejection.COMPRESSED);
        }
        try {
            request.headers().forEach(GrpcApi::decodes);
            GrpcDeadline.of(request);
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(BoundaryRejection.MALFORMED_HEAD);
        }
    }

    private static void decodes(String name, String value) {
        if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
            Base64.getDecoder().decode(value);
        }
    }

    /** An unknown method is refused like everything else; left alone, Vert.x repeats the name that was sent. */
    private static void nothingHere(GrpcServerRequest<Buffer, Buffer> request, Set<String> elsewhere) {
        var refused = new CallResult.Refused(
                elsewhere.contains(request.fullMethodName())
                        ? BoundaryRejection.NOT_SERVED_HERE
                        : BoundaryRejection.NO_SUCH_PATH);
        byte[] details = Problem.status(refused, Ids.uuidV7().toString())
                .setCode(GrpcStatus.UNIMPLEMENTED.code)
                .build()
                .toByteArray();
        var response = request.response().status(GrpcStatus.UNIMPLEMENTED).statusMessage(refused.message());
        response.trailers()
                .set(
                        "grpc-status-details-bin",
                        Base64.getEncoder().withoutPadding().encodeToString(details));
        response.end();
    }

    private ServerServiceDefinition service(List<Methods.Bound> bound) {
        String name = bound.getFirst().contract().service();
        ServiceDescriptor proto = descriptor(bound.getFirst());
        var descriptor = io.grpc.ServiceDescriptor.newBuilder(name).setSchemaDescriptor(new FileOf(proto.getFile()));
        Map<Methods.Bound, io.grpc.MethodDescriptor<byte[], Message>> calls = new HashMap<>();
        for (Methods.Bound method : bound) {
            var call = io.grpc.MethodDescriptor.<byte[], Message>newBuilder()
                    .setType(MethodType.UNARY)
                    .setFullMethodName(method.contract().fullName())
                    .setRequestMarshaller(RequestBytes.MARSHALLER)
                    .setResponseMarshaller(
                            ProtoUtils.marshaller(method.contract().replyPrototype()))
                    .setSchemaDescriptor(new MethodOf(
                            proto.findMethodByName(method.contract().name())))
                    .build();
            calls.put(method, call);
            descriptor.addMethod(call);
        }
        var definition = ServerServiceDefinition.builder(descriptor.build());
        calls.forEach((method, call) -> definition.addMethod(call, handler(method)));
        return definition.build();
    }

    private static ServiceDescriptor descriptor(Methods.Bound method) {
        String service = method.contract().service();
        return method.contract().input().getFile().findServiceByName(service.substring(service.lastIndexOf('.') + 1));
    }

    /** Unary: let in, one message in, then the call is served on a thread of its own. */
    private ServerCallHandler<byte[], Message> handler(Methods.Bound method) {
        return (call, headers) -> {
            // Answers go out on the connection's own event loop.
            Context connection = Vertx.currentContext();
            Caller caller = caller(call, headers);
            Transport transport = transport(connection);
            call.request(2);
            try {
                requireOnce(headers);
                InFlight.Permit permit = pipeline.enter(caller);
                return new OneMessage(call, caller, arrival(connection, call, caller, permit)) {
                    @Override
                    void serve(byte[] request) {
                        CallResult answer = answer(method, request, headers, transport, caller, permit);
                        connection.runOnContext(go -> reply(call, answer, caller));
                    }
                };
            } catch (RefusedException e) {
                connection.runOnContext(go -> reply(call, new CallResult.Refused(e.rejection()), caller));
                return new ServerCall.Listener<>() {};
            }
        };
    }

    /** Services beside the contract's: their calls hold a permit like all others, and no longer than a body may take. */
    private final class Beside implements ServerInterceptor {
        private final StandardServices services;

        Beside(StandardServices services) {
            this.services = services;
        }

        @Override
        public <Q, R> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
            Context connection = Vertx.currentContext();
            Caller caller = caller(call, headers);
            try {
                Arrival arrival = arrival(connection, call, caller, pipeline.enter(caller));
                var listener = Contexts.interceptCall(
                        services.context(),
                        new SimpleForwardingServerCall<>(call) {
                            @Override
                            public void close(Status status, Metadata trailers) {
                                if (arrival.abandon()) {
                                    super.close(status, trailers);
                                }
                            }
                        },
                        headers,
                        next);
                return new SimpleForwardingServerCallListener<>(listener) {
                    @Override
                    public void onCancel() {
                        arrival.abandon();
                        super.onCancel();
                    }
                };
            } catch (RefusedException e) {
                connection.runOnContext(go -> refuse(call, new CallResult.Refused(e.rejection()), caller));
                return new ServerCall.Listener<>() {};
            }
        }
    }

    private static Arrival arrival(Context connection, ServerCall<?, ?> call, Caller caller, InFlight.Permit permit) {
        var arrival = new Arrival(
                connection.owner(), permit, () -> refuse(call, new CallResult.Refused(BoundaryRejection.LATE), caller));
        transport(connection).ended().onComplete(ended -> arrival.abandon());
        return arrival;
    }

    private static Transport transport(Context connection) {
        Transport transport = connection.getLocal(TRANSPORT);
        return Objects.requireNonNull(transport, "a call that came by no request");
    }

    /**
     * What gRPC's own interfaces do not tell about a call's HTTP request.
     *
     * @param ended completed when the response has ended, or its connection was closed, which cancels no call
     * @param parameters of the path's query, which no gRPC client sends
     * @param deadline the caller's own
     */
    private record Transport(Future<Void> ended, Set<String> parameters, GrpcDeadline deadline) {
        static Transport of(RoutingContext context) {
            Promise<Void> ended = Promise.promise();
            context.addEndHandler(done -> ended.tryComplete());
            return new Transport(
                    ended.future(), context.request().params(true).names(), GrpcDeadline.of(context.request()));
        }
    }

    /** What comes in of one call. */
    private abstract class OneMessage extends ServerCall.Listener<byte[]> {
        private final ServerCall<?, ?> call;
        private final Caller caller;
        private final Arrival arrival;
        private byte @Nullable [] message;

        OneMessage(ServerCall<?, ?> call, Caller caller, Arrival arrival) {
            this.call = call;
            this.caller = caller;
            this.arrival = arrival;
        }

        /** Serves the call. */
        abstract void serve(byte[] request);

        @Override
        public void onMessage(byte[] sent) {
            if (message == null) {
                message = sent;
            } else {
                refuseMalformed();
            }
        }

        @Override
        public void onHalfClose() {
            byte[] sent = message;
            if (sent != null) {
                arrival.serve(executor, () -> serve(sent));
            } else {
                refuseMalformed();
            }
        }

        /** One message makes a request, not none and not two. */
        private void refuseMalformed() {
            if (arrival.abandon()) {
                refuse(call, new CallResult.Refused(BoundaryRejection.MALFORMED), caller);
            }
        }

        @Override
        public void onCancel() {
            arrival.abandon();
        }
    }

    private static void requireOnce(Metadata headers) throws RefusedException {
        for (Metadata.Key<String> key : List.of(AUTHORIZATION, IDEMPOTENCY_KEY, POSITION, CHALLENGE)) {
            Iterable<String> values = headers.getAll(key);
            if (values != null
                    && StreamSupport.stream(values.spliterator(), false).count() > 1) {
                throw new RefusedException(BoundaryRejection.REPEATED_HEADER);
            }
        }
    }

    private CallResult answer(
            Methods.Bound method,
            byte[] request,
            Metadata headers,
            Transport transport,
            Caller caller,
            InFlight.Permit permit) {
        return pipeline.call(
                method,
                () -> {
                    ContextFields.refuseHeaders(headers.keys());
                    ContextFields.refuseParameters(transport.parameters());
                    return parse(method, request);
                },
                caller,
                permit,
                transport.deadline().left());
    }

    private static Message parse(Methods.Bound method, byte[] request) throws RefusedException {
        if (request.length > RequestLimits.MAX_BODY_BYTES) {
            throw new RefusedException(BoundaryRejection.TOO_LARGE);
        }
        try {
            return method.contract().requestPrototype().getParserForType().parseFrom(request);
        } catch (InvalidProtocolBufferException e) {
            throw new RefusedException(BoundaryRejection.MALFORMED);
        }
    }

    /** A request is parsed where a bad one can be refused in words, and not before it is known who sent it. */
    private enum RequestBytes implements Marshaller<byte[]> {
        MARSHALLER;

        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        /** One byte above the limit is enough to tell that there are too many. All that is there already is read into an array of its size. */
        @Override
        public byte[] parse(InputStream stream) {
            try {
                int enough = RequestLimits.MAX_BODY_BYTES + 1;
                byte[] there = stream.readNBytes(Math.min(stream.available(), enough));
                int next = there.length < enough ? stream.read() : -1;
                if (next == -1) {
                    return there;
                }
                var all = new ByteArrayOutputStream();
                all.writeBytes(there);
                all.write(next);
                all.writeBytes(stream.readNBytes(enough - there.length - 1));
                return all.toByteArray();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static void reply(ServerCall<byte[], Message> call, CallResult answer, Caller caller) {
        if (call.isCancelled()) {
            return;
        }
        switch (answer) {
            case CallResult.Refused refused -> refuse(call, refused, caller);
            case CallResult.Replied replied -> {
                Metadata sent = new Metadata();
                sent.put(REQUEST, caller.requestId());
                replied.position().ifPresent(position -> sent.put(POSITION, position.toString()));
                call.sendHeaders(sent);
                call.sendMessage(replied.reply());
                call.close(Status.OK, new Metadata());
            }
        }
    }

    private static void refuse(ServerCall<?, ?> call, CallResult.Refused refused, Caller caller) {
        var failure = Problem.grpc(refused, caller.requestId());
        Metadata trailers = failure.getTrailers() == null ? new Metadata() : failure.getTrailers();
        call.close(failure.getStatus(), trailers);
    }

    private static Caller caller(ServerCall<?, ?> call, Metadata headers) {
        var address = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
        String client = Optional.ofNullable(headers.get(USER_AGENT)).orElse("");
        return new Caller(
                Ids.uuidV7().toString(),
                Optional.ofNullable(headers.get(AUTHORIZATION))
                        .filter(value -> value.regionMatches(true, 0, "Bearer ", 0, 7))
                        .map(value -> value.substring(7).trim()),
                Optional.ofNullable(headers.get(IDEMPOTENCY_KEY)),
                Optional.ofNullable(headers.get(POSITION)),
                Optional.ofNullable(headers.get(CHALLENGE)),
                address instanceof java.net.InetSocketAddress inet
                        ? inet.getAddress().getHostAddress()
                        : "",
                client.substring(0, Math.min(client.length(), 256)));
    }

    /** Lets server reflection find a service's file. */
    private record FileOf(FileDescriptor getFileDescriptor) implements io.grpc.protobuf.ProtoFileDescriptorSupplier {}

    /** Lets server reflection find a method. */
    private record MethodOf(MethodDescriptor getMethodDescriptor) implements ProtoMethodDescriptorSupplier {
        @Override
        public FileDescriptor getFileDescriptor() {
            return getMethodDescriptor.getFile();
        }

        @Override
        public ServiceDescriptor getServiceDescriptor() {
            return getMethodDescriptor.getService();
        }
    }
}
