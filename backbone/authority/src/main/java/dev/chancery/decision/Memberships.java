package dev.chancery.decision;

import dev.chancery.kernel.Fold;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.access.v1.GroupMemberAdded;
import dev.chancery.schema.access.v1.GroupMemberRemoved;
import java.util.HashSet;
import java.util.Set;

/**
 * The groups that one principal was made a member of.
 *
 * @param groups their ids; one that was retired may be among them, and gives nothing
 */
public record Memberships(Set<String> groups) {
    /** Groups that one principal may be in: each is a stream that its commands rest on. */
    public static final int MAX_GROUPS = 20;

    public Memberships {
        groups = Set.copyOf(groups);
    }

    public static final Fold<Memberships, LogEvent> FOLD = new Fold<>() {
        @Override
        public Memberships initial() {
            return new Memberships(Set.of());
        }

        @Override
        public Memberships evolve(Memberships state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.access.v1.GroupMemberAdded" -> {
                    var groups = new HashSet<>(state.groups());
                    groups.add(EventReading.read(GroupMemberAdded.parser(), event.body())
                            .getGroupId());
                    yield new Memberships(groups);
                }
                case "chancery.access.v1.GroupMemberRemoved" -> {
                    var groups = new HashSet<>(state.groups());
                    groups.remove(EventReading.read(GroupMemberRemoved.parser(), event.body())
                            .getGroupId());
                    yield new Memberships(groups);
                }
                default -> state;
            };
        }
    };
}
