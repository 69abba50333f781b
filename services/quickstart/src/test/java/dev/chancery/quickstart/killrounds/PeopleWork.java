package dev.chancery.quickstart.killrounds;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.schema.access.v1.AssignRoleReply;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.RevokeAssignmentRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.DeactivatePrincipalRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** An administrator at work: creates principals, deactivates some, assigns them a role and revokes it. */
final class PeopleWork implements Workload {
    static final String ROLE = "viewer";

    /** What makes each assignment's end its own. */
    private static final AtomicLong LAST_END_MILLIS =
            new AtomicLong(System.currentTimeMillis() + TimeUnit.DAYS.toMillis(1));

    private record Grant(String assignmentId, String principalId) {}

    private final SignedInClient administrator;
    private final List<String> contended;
    private final Random random;
    private final List<String> people = new ArrayList<>();
    private final List<Grant> grants = new ArrayList<>();

    /** @param contended principals that all callers of an organisation grant roles to, so that their streams are contended */
    PeopleWork(SignedInClient administrator, List<String> contended, Random random) {
        this.administrator = administrator;
        this.contended = contended;
        this.random = random;
    }

    @Override
    public Command next(List<Command> open) {
        int roll = random.nextInt(100);
        if (people.isEmpty() || roll < 35) {
            return createPrincipal(administrator);
        }
        if (grants.isEmpty() || roll < 75) {
            return assign();
        }
        return roll < 95 ? revoke() : deactivate(open);
    }

    @Override
    public void learn(Command command, Message reply) {
        if (reply instanceof CreatePrincipalReply created) {
            people.add(created.getPrincipalId());
        } else if (reply instanceof AssignRoleReply assigned
                && command.request() instanceof AssignRoleRequest request) {
            grants.add(new Grant(assigned.getAssignmentId(), request.getPrincipalId()));
        }
    }

    static Command createPrincipal(SignedInClient administrator) {
        byte[] key = ClientKey.generate("nobody").publicKey();
        String unique = HexFormat.of().formatHex(key, 0, 8);
        return command(
                administrator,
                "chancery.identity.v1.IdentityService/CreatePrincipal",
                CreatePrincipalRequest.newBuilder()
                        .setType(PrincipalType.USER)
                        .setDisplayName("Person " + unique)
                        .setEmail(unique + "@example.com")
                        .setPublicKey(ByteString.copyFrom(key))
                        .build(),
                CommandMarks.created(key));
    }

    private Command assign() {
        List<String> from = random.nextInt(4) == 0 ? contended : people;
        long untilMillis = LAST_END_MILLIS.incrementAndGet();
        return command(
                administrator,
                "chancery.access.v1.AccessService/AssignRole",
                AssignRoleRequest.newBuilder()
                        .setPrincipalId(from.get(random.nextInt(from.size())))
                        .setRole(ROLE)
                        .setUntilMillis(untilMillis)
                        .setReason("kill rounds")
                        .build(),
                CommandMarks.assigned(untilMillis));
    }

    private Command revoke() {
        Grant grant = grants.remove(random.nextInt(grants.size()));
        return command(
                administrator,
                "chancery.access.v1.AccessService/RevokeAssignment",
                RevokeAssignmentRequest.newBuilder()
                        .setAssignmentId(grant.assignmentId())
                        .setPrincipalId(grant.principalId())
                        .build(),
                CommandMarks.revoked(grant.assignmentId()));
    }

    /** Somebody whom no open command is about: that one would be refused, and rightly. */
    private Command deactivate(List<Command> open) {
        String person = people.get(random.nextInt(people.size()));
        if (open.stream().anyMatch(command -> command.request().toString().contains(person))) {
            return createPrincipal(administrator);
        }
        people.remove(person);
        return command(
                administrator,
                "chancery.identity.v1.IdentityService/DeactivatePrincipal",
                DeactivatePrincipalRequest.newBuilder().setPrincipalId(person).build(),
                CommandMarks.deactivated(person));
    }

    private static Command command(SignedInClient client, String method, Message request, String mark) {
        return new Command(
                client,
                SignedInClient.method(method),
                request,
                UUID.randomUUID().toString(),
                mark);
    }
}
