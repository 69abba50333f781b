package dev.chancery.cli.demo;

import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.schema.access.v1.AssignRoleReply;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.DefineRoleReply;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.access.v1.RetireRoleReply;
import dev.chancery.schema.access.v1.RetireRoleRequest;
import java.io.IOException;
import java.util.List;

/** The operator, for a while, administers grants and roles: with what the operator holds, and no more. */
final class GrantDesk {
    private static final String ROLE = "grant-desk";
    private static final List<String> BUNDLE = List.of("assignment:create", "role:define");

    private final Company company;

    GrantDesk(Company company) {
        this.company = company;
    }

    void open() throws Refused, IOException, NotAsTold {
        define(company.administrator(), ROLE, BUNDLE);
        assign(company.administrator(), ROLE, company.operator(), "");
        Actor desk = company.operator();
        assign(desk, "view", company.service(), company.staging());
        Expect.refused(
                "the built-in role for an accomplice",
                "access.not-held",
                () -> assign(desk, "administrator", company.agent(), ""));
        Expect.refused(
                "a role for an accomplice, of what nobody gave the desk",
                "access.not-held",
                () -> define(desk, "accomplice", List.of("principal:create")));
        Expect.refused(
                "more for the desk's own role",
                "access.self-widening",
                () -> define(desk, ROLE, List.of("assignment:create", "role:define", "role:delegate")));
        company.administrator()
                .overRest(
                        RetireRoleReply.class,
                        "AccessService/RetireRole",
                        RetireRoleRequest.newBuilder().setRole(ROLE).build());
    }

    private static DefineRoleReply define(Actor by, String role, List<String> capabilities)
            throws Refused, Unreachable {
        return by.overRest(
                DefineRoleReply.class,
                "AccessService/DefineRole",
                DefineRoleRequest.newBuilder()
                        .setRole(role)
                        .addAllCapabilities(capabilities)
                        .build());
    }

    private static AssignRoleReply assign(Actor by, String role, Actor to, String workspace)
            throws Refused, Unreachable {
        return by.overGrpc(
                AssignRoleReply.class,
                "AccessService/AssignRole",
                AssignRoleRequest.newBuilder()
                        .setPrincipalId(to.id())
                        .setRole(role)
                        .setWorkspaceId(workspace)
                        .build());
    }
}
