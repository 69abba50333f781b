package dev.chancery.kernel;

import java.time.Instant;
import java.util.Optional;

/**
 * Who is calling, as verified: the only source of actor, tenant and workspace. Nothing in a request changes any of it.
 *
 * @param tenant the organisation's id, or {@code instance}
 * @param workspace the one active workspace, if any
 * @param session id of the access token or session
 * @param actingFor whom an agent acts for
 * @param authenticatedAt when the strong authentication took place that step-up is measured from
 */
public record Principal(
        Type type,
        String id,
        String tenant,
        Optional<String> workspace,
        String session,
        Optional<String> actingFor,
        Instant authenticatedAt) {

    /** The reserved tenant of what belongs to no organisation. */
    public static final String INSTANCE = "instance";

    public enum Type {
        SYSTEM,
        USER,
        AGENT,
        SERVICE,
        CLAIMANT
    }

    /** The installation itself, acting in a tenant: founding, reaping. */
    public static Principal system(String tenant, Instant now) {
        return new Principal(Type.SYSTEM, "system", tenant, Optional.empty(), "", Optional.empty(), now);
    }
}
