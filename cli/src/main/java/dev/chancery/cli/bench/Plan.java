package dev.chancery.cli.bench;

import java.util.Map;

/**
 * What a run does.
 *
 * @param callers how many callers send at once; in {@link Mode#REVOKE} they are load beside the rounds, and 0 means none
 * @param rate calls a second in all, sent on a schedule whether or not earlier ones were answered in time; 0: as fast as answers come
 * @param rounds how many grants {@link Mode#REVOKE} revokes and times
 */
public record Plan(Mode mode, int tenants, int callers, int warmupSeconds, int seconds, int rate, int rounds) {
    public enum Mode {
        /** Privileged commands over gRPC: principals, grants, revocations, workspaces. */
        COMMANDS,
        /** Access checks, over gRPC and then over AuthZEN. */
        CHECK,
        /** Reads of secrets, over gRPC. */
        READ,
        /** How long after its acknowledgement a revocation is enforced. */
        REVOKE,
        /** Checks of consents, over gRPC, and then how long after its acknowledgement a withdrawal is enforced. */
        CONSENT
    }

    Map<String, Object> json() {
        return Map.of(
                "tenants", tenants,
                "callers", callers,
                "warmupSeconds", warmupSeconds,
                "seconds", seconds,
                "rate", rate,
                "rounds", rounds);
    }
}
