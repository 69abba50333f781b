package dev.chancery.quickstart.authzen;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.access.v1.AddGroupMemberRequest;
import dev.chancery.schema.access.v1.AssignGroupRoleRequest;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineGroupRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.access.v1.RemoveGroupMemberRequest;
import dev.chancery.schema.access.v1.RetireCapabilityRequest;
import dev.chancery.schema.access.v1.RetireRoleRequest;
import dev.chancery.schema.access.v1.RevokeAssignmentRequest;
import dev.chancery.schema.access.v1.RevokeGroupAssignmentRequest;
import dev.chancery.schema.elevation.v1.ApprovalRule;
import dev.chancery.schema.elevation.v1.ApproveElevationRequest;
import dev.chancery.schema.elevation.v1.DenyElevationRequest;
import dev.chancery.schema.elevation.v1.RequestElevationRequest;
import dev.chancery.schema.elevation.v1.RevokeElevationRequest;
import dev.chancery.schema.elevation.v1.SetElevationPolicyRequest;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * Authority that goes while it is used, against a whole instance. Two commands of different people are sent so close that either may be
 * first; the order that counts is that of their positions, which their answers name. Random, from a seed that is printed.
 */
@Order(28)
class RacesIT {
    private static final int RACES = "full".equals(System.getProperty("chancery.rounds")) ? 10_000 : 200;
    private static final long MAX_HEAD_START_NANOS = 4_000_000;

