package dev.chancery.story;

import com.google.protobuf.ByteString;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.Refused;
import dev.chancery.schema.access.v1.AssignRoleReply;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.identity.v1.AddWorkspaceMemberRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceReply;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;

/** The second chapter: workspaces, people and agents, a role model, grants. */
final class People {
    private static final Duration DEPLOY_WINDOW = Duration.ofHours(1);

    private final Story story;
    private final Steps steps;
    private final Caller administrator;
    private final NewestPosition newest = new NewestPosition();

    /** @param administrator of the organisation that the story is about */
    People(Story story, Caller administrator) {
        this.story = story;
        this.steps = story.steps();
        this.administrator = new Caller(story.connection(), administrator.key(), newest);
    }

    Company run() throws Steps.Failed, InterruptedException {
        steps.chapter("People, agents, and a role model");
        List<String> workspaces = steps.get(
                "Two workspaces: production and staging",
                () -> List.of(workspace(Cast.PRODUCTION), workspace(Cast.STAGING)));
        List<Caller> team = steps.get(
                "A developer, an operator, a deploy agent and a reporting service join",
                () -> List.of(
                        principal(PrincipalType.USER, Cast.DEVELOPER_NAME, Cast.DEVELOPER_EMAIL),
                        principal(PrincipalType.USER, Cast.OPERATOR_NAME, Cast.OPERATOR_EMAIL),
                        principal(PrincipalType.AGENT, Cast.AGENT_NAME, ""),
                        principal(PrincipalType.SERVICE, Cast.SERVICE_NAME, "")));
        steps.run(
                "An e-mail address belongs to one principal, and the log does not hold it in clear",
                () -> Expect.refused(
                        "the developer's address again",
                        "identity.email-taken",
                        () -> principal(
                                PrincipalType.USER,
                                Cast.IMPOSTOR_NAME,
                                Cast.DEVELOPER_EMAIL.toUpperCase(Locale.ROOT))));
        RoleModelFile model = steps.get("A role model is read: Kubernetes' view, edit and admin", () -> {
            RoleModelFile read = RoleModelFile.read(story.roleModel());
            define(read);
            return read;
        });
        List<String> grants = steps.get(
                "Grants: edit in staging, admin everywhere, view and a deploy window for an hour",
                () -> grant(team, workspaces));
        return new Company(
                administrator,
                newest,
                team.get(0),
                team.get(1),
                team.get(2),
                team.get(3),
                workspaces.get(0),
                workspaces.get(1),
                model,
                grants.get(0),
                grants.get(1));
    }

    private String workspace(String name) throws Refused, IOException {
        var reply = (CreateWorkspaceReply)
                administrator.rest(CreateWorkspaceRequest.newBuilder().setName(name));
        return reply.getWorkspaceId();
    }

    private Caller principal(PrincipalType type, String name, String email) throws Refused, IOException {
        ClientKey key = ClientKey.generate("unclaimed");
        var reply = (CreatePrincipalReply) administrator.grpc(CreatePrincipalRequest.newBuilder()
                .setType(type)
                .setDisplayName(name)
                .setEmail(email)
                .setPublicKey(ByteString.copyFrom(key.publicKey())));
        return new Caller(story.connection(), key.withClientId(reply.getClientId()), newest);
    }

    private void define(RoleModelFile model) throws Refused, IOException {
        for (String capability : model.capabilities()) {
            administrator.grpc(DefineCapabilityRequest.newBuilder().setCapability(capability));
        }
        for (Map.Entry<String, SortedSet<String>> role : model.roles().entrySet()) {
            administrator.rest(
                    DefineRoleRequest.newBuilder().setRole(role.getKey()).addAllCapabilities(role.getValue()));
        }
        steps.note(model.capabilities().size() + " capabilities over gRPC, "
                + model.roles().size() + " roles over REST, each with a signed intent before it");
    }

    /** The developer's assignment and the operator's. */
    private List<String> grant(List<Caller> team, List<String> workspaces) throws Refused, IOException {
        administrator.rest(AddWorkspaceMemberRequest.newBuilder()
                .setWorkspaceId(workspaces.get(1))
                .setPrincipalId(team.get(0).id()));
        String developers = assign(team.get(0), "edit", workspaces.get(1), 0);
        String operators = assign(team.get(1), "admin", "", 0);
        long until = System.currentTimeMillis() + DEPLOY_WINDOW.toMillis();
        assign(team.get(2), "edit", workspaces.get(0), until);
        assign(team.get(3), "view", "", until);
        return List.of(developers, operators);
    }

    private String assign(Caller to, String role, String workspace, long untilMillis) throws Refused, IOException {
        var reply = (AssignRoleReply) administrator.rest(AssignRoleRequest.newBuilder()
                .setPrincipalId(to.id())
                .setRole(role)
                .setWorkspaceId(workspace)
                .setUntilMillis(untilMillis)
                .setReason(Cast.GRANT_REASON));
        return reply.getAssignmentId();
    }
}
