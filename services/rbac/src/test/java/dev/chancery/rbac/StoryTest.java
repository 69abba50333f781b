package dev.chancery.rbac;

import static dev.chancery.rbac.Live.assignments;
import static dev.chancery.rbac.Live.assignmentsOf;
import static dev.chancery.rbac.Live.capabilities;
import static dev.chancery.rbac.Live.roles;
import static dev.chancery.rbac.Story.assigned;
import static dev.chancery.rbac.Story.capability;
import static dev.chancery.rbac.Story.claimed;
import static dev.chancery.rbac.Story.contract;
import static dev.chancery.rbac.Story.created;
import static dev.chancery.rbac.Story.deactivated;
import static dev.chancery.rbac.Story.founded;
import static dev.chancery.rbac.Story.id;
import static dev.chancery.rbac.Story.member;
import static dev.chancery.rbac.Story.millis;
import static dev.chancery.rbac.Story.retired;
import static dev.chancery.rbac.Story.revoked;
import static dev.chancery.rbac.Story.role;
import static dev.chancery.rbac.Story.workspace;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import com.google.protobuf.ByteString;
import dev.chancery.projection.ViewHash;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.rbac.v1.Assignment;
import dev.chancery.schema.rbac.v1.Capability;
import dev.chancery.schema.rbac.v1.Role;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class StoryTest {
    private final String ada = id();
    private final String bob = id();
    private final String robot = id();
    private final String firstGrant = id();
    private final String grant = id();
    private final Story story = new Story();

    /** Position 0, as identity writes it. */
    private Story founding() {
        return story.happens(
                founded(story.tenant, ada, firstGrant),
                contract("role:define", "role:read"),
                created(ada, PrincipalType.USER));
    }

    @Test
    void theFoundingGivesTheAdministratorTheContractsCapabilities() {
        founding();

        apply(story);

        assertThat(capabilities(story.tenant)).containsExactly(builtIn("role:define"), builtIn("role:read"));
        assertThat(roles(story.tenant))
                .containsExactly(Role.newBuilder()
                        .setRole("administrator")
                        .addCapabilities("role:define")
                        .addCapabilities("role:read")
                        .setBuiltIn(true)
                        .build());
        assertThat(assignments(story.tenant))
                .containsExactly(Assignment.newBuilder()
                        .setAssignmentId(firstGrant)
                        .setPrincipalId(ada)
                        .setRole("administrator")
                        .setFromMillis(millis(0))
                        .setWithoutEnd(true)
                        .build());
    }

    @Test
    void theListsTellTheWholeStory() throws Exception {
        String office = id();
        String second = id();
        founding()
                .isIntended()
                .happens(created(bob, PrincipalType.USER))
                .happens(created(robot, PrincipalType.AGENT))
                .happens(workspace(office))
                .happens(member(office, bob))
                .isDenied()
                .happens(capability("invoice:approve", 300))
                .happens(role("approver", "role:read", "invoice:approve"))
                .happens(assigned(grant, bob, "approver", ada).toBuilder()
                        .setWorkspaceId(office)
                        .setUntilMicros(Story.micros(1000))
                        .build())
                .happens(assigned(second, robot, "approver", ada))
                .happens(revoked(grant, bob))
                .happens(retired("approver"))
                .happens(deactivated(robot));

        apply(story);

        assertThat(capabilities(story.tenant))
                .containsExactly(
                        Capability.newBuilder()
                                .setCapability("invoice:approve")
                                .setStepUpSeconds(300)
                                .build(),
                        builtIn("role:define"),
                        builtIn("role:read"));
        assertThat(roles(story.tenant))
                .extracting(Role::getRole, Role::getCapabilitiesList, Role::getBuiltIn, Role::getRetired)
                .containsExactly(
                        tuple("administrator", List.of("role:define", "role:read"), true, false),
                        tuple("approver", List.of(), false, true));
        Assignment bobs = Assignment.newBuilder()
                .setAssignmentId(grant)
                .setPrincipalId(bob)
                .setRole("approver")
                .setWorkspaceId(office)
                .setGranterId(ada)
                .setFromMillis(millis(0))
                .setUntilMillis(millis(1000))
                .setRevokedAtMillis(millis(11))
                .setPosition(9)
                .build();
        Assignment robots = Assignment.newBuilder()
                .setAssignmentId(second)
                .setPrincipalId(robot)
                .setRole("approver")
                .setGranterId(ada)
                .setFromMillis(millis(0))
                .setPosition(10)
                .setWithoutEnd(true)
                .build();
        assertThat(assignments(story.tenant))
                .extracting(Assignment::getAssignmentId)
                .containsExactly(second, grant, firstGrant);
        assertThat(assignmentsOf(story.tenant, bob)).containsExactly(bobs);
        assertThat(assignmentsOf(story.tenant, robot)).containsExactly(robots);
        assertThat(Live.read("SELECT concat_ws(' ', principal, type, active, created_position, deactivated_position)"
                        + " FROM rbac.principal WHERE tenant = '" + story.tenant + "' ORDER BY created_position"))
                .containsExactly(ada + " 1 t 0", bob + " 1 t 2", robot + " 2 f 3 13");
        assertThat(Live.read(
                        "SELECT concat_ws(' ', workspace, principal, added_position) FROM rbac.member WHERE tenant = '"
                                + story.tenant + "'"))
                .containsExactly(office + " " + bob + " 5");
    }

    @Test
    void aRolesPastBundlesStayWithTheirPositions() {
        founding()
                .happens(role("reader", "role:read"))
                .happens(role("reader", "role:read", "role:define"))
                .happens(retired("reader"))
                .happens(role("reader", "role:read"));

        apply(story);

        assertThat(Live.read("SELECT concat_ws(' ', valid_from_position, coalesce(valid_to_position, -1), retired, ("
                        + " SELECT count(*) FROM rbac.role_capability c WHERE (c.tenant, c.role, c.valid_from_position)"
                        + " = (r.tenant, r.role, r.valid_from_position)))"
                        + " FROM rbac.role r WHERE tenant = '" + story.tenant + "' AND role = 'reader' ORDER BY 1"))
                .containsExactly("1 2 f 1", "2 3 f 2", "3 4 t 0", "4 -1 f 1");
        assertThat(roles(story.tenant).get(1).getCapabilitiesList()).containsExactly("role:read");
    }

    @Test
    void ofOneRecordsChangesToARoleTheLastCounts() {
        founding().happens(role("reader", "role:define"), retired("reader"), role("reader", "role:read"));

        apply(story);

        assertThat(roles(story.tenant).get(1).getCapabilitiesList()).containsExactly("role:read");
        assertThat(Live.read("SELECT role FROM rbac.role WHERE tenant = '" + story.tenant + "' AND NOT built_in"))
                .containsExactly("reader");
    }

    @Test
    void anAdoptedContractReplacesTheBuiltInRolesBundle() {
        founding().happens(contract("role:read", "vault:read"));

        apply(new RbacProjection(), story);

        assertThat(capabilities(story.tenant)).containsExactly(builtIn("role:read"), builtIn("vault:read"));
        assertThat(roles(story.tenant).getFirst().getCapabilitiesList()).containsExactly("role:read", "vault:read");
        assertThat(Live.read(
                        "SELECT concat_ws(' ', capability, valid_from_position, valid_to_position) FROM rbac.capability"
                                + " WHERE tenant = '" + story.tenant + "' ORDER BY 1"))
                .containsExactly("role:define 0 1", "role:read 0", "vault:read 1");
    }

    @Test
    void anOwnCapabilityThatTheContractAdoptsIsTheContractsWithTheStricterStepUp() {
        founding().happens(capability("vault:read", 60)).happens(contract("vault:read"));

        apply(story);

        assertThat(capabilities(story.tenant))
                .containsExactly(
                        builtIn("vault:read").toBuilder().setStepUpSeconds(60).build());
    }

    @Test
    void theOwnersClaimMakesTheOperator() {
        var instance = new Story("instance-" + id().substring(0, 8));
        instance.happens(contract("organisation:create"))
                .happens(claimed(ada, firstGrant), created(ada, PrincipalType.USER));

        apply(new RbacProjection(), instance);

        assertThat(roles(instance.tenant))
                .containsExactly(Role.newBuilder()
                        .setRole("operator")
                        .addCapabilities("organisation:create")
                        .setBuiltIn(true)
                        .build());
        assertThat(assignments(instance.tenant))
                .extracting(Assignment::getPrincipalId, Assignment::getRole, Assignment::getPosition)
                .containsExactly(tuple(ada, "operator", 1L));
    }

    @Test
    void anOrganisationsRoleDoesNotShadowTheBuiltInOne() {
        founding().happens(role("administrator", "role:read")).happens(retired("administrator"));

        apply(new RbacProjection(), story);

        assertThat(roles(story.tenant))
                .extracting(Role::getCapabilitiesList, Role::getBuiltIn, Role::getRetired)
                .containsExactly(tuple(List.of("role:define", "role:read"), true, false));
    }

    @Test
    void theFirstGrantIsRevokedLikeAnyOther() {
        founding().happens(revoked(firstGrant, ada));

        apply(story);

        assertThat(assignments(story.tenant))
                .extracting(Assignment::getRevokedAtMillis)
                .containsExactly(millis(1));
    }

    @Test
    void revokedTwiceTheFirstTimeCounts() {
        founding()
                .happens(created(bob, PrincipalType.USER))
                .happens(assigned(grant, bob, "reader", ada))
                .happens(revoked(grant, bob))
                .happens(revoked(grant, bob));

        apply(new RbacProjection(), story);

        assertThat(assignments(story.tenant).getFirst().getRevokedAtMillis()).isEqualTo(millis(3));
    }

    @Test
    void onlyItsHoldersRevocationEndsAnAssignment() {
        founding()
                .happens(created(bob, PrincipalType.USER))
                .happens(assigned(grant, bob, "reader", ada))
                .happens(revoked(grant, ada));

        apply(new RbacProjection(), story);

        assertThat(assignments(story.tenant).getFirst().getRevokedAtMillis()).isZero();
    }

    @Test
    void whatIsNotAboutAuthorityChangesNothing() {
        founding();
        apply(story);
        ViewHash before = Live.hash("rbac", story.tenant);

        story.isIntended()
                .isDenied()
                .happensUnknown(
                        "consent/grant", "chancery.consent.v1.ConsentGiven", ByteString.copyFromUtf8("\u0001not ours"))
                .happensUnknown(
                        "access/role-model", "chancery.access.v2.RoleDefined", ByteString.copyFromUtf8("later"));
        Live.apply(new RbacProjection(), story.records.subList(1, 5), 10);

        assertThat(Live.hash("rbac", story.tenant)).isEqualTo(new ViewHash(4, before.sha256()));
    }

    /** One record a run. */
    private static void apply(RbacProjection projection, Story story) {
        Live.apply(projection, story.records, 1);
    }

    private static void apply(Story story) {
        Live.apply(story);
    }

    private static Capability builtIn(String name) {
        return Capability.newBuilder().setCapability(name).setBuiltIn(true).build();
    }
}
