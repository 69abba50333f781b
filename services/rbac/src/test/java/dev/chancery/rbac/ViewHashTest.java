package dev.chancery.rbac;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.database.DatabaseRole;
import dev.chancery.projection.ViewHash;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ViewHashTest {
    private final String ada = Story.id();
    private final String grant = Story.id();

    private Story story() {
        var story = new Story();
        String office = Story.id();
        return story.happens(
                        Story.founded(story.tenant, ada, grant),
                        Story.contract("role:read"),
                        Story.created(ada, PrincipalType.USER))
                .happens(Story.workspace(office), Story.member(office, ada))
                .happens(Story.capability("a:read", 1), Story.role("reader", "a:read"))
                .happens(Story.assigned(Story.id(), ada, "reader", ada));
    }

    @Test
    void aTenantWithoutRecordsHasTheHashOfNoRowsAndNoPosition() {
        assertThat(Live.hash("rbac", Story.id()))
                .isEqualTo(new ViewHash(-1, "50a046ab89edef8ca8597d5f63b0464f80a10b54237f6c8a4b82221d37da8559"));
    }

    @Test
    void rowsCountAndNotWhereTheyLie() {
        Story story = story();
        Live.apply(story);
        ViewHash before = Live.hash("rbac", story.tenant);

        // A row is moved by changing it there and back.
        change(story, "UPDATE rbac.assignment SET role = 'x'");
        assertThat(Live.hash("rbac", story.tenant)).isNotEqualTo(before);
        change(
                story,
                "UPDATE rbac.assignment SET role = CASE WHEN granter IS NULL THEN 'administrator' ELSE 'reader' END");

        assertThat(Live.hash("rbac", story.tenant)).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DELETE FROM rbac.member",
                "DELETE FROM rbac.workspace",
                "DELETE FROM rbac.role_capability",
                "UPDATE rbac.role SET retired = NOT retired",
                "UPDATE rbac.role SET valid_to_position = valid_from_position + 1",
                "UPDATE rbac.capability SET step_up_seconds = 2",
                "UPDATE rbac.principal SET type = 9",
                "UPDATE rbac.principal SET deactivated_position = 9",
                "UPDATE rbac.assignment SET until_micros = 1",
                "UPDATE rbac.assignment SET revoked_at_micros = 1, revoked_position = 1"
            })
    void anyOtherRowGivesAnotherHash(String change) {
        Story story = story();
        Live.apply(story);
        ViewHash before = Live.hash("rbac", story.tenant);

        change(story, change);

        ViewHash after = Live.hash("rbac", story.tenant);
        assertThat(after.sha256()).isNotEqualTo(before.sha256());
        assertThat(after.position()).isEqualTo(before.position()).isEqualTo(3);
    }

    @Test
    void everyTableOfTheViewsTakesPart() {
        var tables = new ArrayList<>(RbacProjection.TABLES);
        tables.add("offset");
        tables.add("position");
        tables.add("quarantine");
        tables.add("schema_history");

        assertThat(Live.read("SELECT tablename FROM pg_tables WHERE schemaname = 'rbac'"))
                .containsExactlyInAnyOrderElementsOf(tables);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "rbac.role; --", "Rbac", "\"rbac\""})
    void aSchemasNameIsAName(String schema) {
        assertThatThrownBy(() -> Live.hash(schema, Story.id())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new RbacProjection(schema)).isInstanceOf(IllegalArgumentException.class);
    }

    private static void change(Story story, String sql) {
        int changed = Live.DATABASE.inTenant(DatabaseRole.RBAC, story.tenant, connection -> {
            try (var statement = connection.createStatement()) {
                return statement.executeUpdate(sql);
            }
        });
        assertThat(changed).isPositive();
    }
}
