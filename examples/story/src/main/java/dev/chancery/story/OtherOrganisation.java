package dev.chancery.story;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.cli.client.HttpAnswer;
import dev.chancery.cli.client.Refused;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.identity.v1.AddWorkspaceMemberRequest;
import dev.chancery.schema.rbac.v1.ListRolesReply;
import dev.chancery.schema.rbac.v1.ListRolesRequest;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** The fourth chapter: an administrator of another organisation claims to belong to this one. */
final class OtherOrganisation {
    private static final String FORGED = "request.context-field";

    private final Connection connection;
    private final Steps steps;
    private final Company company;
    private final Caller rival;

    OtherOrganisation(Story story, Company company, Caller rival) {
        this.connection = story.connection();
        this.steps = story.steps();
        this.company = company;
        this.rival = rival;
    }

    void run() throws Steps.Failed, InterruptedException {
        steps.chapter("Somebody from another organisation");
        steps.run(
                "Naming our organisation in a Chancery header, a body, a query or gRPC metadata is refused",
                this::forge);
        steps.run("To them our people and workspaces don't exist", this::ask);
        steps.run("They see only their own roles, and nothing of ours has changed", this::keepApart);
    }

    private void forge() throws Refused, IOException, Unexpected {
        String ours = company.administrator().organisation();
        String list = "/rbac/v1/roles";
        for (String header : List.of("Chancery-Tenant", "Chancery-Organisation", "X-Chancery-On-Behalf-Of")) {
            Expect.equal("the header " + header, FORGED, send("GET", list, Map.of(header, ours), ""));
        }
        Expect.equal("a query", FORGED, send("GET", list + "?tenantId=" + ours, Map.of(), ""));
        String body = "{\"role\":\"intruder\",\"capabilities\":[\"role:read\"],\"organisationId\":\"" + ours + "\"}";
        Expect.equal(
                "a body", FORGED, send("POST", "/access/v1/roles", Map.of("Content-Type", "application/json"), body));
        Map<String, String> metadata = rival.headers();
        metadata.put("chancery-tenant", ours);
        var request = ListRolesRequest.getDefaultInstance();
        Expect.refused(
                "gRPC metadata", FORGED, () -> connection.grpc().call(connection.method(request), request, metadata));
    }

    /** The refusal's code, or that there was none. */
    private String send(String verb, String path, Map<String, String> more, String body) throws Refused, IOException {
        Map<String, String> headers = rival.headers();
        headers.putAll(more);
        HttpAnswer answer = connection.rest().send(verb, path, headers, body.getBytes(UTF_8));
        return answer.isSuccess() ? "accepted" : answer.refusal().code();
    }

    private void ask() throws Refused, IOException, Unexpected {
        String developer = company.developer().id();
        var check = (CheckReply)
                rival.grpc(CheckRequest.newBuilder().setPrincipalId(developer).setCapability("role:read"));
        Expect.equal("a check about our developer", "unknown-principal", check.getReason());
        Expect.refused(
                "a grant to our developer",
                "access.no-such-principal",
                () -> rival.rest(
                        AssignRoleRequest.newBuilder().setPrincipalId(developer).setRole("administrator")));
        Expect.refused(
                "our workspace",
                "identity.no-such-workspace",
                () -> rival.rest(AddWorkspaceMemberRequest.newBuilder()
                        .setWorkspaceId(company.staging())
                        .setPrincipalId(rival.id())));
        steps.note("a check: unknown-principal; a grant: access.no-such-principal; a workspace:"
                + " identity.no-such-workspace");
    }

    private void keepApart() throws Refused, IOException, Unexpected {
        var theirs = (ListRolesReply) rival.rest(ListRolesRequest.newBuilder());
        Expect.that(
                "none of our roles is on their list",
                theirs.getRolesList().stream()
                        .noneMatch(role -> company.model().roles().containsKey(role.getRole())));
        String before = company.newest().text();
        Expect.equal("our roles", company.model().roles().keySet(), new Lists(company.administrator()).ownRoles());
        Expect.equal("our newest position", before, company.newest().text());
    }
}
