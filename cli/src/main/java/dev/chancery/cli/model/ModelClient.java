package dev.chancery.cli.model;

import dev.chancery.cli.client.Caller;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.cli.model.OrganisationModel.Assignment;
import dev.chancery.cli.model.OrganisationModel.Capability;
import dev.chancery.cli.model.OrganisationModel.Group;
import dev.chancery.cli.model.OrganisationModel.Role;
import dev.chancery.schema.access.v1.ChangeModelRequest;
import dev.chancery.schema.access.v1.DescribeModelReply;
import dev.chancery.schema.access.v1.DescribeModelRequest;
import dev.chancery.schema.access.v1.ModelEntryKind;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** An organisation's model as an instance has it: read by the lists, changed by {@code ChangeModel}. */
public final class ModelClient {
    private static final String ACCESS = "chancery.access.v1.AccessService/";
    private static final String RBAC = "chancery.rbac.v1.RbacService/";
    private static final int PAGE = 200;

    private final Caller caller;

    public ModelClient(Caller caller) {
        this.caller = caller;
    }

    /**
     * An organisation's model, and the ids of what is assigned in it.
     *
     * @param assignmentIds several where the same was assigned more than once
     */
    public record Found(OrganisationModel model, Map<Assignment, List<String>> assignmentIds) {}

    public void change(ChangeModelRequest request) throws Refused, Unreachable {
        caller.call(ACCESS + "ChangeModel", request);
    }

    public Found read(long nowMillis) throws Refused, Unreachable {
        Map<String, String> words = words();
        Map<String, Capability> capabilities = capabilities(words);
        Map<String, Role> roles = roles(words);
        Map<String, Group> groups = groups(words);
        Map<Assignment, List<String>> assigned = new TreeMap<>();
        assignments("", roles, nowMillis, assigned);
        for (String group : groups.keySet()) {
            assignments(group, roles, nowMillis, assigned);
        }
        return new Found(new OrganisationModel(capabilities, roles, groups, assigned.keySet()), assigned);
    }

    /** Descriptions, by kind and name. */
    private Map<String, String> words() throws Refused, Unreachable {
        Map<String, String> words = new HashMap<>();
        String page = "";
        do {
            var request = DescribeModelRequest.newBuilder()
                    .setPageSize(PAGE)
                    .setPage(page)
                    .build();
            var reply = (DescribeModelReply) caller.call(ACCESS + "DescribeModel", request);
            reply.getEntriesList()
                    .forEach(entry -> words.put(key(entry.getKind(), entry.getName()), entry.getDescription()));
            page = reply.getNextPage();
        } while (!page.isEmpty());
        return words;
    }

    private static String key(ModelEntryKind kind, String name) {
        return kind.getNumber() + name;
    }

    private static String said(Map<String, String> words, ModelEntryKind kind, String name) {
        return words.getOrDefault(key(kind, name), "");
    }

    private Map<String, Capability> capabilities(Map<String, String> words) throws Refused, Unreachable {
        Map<String, Capability> capabilities = new HashMap<>();
        String page = "";
        do {
            var request = ListCapabilitiesRequest.newBuilder()
                    .setPageSize(PAGE)
                    .setPage(page)
                    .build();
            var reply = (ListCapabilitiesReply) caller.call(RBAC + "ListCapabilities", request);
            reply.getCapabilitiesList().stream()
                    .filter(one -> !one.getBuiltIn())
                    .forEach(one -> capabilities.put(
                            one.getCapability(),
                            new Capability(
                                    said(words, ModelEntryKind.MODEL_ENTRY_KIND_CAPABILITY, one.getCapability()),
                                    one.getStepUpSeconds(),
                                    one.getBreakGlassOnly(),
                                    one.getConsentPurpose())));
            page = reply.getNextPage();
        } while (!page.isEmpty());
        return capabilities;
    }

    private Map<String, Role> roles(Map<String, String> words) throws Refused, Unreachable {
        Map<String, Role> roles = new HashMap<>();
        String page = "";
        do {
            var request = ListRolesRequest.newBuilder()
                    .setPageSize(PAGE)
                    .setPage(page)
                    .build();
            var reply = (ListRolesReply) caller.call(RBAC + "ListRoles", request);
            reply.getRolesList().stream()
                    .filter(one -> !one.getBuiltIn() && !one.getRetired())
                    .forEach(one -> roles.put(
                            one.getRole(),
                            new Role(
                                    said(words, ModelEntryKind.MODEL_ENTRY_KIND_ROLE, one.getRole()),
                                    Set.copyOf(one.getCapabilitiesList()))));
            page = reply.getNextPage();
        } while (!page.isEmpty());
        return roles;
    }

    private Map<String, Group> groups(Map<String, String> words) throws Refused, Unreachable {
        Map<String, Set<String>> members = new HashMap<>();
        String page = "";
        do {
            var request = ListGroupsRequest.newBuilder()
                    .setPageSize(PAGE)
                    .setPage(page)
                    .build();
            var reply = (ListGroupsReply) caller.call(RBAC + "ListGroups", request);
            reply.getGroupsList().stream()
                    .filter(one -> !one.getRetired())
                    .forEach(one -> members.put(one.getGroup(), new TreeSet<>()));
            page = reply.getNextPage();
        } while (!page.isEmpty());
        do {
            var request = ListGroupMembersRequest.newBuilder()
                    .setPageSize(PAGE)
                    .setPage(page)
                    .build();
            var reply = (ListGroupMembersReply) caller.call(RBAC + "ListGroupMembers", request);
            reply.getMembersList().forEach(one -> members.computeIfAbsent(one.getGroup(), made -> new TreeSet<>())
                    .add(one.getPrincipalId()));
            page = reply.getNextPage();
        } while (!page.isEmpty());
        Map<String, Group> groups = new TreeMap<>();
        members.forEach((name, ids) ->
                groups.put(name, new Group(said(words, ModelEntryKind.MODEL_ENTRY_KIND_GROUP, name), ids)));
        return groups;
    }

    /**
     * What counts, or will: the first grant, which is nobody's to give, is not among it, nor what is of a retired role.
     *
     * @param group whose; empty: those of principals
     */
    private void assignments(String group, Map<String, Role> roles, long nowMillis, Map<Assignment, List<String>> found)
            throws Refused, Unreachable {
        String page = "";
        do {
            var request = ListAssignmentsRequest.newBuilder()
                    .setGroup(group)
                    .setPageSize(PAGE)
                    .setPage(page)
                    .build();
            var reply = (ListAssignmentsReply) caller.call(RBAC + "ListAssignments", request);
            reply.getAssignmentsList().stream()
                    .filter(one -> one.getGroup().equals(group))
                    .filter(one -> !one.getGranterId().isEmpty() && one.getRevokedAtMillis() == 0)
                    .filter(one -> one.getUntilMillis() == 0 || one.getUntilMillis() > nowMillis)
                    .filter(one -> roles.containsKey(one.getRole())
                            || one.getRole().equals("administrator")
                            || one.getRole().equals("operator"))
                    .forEach(one -> found.merge(
                            new Assignment(
                                    one.getPrincipalId(),
                                    one.getGroup(),
                                    one.getRole(),
                                    one.getWorkspaceId(),
                                    one.getUntilMillis()),
                            List.of(one.getAssignmentId()),
                            ModelClient::both));
            page = reply.getNextPage();
        } while (!page.isEmpty());
    }

    private static List<String> both(List<String> some, List<String> others) {
        return java.util.stream.Stream.concat(some.stream(), others.stream()).toList();
    }
}
