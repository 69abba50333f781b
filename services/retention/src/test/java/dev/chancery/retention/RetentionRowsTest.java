package dev.chancery.retention;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.projection.LogEvent;
import dev.chancery.schema.identity.v1.PrincipalDeactivated;
import dev.chancery.schema.identity.v1.PrincipalReactivated;
import dev.chancery.schema.options.v1.DataClass;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.schema.retention.v1.DestructionCompleted;
import dev.chancery.schema.retention.v1.DestructionDecided;
import dev.chancery.schema.retention.v1.DestructionWithheld;
import dev.chancery.schema.retention.v1.ErasureGround;
import dev.chancery.schema.retention.v1.ErasureState;
import dev.chancery.schema.retention.v1.HoldCleared;
import dev.chancery.schema.retention.v1.HoldSet;
import dev.chancery.schema.retention.v1.KeysDestroyed;
import dev.chancery.schema.retention.v1.ScheduleSet;
import dev.chancery.testkit.Backing;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import org.hibernate.Session;
import org.hibernate.SessionFactory;
import org.hibernate.jpa.HibernatePersistenceConfiguration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The entities are on the tables as the migration makes them, and show the rows of the tenant that stands on the connection, or none. */
class RetentionRowsTest {
    private static final long AT = 1_780_000_000_000_000L;
    private static final String A = UUID.randomUUID().toString();
    private static final String B = UUID.randomUUID().toString();
    private static final RetentionProjection PROJECTION = new RetentionProjection("retention", DatabaseRole.RETENTION);
    private static final RetentionClass ACCOUNT = RetentionClass.RETENTION_CLASS_ACCOUNT;
    private static final RetentionClass AUDIT = RetentionClass.RETENTION_CLASS_AUDIT;

    private static Database database;
    private static SessionFactory sessions;

    private final String subject = UUID.randomUUID().toString();
    private final String request = UUID.randomUUID().toString();
    private final String hold = UUID.randomUUID().toString();
    private long position;

    @BeforeAll
    static void open() {
        database = Backing.database("keyring", "log", "relay", "projection", "retention");
        sessions = new HibernatePersistenceConfiguration("retention")
                .managedClasses(HoldRow.class, ErasureRow.class, ScheduleRow.class, RetainedRow.class)
                .property("hibernate.dialect", "org.hibernate.dialect.PostgreSQLDialect")
                .property("hibernate.boot.allow_jdbc_metadata_access", false)
                .createEntityManagerFactory();
    }

    @AfterAll
    static void close() {
        sessions.close();
    }

    private void write(String tenant, Message... events) {
        for (Message event : events) {
            write(tenant, event.getDescriptorForType().getFullName(), event.toByteString());
        }
    }

    private void write(String tenant, String type, ByteString body) {
        position++;
        database.inTenant(DatabaseRole.RETENTION, tenant, connection -> {
            PROJECTION.apply(
                    connection,
                    tenant,
                    new LogEvent("retention/x", position, type, body, position, AT + position, subject));
            return true;
        });
    }

    private HoldSet held() {
        return HoldSet.newBuilder()
                .setHoldId(hold)
                .setSubjectId(subject)
                .setMatter("m-1")
                .addClasses(AUDIT)
                .setReviewMicros(AT + 9)
                .setSetterId(subject)
                .build();
    }

    private DestructionDecided decided(RetentionClass... classes) {
        return DestructionDecided.newBuilder()
                .setSubjectId(subject)
                .setRequestId(request)
                .setGround(ErasureGround.ERASURE_GROUND_REQUEST)
                .addAllClasses(List.of(classes))
                .build();
    }

    private DestructionWithheld withheld(RetentionClass... classes) {
        return DestructionWithheld.newBuilder()
                .setSubjectId(subject)
                .setRequestId(request)
                .setGround(ErasureGround.ERASURE_GROUND_REQUEST)
                .addHoldIds(hold)
                .addAllClasses(List.of(classes))
                .build();
    }

