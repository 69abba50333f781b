package dev.chancery.decision;

import com.google.protobuf.Message;
import dev.chancery.kernel.Fold;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.access.v1.RoleRetired;
import dev.chancery.schema.identity.v1.ContractAdopted;
import dev.chancery.schema.identity.v1.OrganisationFounded;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalDeactivated;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.util.List;
import java.util.UUID;

/** What authority rests on, in few words. */
final class Events {
    static final String ADA = "0199f2aa-0000-7000-8000-00000000000a";
    static final String BEN = "0199f2aa-0000-7000-8000-00000000000b";
    static final long NOW = 1_767_225_600_000_000L;

    private Events() {}

    static <S> S folded(Fold<S, ? super StoredEvent> fold, Message... events) {
        S state = fold.initial();
        for (int i = 0; i < events.length; i++) {
            state = fold.evolve(state, stored(events[i], i));
        }
        return state;
    }

    static StoredEvent stored(Message event, int number) {
        return new StoredEvent(
                event.getDescriptorForType().getFullName(),
                event.toByteString(),
                number,
                number + 1,
                new UUID(0, number));
    }

    /** Ada's organisation. */
    static OrganisationFounded founded() {
        return OrganisationFounded.newBuilder()
                .setAdministratorId(ADA)
                .setAssignmentId("first")
                .build();
    }

    static ContractAdopted adopted(String... capabilities) {
        return ContractAdopted.newBuilder()
                .addAllCapabilities(List.of(capabilities))
                .build();
    }

    static PrincipalCreated created(String id) {
        return PrincipalCreated.newBuilder()
                .setPrincipalId(id)
                .setType(PrincipalType.USER)
                .build();
    }

    static PrincipalDeactivated deactivated(String id) {
        return PrincipalDeactivated.newBuilder().setPrincipalId(id).build();
    }

    static RoleDefined role(String role, String... capabilities) {
        return RoleDefined.newBuilder()
                .setRole(role)
                .addAllCapabilities(List.of(capabilities))
                .build();
    }

    static RoleRetired retired(String role) {
        return RoleRetired.newBuilder().setRole(role).build();
    }

    static RoleAssigned assigned(String assignmentId, String role) {
        return RoleAssigned.newBuilder()
                .setAssignmentId(assignmentId)
                .setRole(role)
                .setFromMicros(NOW)
                .build();
    }

    static AssignmentRevoked revoked(String assignmentId) {
        return AssignmentRevoked.newBuilder().setAssignmentId(assignmentId).build();
    }
}
