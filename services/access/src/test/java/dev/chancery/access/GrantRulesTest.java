package dev.chancery.access;

import static dev.chancery.access.AccessRejection.ALREADY_OVER;
import static dev.chancery.access.AccessRejection.NO_SUCH_ASSIGNMENT;
import static dev.chancery.access.AccessRejection.NO_SUCH_PRINCIPAL;
import static dev.chancery.access.AccessRejection.NO_SUCH_ROLE;
import static dev.chancery.access.AccessRejection.NO_SUCH_WORKSPACE;
import static dev.chancery.access.AccessRejection.SELF_GRANT;
import static dev.chancery.access.AccessRejection.SELF_REVOKE;
import static dev.chancery.access.AccessRejection.TOO_MANY;
import static dev.chancery.kernel.Decision.events;
import static dev.chancery.kernel.Decision.nothing;
import static dev.chancery.kernel.Decision.reject;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.decision.Assignments;
import dev.chancery.decision.Foundation;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.RoleModel;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Principal;
import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.access.v1.RoleRetired;
import dev.chancery.schema.identity.v1.OrganisationFounded;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalDeactivated;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GrantRulesTest {
    private static final String ADA = "0199f2aa-0000-7000-8000-00000000000a";
    private static final String BEN = "0199f2aa-0000-7000-8000-00000000000b";
    private static final String AGENT = "0199f2aa-0000-7000-8000-00000000000c";
    private static final String FIRST = "0199f2aa-0000-7000-8000-0000000000f0";
    private static final String GRANT = "0199f2aa-0000-7000-8000-0000000000f1";
    private static final long NOW = 1_767_225_600_000_000L;

    private static final OrganisationFounded FOUNDED = OrganisationFounded.newBuilder()
            .setAdministratorId(ADA)
            .setAssignmentId(FIRST)
            .build();
    private static final Message CREATED = PrincipalCreated.newBuilder()
            .setPrincipalId(BEN)
            .setType(PrincipalType.USER)
            .build();
    private static final Message DEACTIVATED =
            PrincipalDeactivated.newBuilder().setPrincipalId(BEN).build();
    private static final Message CLERK =
            RoleDefined.newBuilder().setRole("clerk").addCapabilities("a:b").build();
    private static final Message CLERK_RETIRED =
            RoleRetired.newBuilder().setRole("clerk").build();

    // Assigning

    @Test
    void aRoleIsAssigned() {
        assertThat(new When().assign(to(BEN))).isEqualTo(events(to(BEN).build()));
    }

    @Test
    void nobodyGrantsThemselves() {
        assertThat(new When().assign(to(ADA))).isEqualTo(reject(SELF_GRANT));
    }

    @Test
    void nobodyGrantsWhomTheyActFor() {
        assertThat(new When().by(agentFor(BEN)).assign(to(BEN))).isEqualTo(reject(SELF_GRANT));
        assertThat(new When().by(agentFor(ADA)).assign(to(BEN))).isEqualTo(events(to(BEN).build()));
    }

    @Test
    void whoeverGrantsThemselvesLearnsNothingElse() {
        assertThat(new When().grantee().roles().assign(to(ADA))).isEqualTo(reject(SELF_GRANT));
    }

    @Test
    void anUnknownPrincipalGetsNothing() {
        assertThat(new When().grantee().assign(to(BEN))).isEqualTo(reject(NO_SUCH_PRINCIPAL));
    }

    @Test
    void aDeactivatedPrincipalGetsNothing() {
        assertThat(new When().grantee(CREATED, DEACTIVATED).assign(to(BEN))).isEqualTo(reject(NO_SUCH_PRINCIPAL));
    }

    @Test
    void aRoleThatIsNotDefinedIsNotGranted() {
        assertThat(new When().roles().assign(to(BEN))).isEqualTo(reject(NO_SUCH_ROLE));
    }

    @Test
    void aRetiredRoleIsNotGranted() {
        assertThat(new When().roles(CLERK, CLERK_RETIRED).assign(to(BEN))).isEqualTo(reject(NO_SUCH_ROLE));
    }

    @Test
    void theBuiltInRoleOfTheTenantIsGrantedAndNoOther() {
        RoleAssigned.Builder administrator = to(BEN).setRole("administrator");

        assertThat(new When().assign(administrator)).isEqualTo(events(administrator.build()));
        assertThat(new When().assign(to(BEN).setRole("operator"))).isEqualTo(reject(NO_SUCH_ROLE));
    }

    @Test
    void aGrantIsNotScopedToAWorkspaceThatIsNotThere() {
        var scoped = to(BEN).setWorkspaceId("0199f2aa-0000-7000-8000-0000000000aa");

        assertThat(new When().withoutWorkspace().assign(scoped)).isEqualTo(reject(NO_SUCH_WORKSPACE));
        assertThat(new When().assign(scoped)).isEqualTo(events(scoped.build()));
    }

    @Test
    void aGrantLastsAtLeastAMicrosecond() {
        assertThat(new When().assign(to(BEN).setUntilMicros(NOW))).isEqualTo(reject(ALREADY_OVER));
        assertThat(new When().assign(to(BEN).setUntilMicros(-1))).isEqualTo(reject(ALREADY_OVER));
        assertThat(new When().assign(to(BEN).setUntilMicros(NOW + 1)))
                .isEqualTo(events(to(BEN).setUntilMicros(NOW + 1).build()));
    }

    @Test
    void aPrincipalHoldsAtMost1000Roles() {
        assertThat(new When().held(grants(1_000)).assign(to(BEN))).isEqualTo(reject(TOO_MANY));
        assertThat(new When().held(grants(999)).assign(to(BEN))).isEqualTo(events(to(BEN).build()));
    }

    // Revoking

    @Test
    void aGrantIsRevoked() {
        assertThat(new When().held(to(BEN).build()).revoke(BEN, GRANT)).isEqualTo(events(revoked(BEN, GRANT)));
    }

    @Test
    void revokingTwiceIsANoOp() {
        assertThat(new When().held(to(BEN).build(), revoked(BEN, GRANT)).revoke(BEN, GRANT))
                .isEqualTo(nothing());
    }

    @Test
    void aGrantThatIsNotHeldIsNotRevoked() {
        assertThat(new When().revoke(BEN, GRANT)).isEqualTo(reject(NO_SUCH_ASSIGNMENT));
    }

    @Test
    void theFirstGrantIsRevokedByAnother() {
        assertThat(new When().by(user(BEN)).revoke(ADA, FIRST)).isEqualTo(events(revoked(ADA, FIRST)));
    }

    @Test
    void theFirstGrantIsRevokedOnce() {
        assertThat(new When().held(revoked(ADA, FIRST)).by(user(BEN)).revoke(ADA, FIRST))
                .isEqualTo(nothing());
    }

    @Test
    void theFirstGrantIsNotRevokedByItsHolderNorByWhoActsForThem() {
        assertThat(new When().revoke(ADA, FIRST)).isEqualTo(reject(SELF_REVOKE));
        assertThat(new When().by(agentFor(ADA)).revoke(ADA, FIRST)).isEqualTo(reject(SELF_REVOKE));
    }

    @Test
    void theFirstGrantIsNobodyElses() {
        assertThat(new When().by(user(BEN)).revoke(BEN, FIRST)).isEqualTo(reject(NO_SUCH_ASSIGNMENT));
    }

    /** What was before, and then what is asked. By default, Ada grants Ben, who is there, the role of a clerk, which is defined. */
    private static final class When {
        private Principal by = user(ADA);
        private Message[] grantee = {CREATED};
        private Message[] held = {};
        private Message[] roles = {CLERK};
        private boolean workspaceExists = true;

        When by(Principal who) {
            by = who;
            return this;
        }

        When grantee(Message... events) {
            grantee = events;
            return this;
        }

        When held(Message... events) {
            held = events;
            return this;
        }

        When roles(Message... events) {
            roles = events;
            return this;
        }

        When withoutWorkspace() {
            workspaceExists = false;
            return this;
        }

        Decision<Message> assign(RoleAssigned.Builder assignment) {
            return GrantRules.assign(
                    by,
                    Given.folded(PrincipalState.FOLD, grantee),
                    Given.folded(Assignments.FOLD, held),
                    Given.folded(Foundation.FOLD, FOUNDED),
                    Given.folded(RoleModel.FOLD, roles),
                    workspaceExists,
                    assignment.build());
        }

        Decision<Message> revoke(String principalId, String assignmentId) {
            return GrantRules.revoke(
                    by,
                    Given.folded(Assignments.FOLD, held),
                    Given.folded(Foundation.FOLD, FOUNDED),
                    revoked(principalId, assignmentId));
        }
    }

    private static Message[] grants(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> to(BEN).setAssignmentId("a" + i).build())
                .toArray(Message[]::new);
    }

    private static RoleAssigned.Builder to(String principalId) {
        return RoleAssigned.newBuilder()
                .setAssignmentId(GRANT)
                .setPrincipalId(principalId)
                .setRole("clerk")
                .setFromMicros(NOW)
                .setGranterId(ADA);
    }

    private static AssignmentRevoked revoked(String principalId, String assignmentId) {
        return AssignmentRevoked.newBuilder()
                .setPrincipalId(principalId)
                .setAssignmentId(assignmentId)
                .build();
    }

    private static Principal user(String id) {
        return principal(Principal.Type.USER, id, Optional.empty());
    }

    private static Principal agentFor(String whom) {
        return principal(Principal.Type.AGENT, AGENT, Optional.of(whom));
    }

    private static Principal principal(Principal.Type type, String id, Optional<String> actingFor) {
        return new Principal(
                type,
                id,
                "0199f2aa-0000-7000-8000-000000000001",
                Optional.empty(),
                "",
                actingFor,
                Instant.ofEpochSecond(1_767_225_600L));
    }
}
