package dev.chancery.retention;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds in every organisation of whom something is kept no longer. It only finds: {@link SubjectEraser#retire} looks each up on the log.
 *
 * <p><b>Limits:</b> {@link ErasureWorker#MAX_OF_ONE} subjects of an organisation and retention class in one look, longest over first, and
 * {@link ErasureWorker#MAX_ROUND} in all, of every organisation the first before any second.
 */
record Collector(Database database) {
    private static final String ALL_TENANTS = "*";

    record Due(String tenant, String subject) {}

    List<Due> due() {
        return database.inTenant(DatabaseRole.RETENTION, ALL_TENANTS, connection -> {
            // The first part goes from organisation to organisation by the index: however much one keeps, it is one
            // step.
            try (var select = connection.prepareStatement("""
                WITH RECURSIVE kept AS (
                    (SELECT tenant, class FROM retention.retained WHERE NOT held ORDER BY tenant, class LIMIT 1)
                    UNION ALL
                    SELECT next.* FROM kept CROSS JOIN LATERAL (
                        SELECT tenant, class FROM retention.retained
                        WHERE NOT held AND (tenant, class) > (kept.tenant, kept.class) ORDER BY tenant, class LIMIT 1) AS next)
                SELECT due.tenant, due.subject::text FROM kept
                LEFT JOIN retention.schedule AS schedule USING (tenant, class)
                CROSS JOIN LATERAL (
                    SELECT r.tenant, r.subject, row_number() OVER (ORDER BY r.began_micros, r.subject) AS place
                    FROM retention.retained AS r
                    WHERE r.tenant = kept.tenant AND r.class = kept.class AND NOT r.held AND r.began_micros <=
                        CASE coalesce(schedule.period, ?) WHEN 'UNLIMITED' THEN -1
                        ELSE extract(epoch FROM (now() AT TIME ZONE 'UTC') - coalesce(schedule.period, ?)::interval) * 1000000 END
                    ORDER BY r.began_micros, r.subject LIMIT ?) AS due
                GROUP BY due.tenant, due.subject ORDER BY min(due.place), random() LIMIT ?\
                """)) {
                select.setString(1, Schedules.DEFAULT);
                select.setString(2, Schedules.DEFAULT);
                select.setInt(3, ErasureWorker.MAX_OF_ONE);
                select.setInt(4, ErasureWorker.MAX_ROUND);
                List<Due> due = new ArrayList<>();
                try (var rows = select.executeQuery()) {
                    while (rows.next()) {
                        due.add(new Due(rows.getString(1), rows.getString(2)));
                    }
                }
                return due;
            }
        });
    }
}
