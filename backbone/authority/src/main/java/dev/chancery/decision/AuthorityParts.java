package dev.chancery.decision;

import dev.chancery.kernel.Principal;
import java.util.List;

/** What authority is folded from. */
final class AuthorityParts {
    static final Part<FirstGrant> INSTANCE = new Part<>("identity/instance", FirstGrant.FOLD);
    static final Part<FirstGrant> ORGANISATION = new Part<>("identity/organisation", FirstGrant.FOLD);
    static final Part<AdoptedContract> CONTRACT = new Part<>(AuthorityStreams.CONTRACT.value(), AdoptedContract.FOLD);
    static final Part<PrincipalState> PRINCIPAL = new Part<>("identity/principal/", PrincipalState.FOLD);
    static final Part<RoleModel> ROLE_MODEL = new Part<>(AuthorityStreams.ROLE_MODEL.value(), RoleModel.FOLD);
    static final Part<Assignments> ASSIGNMENTS = new Part<>("access/assignments/", Assignments.FOLD);
    static final Part<Memberships> MEMBERSHIPS = new Part<>("access/memberships/", Memberships.FOLD);
    static final Part<Assignments> GROUPS = new Part<>("access/group/", Assignments.FOLD);
    static final Part<Elevations> ELEVATIONS = new Part<>("elevation/holder/", Elevations.FOLD);

    static final Part<TrustedIssuers> ISSUERS = new Part<>(AuthorityStreams.ISSUERS.value(), TrustedIssuers.FOLD);

    static final List<Part<?>> ALL = List.of(
            INSTANCE,
            ORGANISATION,
            CONTRACT,
            PRINCIPAL,
            ROLE_MODEL,
            ASSIGNMENTS,
            MEMBERSHIPS,
            GROUPS,
            ELEVATIONS,
            SessionEnds.PART,
            ISSUERS,
            Purposes.PART,
            Consents.PART);

    private AuthorityParts() {}

    /** Where the tenant's first grant is. */
    static Part<FirstGrant> firstGrant(String tenant) {
        return tenant.equals(Principal.INSTANCE) ? INSTANCE : ORGANISATION;
    }
}
