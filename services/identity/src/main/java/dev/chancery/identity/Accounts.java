package dev.chancery.identity;

import static dev.chancery.decision.AuthorityStreams.principal;

import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.CommandOutcome.Done;
import dev.chancery.command.Granter;
import dev.chancery.command.LastAdministrator;
import dev.chancery.decision.PrincipalState;
import dev.chancery.kernel.Principal;
import dev.chancery.log.Claim;
import dev.chancery.log.NewEvent;
import dev.chancery.schema.identity.v1.ChangeEmailReply;
import dev.chancery.schema.identity.v1.ChangeEmailRequest;
import dev.chancery.schema.identity.v1.ChangeKeyReply;
import dev.chancery.schema.identity.v1.ChangeKeyRequest;
import dev.chancery.schema.identity.v1.DeactivatePrincipalReply;
import dev.chancery.schema.identity.v1.DeactivatePrincipalRequest;
import dev.chancery.schema.identity.v1.PrincipalDeactivated;
import dev.chancery.schema.identity.v1.PrincipalEmailChanged;
import dev.chancery.schema.identity.v1.PrincipalKeyChanged;
import dev.chancery.schema.identity.v1.PrincipalReactivated;
import dev.chancery.schema.identity.v1.ReactivatePrincipalReply;
import dev.chancery.schema.identity.v1.ReactivatePrincipalRequest;
import dev.chancery.schema.identity.v1.SessionEndCause;

/**
 * What becomes of a principal after it was created. Whoever changes somebody else's account might act as them, or take from them; so
 * all that they hold has to be the caller's to hand out (ADR 25). Names are free from a principal's end to its return.
 */
final class Accounts {
    private Accounts() {}

    static CommandOutcome deactivate(CommandContext context, DeactivatePrincipalRequest request) {
        String id = request.getPrincipalId();
        if (id.equals(context.principal().id())) {
            return CommandOutcome.reject(IdentityRejection.SELF_DEACTIVATION);
        }
        Account account = context.read(principal(id), Account.FOLD);
        if (!account.exists()) {
            return CommandOutcome.reject(IdentityRejection.NO_SUCH_PRINCIPAL);
        }
        if (!account.active()) {
            return CommandOutcome.already(DeactivatePrincipalReply.getDefaultInstance());
        }
        if (LastAdministrator.isAmong(
                context, appointment -> appointment.principalId().equals(id))) {
            return CommandOutcome.reject(IdentityRejection.LAST_ADMINISTRATOR);
        }
        if (!isTheirsToChange(context, id)) {
            return CommandOutcome.reject(IdentityRejection.HOLDS_MORE);
        }
        Done done = CommandOutcome.done(
                DeactivatePrincipalReply.getDefaultInstance(),
                new NewEvent(
                        principal(id),
                        PrincipalDeactivated.newBuilder().setPrincipalId(id).build()),
                Sessions.allEnded(context, id, SessionEndCause.PRINCIPAL_DEACTIVATED));
        return withNames(context, id, account, done, false);
    }

    static CommandOutcome reactivate(CommandContext context, ReactivatePrincipalRequest request) {
        String id = request.getPrincipalId();
        Account account = context.read(principal(id), Account.FOLD);
        if (!account.exists()) {
            return CommandOutcome.reject(IdentityRejection.NO_SUCH_PRINCIPAL);
        }
        if (account.active()) {
            return CommandOutcome.already(ReactivatePrincipalReply.getDefaultInstance());
        }
        if (!isTheirsToChange(context, id)) {
            return CommandOutcome.reject(IdentityRejection.HOLDS_MORE);
        }
        Done done = CommandOutcome.done(
                ReactivatePrincipalReply.getDefaultInstance(),
                new NewEvent(
                        principal(id),
                        PrincipalReactivated.newBuilder().setPrincipalId(id).build()));
        return withNames(context, id, account, done, true);
    }

    static CommandOutcome changeKey(CommandContext context, ChangeKeyRequest request) {
        String id = request.getPrincipalId();
        if (Principals.isUnusable(request.getPublicKey())) {
            return CommandOutcome.reject(IdentityRejection.KEY_UNUSABLE);
        }
        PrincipalState state = context.read(principal(id), PrincipalState.FOLD);
        if (!state.active()) {
            return CommandOutcome.reject(IdentityRejection.NO_SUCH_PRINCIPAL);
        }
        if (state.publicKey().equals(request.getPublicKey())) {
            return CommandOutcome.already(ChangeKeyReply.getDefaultInstance());
        }
        if (!isOwn(context, id) && !isTheirsToChange(context, id)) {
            return CommandOutcome.reject(IdentityRejection.HOLDS_MORE);
        }
        return CommandOutcome.done(
                ChangeKeyReply.getDefaultInstance(),
                new NewEvent(
                        principal(id),
                        PrincipalKeyChanged.newBuilder()
                                .setPrincipalId(id)
                                .setPublicKey(request.getPublicKey())
                                .build()),
                Sessions.allEnded(context, id, SessionEndCause.KEY_CHANGED));
    }

    /** Also of one who is deactivated, whose address has become somebody else's: it is taken when they return. */
    static CommandOutcome changeEmail(CommandContext context, ChangeEmailRequest request) {
        String id = request.getPrincipalId();
        Account account = context.read(principal(id), Account.FOLD);
        if (!account.exists()) {
            return CommandOutcome.reject(IdentityRejection.NO_SUCH_PRINCIPAL);
        }
        if (!isOwn(context, id) && !isTheirsToChange(context, id)) {
            return CommandOutcome.reject(IdentityRejection.HOLDS_MORE);
        }
        var changed = PrincipalEmailChanged.newBuilder().setPrincipalId(id);
        if (!request.getEmail().isEmpty()) {
            changed.setEmail(context.seal(id, PrincipalEmailChanged.getDescriptor(), "email", request.getEmail()));
        }
        Done done = CommandOutcome.done(
                ChangeEmailReply.getDefaultInstance(), new NewEvent(principal(id), changed.build()));
        if (!account.active()) {
            return done;
        }
        String before = account.email().map(value -> value.open(context)).orElse("");
        if (!before.isEmpty()) {
            done = done.withClaim(Principals.address(context, id, before, false), IdentityRejection.EMAIL_TAKEN);
        }
        return request.getEmail().isEmpty()
                ? done
                : done.withClaim(
                        Principals.address(context, id, request.getEmail(), true), IdentityRejection.EMAIL_TAKEN);
    }

    /** What an agent does for somebody is not that somebody's own doing here: a key would be theirs for good. */
    private static boolean isOwn(CommandContext context, String id) {
        Principal caller = context.principal();
        return id.equals(caller.id()) && caller.actingFor().isEmpty();
    }

    private static boolean isTheirsToChange(CommandContext context, String id) {
        return Granter.of(context).mayTakeAll(context.authority(id), context.atMicros());
    }

    /** Takes or releases what the principal is called. */
    private static Done withNames(CommandContext context, String id, Account account, Done done, boolean taken) {
        Done named = done;
        String email = account.email().map(value -> value.open(context)).orElse("");
        if (!email.isEmpty()) {
            named = named.withClaim(Principals.address(context, id, email, taken), IdentityRejection.EMAIL_TAKEN);
        }
        String external =
                account.externalName().map(value -> value.open(context)).orElse("");
        if (!external.isEmpty()) {
            Claim claim = Principals.externalName(context, id, external, taken);
            named = named.withClaim(claim, IdentityRejection.EXTERNAL_NAME_TAKEN);
        }
        return named;
    }
}
