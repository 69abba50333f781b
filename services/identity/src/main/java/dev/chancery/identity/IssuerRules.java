package dev.chancery.identity;

import static dev.chancery.kernel.Decision.events;
import static dev.chancery.kernel.Decision.nothing;
import static dev.chancery.kernel.Decision.reject;

import com.google.protobuf.Message;
import dev.chancery.boundary.tokens.IssuerKeys;
import dev.chancery.command.Granter;
import dev.chancery.decision.TrustedIssuers;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Rejection;
import dev.chancery.schema.identity.v1.ClaimCondition;
import dev.chancery.schema.identity.v1.GroupRole;
import dev.chancery.schema.identity.v1.IssuerDistrusted;
import dev.chancery.schema.identity.v1.IssuerKey;
import dev.chancery.schema.identity.v1.IssuerTerms;
import dev.chancery.schema.identity.v1.IssuerTrusted;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** Which issuers an organisation trusts, and who may say so. Pure. */
final class IssuerRules {
    static final int MAX_ISSUERS = 50;

    private static final int MAX_AUDIENCES = 8;
    private static final int MAX_CONDITIONS = 20;
    private static final int MAX_VALUES = 100;
    private static final int MAX_GROUP_ROLES = 100;
    private static final int MAX_BYTES = 16_384;
    private static final String WHOLE_ORGANISATION = "";
    private static final long WITHOUT_END = 0;

    private IssuerRules() {}

    /**
     * @param workspaceExists whether there is such a workspace
     * @param issuerId a new one
     */
    static Decision<Message> trust(
            Granter granter,
            TrustedIssuers issuers,
            Predicate<String> workspaceExists,
            String issuerId,
            String issuer,
            IssuerTerms terms,
            long atMicros) {
        if (issuers.named(issuer).isPresent()) {
            return reject(FederationRejection.ISSUER_TRUSTED);
        }
        return issuers.byId().size() >= MAX_ISSUERS
                ? reject(FederationRejection.TOO_MANY_ISSUERS)
                : trusted(granter, workspaceExists, issuerId, issuer, terms, atMicros);
    }

    /** Whoever changes its keys might sign in as any of its users, whatever they were given by hand. */
    static Decision<Message> change(
            Granter granter,
            TrustedIssuers issuers,
            Predicate<String> workspaceExists,
            String issuerId,
            IssuerTerms terms,
            long atMicros) {
        IssuerTrusted before = issuers.byId().get(issuerId);
        if (before == null) {
            return reject(FederationRejection.NO_SUCH_ISSUER);
        }
        if (!granter.mayDelegate(atMicros)) {
            return reject(FederationRejection.ISSUER_DELEGATE);
        }
        Decision<Message> after = trusted(granter, workspaceExists, issuerId, before.getIssuer(), terms, atMicros);
        return after.equals(events(before)) ? nothing() : after;
    }

    static Decision<Message> distrust(TrustedIssuers issuers, String issuerId) {
        return issuers.byId().containsKey(issuerId)
                ? events(IssuerDistrusted.newBuilder().setIssuerId(issuerId).build())
                : reject(FederationRejection.NO_SUCH_ISSUER);
    }

    private static Decision<Message> trusted(
            Granter granter,
            Predicate<String> workspaceExists,
            String issuerId,
            String issuer,
            IssuerTerms terms,
            long atMicros) {
        Optional<List<IssuerKey>> keys = IssuerKeys.of(terms.getJwks());
        if (keys.isEmpty()) {
            return reject(FederationRejection.ISSUER_KEYS);
        }
        if (!isSound(terms)) {
            return reject(FederationRejection.ISSUER_TERMS);
        }
        for (GroupRole mapped : terms.getGroupRolesList()) {
            Optional<Rejection> refused = refused(granter, workspaceExists, mapped, atMicros);
            if (refused.isPresent()) {
                return reject(refused.get());
            }
        }
        IssuerTrusted trusted = IssuerTrusted.newBuilder()
                .setIssuerId(issuerId)
                .setIssuer(issuer)
                .addAllAudiences(terms.getAudiencesList())
                .addAllKeys(keys.get())
                .addAllConditions(terms.getConditionsList())
                .setSubjectClaim(terms.getSubjectClaim().isEmpty() ? "sub" : terms.getSubjectClaim())
                .setGroupsClaim(terms.getGroupsClaim().isEmpty() ? "groups" : terms.getGroupsClaim())
                .addAllGroupRoles(terms.getGroupRolesList())
                .setCreates(terms.getCreates())
                .addAllAuthorIds(granter.selves().stream()
                        .map(self -> self.principalId())
                        .toList())
                .build();
        return trusted.getSerializedSize() > MAX_BYTES ? reject(FederationRejection.ISSUER_TERMS) : events(trusted);
    }

    private static Optional<Rejection> refused(
            Granter granter, Predicate<String> workspaceExists, GroupRole mapped, long atMicros) {
        Optional<Set<String>> bundle = granter.bundle(mapped.getRole());
        if (bundle.isEmpty()) {
            return Optional.of(FederationRejection.NO_SUCH_ROLE);
        }
        String where = mapped.getWorkspaceId();
        if (!where.equals(WHOLE_ORGANISATION) && !workspaceExists.test(where)) {
            return Optional.of(IdentityRejection.NO_SUCH_WORKSPACE);
        }
        return granter.mayHandOut(bundle.get(), where, atMicros, WITHOUT_END)
                ? Optional.empty()
                : Optional.of(FederationRejection.ROLE_NOT_HELD);
    }

    private static boolean isSound(IssuerTerms terms) {
        int audiences = terms.getAudiencesCount();
        boolean conditioned = terms.getConditionsList().stream().allMatch(IssuerRules::isSound);
        boolean mapped = terms.getGroupRolesList().stream()
                .noneMatch(role -> role.getGroup().isEmpty() || role.getRole().isEmpty());
        return audiences > 0
                && audiences <= MAX_AUDIENCES
                && terms.getConditionsCount() <= MAX_CONDITIONS
                && terms.getGroupRolesCount() <= MAX_GROUP_ROLES
                && terms.getCreates() != PrincipalType.AGENT
                && conditioned
                && mapped;
    }

    private static boolean isSound(ClaimCondition condition) {
        int values = condition.getValuesCount();
        return !condition.getClaim().isEmpty()
                && values > 0
                && values <= MAX_VALUES
                && condition.getValuesList().stream().noneMatch(String::isEmpty);
    }
}
