package dev.chancery.command;

import dev.chancery.decision.Administrators;
import dev.chancery.decision.Administrators.Appointment;
import dev.chancery.decision.Assignments;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.decision.FirstGrant;
import dev.chancery.decision.PrincipalState;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Sees to it that somebody stays who may do everything: an active principal that holds the built-in role in the whole organisation and
 * without end. What it read is part of the command's basis, so that two who remove each other at once don't both succeed.
 */
public final class LastAdministrator {
    private LastAdministrator() {}

    /** Whether nobody would stay if some appointments ended; false where none of them is one that counts now. */
    public static boolean isAmong(CommandContext context, Predicate<Appointment> ending) {
        var all = Stream.concat(
                        first(context),
                        context.read(AuthorityStreams.ADMINISTRATORS, Administrators.FOLD).held().stream())
                .toList();
        return all.stream().anyMatch(ending)
                && all.stream().filter(Predicate.not(ending)).noneMatch(appointment -> context.read(
                                AuthorityStreams.principal(appointment.principalId()), PrincipalState.FOLD)
                        .active());
    }

    private static Stream<Appointment> first(CommandContext context) {
        FirstGrant grant = context.read(AuthorityStreams.foundation(context.tenant()), FirstGrant.FOLD);
        if (!grant.isClaimed()
                || context.read(AuthorityStreams.assignments(grant.holder()), Assignments.FOLD)
                        .revoked()
                        .contains(grant.assignmentId())) {
            return Stream.of();
        }
        return Stream.of(new Appointment(grant.assignmentId(), grant.holder()));
    }
}
