package dev.chancery.quickstart.killrounds;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.identity.v1.OrganisationCreated;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalDeactivated;
import java.util.HexFormat;
import java.util.Optional;

/** What tells one command's event from all others: a value that only this command sent. */
final class CommandMarks {
    private CommandMarks() {}

    /**
     * An event's mark.
     *
     * @param madeId the id that the event made, which the reply named as well; empty where it made none
     */
    record Marked(String mark, String madeId) {}

    static String created(byte[] publicKey) {
        return "created/" + HexFormat.of().formatHex(publicKey);
    }

    static String assigned(long untilMillis) {
        return "assigned/" + untilMillis;
    }

    static String revoked(String assignmentId) {
        return "revoked/" + assignmentId;
    }

    static String deactivated(String principalId) {
        return "deactivated/" + principalId;
    }

    static String organisation(byte[] administratorKey) {
        return "organisation/" + HexFormat.of().formatHex(administratorKey);
    }

    /** Empty for an event that no command of the callers makes. */
    static Optional<Marked> of(String type, ByteString body) throws InvalidProtocolBufferException {
        return Optional.ofNullable(
                switch (type) {
                    case "chancery.identity.v1.PrincipalCreated" -> {
                        var event = PrincipalCreated.parseFrom(body);
                        yield new Marked(created(event.getPublicKey().toByteArray()), event.getPrincipalId());
                    }
                    case "chancery.identity.v1.PrincipalDeactivated" ->
                        new Marked(
                                deactivated(PrincipalDeactivated.parseFrom(body).getPrincipalId()), "");
                    case "chancery.identity.v1.OrganisationCreated" -> {
                        var event = OrganisationCreated.parseFrom(body);
                        yield new Marked(
                                organisation(event.getAdministratorKey().toByteArray()), event.getOrganisationId());
                    }
                    case "chancery.access.v1.RoleAssigned" -> {
                        var event = RoleAssigned.parseFrom(body);
                        yield new Marked(assigned(event.getUntilMicros() / 1000), event.getAssignmentId());
                    }
                    case "chancery.access.v1.AssignmentRevoked" ->
                        new Marked(revoked(AssignmentRevoked.parseFrom(body).getAssignmentId()), "");
                    default -> null;
                });
    }
}
