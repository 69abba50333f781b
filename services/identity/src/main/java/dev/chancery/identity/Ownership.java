package dev.chancery.identity;

import static dev.chancery.decision.AuthorityStreams.foundation;

import com.google.protobuf.ByteString;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.FirstGrant;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Streams;
import dev.chancery.schema.identity.v1.ClaimOwnerReply;
import dev.chancery.schema.identity.v1.ClaimOwnerRequest;
import dev.chancery.schema.identity.v1.OwnerClaimed;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Optional;

/** Who owns the installation: whoever brings its one-time claim first. */
final class Ownership {
    private final Streams streams;
    private final OwnerClaim claim;

    Ownership(Streams streams, OwnerClaim claim) {
        this.streams = streams;
        this.claim = claim;
    }

    /**
     * Offers a new claim where whoever holds the installation's files asked for one. Can be repeated: a claim that was written and did not
     * get into the log is the one that gets there.
     */
    void renew(OrganisationProvisioner logs) {
        if (!claim.isRenewalAsked()) {
            return;
        }
        FirstGrant foundation = foundationNow();
        if (!foundation.claimable() && claim.isOf(foundation.claimHash())) {
            claim.discard();
        }
        ByteString hash = claim.offer();
        if (!foundation.claimable() || !hash.equals(foundation.claimHash())) {
            logs.renewClaim(hash);
        }
        claim.renewalDone();
    }

    /** Withdraws a claim that opens nothing: it was used, or another process began the log with a claim of its own. */
    void withdrawUseless() {
        FirstGrant foundation = foundationNow();
        if (!foundation.claimable() || !claim.isOf(foundation.claimHash())) {
            claim.withdraw();
        }
    }

    /** Who holds the claim. Also once it is used: a repeated request gets its first answer, any other is refused when it is decided. */
    Principal claimant(ClaimOwnerRequest request) throws RefusedException {
        byte[] hash = OwnerClaim.hash(request.getClaim()).toByteArray();
        // A used claim is turned down by the decision, so that its idempotency key still gets the reply that was lost.
        if (!MessageDigest.isEqual(hash, foundationNow().claimHash().toByteArray())) {
            throw new RefusedException(IdentityRejection.CLAIM_INVALID);
        }
        return new Principal(
                Principal.Type.CLAIMANT,
                "claimant",
                Principal.INSTANCE,
                Optional.empty(),
                "",
                Optional.empty(),
                Instant.now());
    }

    CommandOutcome claimOwner(CommandContext context, ClaimOwnerRequest request) {
        StreamId stream = foundation(Principal.INSTANCE);
        FirstGrant before = context.read(stream, FirstGrant.FOLD);
        // Asked again: another claim may have come between, by which this one is none.
        if (!before.claimable() || !OwnerClaim.hash(request.getClaim()).equals(before.claimHash())) {
            return CommandOutcome.reject(IdentityRejection.CLAIM_INVALID);
        }
        if (Principals.isUnusable(request.getPublicKey())) {
            return CommandOutcome.reject(IdentityRejection.KEY_UNUSABLE);
        }
        String owner = context.newId();
        return CommandOutcome.done(
                        ClaimOwnerReply.newBuilder()
                                .setOwnerId(owner)
                                .setClientId(Principals.clientId(context.tenant(), owner))
                                .build(),
                        new NewEvent(
                                stream,
                                OwnerClaimed.newBuilder()
                                        .setOwnerId(owner)
                                        .setAssignmentId(context.newId())
                                        .setReplacedOwnerId(before.holder())
                                        .setReplacedAssignmentId(before.assignmentId())
                                        .build()),
                        Principals.created(
                                context,
                                owner,
                                PrincipalType.USER,
                                request.getDisplayName(),
                                "",
                                "",
                                request.getPublicKey()))
                .withTarget("principal", owner)
                .afterwards(claim::withdraw);
    }

    private FirstGrant foundationNow() {
        return streams.current(Principal.INSTANCE, foundation(Principal.INSTANCE), FirstGrant.FOLD)
                .state();
    }
}
