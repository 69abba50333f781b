package dev.chancery.decision;

import static dev.chancery.decision.Events.ADA;
import static dev.chancery.decision.Events.BEN;
import static dev.chancery.decision.Events.folded;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.chancery.schema.identity.v1.InstanceFounded;
import dev.chancery.schema.identity.v1.OrganisationFounded;
import dev.chancery.schema.identity.v1.OwnerClaimed;
import org.junit.jupiter.api.Test;

class FirstGrantTest {
    private static final ByteString HASH = ByteString.copyFromUtf8("hash");
    private static final InstanceFounded INSTANCE =
            InstanceFounded.newBuilder().setClaimHash(HASH).build();

    @Test
    void anOrganisationIsFoundedOnce() {
        var again = OrganisationFounded.newBuilder()
                .setAdministratorId(BEN)
                .setAssignmentId("second")
                .build();

        assertThat(folded(FirstGrant.FOLD, Events.founded(), again))
                .isEqualTo(new FirstGrant(ADA, "first", FirstGrant.ADMINISTRATOR, ByteString.EMPTY, false));
    }

    @Test
    void anInstallationIsClaimedOnce() {
        assertThat(folded(FirstGrant.FOLD, INSTANCE, claimed(ADA, "first"), claimed(BEN, "second")))
                .isEqualTo(new FirstGrant(ADA, "first", FirstGrant.OPERATOR, HASH, false));
    }

    @Test
    void anInstallationThatIsClaimedIsNotFoundedAnew() {
        assertThat(folded(FirstGrant.FOLD, INSTANCE, claimed(ADA, "first"), InstanceFounded.getDefaultInstance()))
                .isEqualTo(new FirstGrant(ADA, "first", FirstGrant.OPERATOR, HASH, false));
    }

    private static OwnerClaimed claimed(String owner, String assignment) {
        return OwnerClaimed.newBuilder()
                .setOwnerId(owner)
                .setAssignmentId(assignment)
                .build();
    }
}
