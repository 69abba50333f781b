package dev.chancery.identity;

import static dev.chancery.decision.AuthorityStreams.principal;
import static dev.chancery.decision.AuthorityStreams.workspace;

import com.google.protobuf.Descriptors.Descriptor;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.WorkspaceState;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.NewEvent;
import dev.chancery.schema.identity.v1.AddWorkspaceMemberReply;
import dev.chancery.schema.identity.v1.AddWorkspaceMemberRequest;
import dev.chancery.schema.identity.v1.CreateOrganisationReply;
import dev.chancery.schema.identity.v1.CreateOrganisationRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceReply;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.identity.v1.OrganisationCreated;
import dev.chancery.schema.identity.v1.WorkspaceCreated;
import dev.chancery.schema.identity.v1.WorkspaceMemberAdded;

/** Organisations, which are the installation's, and the workspaces in them. */
final class Organisations {
    private final ProvisioningLoop foundings;

    Organisations(ProvisioningLoop foundings) {
        this.foundings = foundings;
    }

    CommandOutcome create(CommandContext context, CreateOrganisationRequest request) {
        if (Principals.isUnusable(request.getAdministratorKey())) {
            return CommandOutcome.reject(IdentityRejection.KEY_UNUSABLE);
        }
        String organisation = context.newId();
        String administrator = context.newId();
        StreamId stream = StreamId.of("identity", "organisation", organisation);
        Descriptor type = OrganisationCreated.getDescriptor();
        OrganisationCreated created = OrganisationCreated.newBuilder()
                .setOrganisationId(organisation)
                .setName(context.seal("", type, "name", request.getName()))
                .setAdministratorId(administrator)
                .setAdministratorName(
                        context.seal(administrator, type, "administrator_name", request.getAdministratorName()))
                .setAdministratorKey(request.getAdministratorKey())
                .setAssignmentId(context.newId())
                .build();
        return CommandOutcome.done(
                        CreateOrganisationReply.newBuilder()
                                .setOrganisationId(organisation)
                                .setAdministratorId(administrator)
                                .setClientId(Principals.clientId(organisation, administrator))
                                .build(),
                        new NewEvent(context.fresh(stream), created))
                .withTarget("organisation", organisation)
                .afterwards(() -> foundings.found(stream));
    }

    CommandOutcome createWorkspace(CommandContext context, CreateWorkspaceRequest request) {
        String id = context.newId();
        Descriptor type = WorkspaceCreated.getDescriptor();
        return CommandOutcome.done(
                        CreateWorkspaceReply.newBuilder().setWorkspaceId(id).build(),
                        new NewEvent(
                                context.fresh(workspace(id)),
                                WorkspaceCreated.newBuilder()
                                        .setWorkspaceId(id)
                                        .setName(context.seal("", type, "name", request.getName()))
                                        .build()))
                .withTarget("workspace", id);
    }

    CommandOutcome addWorkspaceMember(CommandContext context, AddWorkspaceMemberRequest request) {
        WorkspaceState workspace = context.read(workspace(request.getWorkspaceId()), WorkspaceState.FOLD);
        if (!workspace.exists()) {
            return CommandOutcome.reject(IdentityRejection.NO_SUCH_WORKSPACE);
        }
        if (!context.read(principal(request.getPrincipalId()), PrincipalState.FOLD)
                .active()) {
            return CommandOutcome.reject(IdentityRejection.NO_SUCH_PRINCIPAL);
        }
        if (workspace.members().contains(request.getPrincipalId())) {
            return CommandOutcome.already(AddWorkspaceMemberReply.getDefaultInstance());
        }
        return CommandOutcome.done(
                AddWorkspaceMemberReply.getDefaultInstance(),
                new NewEvent(
                        workspace(request.getWorkspaceId()),
                        WorkspaceMemberAdded.newBuilder()
                                .setWorkspaceId(request.getWorkspaceId())
                                .setPrincipalId(request.getPrincipalId())
                                .build()));
    }
}
