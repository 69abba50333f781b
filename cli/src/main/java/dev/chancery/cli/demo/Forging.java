package dev.chancery.cli.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.cli.client.HttpAnswer;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.Transport;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.access.v1.AssignRoleReply;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.identity.v1.AddWorkspaceMemberReply;
import dev.chancery.schema.identity.v1.AddWorkspaceMemberRequest;
import dev.chancery.schema.rbac.v1.ListRolesReply;
import dev.chancery.schema.rbac.v1.ListRolesRequest;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** The fourth act: somebody from elsewhere, who says they are from here. */
final class Forging {
    private static final String FORGED = "request.context-field";

    private final Stage stage;
    private final Narrator narrator;
    private final Company company;
    private final Actor rival;

    Forging(Stage stage, Narrator narrator, Company company, Actor rival) {
        this.stage = stage;
        this.narrator = narrator;
        this.company = company;
        this.rival = rival;
    }

    void play() throws Narrator.StoryEnds, InterruptedException {
        narrator.act("Somebody from another organisation");
        narrator.step(
                "Their administrator claims to be from here: in a header, a body, a query, in metadata", this::forge);
        narrator.step("Our people are unknown to them, whatever they ask", this::ask);
        narrator.step("What they may see and change is their own, and ours has not moved", this::keepApart);
    }

    private String tenant() {
        String client = company.administrator().key().clientId();
        return client.substring(0, client.indexOf('.'));
    }

    private void forge() throws Refused, IOException, NotAsTold {
        String list = "/rbac/v1/roles";
        for (String header : List.of("X-Tenant-Id", "Chancery-Organisation", "X-On-Behalf-Of")) {
            Map<String, String> headers = rival.headers();
            headers.put(header, tenant());
            Expect.equal("the header " + header, FORGED, code("GET", list, headers, ""));
        }
        Expect.equal("a query", FORGED, code("GET", list + "?tenantId=" + tenant(), rival.headers(), ""));
        Map<String, String> json = rival.headers();
        json.put("Content-Type", "application/json");
        String body =
                "{\"role\":\"intruder\",\"capabilities\":[\"role:read\"],\"organisationId\":\"" + tenant() + "\"}";
        Expect.equal("a body", FORGED, code("POST", "/access/v1/roles", json, body));
        Map<String, String> metadata = rival.headers();
        metadata.put("x-tenant-id", tenant());
        Expect.refused("gRPC metadata", FORGED, () -> call(stage.grpc(), "RbacService/ListRoles", metadata));
    }

    private Object call(Transport transport, String method, Map<String, String> headers) throws Refused, IOException {
        ContractMethod called = stage.method(method);
        return transport.call(called, ListRolesRequest.getDefaultInstance(), headers);
    }

    /** The refusal's code, or that there was none. */
    private String code(String verb, String path, Map<String, String> headers, String body) throws IOException {
        RestTransport rest = stage.rest();
        HttpAnswer answer = rest.send(verb, path, headers, body.getBytes(UTF_8));
        return answer.isSuccess() ? "accepted" : answer.refusal().code();
    }

    private void ask() throws Refused, IOException, NotAsTold {
        String developer = company.developer().id();
        CheckReply check = rival.overGrpc(
                CheckReply.class,
                "AccessService/Check",
                CheckRequest.newBuilder()
                        .setPrincipalId(developer)
                        .setCapability("role:read")
                        .build());
        Expect.equal("a check about our developer", "unknown-principal", check.getReason());
        Expect.refused(
                "a grant to our developer",
                "access.no-such-principal",
                () -> rival.overRest(
                        AssignRoleReply.class,
                        "AccessService/AssignRole",
                        AssignRoleRequest.newBuilder()
                                .setPrincipalId(developer)
                                .setRole("administrator")
                                .build()));
        Expect.refused(
                "our workspace",
                "identity.no-such-workspace",
                () -> rival.overRest(
                        AddWorkspaceMemberReply.class,
                        "IdentityService/AddWorkspaceMember",
                        AddWorkspaceMemberRequest.newBuilder()
                                .setWorkspaceId(company.staging())
                                .setPrincipalId(rival.id())
                                .build()));
        narrator.besides("a check says " + check.getReason() + "; a grant, access.no-such-principal; a workspace,"
                + " identity.no-such-workspace");
    }

    private void keepApart() throws Refused, IOException, NotAsTold {
        ListRolesReply theirs =
                rival.overRest(ListRolesReply.class, "RbacService/ListRoles", ListRolesRequest.getDefaultInstance());
        Expect.that(
                "none of our roles is on their list",
                theirs.getRolesList().stream()
                        .noneMatch(role -> company.model().roles().containsKey(role.getRole())));
        String before = company.seen().newest();
        Lists lists = new Lists(company.administrator());
        Expect.equal("our roles", company.model().roles().keySet(), lists.ownRoles());
        Expect.equal("our newest position", before, company.seen().newest());
    }
}
