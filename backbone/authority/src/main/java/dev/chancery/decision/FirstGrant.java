package dev.chancery.decision;

import com.google.protobuf.ByteString;
import dev.chancery.kernel.Fold;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.identity.v1.InstanceFounded;
import dev.chancery.schema.identity.v1.OrganisationFounded;
import dev.chancery.schema.identity.v1.OwnerClaimRenewed;
import dev.chancery.schema.identity.v1.OwnerClaimed;

/**
 * A tenant's beginning: who got the built-in role with the first grant. A tenant begins once: whatever would name another holder later
 * counts for nothing, but for an owner who uses a renewed claim and takes the place of the one before.
 *
 * @param holder the first administrator's, or the owner's, id; empty before there is one
 * @param assignmentId the first grant, revocable like any other
 * @param role {@code administrator} or {@code operator}
 * @param claimHash of the installation's log: hash of the one-time owner claim
 * @param claimable whether the claim can be used: until it is, and again once it was renewed
 */
public record FirstGrant(String holder, String assignmentId, String role, ByteString claimHash, boolean claimable) {
    /** The built-in role of an organisation: every capability of the contract that organisations have. */
    public static final String ADMINISTRATOR = "administrator";

    /** The built-in role of the installation's own tenant. */
    public static final String OPERATOR = "operator";

    public static final Fold<FirstGrant, LogEvent> FOLD = new Fold<>() {
        @Override
        public FirstGrant initial() {
            return new FirstGrant("", "", "", ByteString.EMPTY, true);
        }

        @Override
        public FirstGrant evolve(FirstGrant state, LogEvent event) {
            if (event.type().equals("chancery.identity.v1.OwnerClaimRenewed")) {
                ByteString hash = EventReading.read(OwnerClaimRenewed.parser(), event.body())
                        .getClaimHash();
                return new FirstGrant(state.holder(), state.assignmentId(), state.role(), hash, true);
            }
            if (!state.claimable()) {
                return state;
            }
            return switch (event.type()) {
                case "chancery.identity.v1.InstanceFounded" ->
                    new FirstGrant(
                            "",
                            "",
                            "",
                            EventReading.read(InstanceFounded.parser(), event.body())
                                    .getClaimHash(),
                            true);
                case "chancery.identity.v1.OwnerClaimed" -> {
                    var claimed = EventReading.read(OwnerClaimed.parser(), event.body());
                    yield new FirstGrant(
                            claimed.getOwnerId(), claimed.getAssignmentId(), OPERATOR, state.claimHash(), false);
                }
                case "chancery.identity.v1.OrganisationFounded" -> {
                    var founded = EventReading.read(OrganisationFounded.parser(), event.body());
                    yield new FirstGrant(
                            founded.getAdministratorId(),
                            founded.getAssignmentId(),
                            ADMINISTRATOR,
                            ByteString.EMPTY,
                            false);
                }
                default -> state;
            };
        }
    };

    public boolean isClaimed() {
        return !holder.isEmpty();
    }
}
