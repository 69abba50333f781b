package dev.chancery.cli.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import dev.chancery.schema.ContractMethod;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLException;

/**
 * The contract's methods over gRPC, without generated stubs: a method's name and its two messages are all it takes.
 *
 * <p><b>Thread safety:</b> safe.
 */
public final class GrpcTransport implements Transport, AutoCloseable {
    private static final int CLOSE_SECONDS = 5;

    private final String target;
    private final ManagedChannel channel;

    public GrpcTransport(Instance instance) {
        this.target = instance.grpc();
        NettyChannelBuilder builder = NettyChannelBuilder.forTarget(target);
        this.channel = (instance.isHttps() ? builder.sslContext(tls(instance)) : builder.usePlaintext()).build();
    }

    private static SslContext tls(Instance instance) {
        try {
            var tls = GrpcSslContexts.forClient();
            return instance.trust().map(tls::trustManager).orElse(tls).build();
        } catch (SSLException e) {
            throw new IllegalStateException("this Java has no TLS for gRPC", e);
        }
    }

    @Override
    public Reply call(ContractMethod method, Message request, Map<String, String> headers) throws Refused, Unreachable {
        AtomicReference<Metadata> answered = new AtomicReference<>();
        AtomicReference<Metadata> trailers = new AtomicReference<>();
        Channel intercepted = ClientInterceptors.intercept(
                channel,
                MetadataUtils.newAttachHeadersInterceptor(metadata(headers)),
                MetadataUtils.newCaptureMetadataInterceptor(answered, trailers));
        try {
            Message reply = ClientCalls.blockingUnaryCall(
                    intercepted,
                    descriptor(method),
                    CallOptions.DEFAULT.withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS),
                    request);
            String position = Optional.ofNullable(answered.get())
                    .map(metadata -> metadata.get(key(Headers.POSITION)))
                    .orElse("");
            return new Reply(reply, position);
        } catch (StatusRuntimeException e) {
            throw refusal(e);
        }
    }

    private static MethodDescriptor<Message, Message> descriptor(ContractMethod method) {
        return MethodDescriptor.<Message, Message>newBuilder()
                .setType(MethodType.UNARY)
                .setFullMethodName(method.fullName())
                .setRequestMarshaller(ProtoUtils.marshaller(method.requestPrototype()))
                .setResponseMarshaller(ProtoUtils.marshaller(method.replyPrototype()))
                .build();
    }

    private static Metadata metadata(Map<String, String> headers) {
        Metadata metadata = new Metadata();
        headers.forEach((name, value) -> metadata.put(key(name), value));
        return metadata;
    }

    private static Metadata.Key<String> key(String header) {
        return Metadata.Key.of(header.toLowerCase(Locale.ROOT), Metadata.ASCII_STRING_MARSHALLER);
    }

    /** The instance's refusal; or, when no answer came, that none came. */
    private Refused refusal(StatusRuntimeException failure) throws Unreachable {
        var status = StatusProto.fromThrowable(failure);
        for (Any detail : status == null ? java.util.List.<Any>of() : status.getDetailsList()) {
            if (detail.is(ErrorInfo.class)) {
                try {
                    ErrorInfo info = detail.unpack(ErrorInfo.class);
                    return new Refused(
                            info.getReason(),
                            status.getMessage(),
                            info.getMetadataOrDefault("hint", ""),
                            info.getMetadataOrDefault("requestId", ""));
                } catch (InvalidProtocolBufferException e) {
                    throw new Unreachable("the server at " + target + " is not Chancery", e);
                }
            }
        }
        Status.Code code = failure.getStatus().getCode();
        if (isUnanswered(failure) && failure.getCause() instanceof SSLException untrusted) {
            throw Unreachable.untrusted(target, untrusted);
        }
        if (isUnanswered(failure)) {
            throw new Unreachable("no instance answers gRPC at " + target, failure);
        }
        return new Refused("grpc." + code.name().toLowerCase(Locale.ROOT), "gRPC status " + code, "", "");
    }

    /** No status came from the other side. Netty has UNKNOWN for a connection that was closed before the call was written. */
    static boolean isUnanswered(StatusRuntimeException failure) {
        return switch (failure.getStatus().getCode()) {
            case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED -> true;
            case UNKNOWN -> failure.getCause() instanceof IOException;
            default -> false;
        };
    }

    /** Connects at once instead of waiting for the back-off: the caller knows that the instance is back. */
    public void reconnect() {
        channel.resetConnectBackoff();
    }

    @Override
    public void close() {
        channel.shutdownNow();
        try {
            channel.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
