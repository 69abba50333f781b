package dev.chancery.decision;

import static dev.chancery.decision.AuthorityDecision.Reason.BREAK_GLASS_ONLY;
import static dev.chancery.decision.AuthorityDecision.Reason.EXPIRED;
import static dev.chancery.decision.AuthorityDecision.Reason.GRANTED;
import static dev.chancery.decision.AuthorityDecision.Reason.INACTIVE_PRINCIPAL;
import static dev.chancery.decision.AuthorityDecision.Reason.NOT_YET;
import static dev.chancery.decision.AuthorityDecision.Reason.NO_GRANT;
import static dev.chancery.decision.AuthorityDecision.Reason.UNKNOWN_PRINCIPAL;
import static dev.chancery.decision.Events.adopted;
import static dev.chancery.decision.Events.assigned;
import static dev.chancery.decision.Events.created;
import static dev.chancery.decision.Events.deactivated;
import static dev.chancery.decision.Events.folded;
import static dev.chancery.decision.Events.founded;
import static dev.chancery.decision.Events.retired;
import static dev.chancery.decision.Events.revoked;
import static dev.chancery.decision.Events.role;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.schema.access.v1.CapabilityDefined;
import dev.chancery.schema.access.v1.GroupDefined;
import dev.chancery.schema.access.v1.GroupMemberAdded;
import dev.chancery.schema.access.v1.GroupMemberRemoved;
import dev.chancery.schema.access.v1.GroupRetired;
import dev.chancery.schema.access.v1.GroupRoleAssigned;
import dev.chancery.schema.elevation.v1.ElevationGranted;
import dev.chancery.schema.elevation.v1.ElevationRevoked;
import dev.chancery.schema.identity.v1.ContractAdopted;
import dev.chancery.schema.identity.v1.OwnerClaimed;
import dev.chancery.schema.identity.v1.SensitiveCapability;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AuthorityTest {
    private static final String ADA = Events.ADA;
    private static final String BEN = Events.BEN;
    private static final long NOW = Events.NOW;
    private static final AuthorityDecision DENIED = new AuthorityDecision(NO_GRANT, "", "");

    @Test
    void whatNobodyGrantedIsDenied() {
        assertThat(new Given(BEN).decide("invoice:approve")).isEqualTo(DENIED);
    }

    @Test
    void anAssignedRoleGrantsWhatItBundles() {
        var ben = new Given(BEN).holding(assigned("a1", "clerk"));

        assertThat(ben.decide("invoice:read")).isEqualTo(new AuthorityDecision(GRANTED, "a1", "clerk"));
        assertThat(ben.decide("invoice:approve")).isEqualTo(DENIED);
    }

    @Test
    void aPrincipalThatIsNotThereIsDenied() {
        assertThat(new Given(BEN).principal().holding(assigned("a1", "clerk")).decide("invoice:read"))
                .isEqualTo(new AuthorityDecision(UNKNOWN_PRINCIPAL, "", ""));
    }

    @Test
    void aDeactivatedPrincipalIsDeniedWhateverItHolds() {
        assertThat(new Given(BEN)
                        .principal(created(BEN), deactivated(BEN))
                        .holding(assigned("a1", "clerk"))
                        .decide("invoice:read"))
                .isEqualTo(new AuthorityDecision(INACTIVE_PRINCIPAL, "", ""));
        assertThat(new Given(ADA).principal(created(ADA), deactivated(ADA)).decide("role:define"))
                .isEqualTo(new AuthorityDecision(INACTIVE_PRINCIPAL, "", ""));
    }

    @Test
    void aGrantEndsAtItsExactMicrosecond() {
        var ben = new Given(BEN)
                .holding(assigned("a1", "clerk").toBuilder()
                        .setUntilMicros(NOW + 10)
                        .build());

        assertThat(ben.at(NOW + 9).decide("invoice:read")).isEqualTo(new AuthorityDecision(GRANTED, "a1", "clerk"));
        assertThat(ben.at(NOW + 10).decide("invoice:read")).isEqualTo(new AuthorityDecision(EXPIRED, "", ""));
    }

    @Test
    void aGrantBeginsAtItsExactMicrosecond() {
        var ben = new Given(BEN).holding(assigned("a1", "clerk"));

        assertThat(ben.at(NOW - 1).decide("invoice:read")).isEqualTo(new AuthorityDecision(NOT_YET, "", ""));
        assertThat(ben.at(NOW).decide("invoice:read")).isEqualTo(new AuthorityDecision(GRANTED, "a1", "clerk"));
    }

    @Test
    void anExpiredGrantDoesNotHideOneThatCounts() {
        var over = assigned("a1", "clerk").toBuilder().setUntilMicros(NOW + 1).build();

        assertThat(new Given(BEN)
                        .holding(over, assigned("a2", "clerk"))
                        .at(NOW + 5)
                        .decide("invoice:read"))
                .isEqualTo(new AuthorityDecision(GRANTED, "a2", "clerk"));
    }

    @Test
    void aGrantInAWorkspaceCountsThereAndNowhereElse() {
        var ben = new Given(BEN)
                .holding(
                        assigned("a1", "clerk").toBuilder().setWorkspaceId("w1").build());

        assertThat(ben.in("w1").decide("invoice:read")).isEqualTo(new AuthorityDecision(GRANTED, "a1", "clerk"));
        assertThat(ben.in("w2").decide("invoice:read")).isEqualTo(DENIED);
        assertThat(ben.in("").decide("invoice:read")).isEqualTo(DENIED);
    }

    @Test
    void aGrantInTheOrganisationCountsInEveryWorkspace() {
        assertThat(new Given(BEN).holding(assigned("a1", "clerk")).in("w1").decide("invoice:read"))
                .isEqualTo(new AuthorityDecision(GRANTED, "a1", "clerk"));
    }

    @Test
    void aRevokedGrantIsNone() {
        assertThat(new Given(BEN)
                        .holding(assigned("a1", "clerk"), revoked("a1"))
                        .decide("invoice:read"))
                .isEqualTo(DENIED);
    }

    @Test
    void retiringARoleEndsWhatItsHoldersMay() {
        var ben = new Given(BEN).holding(assigned("a1", "clerk"));

        assertThat(ben.roles(role("clerk", "invoice:read"), retired("clerk")).decide("invoice:read"))
                .isEqualTo(DENIED);
    }

    @Test
    void changingARolesBundleChangesWhatItsHoldersMay() {
        var ben = new Given(BEN)
                .holding(assigned("a1", "clerk"))
                .roles(role("clerk", "invoice:read"), role("clerk", "invoice:approve"));

        assertThat(ben.decide("invoice:read")).isEqualTo(DENIED);
        assertThat(ben.decide("invoice:approve")).isEqualTo(new AuthorityDecision(GRANTED, "a1", "clerk"));
    }

    @Test
    void theFirstAdministratorMayWhatTheContractHas() {
        assertThat(new Given(ADA).decide("role:define"))
                .isEqualTo(new AuthorityDecision(GRANTED, "first", "administrator"));
        assertThat(new Given(ADA).decide("invoice:read")).isEqualTo(DENIED);
        assertThat(new Given(BEN).decide("role:define")).isEqualTo(DENIED);
    }

    @Test
    void theFirstGrantEndsWhenItIsRevoked() {
        assertThat(new Given(ADA).holding(revoked("first")).decide("role:define"))
                .isEqualTo(DENIED);
    }

    @Test
    void theBuiltInRoleGrantsItsLaterHoldersTheSame() {
        assertThat(new Given(BEN).holding(assigned("a1", "administrator")).decide("role:define"))
                .isEqualTo(new AuthorityDecision(GRANTED, "a1", "administrator"));
    }

    @Test
    void whatANewContractLeavesOutTheAdministratorMayNoMore() {
        var ada = new Given(ADA).contract(adopted("role:define"), adopted("principal:create"));

        assertThat(ada.decide("role:define")).isEqualTo(DENIED);
        assertThat(ada.decide("principal:create")).isEqualTo(new AuthorityDecision(GRANTED, "first", "administrator"));
    }

    @Test
    void theOwnerOperatesTheInstallation() {
        var owner = new Given(ADA)
                .foundation(OwnerClaimed.newBuilder()
                        .setOwnerId(ADA)
                        .setAssignmentId("first")
                        .build());

        assertThat(owner.decide("role:define")).isEqualTo(new AuthorityDecision(GRANTED, "first", "operator"));
    }

    @Test
    void aCapabilitySaysHowFreshAnAuthenticationItAsksFor() {
        var vault = CapabilityDefined.newBuilder()
                .setCapability("vault:open")
                .setStepUpSeconds(300)
                .build();
        Authority ben = new Given(BEN).roles(vault, role("clerk", "vault:open")).authority();

        assertThat(ben.sensitivity("vault:open")).isEqualTo(new Sensitivity(300, false, Set.of()));
        assertThat(ben.sensitivity("invoice:read")).isEqualTo(Sensitivity.NONE);
    }

    @Test
    void whoIsInAGroupHoldsWhatTheGroupHolds() {
        var ben = new Given(BEN)
                .roles(role("clerk", "invoice:read"), group("g1", "clerks"))
                .in(new Message[] {member("g1")}, ofGroup("a1", "g1", "clerk"));

        assertThat(ben.decide("invoice:read"))
                .isEqualTo(new AuthorityDecision(GRANTED, "a1", "clerk", false, "clerks"));
        assertThat(ben.authority().grants(NOW)).hasSize(1);
        assertThat(ben.authority().ownGrants(NOW)).isEmpty();
        assertThat(ben.authority().holds("invoice:read", "", NOW, 0)).isTrue();
        assertThat(ben.authority().holdsRole("clerk", "", NOW)).isTrue();
        assertThat(ben.in(new Message[] {member("g1"), gone("g1")}, ofGroup("a1", "g1", "clerk"))
                        .decide("invoice:read"))
                .isEqualTo(NO_GRANT.deny());
    }

    @Test
    void aGroupThatIsRetiredGivesNothingAndItsNamesakeHasNoMembers() {
        var ben = new Given(BEN)
                .roles(
                        role("clerk", "invoice:read"),
                        group("g1", "clerks"),
                        GroupRetired.newBuilder()
                                .setGroupId("g1")
                                .setGroup("clerks")
                                .build(),
                        group("g2", "clerks"))
                .in(new Message[] {member("g1")}, ofGroup("a1", "g1", "clerk"));

        assertThat(ben.decide("invoice:read")).isEqualTo(NO_GRANT.deny());
    }

    @Test
    void whatCountsOnlyByBreakGlassIsGivenByNoAssignment() {
        var capability = CapabilityDefined.newBuilder()
                .setCapability("vault:open")
                .setBreakGlassOnly(true)
                .build();
        var ben = new Given(BEN).roles(capability, role("keeper", "vault:open")).holding(assigned("a1", "keeper"));

        assertThat(ben.decide("vault:open")).isEqualTo(BREAK_GLASS_ONLY.deny());
        assertThat(ben.authority().holds("vault:open", "", NOW, 0)).isFalse();
        assertThat(ben.elevated(elevated("e1", "keeper", NOW, NOW + 10)).decide("vault:open"))
                .isEqualTo(new AuthorityDecision(GRANTED, "e1", "keeper", true, ""));
    }

    @Test
    void whatAsksForAConsentIsGivenOnlyWithIt() {
        var capability = CapabilityDefined.newBuilder()
                .setCapability("record:read")
                .setConsentRequired(true)
                .setConsentPurpose("treatment")
                .build();
        Authority ben = new Given(BEN)
                .roles(capability, role("doctor", "record:read"))
                .holding(assigned("a1", "doctor"))
                .authority();

        assertThat(ben.decide("record:read", "", NOW))
                .isEqualTo(AuthorityDecision.without(new Consents.Scope("treatment", "record", "read")));
        assertThat(ben.decide("record:read", "", NOW, (scope, at) -> Optional.of(scope.text() + " at " + (at - NOW)))
                        .consents())
                .containsExactly("record:read for treatment at 0");
        // Who has no grant is not told of consents.
        assertThat(ben.decide("record:write", "", NOW, ConsentGate.NONE)).isEqualTo(NO_GRANT.deny());
    }

    @Test
    void whatTheContractSaysOfACapabilityHoldsBesideWhatTheOrganisationDoes() {
        var contract = ContractAdopted.newBuilder()
                .addCapabilities("ledger:export")
                .addSensitive(SensitiveCapability.newBuilder()
                        .setCapability("ledger:export")
                        .setStepUpSeconds(900))
                .build();
        var own = CapabilityDefined.newBuilder()
                .setCapability("ledger:export")
                .setStepUpSeconds(1_000)
                .setConsentPurpose("research")
                .setConsentRequired(true)
                .build();

        assertThat(new Given(BEN).contract(contract).roles(own).authority().sensitivity("ledger:export"))
                .isEqualTo(new Sensitivity(900, false, Set.of("research")));
    }

    private static GroupDefined group(String id, String name) {
        return GroupDefined.newBuilder().setGroupId(id).setGroup(name).build();
    }

    private static GroupMemberAdded member(String group) {
        return GroupMemberAdded.newBuilder().setGroupId(group).build();
    }

    private static GroupMemberRemoved gone(String group) {
        return GroupMemberRemoved.newBuilder().setGroupId(group).build();
    }

    private static GroupRoleAssigned ofGroup(String assignment, String group, String role) {
        return GroupRoleAssigned.newBuilder()
                .setAssignmentId(assignment)
                .setGroupId(group)
                .setRole(role)
                .setFromMicros(NOW)
                .build();
    }

    @Test
    void anElevationGivesItsRoleForItsTime() {
        var ben = new Given(BEN).elevated(elevated("e1", "clerk", NOW, NOW + 10));

        assertThat(ben.at(NOW - 1).decide("invoice:read")).isEqualTo(DENIED);
        assertThat(ben.at(NOW).decide("invoice:read"))
                .isEqualTo(new AuthorityDecision(GRANTED, "e1", "clerk", true, ""));
        assertThat(ben.at(NOW + 10).decide("invoice:read")).isEqualTo(DENIED);
        assertThat(ben.at(NOW).authority().holdsRole("clerk", "", NOW)).isFalse();
    }

    @Test
    void anElevationThatIsRevokedGivesNothing() {
        var ben = new Given(BEN)
                .elevated(
                        elevated("e1", "clerk", NOW, NOW + 10),
                        ElevationRevoked.newBuilder().setElevationId("e1").build());

        assertThat(ben.decide("invoice:read")).isEqualTo(DENIED);
    }

    @Test
    void overlappingElevationsEndEachByItself() {
        var ben = new Given(BEN)
                .elevated(elevated("e1", "clerk", NOW, NOW + 10), elevated("e2", "clerk", NOW + 5, NOW + 20));

        assertThat(ben.at(NOW + 9).decide("invoice:read").assignmentId()).isEqualTo("e1");
        assertThat(ben.at(NOW + 10).decide("invoice:read").assignmentId()).isEqualTo("e2");
        assertThat(ben.at(NOW + 20).decide("invoice:read")).isEqualTo(DENIED);
    }

    @Test
    void whatAnAssignmentGivesIsNoUseOfAnElevation() {
        var ben = new Given(BEN).holding(assigned("a1", "clerk")).elevated(elevated("e1", "clerk", NOW, NOW + 10));

        assertThat(ben.decide("invoice:read")).isEqualTo(new AuthorityDecision(GRANTED, "a1", "clerk"));
        assertThat(ben.authority().holdsRole("clerk", "", NOW)).isTrue();
    }

    private static ElevationGranted elevated(String id, String role, long from, long until) {
        return ElevationGranted.newBuilder()
                .setElevationId(id)
                .setRole(role)
                .setFromMicros(from)
                .setUntilMicros(until)
                .build();
    }

    @Test
    void withoutAFoundationNobodyMayAnything() {
        assertThat(new Given(ADA).foundation().decide("role:define")).isEqualTo(DENIED);
    }

    /** By default: Ada founded; the contract has role:define; a clerk may read invoices; the principal is there and holds nothing. */
    private static final class Given {
        private final String id;
        private Message[] principal;
        private Message[] foundation = {founded()};
        private Message[] contract = {adopted("role:define")};
        private Message[] roles = {role("clerk", "invoice:read")};
        private Message[] held = {};
        private Message[] elevated = {};
        private Message[] memberships = {};
        private Message[] ofGroups = {};
        private String workspace = "";
        private long atMicros = NOW;

        Given(String id) {
            this.id = id;
            this.principal = new Message[] {created(id)};
        }

        Given principal(Message... events) {
            principal = events;
            return this;
        }

        Given foundation(Message... events) {
            foundation = events;
            return this;
        }

        Given contract(Message... events) {
            contract = events;
            return this;
        }

        Given roles(Message... events) {
            roles = events;
            return this;
        }

        Given holding(Message... events) {
            held = events;
            return this;
        }

        Given elevated(Message... events) {
            elevated = events;
            return this;
        }

        /** In groups, which all hold the same. */
        Given in(Message[] memberships, Message... ofGroups) {
            this.memberships = memberships;
            this.ofGroups = ofGroups;
            return this;
        }

        Given in(String where) {
            workspace = where;
            return this;
        }

        Given at(long micros) {
            atMicros = micros;
            return this;
        }

        AuthorityDecision decide(String capability) {
            return authority().decide(capability, workspace, atMicros);
        }

        Authority authority() {
            RoleModel model = folded(RoleModel.FOLD, roles);
            return new Authority(
                    id,
                    folded(PrincipalState.FOLD, principal),
                    folded(FirstGrant.FOLD, foundation),
                    folded(AdoptedContract.FOLD, contract),
                    model,
                    folded(Assignments.FOLD, held),
                    folded(Elevations.FOLD, elevated),
                    model.groupsOf(folded(Memberships.FOLD, memberships), group -> folded(Assignments.FOLD, ofGroups)));
        }
    }
}
