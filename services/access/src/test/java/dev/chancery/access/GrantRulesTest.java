package dev.chancery.access;

import static dev.chancery.access.AccessRejection.ALREADY_OVER;
import static dev.chancery.access.AccessRejection.LAST_GRANT;
import static dev.chancery.access.AccessRejection.NOT_HELD;
import static dev.chancery.access.AccessRejection.NO_SUCH_ASSIGNMENT;
import static dev.chancery.access.AccessRejection.NO_SUCH_PRINCIPAL;
import static dev.chancery.access.AccessRejection.NO_SUCH_ROLE;
import static dev.chancery.access.AccessRejection.NO_SUCH_WORKSPACE;
import static dev.chancery.access.AccessRejection.SELF_GRANT;
import static dev.chancery.access.AccessRejection.TOO_MANY;
import static dev.chancery.kernel.Decision.events;
import static dev.chancery.kernel.Decision.nothing;
import static dev.chancery.kernel.Decision.reject;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.command.Granter;
import dev.chancery.decision.AdoptedContract;
import dev.chancery.decision.Assignments;
import dev.chancery.decision.Authority;
import dev.chancery.decision.Elevations;
import dev.chancery.decision.FirstGrant;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.RoleModel;
import dev.chancery.kernel.Decision;
import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.access.v1.RoleRetired;
import dev.chancery.schema.identity.v1.ContractAdopted;
import dev.chancery.schema.identity.v1.OrganisationFounded;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalDeactivated;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GrantRulesTest {
    private static final String ADA = "0199f2aa-0000-7000-8000-00000000000a";
    private static final String BEN = "0199f2aa-0000-7000-8000-00000000000b";
    private static final String CYD = "0199f2aa-0000-7000-8000-00000000000c";
    private static final String HERE = "0199f2aa-0000-7000-8000-0000000000aa";
    private static final String THERE = "0199f2aa-0000-7000-8000-0000000000ab";
    private static final String FIRST = "0199f2aa-0000-7000-8000-0000000000f0";
    private static final String GRANT = "0199f2aa-0000-7000-8000-0000000000f1";
    private static final long NOW = 1_767_225_600_000_000L;

    private static final OrganisationFounded FOUNDED = OrganisationFounded.newBuilder()
            .setAdministratorId(ADA)
            .setAssignmentId(FIRST)
            .build();
    private static final Message ADOPTED = ContractAdopted.newBuilder()
            .addCapabilities("assignment:create")
            .addCapabilities("role:delegate")
            .build();
    private static final Message CREATED = PrincipalCreated.newBuilder()
            .setPrincipalId(BEN)
            .setType(PrincipalType.USER)
            .build();
    private static final Message DEACTIVATED =
            PrincipalDeactivated.newBuilder().setPrincipalId(BEN).build();
    private static final Message READER = role("reader", "invoice:read");
    private static final Message CLERK = role("clerk", "invoice:pay");
    private static final Message DESK = role("desk", "assignment:create", "role:delegate");
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
        assertThat(new When().by(CYD, BEN).byHolding(grant("desk")).assign(to(BEN)))
                .isEqualTo(reject(SELF_GRANT));
        assertThat(new When().by(CYD, ADA).byHolding(grant("desk")).assign(to(BEN)))
                .isEqualTo(events(to(BEN).build()));
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
        var scoped = to(BEN).setWorkspaceId(HERE);

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

    // Handing out

    @Test
    void nobodyGrantsWhatTheyDoNotHold() {
        assertThat(new When().by(BEN).assign(to(CYD))).isEqualTo(reject(NOT_HELD));
        assertThat(new When().by(BEN).byHolding(grant("reader")).assign(to(CYD)))
                .isEqualTo(reject(NOT_HELD));
    }

    @Test
    void whoHoldsAllThatARoleBundlesGrantsIt() {
        var pair = role("pair", "invoice:read", "invoice:pay");

        assertThat(new When()
                        .by(BEN)
                        .roles(READER, CLERK, pair)
                        .byHolding(grant("reader"), grant("clerk"))
                        .assign(to(CYD).setRole("pair")))
                .isEqualTo(events(to(CYD).setRole("pair").build()));
        assertThat(new When()
                        .by(BEN)
                        .roles(READER, CLERK, pair)
                        .byHolding(grant("clerk"))
                        .assign(to(CYD).setRole("pair")))
                .isEqualTo(reject(NOT_HELD));
    }

    @Test
    void whoMayDelegateGrantsWhatTheyDoNotHold() {
        var desk = grant("desk").setUntilMicros(NOW + 1);

        assertThat(new When().by(BEN).byHolding(desk).assign(to(CYD))).isEqualTo(events(to(CYD).build()));
        assertThat(new When()
                        .by(BEN)
                        .byHolding(desk.setUntilMicros(NOW).setFromMicros(NOW - 1))
                        .assign(to(CYD)))
                .isEqualTo(reject(NOT_HELD));
    }

    @Test
    void theBuiltInRoleIsForThoseWhoMayDelegateOrHoldIt() {
        var administrator = to(CYD).setRole("administrator");

        assertThat(new When().by(BEN).byHolding(grant("clerk")).assign(administrator))
                .isEqualTo(reject(NOT_HELD));
        assertThat(new When().by(BEN).byHolding(grant("desk")).assign(administrator))
                .isEqualTo(events(administrator.build()));
        assertThat(new When().by(BEN).byHolding(grant("administrator")).assign(administrator))
                .isEqualTo(events(administrator.build()));
    }

    @Test
    void whoHoldsInAWorkspaceGrantsInThatWorkspaceOnly() {
        for (String role : List.of("clerk", "desk")) {
            var held = grant(role).setWorkspaceId(HERE);

            assertThat(new When().by(BEN).byHolding(held).assign(to(CYD).setWorkspaceId(HERE)))
                    .isEqualTo(events(to(CYD).setWorkspaceId(HERE).build()));
            assertThat(new When().by(BEN).byHolding(held).assign(to(CYD).setWorkspaceId(THERE)))
                    .isEqualTo(reject(NOT_HELD));
            assertThat(new When().by(BEN).byHolding(held).assign(to(CYD))).isEqualTo(reject(NOT_HELD));
        }
    }

    @Test
    void aGrantDoesNotOutliveItsGrantersOwn() {
        var when = new When().by(BEN).byHolding(grant("clerk").setUntilMicros(NOW + 10));

        assertThat(when.assign(to(CYD).setUntilMicros(NOW + 10)))
                .isEqualTo(events(to(CYD).setUntilMicros(NOW + 10).build()));
        assertThat(when.assign(to(CYD).setUntilMicros(NOW + 11))).isEqualTo(reject(NOT_HELD));
        assertThat(when.assign(to(CYD))).isEqualTo(reject(NOT_HELD));
    }

    @Test
    void whatARevokedGrantOrADeactivatedGranterHeldIsNotHandedOut() {
        assertThat(new When()
                        .by(BEN)
                        .byHolding(grant("clerk"), revoked(BEN, GRANT).toBuilder())
                        .assign(to(CYD)))
                .isEqualTo(reject(NOT_HELD));
        assertThat(new When()
                        .by(BEN)
                        .byHolding(grant("desk"))
                        .granterIs(CREATED, DEACTIVATED)
                        .assign(to(CYD)))
                .isEqualTo(reject(NOT_HELD));
    }

    @Test
    void anAgentHandsOutWhatBothItAndWhomItActsForHold() {
        assertThat(new When().by(BEN, ADA).byHolding(grant("clerk")).assign(to(CYD)))
                .isEqualTo(events(to(CYD).build()));
        assertThat(new When().by(BEN, ADA).assign(to(CYD))).isEqualTo(reject(NOT_HELD));
        assertThat(new When().by(ADA, BEN).assign(to(CYD))).isEqualTo(reject(NOT_HELD));
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
    void theFirstGrantIsRevokedByWhoHoldsAsMuchOrMayDelegate() {
        assertThat(new When().by(BEN).byHolding(grant("desk")).revoke(ADA, FIRST))
                .isEqualTo(events(revoked(ADA, FIRST)));
        assertThat(new When().by(BEN).byHolding(grant("administrator")).revoke(ADA, FIRST))
                .isEqualTo(events(revoked(ADA, FIRST)));
        assertThat(new When().by(BEN).revoke(ADA, FIRST)).isEqualTo(reject(NOT_HELD));
    }

    @Test
    void theFirstGrantIsRevokedOnce() {
        assertThat(new When().held(revoked(ADA, FIRST)).by(BEN).revoke(ADA, FIRST))
                .isEqualTo(nothing());
    }

    @Test
    void theFirstGrantIsNobodyElses() {
        assertThat(new When().by(BEN).revoke(BEN, FIRST)).isEqualTo(reject(NO_SUCH_ASSIGNMENT));
    }

    @Test
    void theLastGrantOfTheBuiltInRoleIsNotRevokedByAnybody() {
        assertThat(new When().last().revoke(ADA, FIRST)).isEqualTo(reject(LAST_GRANT));
        assertThat(new When().last().by(BEN).byHolding(grant("desk")).revoke(ADA, FIRST))
                .isEqualTo(reject(LAST_GRANT));
        assertThat(new When().revoke(ADA, FIRST)).isEqualTo(events(revoked(ADA, FIRST)));
    }

    @Test
    void nobodyTakesWhatTheyDoNotHold() {
        var clerk = to(CYD).build();

        assertThat(new When().held(clerk).by(BEN).revoke(CYD, GRANT)).isEqualTo(reject(NOT_HELD));
        assertThat(new When().held(clerk).by(BEN).byHolding(grant("reader")).revoke(CYD, GRANT))
                .isEqualTo(reject(NOT_HELD));
        assertThat(new When()
                        .held(clerk)
                        .by(BEN)
                        .byHolding(grant("clerk").setWorkspaceId(HERE))
                        .revoke(CYD, GRANT))
                .isEqualTo(reject(NOT_HELD));
        assertThat(new When().held(clerk).by(BEN, CYD).byHolding(grant("clerk")).revoke(ADA, GRANT))
                .as("whom it acts for holds nothing")
                .isEqualTo(reject(NOT_HELD));
    }

    @Test
    void whoHoldsAsMuchTakesIt() {
        assertThat(new When()
                        .held(to(CYD).build())
                        .by(BEN)
                        .byHolding(grant("clerk"))
                        .revoke(CYD, GRANT))
                .isEqualTo(events(revoked(CYD, GRANT)));
        assertThat(new When()
                        .held(to(CYD).setWorkspaceId(HERE).build())
                        .by(BEN)
                        .byHolding(grant("clerk").setWorkspaceId(HERE))
                        .revoke(CYD, GRANT))
                .isEqualTo(events(revoked(CYD, GRANT)));
    }

    @Test
    void whatIsOverOrRetiredOrOnesOwnAnybodyEnds() {
        assertThat(new When()
                        .held(to(CYD).setFromMicros(NOW - 2)
                                .setUntilMicros(NOW - 1)
                                .build())
                        .by(BEN)
                        .revoke(CYD, GRANT))
                .isEqualTo(events(revoked(CYD, GRANT)));
        assertThat(new When()
                        .roles(CLERK, CLERK_RETIRED)
                        .held(to(CYD).build())
                        .by(BEN)
                        .revoke(CYD, GRANT))
                .isEqualTo(events(revoked(CYD, GRANT)));
        assertThat(new When().held(to(CYD).build()).by(CYD).revoke(CYD, GRANT)).isEqualTo(events(revoked(CYD, GRANT)));
    }

    /**
     * What was before, and then what is asked. By default, Ada, who founded, grants somebody who is there the role of a clerk, which is
     * defined.
     */
    private static final class When {
        private List<String> by = List.of(ADA);
        private Message[] byHolding = {};
        private Message[] granter = {CREATED};
        private Message[] grantee = {CREATED};
        private Message[] held = {};
        private Message[] roles = {READER, CLERK, DESK};
        private boolean workspaceExists = true;
        private boolean last;

        /** @param who the caller, and whom it acts for */
        When by(String... who) {
            by = List.of(who);
            return this;
        }

        /** What the caller holds: whom it acts for holds nothing, but for Ada's first grant. */
        When byHolding(Message.Builder... events) {
            byHolding = Arrays.stream(events).map(Message.Builder::build).toArray(Message[]::new);
            return this;
        }

        When granterIs(Message... events) {
            granter = events;
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

        When last() {
            last = true;
            return this;
        }

        private Granter granter() {
            return new Granter(by.stream()
                    .map(id -> new Authority(
                            id,
                            Given.folded(PrincipalState.FOLD, granter),
                            Given.folded(FirstGrant.FOLD, FOUNDED),
                            Given.folded(AdoptedContract.FOLD, ADOPTED),
                            Given.folded(RoleModel.FOLD, roles),
                            Given.folded(Assignments.FOLD, id.equals(by.getFirst()) ? byHolding : new Message[0]),
                            Elevations.NONE,
                            List.of()))
                    .toList());
        }

        Decision<Message> assign(RoleAssigned.Builder assignment) {
            return GrantRules.assign(
                    granter(),
                    Given.folded(PrincipalState.FOLD, grantee),
                    Given.folded(Assignments.FOLD, held),
                    workspaceExists,
                    assignment.build());
        }

        Decision<Message> revoke(String principalId, String assignmentId) {
            return GrantRules.revoke(
                    granter(),
                    new Authority(
                            principalId,
                            Given.folded(PrincipalState.FOLD, grantee),
                            Given.folded(FirstGrant.FOLD, FOUNDED),
                            Given.folded(AdoptedContract.FOLD, ADOPTED),
                            Given.folded(RoleModel.FOLD, roles),
                            Given.folded(Assignments.FOLD, held),
                            Elevations.NONE,
                            List.of()),
                    last,
                    revoked(principalId, assignmentId),
                    NOW);
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

    /** What the granter itself was granted, a while ago. */
    private static RoleAssigned.Builder grant(String role) {
        return to(BEN).setRole(role).setFromMicros(NOW - 1_000);
    }

    private static RoleDefined role(String name, String... capabilities) {
        return RoleDefined.newBuilder()
                .setRole(name)
                .addAllCapabilities(List.of(capabilities))
                .build();
    }
}
