package dev.chancery.rbac;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.database.DatabaseRole;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A replay fills tables that PostgreSQL knows nothing about yet: a run must not read more the more there is. */
@Timeout(60)
class GrowthTest {
    private static final int ROWS = 3_000;
    private static final int ENDED = 20;

    @ParameterizedTest
    @ValueSource(ints = {1, ENDED})
    void whatARunReadsDoesNotGrowWithTheViews(int runRecords) {
        var story = new Story();
        var ids = new ArrayList<String>();
        var events = new ArrayList<Message>();
        String holder = Story.id();
        for (int i = 0; i < ROWS; i++) {
            ids.add(Story.id());
            events.add(Story.assigned(ids.get(i), holder, "reader", holder));
            events.add(Story.created(ids.get(i), PrincipalType.USER));
            events.add(Story.role("r" + i, "a:read"));
            events.add(Story.capability("c" + i + ":read", 0));
        }
        story.happens(events.toArray(Message[]::new));
        int first = (int) story.next();
        for (int i = 0; i < ENDED; i++) {
            story.happens(
                    Story.revoked(ids.get(i * 100), holder),
                    Story.deactivated(ids.get(i * 100)),
                    Story.retired("r" + i * 100),
                    Story.capability("c" + i * 100 + ":read", 1));
        }
        Live.applyRun(new RbacProjection(), story.records.subList(0, first));

        for (int from = first; from < story.next(); from += runRecords) {
            var run = story.records.subList(from, from + runRecords);
            Map<String, Long> read = Live.DATABASE.inTenant(DatabaseRole.RBAC, story.tenant, connection -> {
                Map<String, Long> before = rowsRead(connection);
                new RbacProjection().apply(connection, story.tenant, run);
                Map<String, Long> after = rowsRead(connection);
                before.forEach((table, rows) -> after.merge(table, -rows, Long::sum));
                return after;
            });

            // Found, and found again by the conflict; and what the built-in role's name is read from.
            assertThat(read).hasSize(4).allSatisfy((table, rows) -> assertThat(rows)
                    .isBetween((long) runRecords, 2L * runRecords + 2));
        }
    }

    /** By this session since its counters were last collected. */
    private static Map<String, Long> rowsRead(Connection connection) throws SQLException {
        try (var rows = connection.createStatement().executeQuery("""
                SELECT relname, seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables
                WHERE schemaname = 'rbac' AND relname IN ('assignment', 'principal', 'role', 'capability')""")) {
            var found = new HashMap<String, Long>();
            while (rows.next()) {
                found.put(rows.getString(1), rows.getLong(2));
            }
            return found;
        }
    }
}
