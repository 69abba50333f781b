package dev.chancery.decision;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.kernel.Fold;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.identity.v1.WorkspaceMemberAdded;
import java.util.Set;

/** A workspace: whether it is there, and who may act in it. */
public record WorkspaceState(boolean exists, Set<String> members) {
    public static final Fold<WorkspaceState, LogEvent> FOLD = new Fold<>() {
        @Override
        public WorkspaceState initial() {
            return new WorkspaceState(false, Set.of());
        }

        @Override
        public WorkspaceState evolve(WorkspaceState state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.identity.v1.WorkspaceCreated" -> new WorkspaceState(true, state.members());
                case "chancery.identity.v1.WorkspaceMemberAdded" -> {
                    yield new WorkspaceState(
                            state.exists(), GrowingSet.copyOf(state.members()).plus(member(event)));
                }
                default -> state;
            };
        }
    };

    private static String member(LogEvent event) {
        try {
            return WorkspaceMemberAdded.parseFrom(event.body()).getPrincipalId();
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("an event in the log does not parse", e);
        }
    }
}
