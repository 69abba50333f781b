package dev.chancery.elevation;

import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.schema.elevation.v1.Elevation;
import dev.chancery.schema.elevation.v1.ElevationApproval;
import dev.chancery.schema.elevation.v1.ElevationState;
import dev.chancery.schema.elevation.v1.ListElevationsReply;
import dev.chancery.schema.elevation.v1.ListElevationsRequest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The list of elevations, newest first. Each page is one statement, so what it shows was all true at one position.
 *
 * <p><b>Thread safety:</b> safe.
 */
final class ElevationList {
    private static final int MAX_SIZE = 200;
    private static final int DEFAULT_SIZE = 100;

    /** Where the request stands in the log, and its id: the key of the page's last row. */
    private static final Pattern PAGE =
            Pattern.compile("(0|[1-9][0-9]{0,17})\\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})");

    private static final String SQL = """
            SELECT elevation, principal, role, workspace, ticket, emergency, minutes, requested_micros, lapses_micros, from_micros,
                until_micros, denied_micros, revoked_micros, review_due_micros, reviewed_micros, finding, position,
                ARRAY(SELECT a.approver::text FROM elevation.approval a WHERE a.tenant = e.tenant AND a.elevation = e.elevation
                    ORDER BY a.position, a.approver),
                ARRAY(SELECT a.role FROM elevation.approval a WHERE a.tenant = e.tenant AND a.elevation = e.elevation
                    ORDER BY a.position, a.approver)
            FROM elevation.elevation e
            WHERE tenant = ? AND (position, elevation) < (?, ?) AND (?::uuid IS NULL OR principal = ?::uuid)
            ORDER BY position DESC, elevation DESC LIMIT ?""";

    private final Database database;

    ElevationList(Database database) {
        this.database = database;
    }

    ListElevationsReply page(String tenant, ListElevationsRequest request, long atMicros) throws RefusedException {
        int size = request.getPageSize() == 0 ? DEFAULT_SIZE : request.getPageSize();
        Matcher after = PAGE.matcher(request.getPage());
        if (Integer.compareUnsigned(size, MAX_SIZE) > 0 || (!request.getPage().isEmpty() && !after.matches())) {
            throw new RefusedException(ElevationRejection.PAGE);
        }
        return database.inTenant(DatabaseRole.ELEVATION, tenant, connection -> {
            try (var query = connection.prepareStatement(SQL)) {
                query.setString(1, tenant);
                query.setLong(2, request.getPage().isEmpty() ? Long.MAX_VALUE : Long.parseLong(after.group(1)));
                query.setObject(3, request.getPage().isEmpty() ? new UUID(-1, -1) : UUID.fromString(after.group(2)));
                String principal = request.getPrincipalId().isEmpty() ? null : request.getPrincipalId();
                query.setString(4, principal);
                query.setString(5, principal);
                query.setInt(6, size + 1);
                var reply = ListElevationsReply.newBuilder();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        if (reply.getElevationsCount() == size) {
                            Elevation last = reply.getElevations(size - 1);
                            return reply.setNextPage(last.getPosition() + "." + last.getElevationId())
                                    .build();
                        }
                        reply.addElevations(elevation(rows, atMicros));
                    }
                }
                return reply.build();
            }
        });
    }

    private static Elevation elevation(ResultSet row, long atMicros) throws SQLException {
        long lapses = row.getLong("lapses_micros");
        long until = row.getLong("until_micros");
        long denied = row.getLong("denied_micros");
        long revoked = row.getLong("revoked_micros");
        ElevationState state = state(lapses, until, denied, revoked, atMicros);
        var elevation = Elevation.newBuilder()
                .setElevationId(row.getString("elevation"))
                .setPrincipalId(row.getString("principal"))
                .setRole(row.getString("role"))
                .setWorkspaceId(Objects.requireNonNullElse(row.getString("workspace"), ""))
                .setTicket(row.getString("ticket"))
                .setState(state)
                .setEmergency(row.getBoolean("emergency"))
                .setMinutes(row.getInt("minutes"))
                .setRequestedAtMillis(row.getLong("requested_micros") / 1000)
                .setLapsesAtMillis(lapses / 1000)
                .setFromMillis(row.getLong("from_micros") / 1000)
                .setUntilMillis(until / 1000)
                .setEndedAtMillis(ended(state, lapses, until, denied, revoked) / 1000)
                .setReviewDueMillis(row.getLong("review_due_micros") / 1000)
                .setReviewedAtMillis(row.getLong("reviewed_micros") / 1000)
                .setFindingValue(row.getInt("finding"))
                .setPosition(row.getLong("position"));
        String[] approvers = (String[]) row.getArray(18).getArray();
        String[] roles = (String[]) row.getArray(19).getArray();
        for (int i = 0; i < approvers.length; i++) {
            elevation.addApprovals(
                    ElevationApproval.newBuilder().setApproverId(approvers[i]).setApproverRole(roles[i]));
        }
        return elevation.build();
    }

    private static ElevationState state(long lapses, long until, long denied, long revoked, long atMicros) {
        if (denied != 0) {
            return ElevationState.ELEVATION_STATE_DENIED;
        }
        if (until == 0) {
            return atMicros < lapses ? ElevationState.ELEVATION_STATE_REQUESTED : ElevationState.ELEVATION_STATE_LAPSED;
        }
        if (revoked != 0) {
            return ElevationState.ELEVATION_STATE_REVOKED;
        }
        return atMicros < until ? ElevationState.ELEVATION_STATE_HELD : ElevationState.ELEVATION_STATE_ENDED;
    }

    private static long ended(ElevationState state, long lapses, long until, long denied, long revoked) {
        return switch (state) {
            case ELEVATION_STATE_DENIED -> denied;
            case ELEVATION_STATE_LAPSED -> lapses;
            case ELEVATION_STATE_REVOKED -> revoked;
            case ELEVATION_STATE_ENDED -> until;
            default -> 0;
        };
    }
}
