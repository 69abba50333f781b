package dev.chancery.quickstart.authzen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.access.v1.RetireRoleRequest;
import dev.chancery.schema.access.v1.RevokeAssignmentRequest;
import dev.chancery.schema.elevation.v1.ApprovalRule;
import dev.chancery.schema.elevation.v1.ApproveElevationRequest;
import dev.chancery.schema.elevation.v1.DenyElevationRequest;
import dev.chancery.schema.elevation.v1.ElevationFinding;
import dev.chancery.schema.elevation.v1.ListElevationPoliciesRequest;
import dev.chancery.schema.elevation.v1.ListElevationsRequest;
import dev.chancery.schema.elevation.v1.RequestElevationRequest;
import dev.chancery.schema.elevation.v1.ReviewElevationRequest;
import dev.chancery.schema.elevation.v1.RevokeElevationRequest;
import dev.chancery.schema.elevation.v1.SetElevationPolicyRequest;
import dev.chancery.schema.log.v1.Actor;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Break-glass, as its users see it: over REST, against the packaged process. */
@Order(27)
class ElevationIT {
    private final SharedInstance shared = SharedInstance.shared();
    private final OrganisationCalls calls = new OrganisationCalls(shared);
    private Client administrator = shared.owner;
    private Client onCall = shared.owner;
    private Client security = shared.owner;
    private Client engineer = shared.owner;
    private int uses;

    @BeforeEach
    void anOrganisationWithGroups() {
        administrator = calls.organisation();
        role("repair", "payment:repair", "capability:define");
        role("on-call", "elevation:approve", "elevation:read");
        role("security", "elevation:approve", "elevation:revoke", "elevation:review", "elevation:read");
        onCall = calls.somebody(administrator);
        calls.assign(administrator, onCall, "on-call");
        security = calls.somebody(administrator);
        calls.assign(administrator, security, "security");
        engineer = calls.somebody(administrator, "elevation:request");
        calls.done(administrator, policy(false));
    }

    private void role(String name, String... capabilities) {
        for (String capability : capabilities) {
            if (capability.startsWith("payment")) {
                calls.done(administrator, DefineCapabilityRequest.newBuilder().setCapability(capability));
            }
        }
        calls.done(
                administrator, DefineRoleRequest.newBuilder().setRole(name).addAllCapabilities(List.of(capabilities)));
    }

    private static SetElevationPolicyRequest.Builder policy(boolean emergency) {
        return SetElevationPolicyRequest.newBuilder()
                .setRole("repair")
                .setMaxMinutes(60)
                .addApprovals(ApprovalRule.newBuilder().setRole("on-call").setApprovers(1))
                .addApprovals(ApprovalRule.newBuilder().setRole("security").setApprovers(1))
                .setEmergency(emergency);
    }

    private static RequestElevationRequest.Builder request() {
        return RequestElevationRequest.newBuilder()
                .setRole("repair")
                .setMinutes(30)
                .setTicket("INC-4711")
                .setReason("The payment queue stands still.");
    }

    private String requested() {
        return calls.done(engineer, request()).json().getString("elevationId");
    }

    private ApproveElevationRequest.Builder approve(String elevation, String group) {
        return ApproveElevationRequest.newBuilder()
                .setElevationId(elevation)
                .setPrincipalId(OrganisationCalls.id(engineer))
                .setApproverRole(group);
    }

    private String granted() {
        String elevation = requested();
        calls.done(onCall, approve(elevation, "on-call"));
        Reply last = calls.done(security, approve(elevation, "security"));
        assertThat(last.json().getBoolean("granted")).isTrue();
        return elevation;
    }

    /** Something that only the elevated role allows the engineer to do. */
    private Reply use() {
        return calls.send(engineer, DefineCapabilityRequest.newBuilder().setCapability("payment:used-" + ++uses));
    }

    private JsonObject listed(Client by, Reply since) {
        Map<String, String> headers = new HashMap<>(by.headers());
        headers.put("Chancery-Position", since.position());
        return shared.wire
                .rest(
                        shared.method("chancery.elevation.v1.ElevationService/ListElevations"),
                        ListElevationsRequest.newBuilder()
                                .setPrincipalId(OrganisationCalls.id(engineer))
                                .build(),
                        headers)
                .json()
                .getJsonArray("elevations")
                .getJsonObject(0);
    }

    @Test
    void twoGroupsApproveAndTheRoleIsHeldUntilItIsRevoked() {
        assertThat(use().code()).isEqualTo("auth.forbidden");
        String elevation = requested();
        assertThat(calls.done(onCall, approve(elevation, "on-call")).json().getBoolean("granted", false))
                .isFalse();
        assertThat(use().code()).isEqualTo("auth.forbidden");

        Reply held = calls.done(security, approve(elevation, "security"));

        assertThat(held.json().getBoolean("granted")).isTrue();
        assertThat(use().succeeded()).isTrue();
        JsonObject row = listed(security, held);
        assertThat(row.getString("state")).isEqualTo("ELEVATION_STATE_HELD");
        assertThat(row.getString("ticket")).isEqualTo("INC-4711");
        assertThat(row.getJsonArray("approvals")).hasSize(2);

        Reply revoked = calls.done(
                security,
                RevokeElevationRequest.newBuilder()
                        .setElevationId(elevation)
                        .setPrincipalId(OrganisationCalls.id(engineer)));
        assertThat(use().code()).isEqualTo("auth.forbidden");
        assertThat(listed(security, revoked).getString("state")).isEqualTo("ELEVATION_STATE_REVOKED");
    }

