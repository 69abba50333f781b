package dev.chancery.story;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.chancery.cli.client.Refused;
import dev.chancery.schema.identity.v1.ListPrincipalsReply;
import dev.chancery.schema.identity.v1.ListPrincipalsRequest;
import dev.chancery.schema.identity.v1.ListedPrincipal;
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
import java.util.function.Function;
import java.util.stream.Collectors;

/** An organisation's lists, all pages of them. */
record Lists(Caller reader) {
    private static final int PAGE_SIZE = 50;
    private static final int MAX_PAGES = 100;

    List<Assignment> assignments() throws Refused, IOException, Unexpected {
        return all(ListAssignmentsRequest.newBuilder(), page -> ((ListAssignmentsReply) page).getAssignmentsList());
    }

    List<Capability> capabilities() throws Refused, IOException, Unexpected {
        return all(ListCapabilitiesRequest.newBuilder(), page -> ((ListCapabilitiesReply) page).getCapabilitiesList());
    }

    /** The roles that the organisation defined itself and has not retired. */
    Set<String> ownRoles() throws Refused, IOException, Unexpected {
        return all(ListRolesRequest.newBuilder(), page -> ((ListRolesReply) page).getRolesList()).stream()
                .filter(role -> !role.getBuiltIn() && !role.getRetired())
                .map(Role::getRole)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    List<ListedPrincipal> principals() throws Refused, IOException, Unexpected {
        return all(ListPrincipalsRequest.newBuilder(), page -> ((ListPrincipalsReply) page).getPrincipalsList());
    }

    private <T> List<T> all(Message.Builder request, Function<Message, List<T>> items)
            throws Refused, IOException, Unexpected {
        FieldDescriptor page = request.getDescriptorForType().findFieldByName("page");
        request.setField(request.getDescriptorForType().findFieldByName("page_size"), PAGE_SIZE);
        List<T> all = new ArrayList<>();
        for (int pages = 0; pages < MAX_PAGES; pages++) {
            Message reply = reader.rest(request);
            all.addAll(items.apply(reply));
            String next = (String) reply.getField(reply.getDescriptorForType().findFieldByName("next_page"));
            if (next.isEmpty()) {
                return all;
            }
            request.setField(page, next);
        }
        throw new Unexpected("a list", "ends", "goes on after " + MAX_PAGES + " pages");
    }
}
