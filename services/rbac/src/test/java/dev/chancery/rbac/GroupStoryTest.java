package dev.chancery.rbac;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import dev.chancery.command.RefusedException;
import dev.chancery.schema.access.v1.CapabilityDefined;
import dev.chancery.schema.access.v1.CapabilityRetired;
import dev.chancery.schema.access.v1.GroupAssignmentRevoked;
import dev.chancery.schema.access.v1.GroupDefined;
import dev.chancery.schema.access.v1.GroupMemberAdded;
import dev.chancery.schema.access.v1.GroupMemberRemoved;
import dev.chancery.schema.access.v1.GroupRetired;
import dev.chancery.schema.access.v1.GroupRoleAssigned;
import dev.chancery.schema.rbac.v1.Assignment;
import dev.chancery.schema.rbac.v1.Capability;
import dev.chancery.schema.rbac.v1.Group;
import dev.chancery.schema.rbac.v1.GroupMember;
import dev.chancery.schema.rbac.v1.ListAssignmentsRequest;
import dev.chancery.schema.rbac.v1.ListGroupMembersRequest;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class GroupStoryTest {
    private static final GroupViews GROUPS = new GroupViews(Live.DATABASE);

    private final String ada = Story.id();
    private final String bob = Story.id();
    private final String clerks = Story.id();
    private final String grant = Story.id();
    private final Story story = new Story();

    @Test
    void groupsTheirMembersAndTheirAssignmentsAreListed() throws Exception {
        story.happens(group(clerks, "clerks"), Story.role("clerk", "invoice:read"))
                .happens(added(ada), added(bob), assigned(100))
                .happens(removed(ada));

        Live.apply(story);

        assertThat(groups()).extracting(Group::getGroup, Group::getRetired).containsExactly(tuple("clerks", false));
        assertThat(members("", ""))
                .extracting(GroupMember::getGroup, GroupMember::getPrincipalId)
                .containsExactly(tuple("clerks", bob));
        assertThat(members("clerks", bob)).hasSize(1);
        assertThat(members("clerks", ada)).isEmpty();
        assertThat(members("others", "")).isEmpty();
        assertThat(ofGroup("clerks", false))
                .extracting(Assignment::getGroup, Assignment::getRole, Assignment::getPrincipalId)
                .containsExactly(tuple("clerks", "clerk", ""));
    }

    @Test
    void whoComesBackIsAMemberSinceThen() throws Exception {
        story.happens(group(clerks, "clerks"), added(bob)).happens(removed(bob)).happens(added(bob));

        Live.apply(story);

        assertThat(members("clerks", "")).extracting(GroupMember::getPosition).containsExactly(2L);
    }

    @Test
    void aRetiredGroupHasNoMembersAndANamesakeIsAnotherGroup() throws Exception {
        String others = Story.id();
        story.happens(group(clerks, "clerks"), added(bob), assigned(0))
                .happens(
                        GroupRetired.newBuilder()
                                .setGroupId(clerks)
                                .setGroup("clerks")
                                .build(),
                        group(others, "clerks"));

        Live.apply(story);

        assertThat(members("clerks", "")).isEmpty();
        assertThat(ofGroup("clerks", false)).isEmpty();
        assertThat(groups())
                .extracting(Group::getGroupId, Group::getRetired)
                .containsExactlyInAnyOrder(tuple(clerks, true), tuple(others, false));
    }

    @Test
    void assignmentsWithoutEndStandOut() {
        story.happens(group(clerks, "clerks"), assigned(0), Story.assigned(Story.id(), bob, "clerk", ada))
                .happens(GroupAssignmentRevoked.newBuilder()
                        .setAssignmentId(grant)
                        .setGroupId(clerks)
                        .build());

        Live.apply(story);

        List<Assignment> without = ofGroup("", true);
        assertThat(without).allMatch(Assignment::getWithoutEnd).hasSize(1);
        assertThat(Live.assignments(story.tenant)).hasSize(2).anyMatch(one -> !one.getWithoutEnd());
    }

    @Test
    void capabilitiesSayWhatTheirUseTakesAndRetiredOnesAreGone() {
        story.happens(capability("vault:open", 60), capability("vault:close", 0))
                .happens(CapabilityRetired.newBuilder()
                        .setCapability("vault:close")
                        .build());

        Live.apply(story);

        assertThat(Live.capabilities(story.tenant))
                .containsExactly(Capability.newBuilder()
                        .setCapability("vault:open")
                        .setStepUpSeconds(60)
                        .setBreakGlassOnly(true)
                        .setConsentRequired(true)
                        .setConsentPurpose("research")
                        .build());
    }

    private GroupDefined group(String id, String name) {
        return GroupDefined.newBuilder().setGroupId(id).setGroup(name).build();
    }

    private GroupMemberAdded added(String principal) {
        return GroupMemberAdded.newBuilder()
                .setGroupId(clerks)
                .setPrincipalId(principal)
                .build();
    }

    private GroupMemberRemoved removed(String principal) {
        return GroupMemberRemoved.newBuilder()
                .setGroupId(clerks)
                .setPrincipalId(principal)
                .build();
    }

    private GroupRoleAssigned assigned(long until) {
        return GroupRoleAssigned.newBuilder()
                .setAssignmentId(grant)
                .setGroupId(clerks)
                .setRole("clerk")
                .setFromMicros(1)
                .setUntilMicros(until)
                .setGranterId(ada)
                .build();
    }

    private static CapabilityDefined capability(String name, int stepUpSeconds) {
        return CapabilityDefined.newBuilder()
                .setCapability(name)
                .setStepUpSeconds(stepUpSeconds)
                .setBreakGlassOnly(true)
                .setConsentRequired(true)
                .setConsentPurpose("research")
                .build();
    }

    private List<Group> groups() throws RefusedException {
        return GROUPS.groups(story.tenant, Page.ofGroups(0, "")).getGroupsList();
    }

    private List<GroupMember> members(String group, String principal) throws RefusedException {
        var request = ListGroupMembersRequest.newBuilder()
                .setGroup(group)
                .setPrincipalId(principal)
                .build();
        var all = new ArrayList<GroupMember>();
        String token = "";
        do {
            var page = GROUPS.members(story.tenant, request, Page.ofMembers(1, token));
            all.addAll(page.getMembersList());
            token = page.getNextPage();
        } while (!token.isEmpty());
        return all;
    }

    private List<Assignment> ofGroup(String group, boolean withoutEnd) {
        return Live.VIEWS
                .assignments(
                        story.tenant,
                        ListAssignmentsRequest.newBuilder()
                                .setGroup(group)
                                .setWithoutEnd(withoutEnd)
                                .build(),
                        new Page<>(200, Page.Made.NEWEST))
                .orElseThrow()
                .getAssignmentsList();
    }
}
