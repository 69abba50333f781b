package dev.chancery.cli.demo;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.chancery.cli.client.Refused;
import dev.chancery.schema.rbac.v1.Assignment;
import dev.chancery.schema.rbac.v1.Capability;
import dev.chancery.schema.rbac.v1.ListAssignmentsReply;
import dev.chancery.schema.rbac.v1.ListAssignmentsRequest;
import dev.chancery.schema.rbac.v1.ListCapabilitiesReply;
import dev.chancery.schema.rbac.v1.ListCapabilitiesRequest;
import dev.chancery.schema.rbac.v1.ListRolesReply;
import dev.chancery.schema.rbac.v1.ListRolesRequest;
import dev.chancery.schema.rbac.v1.Role;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** An organisation's lists, page by page, to the end. */
record Lists(Actor reader) {
    private static final int PAGE_SIZE = 50;
    private static final int MAX_PAGES = 100;

    List<Assignment> assignments() throws Refused, IOException, NotAsTold {
        List<Assignment> all = new ArrayList<>();
        pages(ListAssignmentsReply.class, "RbacService/ListAssignments", ListAssignmentsRequest.getDefaultInstance())
                .forEach(page -> all.addAll(page.getAssignmentsList()));
        return all;
    }

    List<Capability> capabilities() throws Refused, IOException, NotAsTold {
        List<Capability> all = new ArrayList<>();
        pages(ListCapabilitiesReply.class, "RbacService/ListCapabilities", ListCapabilitiesRequest.getDefaultInstance())
                .forEach(page -> all.addAll(page.getCapabilitiesList()));
        return all;
    }

    /** The roles that the organisation defined itself and has not retired. */
    Set<String> ownRoles() throws Refused, IOException, NotAsTold {
        return pages(ListRolesReply.class, "RbacService/ListRoles", ListRolesRequest.getDefaultInstance()).stream()
                .flatMap(page -> page.getRolesList().stream())
                .filter(role -> !role.getBuiltIn() && !role.getRetired())
                .map(Role::getRole)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private <R extends Message> List<R> pages(Class<R> type, String method, Message first)
            throws Refused, IOException, NotAsTold {
        FieldDescriptor page = first.getDescriptorForType().findFieldByName("page");
        FieldDescriptor size = first.getDescriptorForType().findFieldByName("page_size");
        List<R> pages = new ArrayList<>();
        String next = "";
        while (pages.size() < MAX_PAGES) {
            Message request = first.toBuilder()
                    .setField(page, next)
                    .setField(size, PAGE_SIZE)
                    .build();
            R reply = reader.overRest(type, method, request);
            pages.add(reply);
            next = (String) reply.getField(reply.getDescriptorForType().findFieldByName("next_page"));
            if (next.isEmpty()) {
                return pages;
            }
        }
        throw new NotAsTold(method, "ends", "goes on after " + MAX_PAGES + " pages");
    }
}
