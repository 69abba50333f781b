package dev.chancery.schema;

import com.google.protobuf.Message;
import dev.chancery.schema.access.v1.AssignRoleReply;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.CapabilityDefined;
import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.access.v1.DefineCapabilityReply;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleReply;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.access.v1.RetireRoleReply;
import dev.chancery.schema.access.v1.RetireRoleRequest;
import dev.chancery.schema.access.v1.RevokeAssignmentReply;
import dev.chancery.schema.access.v1.RevokeAssignmentRequest;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.access.v1.RoleRetired;
import dev.chancery.schema.identity.v1.AddWorkspaceMemberReply;
import dev.chancery.schema.identity.v1.AddWorkspaceMemberRequest;
import dev.chancery.schema.identity.v1.ClaimOwnerReply;
import dev.chancery.schema.identity.v1.ClaimOwnerRequest;
import dev.chancery.schema.identity.v1.ContractAdopted;
import dev.chancery.schema.identity.v1.CreateOrganisationReply;
import dev.chancery.schema.identity.v1.CreateOrganisationRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceReply;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.identity.v1.DeactivatePrincipalReply;
import dev.chancery.schema.identity.v1.DeactivatePrincipalRequest;
import dev.chancery.schema.identity.v1.InstanceFounded;
import dev.chancery.schema.identity.v1.IssueTokenReply;
import dev.chancery.schema.identity.v1.IssueTokenRequest;
import dev.chancery.schema.identity.v1.OrganisationCreated;
import dev.chancery.schema.identity.v1.OrganisationFounded;
import dev.chancery.schema.identity.v1.OwnerClaimed;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalDeactivated;
import dev.chancery.schema.identity.v1.TokenIssued;
import dev.chancery.schema.identity.v1.WorkspaceCreated;
import dev.chancery.schema.identity.v1.WorkspaceMemberAdded;
import dev.chancery.schema.ledger.v1.GetCheckpointReply;
import dev.chancery.schema.ledger.v1.GetCheckpointRequest;
import dev.chancery.schema.operations.v1.ReadMetricsReply;
import dev.chancery.schema.operations.v1.ReadMetricsRequest;
import dev.chancery.schema.rbac.v1.ListAssignmentsReply;
import dev.chancery.schema.rbac.v1.ListAssignmentsRequest;
import dev.chancery.schema.rbac.v1.ListCapabilitiesReply;
import dev.chancery.schema.rbac.v1.ListCapabilitiesRequest;
import dev.chancery.schema.rbac.v1.ListRolesReply;
import dev.chancery.schema.rbac.v1.ListRolesRequest;
import java.util.List;

/** The generated class of every event, request and reply. A descriptor can't name its class; a missing line fails the start-up. */
final class GeneratedMessages {
    static final List<Message> PROTOTYPES = List.of(
            InstanceFounded.getDefaultInstance(),
            OwnerClaimed.getDefaultInstance(),
            OrganisationCreated.getDefaultInstance(),
            OrganisationFounded.getDefaultInstance(),
            ContractAdopted.getDefaultInstance(),
            WorkspaceCreated.getDefaultInstance(),
            WorkspaceMemberAdded.getDefaultInstance(),
            PrincipalCreated.getDefaultInstance(),
            PrincipalDeactivated.getDefaultInstance(),
            TokenIssued.getDefaultInstance(),
            ClaimOwnerRequest.getDefaultInstance(),
            ClaimOwnerReply.getDefaultInstance(),
            IssueTokenRequest.getDefaultInstance(),
            IssueTokenReply.getDefaultInstance(),
            CreateOrganisationRequest.getDefaultInstance(),
            CreateOrganisationReply.getDefaultInstance(),
            CreateWorkspaceRequest.getDefaultInstance(),
            CreateWorkspaceReply.getDefaultInstance(),
            AddWorkspaceMemberRequest.getDefaultInstance(),
            AddWorkspaceMemberReply.getDefaultInstance(),
            CreatePrincipalRequest.getDefaultInstance(),
            CreatePrincipalReply.getDefaultInstance(),
            DeactivatePrincipalRequest.getDefaultInstance(),
            DeactivatePrincipalReply.getDefaultInstance(),
            CapabilityDefined.getDefaultInstance(),
            RoleDefined.getDefaultInstance(),
            RoleRetired.getDefaultInstance(),
            RoleAssigned.getDefaultInstance(),
            AssignmentRevoked.getDefaultInstance(),
            DefineCapabilityRequest.getDefaultInstance(),
            DefineCapabilityReply.getDefaultInstance(),
            DefineRoleRequest.getDefaultInstance(),
            DefineRoleReply.getDefaultInstance(),
            RetireRoleRequest.getDefaultInstance(),
            RetireRoleReply.getDefaultInstance(),
            AssignRoleRequest.getDefaultInstance(),
            AssignRoleReply.getDefaultInstance(),
            RevokeAssignmentRequest.getDefaultInstance(),
            RevokeAssignmentReply.getDefaultInstance(),
            CheckRequest.getDefaultInstance(),
            CheckReply.getDefaultInstance(),
            ListCapabilitiesRequest.getDefaultInstance(),
            ListCapabilitiesReply.getDefaultInstance(),
            ListRolesRequest.getDefaultInstance(),
            ListRolesReply.getDefaultInstance(),
            ListAssignmentsRequest.getDefaultInstance(),
            ListAssignmentsReply.getDefaultInstance(),
            GetCheckpointRequest.getDefaultInstance(),
            GetCheckpointReply.getDefaultInstance(),
            ReadMetricsRequest.getDefaultInstance(),
            ReadMetricsReply.getDefaultInstance());

    private GeneratedMessages() {}
}