    private static <T> List<T> rows(Connection connection, Class<T> entity, String order) {
        try (Session session = sessions.withOptions().connection(connection).openSession()) {
            return session.createSelectionQuery("from " + entity.getSimpleName() + " order by " + order, entity)
                    .getResultList();
        }
    }

    /** class/request/due of what the eraser would find, and what wrapped what is destroyed. */
    private List<String> open(String tenant) {
        return database.transaction(DatabaseRole.RETENTION, connection -> {
            try (var select = connection.prepareStatement(
                    "SELECT class || '/' || request || '/' || due_micros || CASE WHEN ring > 0 THEN '/' || tenant_key"
                            + " || '/' || ring ELSE '' END FROM retention.open WHERE tenant = ? ORDER BY class")) {
                select.setString(1, tenant);
                try (var found = select.executeQuery()) {
                    var all = new java.util.ArrayList<String>();
                    while (found.next()) {
                        all.add(found.getString(1));
                    }
                    return all;
                }
            }
        });
    }

    @Test
    void anErasureIsFollowedFromAskingToItsEnd() {
        String tenant = UUID.randomUUID().toString();
        // chancery.dsar.v1.ErasureAsked as the wire has it: field 1 the request, field 2 the subject, and one that is
        // not known here.
        var body = ByteString.newOutput();
        writeText(body, 0x0a, request);
        writeText(body, 0x12, subject);
        writeText(body, 0x7a, "more");
        write(tenant, ErasureAsk.TYPE, body.toByteString());
        assertThat(open(tenant)).containsExactly("0/" + request + "/0");

        write(tenant, held(), decided(ACCOUNT), withheld(AUDIT));
        assertThat(open(tenant)).containsExactly("1//0");
        var destroyed = KeysDestroyed.newBuilder()
                .setSubjectId(subject)
                .setRequestId(request)
                .setKeys(1)
                .addClasses(ACCOUNT)
                .setHorizonMicros(AT + position + 1 + 1_000)
                .setTenantKeyVersion(3)
                .setSealerKeyVersion(4)
                .build();
        write(tenant, destroyed);
        assertThat(open(tenant)).containsExactly("1//" + destroyed.getHorizonMicros() + "/3/4");
        write(
                tenant,
                HoldCleared.newBuilder()
                        .setHoldId(hold)
                        .setSubjectId(subject)
                        .setClearerId(subject)
                        .build(),
                decided(AUDIT),
                DestructionCompleted.newBuilder()
                        .setSubjectId(subject)
                        .addClasses(ACCOUNT)
                        .build());
        assertThat(open(tenant)).containsExactly("2//0");

        database.inTenant(DatabaseRole.RETENTION, tenant, connection -> {
            assertThat(rows(connection, ErasureRow.class, "retention"))
                    .satisfiesExactly(
                            account -> {
                                assertThat(account.state).isEqualTo(ErasureState.ERASURE_STATE_COMPLETED_VALUE);
                                assertThat(account.request).isEqualTo(UUID.fromString(request));
                                assertThat(account.horizonMicros).isEqualTo(destroyed.getHorizonMicros());
                                assertThat(account.completedMicros).isNotNull();
                            },
                            audit -> {
                                assertThat(audit.state).isEqualTo(ErasureState.ERASURE_STATE_DECIDED_VALUE);
                                assertThat(audit.holds).isEmpty();
                                assertThat(audit.destroyedMicros).isNull();
                            });
            assertThat(rows(connection, HoldRow.class, "position"))
                    .singleElement()
                    .satisfies(row -> {
                        assertThat(row.classes).containsExactly(AUDIT.getNumber());
                        assertThat(row.clearedMicros).isNotNull();
                    });
            return true;
        });
    }

    private static void writeText(ByteString.Output out, int tag, String text) {
        out.write(tag);
        out.write(text.length());
        byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        out.write(bytes, 0, bytes.length);
    }

