package dev.chancery.decision;

import com.google.protobuf.ByteString;
import dev.chancery.kernel.Fold;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.identity.v1.InstanceFounded;
import dev.chancery.schema.identity.v1.OrganisationFounded;
import dev.chancery.schema.identity.v1.OwnerClaimed;

/**
 * A tenant's beginning: who got the built-in role with the first grant. A tenant begins once: whatever would name another holder later
 * counts for nothing.
 *
 * @param holder the first administrator's, or the owner's, id; empty before there is one
 * @param assignmentId the first grant, revocable like any other
 * @param role {@code administrator} or {@code operator}
 * @param claimHash of the installation's log: hash of the one-time owner claim
 */
public record FirstGrant(String holder, String assignmentId, String role, ByteString claimHash) {
    /** The built-in role of an organisation: every capability of the contract that organisations have. */
    public static final String ADMINISTRATOR = "administrator";

    /** The built-in role of the installation's own tenant. */
    public static final String OPERATOR = "operator";

    public static final Fold<FirstGrant, StoredEvent> FOLD = new Fold<>() {
        @Override
        public FirstGrant initial() {
            return new FirstGrant("", "", "", ByteString.EMPTY);
        }

        @Override
        public FirstGrant evolve(FirstGrant state, StoredEvent event) {
            if (state.isClaimed()) {
                return state;
            }
            return switch (event.type()) {
                case "chancery.identity.v1.InstanceFounded" ->
                    new FirstGrant(
                            "",
                            "",
                            "",
                            EventReading.read(InstanceFounded.parser(), event.body())
                                    .getClaimHash());
                case "chancery.identity.v1.OwnerClaimed" -> {
                    var claimed = EventReading.read(OwnerClaimed.parser(), event.body());
                    yield new FirstGrant(claimed.getOwnerId(), claimed.getAssignmentId(), OPERATOR, state.claimHash());
                }
                case "chancery.identity.v1.OrganisationFounded" -> {
                    var founded = EventReading.read(OrganisationFounded.parser(), event.body());
                    yield new FirstGrant(
                            founded.getAdministratorId(), founded.getAssignmentId(), ADMINISTRATOR, ByteString.EMPTY);
                }
                default -> state;
            };
        }
    };

    public boolean isClaimed() {
        return !holder.isEmpty();
    }
}
