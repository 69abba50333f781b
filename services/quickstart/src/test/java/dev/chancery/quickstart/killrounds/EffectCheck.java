package dev.chancery.quickstart.killrounds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.google.protobuf.Message;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.killrounds.Command.Answer.Acknowledged;
import dev.chancery.quickstart.killrounds.CommandMarks.Marked;
import dev.chancery.quickstart.killrounds.LogCheck.Told;
import dev.chancery.schema.access.v1.AssignRoleReply;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.access.v1.RevokeAssignmentRequest;
import dev.chancery.schema.identity.v1.CreateOrganisationReply;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import dev.chancery.schema.identity.v1.DeactivatePrincipalRequest;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.rbac.v1.Assignment;
import dev.chancery.schema.rbac.v1.ListAssignmentsReply;
import dev.chancery.schema.rbac.v1.ListAssignmentsRequest;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;

/** Holds what callers were told against the log and against what the instance answers. */
final class EffectCheck {
    /** Views answer for a position within two seconds or say that they don't; they may need to catch up first. */
    private static final Duration READ_LIMIT = Duration.ofSeconds(30);

    private static final int PAGE_SIZE = 200;

    private EffectCheck() {}

    /** An acknowledged command is in the log where its answer said, once. */
    static void recorded(Command command, LogCheck log) {
        Acknowledged answer = command.acknowledged().orElseThrow();
        String tenant = answer.position().substring(0, answer.position().indexOf('@'));
        assertThat(tenant)
                .as("tenant of %s", command)
                .isEqualTo(command.client().tenant());
        Told told = log.outcomeAt(tenant, position(answer));
        assertThat(told.result()).as("what came of %s", command).isEqualTo(Result.SUCCESS);
        assertThat(told.statement().getAction())
                .as("action of %s", command)
                .isEqualTo(command.method().auditAction());
        assertThat(told.statement().getTarget().getId())
                .as("target of %s", command)
                .isEqualTo(target(command, answer.reply()));
        Marked effect = told.events().get(command.mark());
        assertThat(effect).as("event of %s", command).isNotNull();
        assertThat(effect.madeId()).as("what was made by %s", command).isEqualTo(madeId(answer.reply()));
    }

    static long position(Acknowledged answer) {
        return Long.parseLong(answer.position().substring(answer.position().indexOf('@') + 1));
    }

    private static String target(Command command, Message reply) {
        return switch (command.request()) {
            case AssignRoleRequest request -> request.getPrincipalId();
            case RevokeAssignmentRequest request -> request.getAssignmentId();
            case DeactivatePrincipalRequest request -> request.getPrincipalId();
            default -> madeId(reply);
        };
    }

    private static String madeId(Message reply) {
        return switch (reply) {
            case CreatePrincipalReply created -> created.getPrincipalId();
            case CreateOrganisationReply created -> created.getOrganisationId();
            case AssignRoleReply assigned -> assigned.getAssignmentId();
            default -> "";
        };
    }

    /** A read that carries a command's position knows the principal that it created or deactivated. */
    static void known(Command command) {
        Acknowledged answer = command.acknowledged().orElseThrow();
        String principal =
                switch (command.request()) {
                    case DeactivatePrincipalRequest request -> request.getPrincipalId();
                    default -> madeId(answer.reply());
                };
        CheckReply check = read(
                command.client(),
                "chancery.access.v1.AccessService/Check",
                CheckRequest.newBuilder()
                        .setPrincipalId(principal)
                        .setCapability("kills:watch")
                        .build(),
                answer.position(),
                CheckReply.class);
        assertThat(check.getPosition())
                .as("position of the check after %s", command)
                .isGreaterThanOrEqualTo(position(answer));
        if (command.request() instanceof DeactivatePrincipalRequest) {
            assertThat(check.getReason()).as("check after %s", command).isEqualTo("inactive-principal");
        } else {
            assertThat(check.getReason()).as("check after %s", command).isNotEqualTo("unknown-principal");
        }
    }

    /** The view, asked with an assignment's position, lists it. */
    static void listed(Command command) {
        Acknowledged answer = command.acknowledged().orElseThrow();
        var request = (AssignRoleRequest) command.request();
        assertThat(assignments(command.client(), request.getPrincipalId(), answer.position()))
                .as("assignments of the principal after %s", command)
                .containsKey(madeId(answer.reply()));
    }

    /**
     * All assignments as the view lists them: each that was acknowledged and not revoked is in force, each whose revocation was
     * acknowledged is over, none is there twice.
     *
     * @param commands of one organisation, all of them settled
     */
    static void listed(SignedInClient administrator, List<Command> commands, String position) {
        Map<String, Assignment> listed = assignments(administrator, "", position);
        Set<String> ended = new HashSet<>();
        for (Command command : commands) {
            if (command.request() instanceof RevokeAssignmentRequest request
                    && command.acknowledged().isPresent()) {
                ended.add(request.getAssignmentId());
            }
        }
        int granted = 0;
        for (Command command : commands) {
            if (command.request() instanceof AssignRoleRequest request
                    && command.acknowledged().isPresent()) {
                String id = madeId(command.acknowledged().get().reply());
                Assignment assignment = listed.get(id);
                assertThat(assignment).as("listed: %s", command).isNotNull();
                assertThat(assignment.getPrincipalId())
                        .as("holder: %s", command)
                        .isEqualTo(request.getPrincipalId());
                assertThat(assignment.getUntilMillis()).as("end: %s", command).isEqualTo(request.getUntilMillis());
                assertThat(assignment.getRevokedAtMillis() != 0)
                        .as("revoked: %s", command)
                        .isEqualTo(ended.contains(id));
                granted++;
            }
        }
        // The first grant of the organisation is in the list as well.
        assertThat(listed.values().stream()
                        .filter(assignment -> assignment.getRole().equals(PeopleWork.ROLE)))
                .as("assignments, and no other")
                .hasSize(granted);
    }

    private static Map<String, Assignment> assignments(
            SignedInClient administrator, String principal, String position) {
        Map<String, Assignment> all = new HashMap<>();
        var request =
                ListAssignmentsRequest.newBuilder().setPrincipalId(principal).setPageSize(PAGE_SIZE);
        do {
            ListAssignmentsReply page = read(
                    administrator,
                    "chancery.rbac.v1.RbacService/ListAssignments",
                    request.build(),
                    position,
                    ListAssignmentsReply.class);
            for (Assignment assignment : page.getAssignmentsList()) {
                assertThat(all.put(assignment.getAssignmentId(), assignment))
                        .as("listed before: %s", assignment)
                        .isNull();
            }
            request.setPage(page.getNextPage());
        } while (!request.getPage().isEmpty());
        return all;
    }

    /** Reads; asks again while it is told to. */
    static <R extends Message> R read(
            SignedInClient client, String method, Message request, String position, Class<R> reply) {
        var result = new AtomicReference<R>();
        var told = new AtomicReference<String>("");
        RunningInstance.await(READ_LIMIT, () -> {
            try {
                result.set(client.read(method, request, position, reply));
                return true;
            } catch (Refused e) {
                told.set(e.code());
                return !e.code().startsWith("backbone.");
            } catch (Unreachable e) {
                told.set(String.valueOf(e.getCause()));
                return false;
            }
        });
        R read = result.get();
        return read != null ? read : fail("%s at %s was not answered: %s", method, position, told.get());
    }
}
