package dev.chancery.cli.demo;

import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.Refused;
import dev.chancery.schema.access.v1.AssignRoleReply;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.DefineCapabilityReply;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleReply;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.identity.v1.AddWorkspaceMemberReply;
import dev.chancery.schema.identity.v1.AddWorkspaceMemberRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceReply;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.SortedSet;

/** The second act: workspaces, people and agents, a role model, grants. */
final class Staffing {
    private static final Path ROLE_MODEL = Path.of("examples", "role-models", "kubernetes.json");
    private static final Duration DEPLOY_WINDOW = Duration.ofHours(1);

    private record Workspaces(String production, String staging) {}

    private record Team(Actor developer, Actor operator, Actor agent, Actor service) {}

    private record Grants(String developer, String operator) {}

    private final Stage stage;
    private final Narrator narrator;
    private final Actor administrator;
    private final Seen seen;

    /** @param seen what the administrator's organisation has seen */
    Staffing(Stage stage, Narrator narrator, Actor administrator, Seen seen) {
        this.stage = stage;
        this.narrator = narrator;
        this.administrator = administrator;
        this.seen = seen;
    }

    Company play() throws Narrator.StoryEnds, InterruptedException {
        narrator.act("People, agents, and a role model");
        Workspaces workspaces = narrator.stepGiving(
                "Two workspaces: production and staging",
                () -> new Workspaces(workspace(Cast.PRODUCTION), workspace(Cast.STAGING)));
        Team team = narrator.stepGiving(
                "A developer, an operator, a deploy agent and a reporting service join", this::team);
        narrator.step("An e-mail address belongs to one principal, and the log does not hold it in clear", () -> {
            Expect.refused(
                    "the developer's address again",
                    "identity.email-taken",
                    () -> principal(
                            PrincipalType.USER,
                            Cast.IMPOSTOR_NAME,
                            Cast.DEVELOPER_EMAIL.toUpperCase(java.util.Locale.ROOT)));
        });
        RoleModelFile model = narrator.stepGiving("A role model is read: Kubernetes' view, edit and admin", () -> {
            RoleModelFile read = RoleModelFile.read(stage.home().resolve(ROLE_MODEL));
            define(read);
            return read;
        });
        Grants grants = narrator.stepGiving(
                "Grants: edit in staging, admin for everything, view until an hour from now",
                () -> grant(workspaces, team));
        return new Company(
                administrator,
                seen,
                team.developer,
                team.operator,
                team.agent,
                team.service,
                workspaces.production,
                workspaces.staging,
                model,
                grants.developer,
                grants.operator);
    }

    private String workspace(String name) throws Refused, IOException {
        return administrator
                .overRest(
                        CreateWorkspaceReply.class,
                        "IdentityService/CreateWorkspace",
                        CreateWorkspaceRequest.newBuilder().setName(name).build())
                .getWorkspaceId();
    }

    private Team team() throws Refused, IOException {
        return new Team(
                principal(PrincipalType.USER, Cast.DEVELOPER_NAME, Cast.DEVELOPER_EMAIL),
                principal(PrincipalType.USER, Cast.OPERATOR_NAME, Cast.OPERATOR_EMAIL),
                principal(PrincipalType.AGENT, Cast.AGENT_NAME, ""),
                principal(PrincipalType.SERVICE, Cast.SERVICE_NAME, ""));
    }

    private Actor principal(PrincipalType type, String name, String email) throws Refused, IOException {
        ClientKey key = ClientKey.generate("unclaimed");
        CreatePrincipalReply reply = administrator.overGrpc(
                CreatePrincipalReply.class,
                "IdentityService/CreatePrincipal",
                CreatePrincipalRequest.newBuilder()
                        .setType(type)
                        .setDisplayName(name)
                        .setEmail(email)
                        .setPublicKey(Stage.publicKey(key))
                        .build());
        return new Actor(stage, key.withClientId(reply.getClientId()), seen);
    }

    private void define(RoleModelFile model) throws Refused, IOException {
        for (String capability : model.capabilities()) {
            administrator.overGrpc(
                    DefineCapabilityReply.class,
                    "AccessService/DefineCapability",
                    DefineCapabilityRequest.newBuilder()
                            .setCapability(capability)
                            .build());
        }
        for (Map.Entry<String, SortedSet<String>> role : model.roles().entrySet()) {
            administrator.overRest(
                    DefineRoleReply.class,
                    "AccessService/DefineRole",
                    DefineRoleRequest.newBuilder()
                            .setRole(role.getKey())
                            .addAllCapabilities(role.getValue())
                            .build());
        }
        narrator.besides(model.capabilities().size() + " capabilities over gRPC, "
                + model.roles().size() + " roles over REST, each with its signed intent first");
    }

    private Grants grant(Workspaces workspaces, Team team) throws Refused, IOException {
        administrator.overRest(
                AddWorkspaceMemberReply.class,
                "IdentityService/AddWorkspaceMember",
                AddWorkspaceMemberRequest.newBuilder()
                        .setWorkspaceId(workspaces.staging)
                        .setPrincipalId(team.developer.id())
                        .build());
        String developer = assign(team.developer, "edit", workspaces.staging, 0);
        String operator = assign(team.operator, "admin", "", 0);
        long until = System.currentTimeMillis() + DEPLOY_WINDOW.toMillis();
        assign(team.agent, "edit", workspaces.production, until);
        assign(team.service, "view", "", until);
        return new Grants(developer, operator);
    }

    private String assign(Actor to, String role, String workspace, long untilMillis) throws Refused, IOException {
        return administrator
                .overRest(
                        AssignRoleReply.class,
                        "AccessService/AssignRole",
                        AssignRoleRequest.newBuilder()
                                .setPrincipalId(to.id())
                                .setRole(role)
                                .setWorkspaceId(workspace)
                                .setUntilMillis(untilMillis)
                                .setReason(Cast.GRANT_REASON)
                                .build())
                .getAssignmentId();
    }
}
