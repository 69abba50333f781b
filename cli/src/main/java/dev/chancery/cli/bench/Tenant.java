package dev.chancery.cli.bench;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.GrpcTransport;
import dev.chancery.cli.client.Headers;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Reply;
import dev.chancery.cli.client.SignIn;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.schema.Contract;
import dev.chancery.schema.access.v1.AssignRoleReply;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.RevokeAssignmentRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.util.Map;
import java.util.UUID;

/** An organisation under load, and the round of privileged commands that its administrator sends. */
final class Tenant {
    /** Commands of a round. */
    static final int ROUND = 4;

    /** The role that is assigned and revoked. */
    static final String ROLE = "bench-viewer";

    private static final String IDENTITY = "chancery.identity.v1.IdentityService/";
    private static final String ACCESS = "chancery.access.v1.AccessService/";

    private final Contract contract;
    private final SignIn administrator;
    private final ByteString publicKey;

    /** Where one caller stands in its round. */
    static final class Caller {
        private int step;
        private String principalId = "";
        private String assignmentId = "";
    }

    Tenant(Contract contract, SignIn administrator, ClientKey key) {
        this.contract = contract;
        this.administrator = administrator;
        this.publicKey = ByteString.copyFrom(key.publicKey());
    }

    /** Sends the caller's next command: a principal with an address, a role for it, its end, a workspace. */
    Reply next(GrpcTransport grpc, Caller caller) throws Refused, Unreachable {
        int step = caller.step;
        caller.step = (step + 1) % ROUND;
        return switch (step) {
            case 0 -> {
                String unique = UUID.randomUUID().toString();
                Reply reply = send(
                        grpc,
                        IDENTITY + "CreatePrincipal",
                        CreatePrincipalRequest.newBuilder()
                                .setType(PrincipalType.SERVICE)
                                .setDisplayName("Bench " + unique)
                                .setEmail(unique + "@bench.example")
                                .setPublicKey(publicKey)
                                .build());
                caller.principalId = ((CreatePrincipalReply) reply.message()).getPrincipalId();
                yield reply;
            }
            case 1 -> {
                Reply reply = send(
                        grpc,
                        ACCESS + "AssignRole",
                        AssignRoleRequest.newBuilder()
                                .setPrincipalId(caller.principalId)
                                .setRole(ROLE)
                                .setReason("load")
                                .build());
                caller.assignmentId = ((AssignRoleReply) reply.message()).getAssignmentId();
                yield reply;
            }
            case 2 ->
                send(
                        grpc,
                        ACCESS + "RevokeAssignment",
                        RevokeAssignmentRequest.newBuilder()
                                .setPrincipalId(caller.principalId)
                                .setAssignmentId(caller.assignmentId)
                                .build());
            default ->
                send(
                        grpc,
                        IDENTITY + "CreateWorkspace",
                        CreateWorkspaceRequest.newBuilder().setName("bench").build());
        };
    }

    Reply send(GrpcTransport grpc, String method, Message request) throws Refused, Unreachable {
        return grpc.call(
                contract.method(method).orElseThrow(),
                request,
                Map.of(
                        Headers.AUTHORIZATION,
                        "Bearer " + administrator.token(),
                        Headers.IDEMPOTENCY_KEY,
                        UUID.randomUUID().toString()));
    }
}
