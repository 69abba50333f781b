package dev.chancery.kernel;

import java.time.Instant;
import java.util.Optional;

/**
 * Who is calling, as verified: the only source of actor, tenant and workspace. Nothing in a request changes any of it.
 *
 * @param tenant the organisation's id, or {@code instance}
 * @param workspace the one active workspace, if any
 * @param session id of the session, or of the access token where it has none
 * @param actingFor whom an agent acts for
 * @param authenticatedAt when the strong authentication took place that step-up is measured from
 * @param epoch how often all of its sessions had been ended when it signed in
 * @param acr how it was authenticated: {@link #STRONG}, or what a trusted issuer calls it; empty where nothing is known
 * @param theirs of one who acts for another: the session by which that one let it. It ends what is done for them
 */
public record Principal(
        Type type,
        String id,
        String tenant,
        Optional<String> workspace,
        String session,
        Optional<String> actingFor,
        Instant authenticatedAt,
        int epoch,
        String acr,
        Optional<Session> theirs) {

    /** What somebody is signed in with, and how often all of their sessions had been ended when they signed in. */
    public record Session(String id, int epoch) {}

    /** An authentication that nobody between can replay: {@code phr} of OpenID's "EAP ACR Values". */
    public static final String STRONG = "phr";

    /** The reserved tenant of what belongs to no organisation. */
    public static final String INSTANCE = "instance";

    /** One of whose authentication nothing is known but when it was. */
    public Principal(
            Type type,
            String id,
            String tenant,
            Optional<String> workspace,
            String session,
            Optional<String> actingFor,
            Instant authenticatedAt) {
        this(type, id, tenant, workspace, session, actingFor, authenticatedAt, 0, "");
    }

    /** One who acts for nobody. */
    public Principal(
            Type type,
            String id,
            String tenant,
            Optional<String> workspace,
            String session,
            Optional<String> actingFor,
            Instant authenticatedAt,
            int epoch,
            String acr) {
        this(type, id, tenant, workspace, session, actingFor, authenticatedAt, epoch, acr, Optional.empty());
    }

    /** Whether it was authenticated strongly, and not before {@code moment}. */
    public boolean steppedUpSince(Instant moment) {
        return acr.equals(STRONG) && !authenticatedAt.isBefore(moment);
    }

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