    @Test
    void nobodyApprovesTheirOwnNorTwiceNorForAGroupThatIsNotTheirs() {
        calls.assign(administrator, engineer, "on-call");
        String elevation = requested();

        assertThat(calls.send(engineer, approve(elevation, "on-call")).code()).isEqualTo("elevation.self-approval");
        assertThat(calls.send(onCall, approve(elevation, "security")).code()).isEqualTo("elevation.no-such-group");
        calls.done(onCall, approve(elevation, "on-call"));
        calls.assign(administrator, onCall, "security");
        assertThat(calls.done(onCall, approve(elevation, "security")).json().getBoolean("granted", false))
                .as("each approver counts once")
                .isFalse();
        assertThat(use().code()).isEqualTo("auth.forbidden");
    }

    @Test
    void anApproverWhoHasLostTheRoleCountsNoMore() {
        Client leaving = calls.somebody(administrator);
        String assignment = calls.assign(administrator, leaving, "on-call");
        String elevation = requested();
        calls.done(leaving, approve(elevation, "on-call"));
        calls.done(
                administrator,
                RevokeAssignmentRequest.newBuilder()
                        .setPrincipalId(OrganisationCalls.id(leaving))
                        .setAssignmentId(assignment));

        assertThat(calls.done(security, approve(elevation, "security")).json().getBoolean("granted", false))
                .isFalse();
        assertThat(calls.done(onCall, approve(elevation, "on-call")).json().getBoolean("granted", false))
                .isTrue();
    }

    @Test
    void whoIsElevatedApprovesNothingByThat() {
        calls.done(
                administrator,
                SetElevationPolicyRequest.newBuilder()
                        .setRole("security")
                        .setMaxMinutes(10)
                        .addApprovals(
                                ApprovalRule.newBuilder().setRole("on-call").setApprovers(1)));
        Client second = calls.somebody(administrator, "elevation:request");
        String own = calls.done(second, request().setRole("security").setMinutes(0))
                .json()
                .getString("elevationId");
        calls.done(onCall, approve(own, "on-call").setPrincipalId(OrganisationCalls.id(second)));
        String elevation = requested();

        assertThat(calls.send(second, approve(elevation, "security")).code()).isEqualTo("elevation.no-such-group");
    }

    @Test
    void anEmergencyIsHeldAtOnceAndReviewed() {
        assertThat(calls.send(engineer, request().setEmergency(true)).code()).isEqualTo("elevation.no-emergency");
        calls.done(administrator, policy(true));

        Reply reply = calls.done(engineer, request().setEmergency(true));
        String elevation = reply.json().getString("elevationId");
        assertThat(reply.json().getBoolean("granted")).isTrue();
        assertThat(use().succeeded()).isTrue();
        var review = ReviewElevationRequest.newBuilder()
                .setElevationId(elevation)
                .setPrincipalId(OrganisationCalls.id(engineer))
                .setFinding(ElevationFinding.ELEVATION_FINDING_UNJUSTIFIED);
        assertThat(calls.send(security, review).code()).isEqualTo("elevation.not-over");
        calls.done(
                security,
                RevokeElevationRequest.newBuilder()
                        .setElevationId(elevation)
                        .setPrincipalId(OrganisationCalls.id(engineer)));
        Reply reviewed = calls.done(security, review);

        JsonObject row = listed(security, reviewed);
        assertThat(row.getBoolean("emergency")).isTrue();
        assertThat(row.getString("finding")).isEqualTo("ELEVATION_FINDING_UNJUSTIFIED");
        assertThat(Long.parseLong(row.getString("reviewDueMillis"))).isPositive();
    }

    @Test
    void whoSetThePolicyCallsNoEmergencyUnderIt() {
        calls.done(administrator, policy(true));

        assertThat(calls.send(administrator, request().setEmergency(true)).code())
                .isEqualTo("elevation.no-emergency");
    }

    @Test
    void aRequestIsDeniedByAnApproverOrWithdrawn() {
        String elevation = requested();
        var denial = DenyElevationRequest.newBuilder()
                .setElevationId(elevation)
                .setPrincipalId(OrganisationCalls.id(engineer));
        calls.done(onCall, denial);

        assertThat(calls.send(security, approve(elevation, "security")).code()).isEqualTo("elevation.not-open");
    }

    @Test
    void aRetiredRoleGivesNothing() {
        granted();
        assertThat(use().succeeded()).isTrue();
        calls.done(administrator, RetireRoleRequest.newBuilder().setRole("repair"));

        assertThat(use().code()).isEqualTo("auth.forbidden");
    }

    @Test
    void policiesAreListed() {
        var policies = calls.done(administrator, ListElevationPoliciesRequest.newBuilder())
                .json()
                .getJsonArray("policies");
        assertThat(policies).hasSize(1);
        assertThat(policies.getJsonObject(0).getInteger("maxMinutes")).isEqualTo(60);
    }

    @Test
    void aUseIsMarkedInTheLog() {
        String elevation = granted();
        Reply used = use();

        assertThat(actor(used.position()).getElevation()).isEqualTo(elevation);
        Reply ordinary =
                calls.done(administrator, DefineCapabilityRequest.newBuilder().setCapability("payment:see"));
        assertThat(actor(ordinary.position()).getElevation()).isEmpty();
    }

    private Actor actor(String position) {
        return calls.statement(position).getActor();
    }
}
