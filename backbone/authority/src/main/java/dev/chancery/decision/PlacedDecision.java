package dev.chancery.decision;

import java.util.List;
import java.util.stream.Stream;

/** A decision about what is there: in a workspace that isn't, nothing is granted. The server and an application's decision point alike. */
public final class PlacedDecision {
    /** The workspaces there are. */
    public static final Part<WorkspaceState> WORKSPACES = new Part<>("identity/workspace/", WorkspaceState.FOLD);

    /** All that these decisions rest on. */
    public static final List<Part<?>> PARTS =
            Stream.concat(AuthorityParts.ALL.stream(), Stream.of(WORKSPACES)).toList();

    /** What knows the workspaces. */
    @FunctionalInterface
    public interface Workspaces {
        WorkspaceState workspace(String id);
    }

    private PlacedDecision() {}

    /**
     * @param asked whom the question is about, and whom that one acts for
     * @param workspace where; empty: in the organisation
     * @param atMicros Unix time in microseconds
     */
    public static AuthorityDecision decide(
            AuthorityAt asked, Workspaces workspaces, String capability, String workspace, long atMicros) {
        AuthorityDecision decision = CallerDecision.decide(
                asked.authority(), asked.actingFor(), asked.consents(), capability, workspace, atMicros);
        // Asked after the authority was read: a workspace that is there stays.
        return decision.granted()
                        && !workspace.isEmpty()
                        && !workspaces.workspace(workspace).exists()
                ? AuthorityDecision.Reason.UNKNOWN_WORKSPACE.deny()
                : decision;
    }
}
