package dev.chancery.cli.bench;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.GrpcTransport;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Reply;
import dev.chancery.cli.client.SignIn;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.schema.access.v1.AssignRoleReply;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.access.v1.RevokeAssignmentRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.ledger.v1.GetCheckpointReply;
import dev.chancery.schema.ledger.v1.GetCheckpointRequest;
import dev.chancery.schema.vault.v1.CreateEnvironmentRequest;
import dev.chancery.schema.vault.v1.ReadSecretReply;
import dev.chancery.schema.vault.v1.ReadSecretRequest;
import dev.chancery.schema.vault.v1.WriteSecretRequest;
import java.util.Optional;
import java.util.UUID;

/** An organisation under test, and what its administrator sends. */
final class Tenant {
    /** What {@link #ROLE} allows. */
    static final String CAPABILITY = "bench:read";

    private static final String ROLE = "bench-viewer";
    /** Commands of a round. */
    private static final int ROUND = 4;

    private static final String IDENTITY = "identity.v1.IdentityService/";
    private static final String VAULT = "vault.v1.VaultService/";
    private static final String ENVIRONMENT = "bench";
    private static final String ACCESS = "access.v1.AccessService/";

    private final Target target;
    private final ClientKey key;
    private final SignIn administrator;

    /** Where one caller stands in its round of commands. */
    static final class Round {
        private int step;
        private String principalId = "";
        private String assignmentId = "";
    }

    Tenant(Target target, ClientKey key) throws Refused, Unreachable {
        this.target = target;
        this.key = key;
        this.administrator = new SignIn(target.rest(), key, Optional.empty());
        send(
                target.grpc(0),
                ACCESS + "DefineCapability",
                DefineCapabilityRequest.newBuilder().setCapability(CAPABILITY).build());
        send(
                target.grpc(0),
                ACCESS + "DefineRole",
                DefineRoleRequest.newBuilder()
                        .setRole(ROLE)
                        .addCapabilities(CAPABILITY)
                        .build());
    }

    ClientKey key() {
        return key;
    }

    SignIn administrator() {
        return administrator;
    }

    /** Sends the round's next command: a principal with an address, a role for it, the role's end, a workspace. */
    Reply next(GrpcTransport grpc, Round round) throws Refused, Unreachable {
        int step = round.step;
        round.step = (step + 1) % ROUND;
        return switch (step) {
            case 0 -> {
                Reply reply = createPrincipal(grpc);
                round.principalId = ((CreatePrincipalReply) reply.message()).getPrincipalId();
                yield reply;
            }
            case 1 -> {
                Reply reply = assign(grpc, round.principalId);
                round.assignmentId = ((AssignRoleReply) reply.message()).getAssignmentId();
                yield reply;
            }
            case 2 -> revoke(grpc, round.principalId, round.assignmentId);
            default ->
                send(
                        grpc,
                        IDENTITY + "CreateWorkspace",
                        CreateWorkspaceRequest.newBuilder().setName("bench").build());
        };
    }

    Reply createPrincipal(GrpcTransport grpc) throws Refused, Unreachable {
        String unique = UUID.randomUUID().toString();
        return send(
                grpc,
                IDENTITY + "CreatePrincipal",
                CreatePrincipalRequest.newBuilder()
                        .setType(PrincipalType.SERVICE)
                        .setDisplayName("Bench " + unique)
                        .setEmail(unique + "@bench.example")
                        .setPublicKey(ByteString.copyFrom(key.publicKey()))
                        .build());
    }

    Reply assign(GrpcTransport grpc, String principalId) throws Refused, Unreachable {
        return send(
                grpc,
                ACCESS + "AssignRole",
                AssignRoleRequest.newBuilder()
                        .setPrincipalId(principalId)
                        .setRole(ROLE)
                        .setReason("load")
                        .build());
    }

    Reply revoke(GrpcTransport grpc, String principalId, String assignmentId) throws Refused, Unreachable {
        return send(
                grpc,
                ACCESS + "RevokeAssignment",
                RevokeAssignmentRequest.newBuilder()
                        .setPrincipalId(principalId)
                        .setAssignmentId(assignmentId)
                        .build());
    }

    /** An environment whose secrets its administrator reads and writes. */
    void createEnvironment(GrpcTransport grpc) throws Refused, Unreachable {
        send(
                grpc,
                VAULT + "CreateEnvironment",
                CreateEnvironmentRequest.newBuilder()
                        .setEnvironment(ENVIRONMENT)
                        .addReaders("administrator")
                        .addWriters("administrator")
                        .build());
    }

    void writeSecret(GrpcTransport grpc, int number) throws Refused, Unreachable {
        send(
                grpc,
                VAULT + "WriteSecret",
                WriteSecretRequest.newBuilder()
                        .setSecret(secret(number))
                        .setValue(value(number))
                        .build());
    }

    void readSecret(GrpcTransport grpc, int number) throws Refused, Unreachable {
        Reply reply = send(
                grpc,
                VAULT + "ReadSecret",
                ReadSecretRequest.newBuilder().setSecret(secret(number)).build());
        if (!((ReadSecretReply) reply.message()).getValue().equals(value(number))) {
            throw new Refused("another-value", "The read released another value than was written.", "", "");
        }
    }

    private static String secret(int number) {
        return ENVIRONMENT + "/load/s" + number;
    }

    private static String value(int number) {
        return "no secret, of caller " + number;
    }

    /** How many entries the newest signed checkpoint covers. */
    long checkpointSize(GrpcTransport grpc) throws Refused, Unreachable {
        Reply reply = send(grpc, "ledger.v1.LedgerService/GetCheckpoint", GetCheckpointRequest.getDefaultInstance());
        return ((GetCheckpointReply) reply.message()).getSize();
    }

    /** Sends a command of the administrator's. */
    Reply send(GrpcTransport grpc, String method, Message request) throws Refused, Unreachable {
        return target.call(grpc, administrator, method, request);
    }
}
