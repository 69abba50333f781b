package dev.chancery.cli.demo;

import dev.chancery.cli.client.Headers;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Reply;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.cli.demo.Actor.Decision;
import dev.chancery.schema.access.v1.AssignRoleReply;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.access.v1.RevokeAssignmentReply;
import dev.chancery.schema.access.v1.RevokeAssignmentRequest;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** The third act: who may do what, and what nobody may. */
final class Deciding {
    private static final String ASSIGN = "AccessService/AssignRole";
    private static final long SHORT_GRANT_MILLIS = 1_500;
    private static final long EXPIRY_WAIT_MILLIS = 5_000;
    private static final long PAUSE_MILLIS = 100;

    private final Stage stage;
    private final Narrator narrator;
    private final Company company;

    Deciding(Stage stage, Narrator narrator, Company company) {
        this.stage = stage;
        this.narrator = narrator;
        this.company = company;
    }

    void play() throws Narrator.StoryEnds, InterruptedException {
        narrator.act("Who may do what");
        narrator.step("The developer may change deployments in staging, and is told why", this::allowed);
        narrator.step("The same in production is denied, and the answer says why", this::denied);
        narrator.step("The reporting service reads logs; secrets it does not", this::leastPrivilege);
        narrator.step("Nobody grants themselves anything, the administrator included", this::selfGrant);
        narrator.step(
                "The operator administers grants, and is refused to hand out more than the operator holds",
                new GrantDesk(company)::open);
        narrator.step(
                "The agent hands out no roles: it lacks the capability, and the attempt is on record",
                this::agentGrants);
        narrator.step("A grant for a second and a half counts, and then it counts no more", this::expiry);
        narrator.step("A command sent twice, over REST and again over gRPC, has one effect", this::replayed);
        narrator.step("A revoked grant is gone for whoever asks after it, at once", this::revoke);
    }

    private void allowed() throws Refused, IOException, NotAsTold {
        Decision decision = company.administrator()
                .evaluate(company.developer().id(), "deployments.apps:update", company.staging());
        Expect.equal("the developer in staging", "allowed, granted by edit", decision.text());
        Expect.equal("the grant that decided", company.developersGrant(), decision.assignmentId());
        narrator.besides("AuthZEN: " + decision.text() + ", assignment " + decision.assignmentId());
    }

    private void denied() throws Refused, IOException, NotAsTold {
        Decision decision = company.administrator()
                .evaluate(company.developer().id(), "deployments.apps:update", company.production());
        Expect.equal("the developer in production", "denied, no-grant", decision.text());
        narrator.besides("AuthZEN: " + decision.text());
    }

    private void leastPrivilege() throws Refused, IOException, NotAsTold {
        Expect.equal("pods.log:get", "granted", check("pods.log:get").getReason());
        CheckReply secrets = check("secrets:get");
        Expect.equal("secrets:get", "no-grant", secrets.getReason());
        narrator.besides(
                "gRPC: secrets:get is denied, " + secrets.getReason() + ", as of position " + secrets.getPosition());
    }

    private CheckReply check(String capability) throws Refused, IOException {
        return company.administrator()
                .overGrpc(
                        CheckReply.class,
                        "AccessService/Check",
                        CheckRequest.newBuilder()
                                .setPrincipalId(company.service().id())
                                .setCapability(capability)
                                .build());
    }

    private void selfGrant() throws NotAsTold, IOException {
        Actor administrator = company.administrator();
        Expect.refused(
                "a grant to oneself",
                "access.self-grant",
                () -> administrator.overGrpc(
                        AssignRoleReply.class,
                        ASSIGN,
                        grant(administrator, "admin").build()));
    }

    private void agentGrants() throws NotAsTold, IOException {
        Expect.refused("a grant by the agent", "auth.forbidden", () -> company.agent()
                .overRest(
                        AssignRoleReply.class,
                        ASSIGN,
                        grant(company.service(), "admin").build()));
    }

    private static AssignRoleRequest.Builder grant(Actor to, String role) {
        return AssignRoleRequest.newBuilder().setPrincipalId(to.id()).setRole(role);
    }

    private void expiry() throws Refused, IOException, NotAsTold, InterruptedException {
        long until = System.currentTimeMillis() + SHORT_GRANT_MILLIS;
        company.administrator()
                .overRest(
                        AssignRoleReply.class,
                        ASSIGN,
                        grant(company.developer(), "view")
                                .setWorkspaceId(company.production())
                                .setUntilMillis(until)
                                .build());
        Expect.equal(
                "while it lasts", "allowed, granted by view", podsInProduction().text());
        long deadline = until + EXPIRY_WAIT_MILLIS;
        Decision decision = podsInProduction();
        while (decision.allowed() && System.currentTimeMillis() < deadline) {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            decision = podsInProduction();
        }
        Expect.equal("after its end", "denied, expired", decision.text());
        narrator.besides("AuthZEN: " + decision.text());
    }

    private Decision podsInProduction() throws Refused, Unreachable {
        return company.administrator().evaluate(company.developer().id(), "pods:get", company.production());
    }

    private void replayed() throws Refused, IOException, NotAsTold {
        Actor administrator = company.administrator();
        String key = Actor.newKey();
        AssignRoleRequest request =
                grant(company.agent(), "view").setWorkspaceId(company.staging()).build();
        Reply first = administrator.call(stage.rest(), ASSIGN, request, key);
        Reply second = administrator.call(stage.grpc(), ASSIGN, request, key);
        Expect.equal("the second reply", first.message(), second.message());
        Expect.equal("the second position", first.position(), second.position());
        Expect.refused(
                "the same key for another command",
                "idempotency.key-reused",
                () -> administrator.call(
                        stage.rest(),
                        ASSIGN,
                        request.toBuilder().setRole("edit").build(),
                        key));
        narrator.besides(Headers.IDEMPOTENCY_KEY + " " + key + ": both answered " + first.position());
    }

    private void revoke() throws Refused, IOException, NotAsTold {
        Actor administrator = company.administrator();
        String operator = company.operator().id();
        String what = "secrets:delete";
        Expect.equal(
                "before",
                "allowed, granted by admin",
                administrator.evaluate(operator, what, "").text());
        administrator.overRest(
                RevokeAssignmentReply.class,
                "AccessService/RevokeAssignment",
                RevokeAssignmentRequest.newBuilder()
                        .setAssignmentId(company.operatorsGrant())
                        .setPrincipalId(operator)
                        .setReason(Cast.REVOKE_REASON)
                        .build());
        Decision after = administrator.evaluate(operator, what, "");
        Expect.equal("after, with the revocation's position", "denied, no-grant", after.text());
        narrator.besides(Headers.POSITION + ": " + company.seen().newest() + " was waited for; " + after.text());
    }
}
