package dev.chancery.rbac;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.FirstGrant;
import dev.chancery.projection.LogEvent;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.Projection;
import dev.chancery.rbac.RbacRun.CapabilityState;
import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.CapabilityDefined;
import dev.chancery.schema.access.v1.CapabilityRetired;
import dev.chancery.schema.access.v1.GroupAssignmentRevoked;
import dev.chancery.schema.access.v1.GroupDefined;
import dev.chancery.schema.access.v1.GroupMemberAdded;
import dev.chancery.schema.access.v1.GroupMemberRemoved;
import dev.chancery.schema.access.v1.GroupRetired;
import dev.chancery.schema.access.v1.GroupRoleAssigned;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.access.v1.RoleRetired;
import dev.chancery.schema.identity.v1.ContractAdopted;
import dev.chancery.schema.identity.v1.OrganisationFounded;
import dev.chancery.schema.identity.v1.OwnerClaimed;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalDeactivated;
import dev.chancery.schema.identity.v1.PrincipalReactivated;
import dev.chancery.schema.identity.v1.SensitiveCapability;
import dev.chancery.schema.identity.v1.WorkspaceCreated;
import dev.chancery.schema.identity.v1.WorkspaceMemberAdded;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * From the log's events to the rows of the RBAC views. What an event means is what {@code backbone/decision} takes it for; a type
 * that says nothing about authority, or is not known yet, changes nothing.
 *
 * <p><b>Thread safety:</b> safe; it has no state of its own.
 */
public final class RbacProjection implements Projection {
    /** Schema of the views that are served. */
    public static final String LIVE = "rbac";

    static final List<String> TABLES = List.of(
            "access_group",
            "assignment",
            "capability",
            "group_member",
            "member",
            "principal",
            "role",
            "role_capability",
            "workspace");

    private final String schema;
    private final RbacTables tables;

    /** The live views. */
    public RbacProjection() {
        this(LIVE);
    }

    /** @param schema {@link #LIVE}, or another that views are rebuilt in, by {@link DatabaseRole#REPLAY} */
    public RbacProjection(String schema) {
        this.schema = schema;
        this.tables = new RbacTables(schema);
    }

    @Override
    public String name() {
        return "rbac";
    }

    @Override
    public DatabaseRole role() {
        return schema.equals(LIVE) ? DatabaseRole.RBAC : DatabaseRole.REPLAY;
    }

    @Override
    public String schema() {
        return schema;
    }

    @Override
    public List<String> tables() {
        return TABLES;
    }

    @Override
    public void apply(Connection connection, String tenant, List<LogRecord> run) throws SQLException {
        var changes = new RbacRun(() -> tables.builtIns(connection, tenant));
        for (LogRecord record : run) {
            if (record.isOutcome()) {
                for (LogEvent event : record.events()) {
                    fold(changes, event);
                }
            }
        }
        if (!changes.isEmpty()) {
            tables.write(connection, tenant, changes);
        }
    }

    private static void fold(RbacRun run, LogEvent event) throws SQLException {
        long position = event.position();
        long atMicros = event.recordedAtMicros();
        switch (event.type()) {
            case "chancery.access.v1.RoleAssigned" -> run.assigned(position, read(RoleAssigned.parser(), event));
            case "chancery.access.v1.AssignmentRevoked" -> revoked(run, event, read(AssignmentRevoked.parser(), event));
            case "chancery.access.v1.GroupRoleAssigned" ->
                run.assigned(position, read(GroupRoleAssigned.parser(), event));
            case "chancery.access.v1.GroupAssignmentRevoked" -> {
                var revoked = read(GroupAssignmentRevoked.parser(), event);
                run.revoked(position, atMicros, revoked.getAssignmentId(), revoked.getGroupId());
            }
            case "chancery.access.v1.GroupDefined" -> run.group(position, read(GroupDefined.parser(), event));
            case "chancery.access.v1.GroupRetired" -> run.retired(position, read(GroupRetired.parser(), event));
            case "chancery.access.v1.GroupMemberAdded" -> run.added(position, read(GroupMemberAdded.parser(), event));
            case "chancery.access.v1.GroupMemberRemoved" -> run.removed(read(GroupMemberRemoved.parser(), event));
            case "chancery.access.v1.CapabilityDefined" ->
                run.capability(position, read(CapabilityDefined.parser(), event));
            case "chancery.access.v1.CapabilityRetired" ->
                run.retired(position, read(CapabilityRetired.parser(), event));
            case "chancery.access.v1.RoleDefined" -> {
                var defined = read(RoleDefined.parser(), event);
                run.role(position, defined.getRole(), false, defined.getCapabilitiesList());
            }
            case "chancery.access.v1.RoleRetired" ->
                run.role(position, read(RoleRetired.parser(), event).getRole(), true, List.of());
            case "chancery.identity.v1.PrincipalCreated" ->
                run.created(position, read(PrincipalCreated.parser(), event));
            case "chancery.identity.v1.PrincipalDeactivated" ->
                run.deactivated(
                        position, read(PrincipalDeactivated.parser(), event).getPrincipalId());
            case "chancery.identity.v1.PrincipalReactivated" ->
                run.reactivated(read(PrincipalReactivated.parser(), event).getPrincipalId());
            case "chancery.identity.v1.WorkspaceCreated" ->
                run.workspace(position, read(WorkspaceCreated.parser(), event).getWorkspaceId());
            case "chancery.identity.v1.WorkspaceMemberAdded" -> {
                var added = read(WorkspaceMemberAdded.parser(), event);
                run.member(position, added.getWorkspaceId(), added.getPrincipalId());
            }
            case "chancery.identity.v1.ContractAdopted" ->
                run.contract(position, contract(read(ContractAdopted.parser(), event)));
            case "chancery.identity.v1.OrganisationFounded" -> {
                var founded = read(OrganisationFounded.parser(), event);
                run.firstGrant(
                        FirstGrant.ADMINISTRATOR,
                        founded.getAdministratorId(),
                        founded.getAssignmentId(),
                        position,
                        atMicros);
            }
            case "chancery.identity.v1.OwnerClaimed" -> {
                var claimed = read(OwnerClaimed.parser(), event);
                if (!claimed.getReplacedOwnerId().isEmpty()) {
                    run.revoked(position, atMicros, claimed.getReplacedAssignmentId(), claimed.getReplacedOwnerId());
                }
                run.firstGrant(
                        FirstGrant.OPERATOR, claimed.getOwnerId(), claimed.getAssignmentId(), position, atMicros);
            }
            default -> {}
        }
    }

    private static void revoked(RbacRun run, LogEvent event, AssignmentRevoked revoked) {
        run.revoked(event.position(), event.recordedAtMicros(), revoked.getAssignmentId(), revoked.getPrincipalId());
    }

    private static Map<String, CapabilityState> contract(ContractAdopted adopted) {
        Map<String, CapabilityState> contract = new HashMap<>();
        adopted.getCapabilitiesList().forEach(name -> contract.put(name, CapabilityState.PLAIN));
        for (SensitiveCapability one : adopted.getSensitiveList()) {
            contract.put(
                    one.getCapability(),
                    new CapabilityState(
                            one.getStepUpSeconds(),
                            one.getBreakGlassOnly(),
                            one.getConsentRequired(),
                            one.getConsentPurpose()));
        }
        return contract;
    }

    private static <M extends Message> M read(Parser<M> parser, LogEvent event) {
        ByteString body = event.body();
        try {
            return parser.parseFrom(body);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("an event in the log does not parse", e);
        }
    }
}
