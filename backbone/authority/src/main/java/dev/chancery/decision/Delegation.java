package dev.chancery.decision;

import dev.chancery.schema.identity.v1.AgentAllowed;
import java.util.Set;

/**
 * What a principal lets an agent do for it.
 *
 * @param workspace where; empty: wherever the principal may
 * @param untilMicros exclusive, Unix time in microseconds
 */
public record Delegation(String id, String agentId, Set<String> capabilities, String workspace, long untilMicros) {
    public Delegation {
        capabilities = Set.copyOf(capabilities);
    }

    static Delegation of(AgentAllowed allowed) {
        return new Delegation(
                allowed.getDelegationId(),
                allowed.getAgentId(),
                Set.copyOf(allowed.getCapabilitiesList()),
                allowed.getWorkspaceId(),
                allowed.getUntilMicros());
    }

    public boolean countsAt(long micros) {
        return micros < untilMicros;
    }

    boolean covers(String agent, String capability, String where, long atMicros) {
        return agentId.equals(agent)
                && countsAt(atMicros)
                && (workspace.isEmpty() || workspace.equals(where))
                && capabilities.contains(capability);
    }
}
