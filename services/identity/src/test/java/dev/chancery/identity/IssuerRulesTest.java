package dev.chancery.identity;

import static dev.chancery.kernel.Decision.nothing;
import static dev.chancery.kernel.Decision.reject;
import static dev.chancery.testkit.log.Decider.folded;
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
import dev.chancery.decision.TrustedIssuers;
import dev.chancery.kernel.Decision;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.identity.v1.ClaimCondition;
import dev.chancery.schema.identity.v1.GroupRole;
import dev.chancery.schema.identity.v1.IssuerTerms;
import dev.chancery.schema.identity.v1.IssuerTrusted;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Who may say which issuers an organisation trusts, and what they give. */
class IssuerRulesTest {
    private static final String BEN = "0199f2aa-0000-7000-8000-00000000000b";
    private static final String HERE = "0199f2aa-0000-7000-8000-0000000000aa";
    private static final String ID = "0199f2aa-0000-7000-8000-0000000000e1";
    private static final long NOW = 1_767_225_600_000_000L;
    private static final TestIssuer ISSUER = new TestIssuer("EdDSA");
    private static final IssuerTerms PLAIN = ISSUER.terms().build();

    @Test
    void anIssuerIsTrustedWithWhatWasSaidOfIt() {
        var trusted = (IssuerTrusted) only(trust(held("nothing"), PLAIN));
        assertThat(trusted.getIssuer()).isEqualTo(TestIssuer.URL);
        assertThat(trusted.getSubjectClaim()).isEqualTo("sub");
        assertThat(trusted.getGroupsClaim()).isEqualTo("groups");
        assertThat(trusted.getAuthorIdsList()).containsExactly(BEN);
        assertThat(trusted.getKeysList()).hasSize(1);
    }

    @Test
    void aRoleIsMappedByWhoMightAssignIt() {
        IssuerTerms clerks = mapping("clerk", "");
        assertThat(trust(held("nothing"), clerks)).isEqualTo(reject(FederationRejection.ROLE_NOT_HELD));
        assertThat(only(trust(held("clerk"), clerks))).isInstanceOf(IssuerTrusted.class);
        assertThat(only(trust(held("desk"), clerks))).isInstanceOf(IssuerTrusted.class);
    }

    @Test
    void whatIsHeldForAWhileOrInAWorkspaceIsNotMappedBeyond() {
        IssuerTerms clerks = mapping("clerk", "");
        assertThat(trust(held(role("clerk").setUntilMicros(NOW + 10)), clerks))
                .isEqualTo(reject(FederationRejection.ROLE_NOT_HELD));
        assertThat(trust(held(role("clerk").setWorkspaceId(HERE)), clerks))
                .isEqualTo(reject(FederationRejection.ROLE_NOT_HELD));
        assertThat(only(trust(held(role("clerk").setWorkspaceId(HERE)), mapping("clerk", HERE))))
                .isInstanceOf(IssuerTrusted.class);
    }

    @Test
    void whatIsMappedIsThere() {
        assertThat(trust(held("desk"), mapping("ghost", ""))).isEqualTo(reject(FederationRejection.NO_SUCH_ROLE));
        assertThat(trust(held("desk"), mapping("clerk", ID))).isEqualTo(reject(IdentityRejection.NO_SUCH_WORKSPACE));
    }

    @Test
    void anIssuerIsTrustedOnceAndNotTooMany() {
        var issuers = new HashMap<String, IssuerTrusted>();
        issuers.put(ID, ISSUER.trusted().build());
        assertThat(trust(held("desk"), new TrustedIssuers(issuers), PLAIN))
                .isEqualTo(reject(FederationRejection.ISSUER_TRUSTED));
        issuers.clear();
        for (int number = 0; number < IssuerRules.MAX_ISSUERS; number++) {
            issuers.put(
                    "i" + number,
                    ISSUER.trusted().setIssuer(TestIssuer.URL + number).build());
        }
        assertThat(trust(held("desk"), new TrustedIssuers(issuers), PLAIN))
                .isEqualTo(reject(FederationRejection.TOO_MANY_ISSUERS));
    }

