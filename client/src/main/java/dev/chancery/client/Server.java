package dev.chancery.client;

import com.google.protobuf.Message;
import dev.chancery.schema.access.v1.FollowAuthorityReply;
import dev.chancery.schema.access.v1.FollowAuthorityRequest;
import dev.chancery.schema.egress.v1.GetEgressPolicyReply;
import dev.chancery.schema.egress.v1.GetEgressPolicyRequest;
import dev.chancery.schema.egress.v1.ListOverridesReply;
import dev.chancery.schema.egress.v1.ListOverridesRequest;
import dev.chancery.schema.identity.v1.IssueTokenReply;
import dev.chancery.schema.identity.v1.IssueTokenRequest;
import dev.chancery.schema.vault.v1.ReadSecretReply;
import dev.chancery.schema.vault.v1.ReadSecretRequest;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.security.PrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The methods of an instance that this library calls. The access token is renewed a minute before its end.
 *
 * <p><b>Thread safety:</b> safe.
 */
final class Server {
    private static final Duration CALL = Duration.ofSeconds(5);
    private static final Duration MARGIN = Duration.ofMinutes(1);
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> IDEMPOTENCY_KEY =
            Metadata.Key.of("idempotency-key", Metadata.ASCII_STRING_MARSHALLER);

    private static final MethodDescriptor<IssueTokenRequest, IssueTokenReply> ISSUE_TOKEN = unary(
            "chancery.identity.v1.IdentityService/IssueToken",
            IssueTokenRequest.getDefaultInstance(),
            IssueTokenReply.getDefaultInstance());
    private static final MethodDescriptor<FollowAuthorityRequest, FollowAuthorityReply> FOLLOW = unary(
            "chancery.access.v1.AccessService/FollowAuthority",
            FollowAuthorityRequest.getDefaultInstance(),
            FollowAuthorityReply.getDefaultInstance());
    private static final MethodDescriptor<ReadSecretRequest, ReadSecretReply> READ_SECRET = unary(
            "chancery.vault.v1.VaultService/ReadSecret",
            ReadSecretRequest.getDefaultInstance(),
            ReadSecretReply.getDefaultInstance());

    private static final MethodDescriptor<GetEgressPolicyRequest, GetEgressPolicyReply> GET_EGRESS_POLICY = unary(
            "chancery.egress.v1.EgressService/GetEgressPolicy",
            GetEgressPolicyRequest.getDefaultInstance(),
            GetEgressPolicyReply.getDefaultInstance());
    private static final MethodDescriptor<ListOverridesRequest, ListOverridesReply> LIST_OVERRIDES = unary(
            "chancery.egress.v1.EgressService/ListOverrides",
            ListOverridesRequest.getDefaultInstance(),
            ListOverridesReply.getDefaultInstance());

    private record Token(String text, Instant renewAt) {}

    private final Channel channel;
    private final String issuer;
    private final String clientId;
    private final PrivateKey key;
    private @Nullable Token token;

    /** @param issuer the instance's base URL, as its tokens name it */
    Server(Channel channel, String issuer, String clientId, PrivateKey key) {
        this.channel = channel;
        this.issuer = issuer;
        this.clientId = clientId;
        this.key = key;
    }

    private static <Q extends Message, R extends Message> MethodDescriptor<Q, R> unary(
            String name, Q request, R reply) {
        return MethodDescriptor.<Q, R>newBuilder()
                .setType(MethodType.UNARY)
                .setFullMethodName(name)
                .setRequestMarshaller(ProtoUtils.marshaller(request))
                .setResponseMarshaller(ProtoUtils.marshaller(reply))
                .build();
    }

    /** @param after -1: from the beginning */
    FollowAuthorityReply follow(long after, Duration wait) {
        FollowAuthorityRequest.Builder request =
                FollowAuthorityRequest.newBuilder().setWaitMillis((int) wait.toMillis());
        if (after >= 0) {
            request.setAfter(after);
        }
        return call(FOLLOW, request.build(), signedIn());
    }

    /** A workspace's list and its overrides. */
    EgressGuard.Lists egress(String workspaceId) {
        return new EgressGuard.Lists() {
            @Override
            public GetEgressPolicyReply policy() {
                return call(
                        GET_EGRESS_POLICY,
                        GetEgressPolicyRequest.newBuilder()
                                .setWorkspaceId(workspaceId)
                                .build(),
                        signedIn());
            }

            @Override
            public ListOverridesReply overrides() {
                return call(
                        LIST_OVERRIDES,
                        ListOverridesRequest.newBuilder()
                                .setWorkspaceId(workspaceId)
                                .build(),
                        signedIn());
            }

            @Override
            public void forgetToken() {
                Server.this.forgetToken();
            }
        };
    }

    /** @param version 0: the current one */
    ReadSecretReply readSecret(String secret, int version) {
        Metadata headers = signedIn();
        headers.put(IDEMPOTENCY_KEY, UUID.randomUUID().toString());
        return call(
                READ_SECRET,
                ReadSecretRequest.newBuilder()
                        .setSecret(secret)
                        .setSecretVersion(version)
                        .build(),
                headers);
    }

    private Metadata signedIn() {
        Metadata headers = new Metadata();
        headers.put(AUTHORIZATION, "Bearer " + accessToken());
        return headers;
    }

    /** Gets another token for the next call. */
    synchronized void forgetToken() {
        token = null;
    }

    private synchronized String accessToken() {
        Token known = token;
        if (known == null || !known.renewAt().isAfter(Instant.now())) {
            Instant now = Instant.now();
            Metadata headers = new Metadata();
            headers.put(IDEMPOTENCY_KEY, UUID.randomUUID().toString());
            IssueTokenReply issued = call(
                    ISSUE_TOKEN,
                    IssueTokenRequest.newBuilder()
                            .setClientAssertion(ClientAssertion.sign(clientId, key, issuer, now))
                            .build(),
                    headers);
            Duration lifetime = Duration.ofSeconds(issued.getExpiresInSeconds());
            Duration margin = lifetime.compareTo(MARGIN.multipliedBy(2)) > 0 ? MARGIN : lifetime.dividedBy(2);
            known = new Token(issued.getAccessToken(), now.plus(lifetime).minus(margin));
            token = known;
        }
        return known.text();
    }

    private <Q extends Message, R extends Message> R call(MethodDescriptor<Q, R> method, Q request, Metadata headers) {
        return ClientCalls.blockingUnaryCall(
                ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers)),
                method,
                CallOptions.DEFAULT.withDeadlineAfter(CALL.toMillis(), TimeUnit.MILLISECONDS),
                request);
    }
}
