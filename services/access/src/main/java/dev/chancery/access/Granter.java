package dev.chancery.access;

import dev.chancery.command.CommandContext;
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
record Granter(List<Authority> selves) {
    /** The capability whose holder hands out what it does not hold itself. */
    static final String DELEGATE = "role:delegate";

    Granter {
        selves = List.copyOf(selves);
    }

    static Granter of(CommandContext context) {
        return new Granter(Stream.concat(Stream.of(context.principal().id()), context.principal().actingFor().stream())
                .map(context::authority)
                .toList());
    }

    boolean is(String principalId) {
        return selves.stream().anyMatch(self -> self.principalId().equals(principalId));
    }

    /** The organisation's, at the decision's moment. */
    RoleModel roleModel() {
        return selves.getFirst().roleModel();
    }

    /** What a role bundles; empty where the organisation has no such role. */
    Optional<Set<String>> bundle(String role) {
        return selves.getFirst().bundle(role);
    }

    /**
     * Whether capabilities are its to hand out: it holds each of them there for that long, or it may delegate there.
     *
     * @param workspace where; empty: in the whole organisation
     * @param untilMicros exclusive; 0: without end
     */
    boolean mayHandOut(Set<String> capabilities, String workspace, long atMicros, long untilMicros) {
        return selves.stream()
                .allMatch(self -> self.decide(DELEGATE, workspace, atMicros).granted()
                        || capabilities.stream()
                                .allMatch(capability -> self.holds(capability, workspace, atMicros, untilMicros)));
    }

    /** Whether a role that it holds would give it, somewhere or for longer, what it has not got, if these were added to it. */
    boolean wouldGainBy(Set<String> added, String role, long atMicros) {
        return selves.stream().anyMatch(self -> self.assignments().held().stream()
                .filter(held -> held.role().equals(role) && held.endsAfter(atMicros))
                .anyMatch(held -> !added.stream()
                        .allMatch(
                                capability -> self.holds(capability, held.workspace(), atMicros, held.untilMicros()))));
    }
}
