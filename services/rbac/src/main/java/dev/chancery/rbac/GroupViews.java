package dev.chancery.rbac;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.rbac.Page.Member;
import dev.chancery.schema.rbac.v1.Group;
import dev.chancery.schema.rbac.v1.GroupMember;
import dev.chancery.schema.rbac.v1.ListGroupMembersReply;
import dev.chancery.schema.rbac.v1.ListGroupMembersRequest;
import dev.chancery.schema.rbac.v1.ListGroupsReply;
import java.util.UUID;

/**
 * The lists of groups and their members.
 *
 * <p><b>Thread safety:</b> safe.
 */
final class GroupViews {
    private static final String GROUPS = """
            SELECT g.group_id, g.name, g.retired_position IS NOT NULL FROM rbac.access_group g
            WHERE g.tenant = ? AND g.group_id > ? ORDER BY g.group_id LIMIT ?""";

    private static final String MEMBERS = """
            SELECT g.name, m.principal, m.added_position, m.group_id
            FROM rbac.group_member m JOIN rbac.access_group g ON g.tenant = m.tenant AND g.group_id = m.group_id
            WHERE m.tenant = ? AND (m.group_id, m.principal) > (?, ?) AND m.added_position IS NOT NULL
                AND g.retired_position IS NULL AND (? = '' OR g.name = ?) AND (? = '' OR m.principal::text = ?)
            ORDER BY m.group_id, m.principal LIMIT ?""";

    private final Database database;

    GroupViews(Database database) {
        this.database = database;
    }

    ListGroupsReply groups(String tenant, Page<UUID> page) {
        return database.inTenant(DatabaseRole.RBAC, tenant, connection -> {
            var reply = ListGroupsReply.newBuilder();
            try (var query = connection.prepareStatement(GROUPS)) {
                query.setString(1, tenant);
                query.setObject(2, page.after());
                query.setInt(3, page.size() + 1);
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        if (reply.getGroupsCount() == page.size()) {
                            return reply.setNextPage(
                                            reply.getGroups(page.size() - 1).getGroupId())
                                    .build();
                        }
                        reply.addGroups(Group.newBuilder()
                                .setGroupId(rows.getString(1))
                                .setGroup(rows.getString(2))
                                .setRetired(rows.getBoolean(3)));
                    }
                }
            }
            return reply.build();
        });
    }

    ListGroupMembersReply members(String tenant, ListGroupMembersRequest request, Page<Member> page) {
        return database.inTenant(DatabaseRole.RBAC, tenant, connection -> {
            var reply = ListGroupMembersReply.newBuilder();
            try (var query = connection.prepareStatement(MEMBERS)) {
                query.setString(1, tenant);
                query.setObject(2, page.after().group());
                query.setObject(3, page.after().principal());
                query.setString(4, request.getGroup());
                query.setString(5, request.getGroup());
                query.setString(6, request.getPrincipalId());
                query.setString(7, request.getPrincipalId());
                query.setInt(8, page.size() + 1);
                try (var rows = query.executeQuery()) {
                    Member last = page.after();
                    while (rows.next()) {
                        if (reply.getMembersCount() == page.size()) {
                            return reply.setNextPage(last.token()).build();
                        }
                        last = new Member(UUID.fromString(rows.getString(4)), UUID.fromString(rows.getString(2)));
                        reply.addMembers(GroupMember.newBuilder()
                                .setGroup(rows.getString(1))
                                .setPrincipalId(rows.getString(2))
                                .setPosition(rows.getLong(3)));
                    }
                }
            }
            return reply.build();
        });
    }
}