    private final SharedInstance shared = SharedInstance.shared();
    private final OrganisationCalls calls = new OrganisationCalls(shared);
    private final long seed = Long.getLong("chancery.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final Client administrator = calls.organisation();
    private final Client worker = calls.somebody(administrator);
    private final Client requester = calls.somebody(administrator, "elevation:request", "elevation:approve");
    private final Client approver = calls.somebody(administrator, "elevation:approve");
    private final Client granter = calls.somebody(administrator, "assignment:create", "role:define", "role:delegate");
    private int named;
    private int usedFirst;
    private int takenFirst;

    /** What used an authority, and what took it away or made it a self-grant. */
    private record Race(Reply use, Reply end) {}

    @Test
    void nothingTakesEffectOnAuthorityThatWasGoneAtItsPosition() throws Exception {
        done(DefineRoleRequest.newBuilder().setRole("definer").addCapabilities("capability:define"));
        done(DefineRoleRequest.newBuilder().setRole("on-call").addCapabilities("elevation:read"));
        done(DefineRoleRequest.newBuilder().setRole("repair").addCapabilities("capability:retire"));
        done(DefineRoleRequest.newBuilder().setRole("prize").addCapabilities("capability:retire"));
        done(DefineGroupRequest.newBuilder().setGroup("winners"));
        done(SetElevationPolicyRequest.newBuilder()
                .setRole("repair")
                .setMaxMinutes(30)
                .addApprovals(ApprovalRule.newBuilder().setRole("on-call").setApprovers(1)));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < RACES; i++) {
                List.of(administrator, worker, requester, approver, granter).forEach(shared::renewed);
                Race race =
                        switch (random.nextInt(4)) {
                            case 0 -> aRevocationAndAPrivilegedCommand(threads);
                            case 1 -> anApprovalAndTheEndOfTheApproversRole(threads);
                            case 2 -> aGrantToAGroupAndItsGranterInIt(threads);
                            default -> aWiderRoleAndWhoWidensItInIt(threads);
                        };
                check(race, i);
            }
        }
        System.out.printf("races: seed=%d races=%d used-first=%d taken-first=%d%n", seed, RACES, usedFirst, takenFirst);
        assertThat(usedFirst).isPositive();
        assertThat(takenFirst).isPositive();
    }

    private void check(Race race, int number) {
        String as = "seed " + seed + ", race " + number + ": " + race;
        assertThat(race.end().succeeded()).as(as).isTrue();
        if (race.use().succeeded()) {
            usedFirst++;
            assertThat(position(race.use())).as(as).isLessThan(position(race.end()));
        } else {
            takenFirst++;
            assertThat(race.use().code())
                    .as(as)
                    .isIn("auth.forbidden", "elevation.no-such-group", "access.self-grant", "access.self-widening");
        }
    }

    private Race aRevocationAndAPrivilegedCommand(ExecutorService threads) throws Exception {
        String assignment = calls.assign(administrator, worker, "definer");
        String capability = name("thing:made-");
        Race race = race(
                threads,
                () -> calls.send(worker, DefineCapabilityRequest.newBuilder().setCapability(capability)),
                () -> revoke(worker, assignment));
        if (race.use().succeeded()) {
            done(RetireCapabilityRequest.newBuilder().setCapability(capability));
        }
        return race;
    }

    private Race anApprovalAndTheEndOfTheApproversRole(ExecutorService threads) throws Exception {
        String assignment = calls.assign(administrator, approver, "on-call");
        String elevation = calls.done(
                        requester,
                        RequestElevationRequest.newBuilder().setRole("repair").setReason("a race"))
                .json()
                .getString("elevationId");
        Race race = race(
                threads,
                () -> calls.send(
                        approver,
                        ApproveElevationRequest.newBuilder()
                                .setElevationId(elevation)
                                .setPrincipalId(OrganisationCalls.id(requester))
                                .setApproverRole("on-call")),
                () -> revoke(approver, assignment));
        if (race.use().succeeded()) {
            done(RevokeElevationRequest.newBuilder()
                    .setElevationId(elevation)
                    .setPrincipalId(OrganisationCalls.id(requester)));
        } else {
            // Its requester withdraws it, so that none of its fifty is left open.
            calls.done(
                    requester,
                    DenyElevationRequest.newBuilder()
                            .setElevationId(elevation)
                            .setPrincipalId(OrganisationCalls.id(requester)));
        }
        return race;
    }

    /** Each is allowed; together, the second way round, the granter gives itself the role. */
    private Race aGrantToAGroupAndItsGranterInIt(ExecutorService threads) throws Exception {
        Race race = race(
                threads,
                () -> calls.send(
                        granter,
                        AssignGroupRoleRequest.newBuilder().setGroup("winners").setRole("prize")),
                () -> calls.send(
                        administrator,
                        AddGroupMemberRequest.newBuilder()
                                .setGroup("winners")
                                .setPrincipalId(OrganisationCalls.id(granter))));
        done(RemoveGroupMemberRequest.newBuilder().setGroup("winners").setPrincipalId(OrganisationCalls.id(granter)));
        if (race.use().succeeded()) {
            done(RevokeGroupAssignmentRequest.newBuilder()
                    .setGroup("winners")
                    .setAssignmentId(race.use().json().getString("assignmentId")));
        }
        return race;
    }

    /** Nobody widens a role that they hold, and nobody comes to hold one by their own hand that they widen. */
    private Race aWiderRoleAndWhoWidensItInIt(ExecutorService threads) throws Exception {
        String role = name("wide-");
        done(DefineRoleRequest.newBuilder().setRole(role).addCapabilities("elevation:read"));
        Race race = race(
                threads,
                () -> calls.send(
                        granter,
                        DefineRoleRequest.newBuilder()
                                .setRole(role)
                                .addAllCapabilities(List.of("elevation:read", "capability:retire"))),
                () -> calls.send(
                        administrator,
                        AssignRoleRequest.newBuilder().setRole(role).setPrincipalId(OrganisationCalls.id(granter))));
        done(RevokeAssignmentRequest.newBuilder()
                .setAssignmentId(race.end().json().getString("assignmentId"))
                .setPrincipalId(OrganisationCalls.id(granter)));
        done(RetireRoleRequest.newBuilder().setRole(role));
        return race;
    }

    private Race race(ExecutorService threads, Callable<Reply> use, Callable<Reply> end) throws Exception {
        long headStart = random.nextLong(-MAX_HEAD_START_NANOS, MAX_HEAD_START_NANOS);
        Future<Reply> used = threads.submit(() -> after(-headStart, use));
        Future<Reply> ended = threads.submit(() -> after(headStart, end));
        return new Race(used.get(), ended.get());
    }

    private static Reply after(long nanos, Callable<Reply> call) throws Exception {
        long until = System.nanoTime() + nanos;
        while (System.nanoTime() < until) {
            LockSupport.parkNanos(until - System.nanoTime());
        }
        return call.call();
    }

    private Reply revoke(Client from, String assignment) {
        return calls.send(
                administrator,
                RevokeAssignmentRequest.newBuilder()
                        .setAssignmentId(assignment)
                        .setPrincipalId(OrganisationCalls.id(from)));
    }

    private void done(Message.Builder request) {
        calls.done(administrator, request);
    }

    private String name(String prefix) {
        return prefix + ++named;
    }

    private static long position(Reply reply) {
        return Long.parseLong(reply.position().substring(reply.position().indexOf('@') + 1));
    }
}
