package dev.chancery.command;

import dev.chancery.decision.Assignments;
import dev.chancery.decision.Assignments.Assignment;
import dev.chancery.decision.Authority;
import dev.chancery.decision.RoleModel;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Who hands out authority, or takes it: the caller, and whom it acts for, since what an agent does for somebody, that somebody does.
 * What is asked of one is asked of both.
 *
 * @param selves what decides what each of them may do, the caller first
 */
public record Granter(List<Authority> selves) {
    /** The capability whose holder hands out what it does not hold itself. */
    public static final String DELEGATE = "role:delegate";

    public Granter {
        selves = List.copyOf(selves);
    }

    public static Granter of(CommandContext context) {
        return new Granter(Stream.concat(Stream.of(context.principal().id()), context.principal().actingFor().stream())
                .map(context::authority)
                .toList());
    }

    public boolean is(String principalId) {
        return selves.stream().anyMatch(self -> self.principalId().equals(principalId));
    }

    /** Whether what a group gets reaches it. */
    public boolean isIn(String groupId) {
        return selves.stream().anyMatch(self -> self.isIn(groupId));
    }

    /** The organisation's, at the decision's moment. */
    public RoleModel roleModel() {
        return selves.getFirst().roleModel();
    }

    /** What a role bundles; empty where the organisation has no such role. */
    public Optional<Set<String>> bundle(String role) {
        return selves.getFirst().bundle(role);
    }

    /**
     * Whether capabilities are its to hand out: it holds each of them there for that long, or it may delegate there.
     *
     * @param workspace where; empty: in the whole organisation
     * @param untilMicros exclusive; 0: without end
     */
    public boolean mayHandOut(Set<String> capabilities, String workspace, long atMicros, long untilMicros) {
        return selves.stream()
                .allMatch(self -> self.decide(DELEGATE, workspace, atMicros).granted()
                        || capabilities.stream()
                                .allMatch(capability -> self.holds(capability, workspace, atMicros, untilMicros)));
    }

    /** Whether all that a group's members hold, or will, is its to hand out: whoever comes into the group is given it. */
    public boolean mayHandOut(Assignments groups, long atMicros) {
        return groups.held().stream()
                .filter(grant -> grant.endsAfter(atMicros))
                .allMatch(grant -> mayTake(grant, atMicros));
    }

    /** Whether it may hand out whatever there is, in the whole organisation. */
    public boolean mayDelegate(long atMicros) {
        return selves.stream()
                .allMatch(self -> self.decide(DELEGATE, "", atMicros).granted());
    }

    /** Whether a grant is its to end: one that it might hand out. What a retired role gave is nothing. */
    public boolean mayTake(Assignment grant, long atMicros) {
        return bundle(grant.role())
                .map(capabilities -> mayHandOut(capabilities, grant.workspace(), atMicros, grant.untilMicros()))
                .orElse(true);
    }

    /** Whether all that somebody holds now or will is its to end. */
    public boolean mayTakeAll(Authority theirs, long atMicros) {
        return theirs.grants(atMicros).stream().allMatch(grant -> mayTake(grant, atMicros));
    }

    /** Whether it holds a capability, or will, wherever. */
    public boolean holdsAnywhere(String capability, long atMicros) {
        return selves.stream().anyMatch(self -> self.grants(atMicros).stream()
                .anyMatch(grant -> self.bundle(grant.role()).orElse(Set.of()).contains(capability)));
    }

    /** Whether a role that it holds would give it, somewhere or for longer, what it has not got, if these were added to it. */
    public boolean wouldGainBy(Set<String> added, String role, long atMicros) {
        return selves.stream().anyMatch(self -> self.grants(atMicros).stream()
                .filter(held -> held.role().equals(role))
                .anyMatch(held -> !added.stream()
                        .allMatch(
                                capability -> self.holds(capability, held.workspace(), atMicros, held.untilMicros()))));
    }
}
