package dev.chancery.decision;

import java.util.List;

/** What one organisation's decisions rest on, at a position of its log. */
public interface TenantState {
    /** Of the last record that is taken into account; -1 when the log has none. */
    long position();

    /**
     * What decides about a principal, and the position that it is true at.
     *
     * @param actingForId whom it acts for; empty: itself
     * @param aboutId whose consents count; empty: nobody's
     */
    AuthorityAt authority(String principalId, String actingForId, String aboutId);

    /** The same of one who acts for itself, in questions that are about nobody. */
    default AuthorityAt authority(String principalId) {
        return authority(principalId, "", "");
    }

    /** The state of one stream of a part that the decision point keeps; the initial one where it has no events. */
    <S> S state(Part<S> part, String id);

    /** The principals there are or were, in order. */
    List<String> principals();

    /** What comes after the prefix in the names of a part's streams, in order. */
    List<String> ids(Part<?> part);
}