    @Test
    void termsAreSound() {
        unsound(ISSUER.terms().clearAudiences());
        unsound(ISSUER.terms().setCreates(PrincipalType.AGENT));
        unsound(ISSUER.terms().addConditions(ClaimCondition.newBuilder().setClaim("sub")));
        unsound(ISSUER.terms()
                .addConditions(ClaimCondition.newBuilder().setClaim("sub").addValues("")));
        unsound(ISSUER.terms().addConditions(ClaimCondition.newBuilder().addValues("x")));
        unsound(ISSUER.terms().addGroupRoles(GroupRole.newBuilder().setRole("clerk")));
        assertThat(trust(held("desk"), ISSUER.terms().setJwks("{}").build()))
                .isEqualTo(reject(FederationRejection.ISSUER_KEYS));
    }

    private static void unsound(IssuerTerms.Builder terms) {
        assertThat(trust(held("desk"), terms.build())).isEqualTo(reject(FederationRejection.ISSUER_TERMS));
    }

    /** Whoever brings other keys might sign in as any of the issuer's users. */
    @Test
    void anIssuerIsChangedByWhoMayHandOutAll() {
        var issuers = new TrustedIssuers(Map.of(ID, ISSUER.trusted().build()));
        IssuerTerms others = new TestIssuer("EdDSA").terms().build();
        assertThat(change(held("clerk"), issuers, ID, others)).isEqualTo(reject(FederationRejection.ISSUER_DELEGATE));
        assertThat(change(held(role("desk").setWorkspaceId(HERE)), issuers, ID, others))
                .isEqualTo(reject(FederationRejection.ISSUER_DELEGATE));
        var changed = (IssuerTrusted) only(change(held("desk"), issuers, ID, others));
        assertThat(changed.getIssuerId()).isEqualTo(ID);
        assertThat(changed.getIssuer()).isEqualTo(TestIssuer.URL);
        assertThat(change(held("desk"), new TrustedIssuers(Map.of(ID, changed)), ID, others))
                .isEqualTo(nothing());
        assertThat(change(held("desk"), TrustedIssuers.NONE, ID, others))
                .isEqualTo(reject(FederationRejection.NO_SUCH_ISSUER));
    }

    @Test
    void whatIsNotTrustedIsNotDistrusted() {
        assertThat(IssuerRules.distrust(TrustedIssuers.NONE, ID)).isEqualTo(reject(FederationRejection.NO_SUCH_ISSUER));
    }

    private static Message only(Decision<Message> decision) {
        return ((Decision.Events<Message>) decision).events().getFirst();
    }

    private static IssuerTerms mapping(String role, String workspace) {
        return ISSUER.terms()
                .addGroupRoles(
                        GroupRole.newBuilder().setGroup("staff").setRole(role).setWorkspaceId(workspace))
                .build();
    }

    private static Decision<Message> trust(Granter granter, IssuerTerms terms) {
        return trust(granter, TrustedIssuers.NONE, terms);
    }

    private static Decision<Message> trust(Granter granter, TrustedIssuers issuers, IssuerTerms terms) {
        return IssuerRules.trust(granter, issuers, HERE::equals, ID, TestIssuer.URL, terms, NOW);
    }

    private static Decision<Message> change(Granter granter, TrustedIssuers issuers, String id, IssuerTerms terms) {
        return IssuerRules.change(granter, issuers, HERE::equals, id, terms, NOW);
    }

    private static RoleAssigned.Builder role(String role) {
        return RoleAssigned.newBuilder().setAssignmentId("a").setRole(role).setFromMicros(NOW);
    }

    private static Granter held(String role) {
        return held(role(role));
    }

    /** Ben, who holds this. */
    private static Granter held(RoleAssigned.Builder assignment) {
        return new Granter(List.of(new Authority(
                BEN,
                folded(
                        PrincipalState.FOLD,
                        PrincipalCreated.newBuilder()
                                .setPrincipalId(BEN)
                                .setType(PrincipalType.USER)
                                .build()),
                folded(FirstGrant.FOLD),
                folded(AdoptedContract.FOLD),
                folded(RoleModel.FOLD, defined("clerk", "invoice:pay"), defined("desk", Granter.DELEGATE)),
                folded(Assignments.FOLD, assignment.build()),
                folded(Elevations.FOLD),
                List.of())));
    }

    private static RoleDefined defined(String role, String... capabilities) {
        return RoleDefined.newBuilder()
                .setRole(role)
                .addAllCapabilities(Arrays.asList(capabilities))
                .build();
    }
}
