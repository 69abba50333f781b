package dev.chancery.story;

import dev.chancery.cli.client.Headers;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Reply;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.access.v1.RetireRoleRequest;
import dev.chancery.schema.access.v1.RevokeAssignmentRequest;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** The third chapter: who may do what, and what nobody may do. */
final class Decisions {
    private static final String DEPLOY = "deployments.apps:update";
    private static final long SHORT_GRANT_MILLIS = 1_500;
    private static final long EXPIRY_WAIT_MILLIS = 5_000;
    private static final long PAUSE_MILLIS = 100;

    private final Story story;
    private final Steps steps;
    private final Company company;
    private final Caller administrator;

    Decisions(Story story, Company company) {
        this.story = story;
        this.steps = story.steps();
        this.company = company;
        this.administrator = company.administrator();
    }

    void run() throws Steps.Failed, InterruptedException {
        steps.chapter("Who may do what");
        steps.run("The developer may change deployments in staging, and the answer says why", () -> {
            var decision = administrator.evaluate(company.developer(), DEPLOY, company.staging());
            Expect.equal("the developer in staging", "allowed, granted by edit", decision.text());
            Expect.equal("the grant that decided", company.developersGrant(), decision.assignmentId());
            steps.note("AuthZEN: " + decision.text() + ", assignment " + decision.assignmentId());
        });
        steps.run("The same in production is denied, and the answer says why", () -> {
            var decision = administrator.evaluate(company.developer(), DEPLOY, company.production());
            Expect.equal("the developer in production", "denied, no-grant", decision.text());
            steps.note("AuthZEN: " + decision.text());
        });
        steps.run("The reporting service may read logs, but not secrets", () -> {
            Expect.equal("pods.log:get", "granted", check("pods.log:get").getReason());
            CheckReply secrets = check("secrets:get");
            Expect.equal("secrets:get", "no-grant", secrets.getReason());
            steps.note("gRPC: secrets:get is denied, no-grant, as of position " + secrets.getPosition());
        });
        steps.run(
                "Nobody grants themselves anything, not even the administrator",
                () -> Expect.refused(
                        "a grant to oneself",
                        "access.self-grant",
                        () -> administrator.grpc(grant(administrator, "admin"))));
        steps.run(
                "The operator may administer grants, but cannot hand out more than the operator holds",
                this::delegateGrants);
        steps.run(
                "The agent may not grant roles: it lacks the capability, and the attempt is on record",
                () -> Expect.refused("a grant by the agent", "auth.forbidden", () -> company.agent()
                        .rest(grant(company.service(), "admin"))));
        steps.run("A grant for a second and a half counts, and then no longer", this::expire);
        steps.run("A command sent twice, over REST and again over gRPC, has one effect", this::repeat);
        steps.run("After a revocation is acknowledged, the next check is denied", this::revoke);
    }

    private static AssignRoleRequest.Builder grant(Caller to, String role) {
        return AssignRoleRequest.newBuilder().setPrincipalId(to.id()).setRole(role);
    }

    private CheckReply check(String capability) throws Refused, IOException {
        return (CheckReply) administrator.grpc(
                CheckRequest.newBuilder().setPrincipalId(company.service().id()).setCapability(capability));
    }

    private void delegateGrants() throws Refused, IOException, Unexpected {
        var desk = DefineRoleRequest.newBuilder()
                .setRole("grant-desk")
                .addCapabilities("assignment:create")
                .addCapabilities("role:define");
        Caller operator = company.operator();
        administrator.rest(desk);
        administrator.grpc(grant(operator, "grant-desk"));
        operator.grpc(grant(company.service(), "view").setWorkspaceId(company.staging()));
        Expect.refused(
                "the built-in role for an accomplice",
                "access.not-held",
                () -> operator.grpc(grant(company.agent(), "administrator")));
        Expect.refused(
                "a role of a capability that the operator does not hold",
                "access.not-held",
                () -> operator.rest(
                        DefineRoleRequest.newBuilder().setRole("accomplice").addCapabilities("principal:create")));
        Expect.refused(
                "more for the operator's own role",
                "access.self-widening",
                () -> operator.rest(desk.clone().addCapabilities("role:delegate")));
        administrator.rest(RetireRoleRequest.newBuilder().setRole("grant-desk"));
    }

    private void expire() throws Refused, IOException, Unexpected, InterruptedException {
        long until = System.currentTimeMillis() + SHORT_GRANT_MILLIS;
        administrator.rest(grant(company.developer(), "view")
                .setWorkspaceId(company.production())
                .setUntilMillis(until));
        var decision = administrator.evaluate(company.developer(), "pods:get", company.production());
        Expect.equal("while it lasts", "allowed, granted by view", decision.text());
        while (decision.allowed() && System.currentTimeMillis() < until + EXPIRY_WAIT_MILLIS) {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            decision = administrator.evaluate(company.developer(), "pods:get", company.production());
        }
        Expect.equal("after its end", "denied, expired", decision.text());
        steps.note("AuthZEN: " + decision.text());
    }

    private void repeat() throws Refused, IOException, Unexpected {
        Connection connection = story.connection();
        String key = Caller.newKey();
        AssignRoleRequest request =
                grant(company.agent(), "view").setWorkspaceId(company.staging()).build();
        Reply first = administrator.call(connection.rest(), request, key);
        Reply second = administrator.call(connection.grpc(), request, key);
        Expect.equal("the second reply", first.message(), second.message());
        Expect.equal("the second position", first.position(), second.position());
        Expect.refused(
                "the same key for another command",
                "idempotency.key-reused",
                () -> administrator.call(
                        connection.rest(), request.toBuilder().setRole("edit").build(), key));
        steps.note(Headers.IDEMPOTENCY_KEY + " " + key + ": both answered " + first.position());
    }

    private void revoke() throws Refused, IOException, Unexpected {
        Caller operator = company.operator();
        Expect.equal(
                "before",
                "allowed, granted by admin",
                administrator.evaluate(operator, "secrets:delete", "").text());
        administrator.rest(RevokeAssignmentRequest.newBuilder()
                .setAssignmentId(company.operatorsGrant())
                .setPrincipalId(operator.id())
                .setReason(Cast.REVOKE_REASON));
        var after = administrator.evaluate(operator, "secrets:delete", "");
        Expect.equal("after, with the revocation's position", "denied, no-grant", after.text());
        steps.note(
                "the check sent " + Headers.POSITION + ": " + company.newest().text() + "; " + after.text());
    }
}
