package dev.chancery.story;

import dev.chancery.cli.client.Refused;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.access.v1.RetireRoleRequest;
import dev.chancery.schema.elevation.v1.ApprovalRule;
import dev.chancery.schema.elevation.v1.ApproveElevationReply;
import dev.chancery.schema.elevation.v1.ApproveElevationRequest;
import dev.chancery.schema.elevation.v1.RequestElevationReply;
import dev.chancery.schema.elevation.v1.RequestElevationRequest;
import dev.chancery.schema.elevation.v1.RevokeElevationRequest;
import dev.chancery.schema.elevation.v1.SetElevationPolicyRequest;
import java.io.IOException;

/** The fifth chapter: somebody may not, and has to, at night. Break-glass. */
final class Emergency {
    private static final String ROLE = "admin";
    private static final String NEEDED = "secrets:delete";
    private static final String ON_CALL = "on-call";
    private static final int MINUTES = 30;

    private final Steps steps;
    private final Caller administrator;
    private final Caller operator;

    Emergency(Story story, Company company) {
        this.steps = story.steps();
        this.administrator = company.administrator();
        this.operator = company.operator();
    }

    void run() throws Steps.Failed, InterruptedException {
        steps.chapter("Somebody may not, and has to");
        String elevation = steps.get(
                "The operator, who lost the role, asks for it for half an hour; alone that opens nothing", this::ask);
        steps.run("The administrator approves, and it counts; the answer says that it is break-glass", () -> {
            var reply = (ApproveElevationReply) administrator.rest(approval(elevation));
            Expect.that("the last approval grants it", reply.getGranted());
            var decision = administrator.evaluate(operator, NEEDED, "");
            Expect.equal("the operator at night", "allowed, granted by admin", decision.text());
            Expect.equal("what decided", elevation, decision.assignmentId());
            steps.note("AuthZEN: " + decision.text() + ", elevation " + elevation);
        });
        steps.run("It is ended early, and the next check is denied", () -> {
            administrator.grpc(RevokeElevationRequest.newBuilder()
                    .setElevationId(elevation)
                    .setPrincipalId(operator.id()));
            Expect.equal(
                    "afterwards",
                    "denied, no-grant",
                    administrator.evaluate(operator, NEEDED, "").text());
            administrator.rest(RetireRoleRequest.newBuilder().setRole(ON_CALL));
        });
    }

    private String ask() throws Refused, IOException, Unexpected {
        administrator.rest(DefineRoleRequest.newBuilder()
                .setRole(ON_CALL)
                .addCapabilities("elevation:request")
                .addCapabilities("elevation:approve"));
        administrator.rest(
                AssignRoleRequest.newBuilder().setPrincipalId(operator.id()).setRole(ON_CALL));
        administrator.grpc(SetElevationPolicyRequest.newBuilder()
                .setRole(ROLE)
                .setMaxMinutes(MINUTES)
                .addApprovals(ApprovalRule.newBuilder().setRole("administrator").setApprovers(1)));
        var reply = (RequestElevationReply) operator.rest(RequestElevationRequest.newBuilder()
                .setRole(ROLE)
                .setMinutes(MINUTES)
                .setTicket("INC-4711")
                .setReason(Cast.EMERGENCY_REASON));
        Expect.that("nothing is held yet", !reply.getGranted());
        Expect.equal(
                "until then",
                "denied, no-grant",
                administrator.evaluate(operator, NEEDED, "").text());
        String own;
        try {
            operator.rest(approval(reply.getElevationId()));
            own = "accepted";
        } catch (Refused e) {
            own = e.code();
        }
        Expect.that("approving one's own request is refused: " + own, own.startsWith("elevation."));
        steps.note("approving it oneself is refused: " + own);
        return reply.getElevationId();
    }

    private ApproveElevationRequest.Builder approval(String elevation) {
        return ApproveElevationRequest.newBuilder()
                .setElevationId(elevation)
                .setPrincipalId(operator.id())
                .setApproverRole("administrator");
    }
}
