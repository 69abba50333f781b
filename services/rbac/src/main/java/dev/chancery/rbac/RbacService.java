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
import dev.chancery.schema.rbac.v1.ListRolesReply;
import dev.chancery.schema.rbac.v1.ListRolesRequest;
import java.util.Optional;
import java.util.UUID;

/** The lists of chancery.rbac.v1.RbacService. The tenant is the caller's, whatever is asked. */
public final class RbacService implements Feature {
    private static final String SERVICE = "chancery.rbac.v1.RbacService/";

    private final RbacViews views;

    public RbacService(Database database) {
        this.views = new RbacViews(database);
    }

    @Override
    public String name() {
        return "rbac";
    }

    @Override
    public void register(Methods methods) {
        methods.query(SERVICE + "ListCapabilities", ListCapabilitiesRequest.class, this::listCapabilities)
                .query(SERVICE + "ListRoles", ListRolesRequest.class, this::listRoles)
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
        Optional<UUID> principal = Optional.of(request.getPrincipalId())
                .filter(id -> !id.isEmpty())
                .map(UUID::fromString);
        return views.assignments(
                        context.tenant(), principal, Page.ofAssignments(request.getPageSize(), request.getPage()))
                .orElseThrow(() -> new RefusedException(RbacRejection.NO_SUCH_PRINCIPAL));
    }
}
