package dev.chancery.notices;

import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.schema.notices.v1.ListNoticesReply;
import dev.chancery.schema.notices.v1.ListNoticesRequest;
import dev.chancery.schema.notices.v1.Notice;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The list of notices, newest first. Each page is one statement.
 *
 * <p><b>Thread safety:</b> safe.
 */
final class NoticeList {
    private static final int MAX_SIZE = 200;
    private static final int DEFAULT_SIZE = 100;

    /** The key of the page's last row. */
    private static final Pattern PAGE =
            Pattern.compile("(0|[1-9][0-9]{0,17})\\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})");

    private static final String SQL = """
            SELECT notice, principal, kind, state, due_micros, position, attempts, code, tried_micros
            FROM notices.notice
            WHERE tenant = ? AND (position, notice) < (?, ?) AND (? = 0 OR state = ?) AND (?::uuid IS NULL OR principal = ?::uuid)
            ORDER BY position DESC, notice DESC LIMIT ?""";

    private final Database database;

    NoticeList(Database database) {
        this.database = database;
    }

    ListNoticesReply page(String tenant, ListNoticesRequest request) throws RefusedException {
        int size = request.getPageSize() == 0 ? DEFAULT_SIZE : request.getPageSize();
        Matcher after = PAGE.matcher(request.getPage());
        if (Integer.compareUnsigned(size, MAX_SIZE) > 0 || (!request.getPage().isEmpty() && !after.matches())) {
            throw new RefusedException(NoticesRejection.PAGE);
        }
        return database.inTenant(DatabaseRole.NOTICES, tenant, connection -> {
            try (var query = connection.prepareStatement(SQL)) {
                query.setString(1, tenant);
                query.setLong(2, request.getPage().isEmpty() ? Long.MAX_VALUE : Long.parseLong(after.group(1)));
                query.setObject(3, request.getPage().isEmpty() ? new UUID(-1, -1) : UUID.fromString(after.group(2)));
                query.setInt(4, request.getStateValue());
                query.setInt(5, request.getStateValue());
                String principal = request.getPrincipalId().isEmpty() ? null : request.getPrincipalId();
                query.setString(6, principal);
                query.setString(7, principal);
                query.setInt(8, size + 1);
                var reply = ListNoticesReply.newBuilder();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        if (reply.getNoticesCount() == size) {
                            Notice last = reply.getNotices(size - 1);
                            return reply.setNextPage(last.getPosition() + "." + last.getNoticeId())
                                    .build();
                        }
                        reply.addNotices(notice(rows));
                    }
                }
                return reply.build();
            }
        });
    }

    private static Notice notice(ResultSet row) throws SQLException {
        return Notice.newBuilder()
                .setNoticeId(row.getString("notice"))
                .setPrincipalId(row.getString("principal"))
                .setKindValue(row.getInt("kind"))
                .setStateValue(row.getInt("state"))
                .setDueAtMillis(row.getLong("due_micros") / 1000)
                .setPosition(row.getLong("position"))
                .setAttempts(row.getInt("attempts"))
                .setCode(row.getString("code"))
                .setTriedAtMillis(row.getLong("tried_micros") / 1000)
                .build();
    }
}
