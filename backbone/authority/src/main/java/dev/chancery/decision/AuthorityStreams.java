package dev.chancery.decision;

import dev.chancery.kernel.StreamId;

/** The streams that authority rests on. */
public final class AuthorityStreams {
    /** The capabilities that the built-in role bundles. */
    public static final StreamId CONTRACT = StreamId.of("identity", "contract");

    /** The organisation's own capabilities, roles and groups. */
    public static final StreamId ROLE_MODEL = StreamId.of("access", "role-model");

    /** Who was assigned the built-in role in the whole organisation and without end. */
    public static final StreamId ADMINISTRATORS = StreamId.of("access", "administrators");

    /** The OIDC issuers that the organisation trusts. */
    public static final StreamId ISSUERS = StreamId.of("identity", "issuers");

    private AuthorityStreams() {}

    /** Where the tenant's first grant is. */
    public static StreamId foundation(String tenant) {
        return new StreamId(AuthorityParts.firstGrant(tenant).streamPrefix());
    }

    public static StreamId principal(String id) {
        return StreamId.of("identity", "principal", id);
    }

    public static StreamId assignments(String principalId) {
        return StreamId.of("access", "assignments", principalId);
    }

    /** The groups that the principal is in. */
    public static StreamId memberships(String principalId) {
        return StreamId.of("access", "memberships", principalId);
    }

    /** The roles that a group's members hold. */
    public static StreamId group(String groupId) {
        return StreamId.of("access", "group", groupId);
    }

    /** The principal's elevations. */
    public static StreamId elevations(String principalId) {
        return StreamId.of("elevation", "holder", principalId);
    }

    /** Which of the principal's sessions were ended. */
    public static StreamId sessionEnds(String principalId) {
        return StreamId.of("identity", "session-ends", principalId);
    }

    public static StreamId workspace(String id) {
        return StreamId.of("identity", "workspace", id);
    }
}
