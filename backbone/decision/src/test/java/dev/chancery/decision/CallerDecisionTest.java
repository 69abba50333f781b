package dev.chancery.decision;

import static dev.chancery.decision.Events.ADA;
import static dev.chancery.decision.Events.BEN;
import static dev.chancery.decision.Events.NOW;
import static dev.chancery.decision.Events.adopted;
import static dev.chancery.decision.Events.assigned;
import static dev.chancery.decision.Events.created;
import static dev.chancery.decision.Events.deactivated;
import static dev.chancery.decision.Events.folded;
import static dev.chancery.decision.Events.founded;
import static dev.chancery.decision.Events.role;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.decision.AuthorityDecision.Reason;
import dev.chancery.kernel.Principal;
import dev.chancery.schema.identity.v1.AgentAllowed;
import dev.chancery.schema.identity.v1.AgentWithdrawn;
import dev.chancery.schema.identity.v1.GroupRole;
import dev.chancery.schema.identity.v1.IssuerDistrusted;
import dev.chancery.schema.identity.v1.IssuerRole;
import dev.chancery.schema.identity.v1.IssuerRolesChanged;
import dev.chancery.schema.identity.v1.IssuerTrusted;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What an agent may that acts for somebody, and what the groups of an issuer give. */
class CallerDecisionTest {
    private static final Message ALLOWED = AgentAllowed.newBuilder()
            .setDelegationId("d1")
            .setPrincipalId(ADA)
            .setAgentId(BEN)
            .addCapabilities("invoice:read")
            .setUntilMicros(NOW + 10)
            .build();

    private final Message[] ben = {assigned("b1", "clerk")};
    private final Message[] ada = {assigned("a1", "clerk")};
    private final Message[] let = {created(ADA), ALLOWED};

    @Test
    void anAgentMayWhatBothMayAndWasAllowed() {
        assertThat(reason(let, ada, ben, "invoice:read", "", NOW)).isEqualTo(Reason.GRANTED);
        assertThat(reason(let, ada, ben, "invoice:read", "w1", NOW)).isEqualTo(Reason.GRANTED);
        assertThat(reason(let, ada, new Message[0], "invoice:read", "", NOW)).isEqualTo(Reason.NO_GRANT);
        assertThat(reason(let, new Message[0], ben, "invoice:read", "", NOW)).isEqualTo(Reason.NO_GRANT);
        assertThat(reason(let, ada, ben, "invoice:pay", "", NOW)).isEqualTo(Reason.NOT_DELEGATED);
    }

    @Test
    void whatTheUserAllowedEndsAtItsMicrosecondAndWhenItIsWithdrawn() {
        assertThat(reason(let, ada, ben, "invoice:read", "", NOW + 9)).isEqualTo(Reason.GRANTED);
        assertThat(reason(let, ada, ben, "invoice:read", "", NOW + 10)).isEqualTo(Reason.NOT_DELEGATED);
        Message withdrawn = AgentWithdrawn.newBuilder().setDelegationId("d1").build();
        assertThat(reason(new Message[] {created(ADA), ALLOWED, withdrawn}, ada, ben, "invoice:read", "", NOW))
                .isEqualTo(Reason.NOT_DELEGATED);
    }

    @Test
    void whatWasAllowedToAnotherOrElsewhereIsNotAllowed() {
        var other = ((AgentAllowed) ALLOWED).toBuilder().setAgentId("another").build();
        assertThat(reason(new Message[] {created(ADA), other}, ada, ben, "invoice:read", "", NOW))
                .isEqualTo(Reason.NOT_DELEGATED);
        var here = ((AgentAllowed) ALLOWED).toBuilder().setWorkspaceId("w1").build();
        Message[] inW1 = {created(ADA), here};
        assertThat(reason(inW1, ada, ben, "invoice:read", "w1", NOW)).isEqualTo(Reason.GRANTED);
        assertThat(reason(inW1, ada, ben, "invoice:read", "w2", NOW)).isEqualTo(Reason.NOT_DELEGATED);
        assertThat(reason(inW1, ada, ben, "invoice:read", "", NOW)).isEqualTo(Reason.NOT_DELEGATED);
    }

    @Test
    void nobodyActsForWhoWasEnded() {
        assertThat(reason(new Message[] {created(ADA), ALLOWED, deactivated(ADA)}, ada, ben, "invoice:read", "", NOW))
                .isEqualTo(Reason.INACTIVE_PRINCIPAL);
    }

    private static Reason reason(
            Message[] user, Message[] userHolds, Message[] agentHolds, String capability, String where, long at) {
        var agent =
                new Principal(Principal.Type.AGENT, BEN, "t", Optional.empty(), "", Optional.of(ADA), Instant.EPOCH);
        Map<String, Authority> authorities = Map.of(
                ADA, authority(ADA, user, userHolds, TrustedIssuers.NONE),
                BEN, authority(BEN, new Message[] {created(BEN)}, agentHolds, TrustedIssuers.NONE));
        return CallerDecision.decide(agent, authorities::get, ConsentGate.NONE, capability, where, at)
                .reason();
    }

    // The groups of an issuer

    private static final IssuerTrusted TRUSTED = IssuerTrusted.newBuilder()
            .setIssuerId("i1")
            .addGroupRoles(GroupRole.newBuilder().setGroup("staff").setRole("clerk"))
            .build();
    private static final Message GIVEN = IssuerRolesChanged.newBuilder()
            .setPrincipalId(BEN)
            .setIssuerId("i1")
            .addRoles(IssuerRole.newBuilder()
                    .setAssignmentId("g1")
                    .setRole("clerk")
                    .setFromMicros(NOW))
            .build();

    @Test
    void aRoleByAGroupCountsWhileTheIssuerIsTrustedAndMapsToIt() {
        assertThat(byGroup(TRUSTED)).isEqualTo(new AuthorityDecision(Reason.GRANTED, "g1", "clerk"));
        assertThat(byGroup().granted()).isFalse();
        assertThat(byGroup(
                                TRUSTED,
                                IssuerDistrusted.newBuilder().setIssuerId("i1").build())
                        .granted())
                .isFalse();
        assertThat(byGroup(TRUSTED, TRUSTED.toBuilder().clearGroupRoles().build())
                        .granted())
                .isFalse();
        assertThat(byGroup(TRUSTED.toBuilder().setIssuerId("i2").build()).granted())
                .isFalse();
    }

    @Test
    void nobodyIsGivenARoleByAMappingOfTheirOwn() {
        assertThat(byGroup(TRUSTED.toBuilder().addAuthorIds(BEN).build()).granted())
                .isFalse();
        assertThat(byGroup(TRUSTED.toBuilder().addAuthorIds(ADA).build()).granted())
                .isTrue();
    }

    private static AuthorityDecision byGroup(Message... issuers) {
        return authority(BEN, new Message[] {created(BEN), GIVEN}, new Message[0], folded(TrustedIssuers.FOLD, issuers))
                .decide("invoice:read", "", NOW);
    }

    private static Authority authority(String id, Message[] principal, Message[] held, TrustedIssuers issuers) {
        return new Authority(
                id,
                folded(PrincipalState.FOLD, principal),
                folded(
                        FirstGrant.FOLD,
                        founded().toBuilder().setAdministratorId("founder").build()),
                folded(AdoptedContract.FOLD, adopted("role:define")),
                folded(RoleModel.FOLD, role("clerk", "invoice:read", "invoice:pay")),
                folded(Assignments.FOLD, held),
                folded(Elevations.FOLD),
                List.of(),
                issuers);
    }
}
