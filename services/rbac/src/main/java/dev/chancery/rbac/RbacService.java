package dev.chancery.rbac;

import dev.chancery.command.Methods;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.feature.Feature;
import dev.chancery.schema.rbac.v1.ListAssignmentsReply;
import dev.chancery.schema.rbac.v1.ListAssignmentsRequest;
import dev.chancery.schema.rbac.v1.ListCapabilitiesReply;
import dev.chancery.schema.rbac.v1.ListCapabilitiesRequest;
import dev.chancery.schema.rbac.v1.ListGroupMembersReply;
import dev.chancery.schema.rbac.v1.ListGroupMembersRequest;
import dev.chancery.schema.rbac.v1.ListGroupsReply;
import dev.chancery.schema.rbac.v1.ListGroupsRequest;
import dev.chancery.schema.rbac.v1.ListRolesReply;
import dev.chancery.schema.rbac.v1.ListRolesRequest;

/** The lists of chancery.rbac.v1.RbacService. The tenant is the caller's, whatever is asked. */
public final class RbacService implements Feature {
    private static final String SERVICE = "chancery.rbac.v1.RbacService/";

    private final RbacViews views;
    private final GroupViews groups;

    public RbacService(Database database) {
        this.views = new RbacViews(database);
        this.groups = new GroupViews(database);
    }

    @Override
    public String name() {
        return "rbac";
    }

    @Override
    public void register(Methods methods) {
        methods.query(SERVICE + "ListCapabilities", ListCapabilitiesRequest.class, this::listCapabilities)
                .query(SERVICE + "ListRoles", ListRolesRequest.class, this::listRoles)
                .query(SERVICE + "ListGroups", ListGroupsRequest.class, this::listGroups)
                .query(SERVICE + "ListGroupMembers", ListGroupMembersRequest.class, this::listGroupMembers)
                .query(SERVICE + "ListAssignments", ListAssignmentsRequest.class, this::listAssignments);
    }

    private ListCapabilitiesReply listCapabilities(ReadContext context, ListCapabilitiesRequest request)
            throws RefusedException {
        return views.capabilities(context.tenant(), Page.ofCapabilities(request.getPageSize(), request.getPage()));
    }

    private ListRolesReply listRoles(ReadContext context, ListRolesRequest request) throws RefusedException {
        return views.roles(context.tenant(), Page.ofRoles(request.getPageSize(), request.getPage()));
    }

    private ListAssignmentsReply listAssignments(ReadContext context, ListAssignmentsRequest request)
            throws RefusedException {
        return views.assignments(
                        context.tenant(), request, Page.ofAssignments(request.getPageSize(), request.getPage()))
                .orElseThrow(() -> new RefusedException(RbacRejection.NO_SUCH_PRINCIPAL));
    }

    private ListGroupsReply listGroups(ReadContext context, ListGroupsRequest request) throws RefusedException {
        return groups.groups(context.tenant(), Page.ofGroups(request.getPageSize(), request.getPage()));
    }

    private ListGroupMembersReply listGroupMembers(ReadContext context, ListGroupMembersRequest request)
            throws RefusedException {
        return groups.members(context.tenant(), request, Page.ofMembers(request.getPageSize(), request.getPage()));
    }
}
