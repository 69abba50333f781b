package dev.chancery.quickstart.authzen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.access.v1.RevokeAssignmentRequest;
import dev.chancery.schema.identity.v1.DeactivatePrincipalRequest;
import dev.chancery.schema.rbac.v1.ListAssignmentsRequest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Who holds one capability takes nobody's place away, and somebody always stays who may do everything. */
@Order(26)
class TakingAwayIT {
    private final SharedInstance shared = SharedInstance.shared();
    private final OrganisationCalls calls = new OrganisationCalls(shared);
    private Client administrator = shared.owner;

    @BeforeEach
    void anOrganisation() {
        administrator = calls.organisation();
    }

    private RevokeAssignmentRequest.Builder revoke(Client of, String assignment) {
        return RevokeAssignmentRequest.newBuilder()
                .setPrincipalId(OrganisationCalls.id(of))
                .setAssignmentId(assignment);
    }

    private DeactivatePrincipalRequest.Builder deactivate(Client who) {
        return DeactivatePrincipalRequest.newBuilder().setPrincipalId(OrganisationCalls.id(who));
    }

    /** The assignment of the administrator from the beginning. */
    private String firstGrant(Client of, Reply since) {
        Map<String, String> headers = new HashMap<>(of.headers());
        headers.put("Chancery-Position", since.position());
        return shared.wire
                .rest(
                        shared.method("chancery.rbac.v1.RbacService/ListAssignments"),
                        ListAssignmentsRequest.newBuilder()
                                .setPrincipalId(OrganisationCalls.id(of))
                                .build(),
                        headers)
                .json()
                .getJsonArray("assignments")
                .getJsonObject(0)
                .getString("assignmentId");
    }

    @Test
    void theLastAdministratorIsNotRemovedByWhoeverAsks() {
        Client cleaner = calls.somebody(administrator, "principal:deactivate", "assignment:revoke", "role:delegate");
        Reply last =
                calls.done(administrator, DefineCapabilityRequest.newBuilder().setCapability("a:b"));
        String first = firstGrant(administrator, last);

        assertThat(calls.send(cleaner, deactivate(administrator)).code()).isEqualTo("identity.last-administrator");
        assertThat(calls.send(cleaner, revoke(administrator, first)).code()).isEqualTo("access.last-grant");
        assertThat(calls.send(administrator, revoke(administrator, first)).code())
                .isEqualTo("access.last-grant");
    }

    @Test
    void theOwnerIsNotRemovedByTheirAgent() {
        Client agent = calls.somebody(shared.owner, "principal:deactivate", "assignment:revoke");
        Reply last =
                calls.done(shared.owner, DefineCapabilityRequest.newBuilder().setCapability("a:c"));

        assertThat(calls.send(agent, deactivate(shared.owner)).code()).isEqualTo("identity.last-administrator");
        assertThat(calls.send(agent, revoke(shared.owner, firstGrant(shared.owner, last)))
                        .code())
                .isEqualTo("access.last-grant");
    }

    @Test
    void whoHoldsOneCapabilityTakesNobodysGrants() {
        Client second = calls.somebody(administrator);
        String grant = calls.assign(administrator, second, "administrator");
        Client cleaner = calls.somebody(administrator, "principal:deactivate", "assignment:revoke");

        assertThat(calls.send(cleaner, deactivate(second)).code()).isEqualTo("identity.holds-more");
        assertThat(calls.send(cleaner, revoke(second, grant)).code()).isEqualTo("access.not-held");
        assertThat(calls.send(cleaner, deactivate(calls.somebody(administrator)))
                        .code())
                .as("who holds nothing")
                .isEmpty();
    }

    @Test
    void anAdministratorWhoIsNoMoreOrOnlyForAWhileIsNobodyWhoStays() {
        Client second = calls.somebody(administrator);
        Client forAWhile = calls.somebody(administrator);
        String grant = calls.assign(administrator, second, "administrator");
        calls.done(
                administrator,
                AssignRoleRequest.newBuilder()
                        .setPrincipalId(OrganisationCalls.id(forAWhile))
                        .setRole("administrator")
                        .setUntilMillis(System.currentTimeMillis() + 3_600_000));
        Client third = calls.somebody(administrator);
        calls.assign(administrator, third, "administrator");
        calls.done(administrator, deactivate(third));

        calls.done(second, deactivate(administrator));

        assertThat(calls.send(forAWhile, deactivate(second)).code()).isEqualTo("identity.last-administrator");
        assertThat(calls.send(second, revoke(second, grant)).code()).isEqualTo("access.last-grant");
    }

    @Test
    void ofTwoWhoRemoveEachOtherAtOnceOneStays() throws Exception {
        for (int round = 0; round < 5; round++) {
            anOrganisation();
            Client second = calls.somebody(administrator);
            String grant = calls.assign(administrator, second, "administrator");
            boolean revoking = round % 2 == 0;
            try (var both = Executors.newFixedThreadPool(2)) {
                Future<Reply> one = both.submit(
                        () -> calls.send(administrator, revoking ? revoke(second, grant) : deactivate(second)));
                Future<Reply> other = both.submit(() -> calls.send(second, deactivate(administrator)));

                assertThat(List.of(one.get().succeeded(), other.get().succeeded()))
                        .as("%s %s", one.get(), other.get())
                        .containsExactlyInAnyOrder(true, false);
            }
        }
    }

    @Test
    void whoDefinesCapabilitiesOrRetiresRolesLowersNothing() {
        calls.done(
                administrator,
                DefineCapabilityRequest.newBuilder()
                        .setCapability("pay:approve")
                        .setStepUpSeconds(300));
        calls.done(
                administrator, DefineRoleRequest.newBuilder().setRole("payer").addCapabilities("pay:approve"));
        Client definer = calls.somebody(administrator, "capability:define", "role:retire", "role:define");
        var lower = DefineCapabilityRequest.newBuilder().setCapability("pay:approve");

        assertThat(calls.send(definer, lower).code()).isEqualTo("access.not-held");
        calls.assign(administrator, definer, "payer");
        assertThat(calls.send(definer, lower).code()).isEqualTo("access.self-widening");
        calls.done(administrator, lower);
    }
}