    @Test
    void eachTenantSeesItsOwnAndAForgottenOneNothing() throws SQLException {
        for (String tenant : List.of(A, B)) {
            new RetentionRowsTest().fill(tenant);
            database.inTenant(DatabaseRole.RETENTION, tenant, connection -> {
                assertThat(rows(connection, HoldRow.class, "position")).hasSize(1);
                assertThat(rows(connection, ErasureRow.class, "retention")).hasSize(1);
                assertThat(rows(connection, ScheduleRow.class, "retention")).hasSize(1);
                assertThat(rows(connection, RetainedRow.class, "retention")).hasSize(3);
                return true;
            });
        }
        // Before, the same pooled connection had one: it is gone with its transaction.
        try (Connection connection = database.connection(DatabaseRole.RETENTION)) {
            assertThat(rows(connection, HoldRow.class, "position")).isEmpty();
            assertThat(rows(connection, ErasureRow.class, "retention")).isEmpty();
            assertThat(rows(connection, ScheduleRow.class, "retention")).isEmpty();
            assertThat(rows(connection, RetainedRow.class, "retention")).isEmpty();
            connection.rollback();
        }
    }

    private void fill(String tenant) {
        write(tenant, held(), withheld(AUDIT), scheduled("P1Y"), left());
    }

    private ScheduleSet scheduled(String period) {
        return ScheduleSet.newBuilder()
                .setDataClass(DataClass.DATA_CLASS_PERSONAL)
                .setRetentionClass(AUDIT)
                .setPeriod(period)
                .setSetterId(subject)
                .build();
    }

    private PrincipalDeactivated left() {
        return PrincipalDeactivated.newBuilder().setPrincipalId(subject).build();
    }

    /** class/began/held of what is kept. */
    private List<String> kept(String tenant) {
        return database.inTenant(
                DatabaseRole.RETENTION, tenant, connection -> rows(connection, RetainedRow.class, "retention").stream()
                        .map(row -> row.retention + "/" + row.beganMicros + "/" + row.held)
                        .toList());
    }

    @Test
    void whatIsKeptOfWhoLeftFollowsReturnsHoldsAndDecisions() {
        String tenant = UUID.randomUUID().toString();
        write(tenant, held(), left());
        long began = AT + position;
        assertThat(kept(tenant))
                .containsExactly("1/" + began + "/false", "2/" + began + "/true", "3/" + began + "/false");
        write(
                tenant,
                HoldCleared.newBuilder()
                        .setHoldId(hold)
                        .setSubjectId(subject)
                        .setClearerId(subject)
                        .build());
        assertThat(kept(tenant))
                .containsExactly("1/" + began + "/false", "2/" + began + "/false", "3/" + began + "/false");
        write(
                tenant,
                held().toBuilder()
                        .setHoldId(UUID.randomUUID().toString())
                        .clearClasses()
                        .addClasses(ACCOUNT)
                        .build(),
                decided(AUDIT));
        assertThat(kept(tenant)).containsExactly("1/" + began + "/true", "3/" + began + "/false");
        write(tenant, PrincipalReactivated.newBuilder().setPrincipalId(subject).build());
        assertThat(kept(tenant)).isEmpty();
        write(tenant, left());
        assertThat(kept(tenant))
                .as("what was decided is not kept")
                .containsExactly("1/" + (AT + position) + "/true", "3/" + (AT + position) + "/false");
    }

    @Test
    void theScheduleThatWasSetLastIsInForce() {
        String tenant = UUID.randomUUID().toString();
        write(tenant, scheduled("P1Y"), scheduled("P2Y"));
        database.inTenant(DatabaseRole.RETENTION, tenant, connection -> {
            assertThat(rows(connection, ScheduleRow.class, "retention"))
                    .singleElement()
                    .satisfies(row -> {
                        assertThat(row.period).isEqualTo("P2Y");
                        assertThat(row.setMicros).isEqualTo(AT + position);
                        assertThat(row.setter).isEqualTo(UUID.fromString(subject));
                    });
            return true;
        });
    }
}
