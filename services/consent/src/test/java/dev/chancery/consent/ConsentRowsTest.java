package dev.chancery.consent;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.projection.LogEvent;
import dev.chancery.schema.consent.v1.ConsentGranted;
import dev.chancery.schema.consent.v1.ConsentRenewed;
import dev.chancery.schema.consent.v1.ConsentWithdrawn;
import dev.chancery.schema.consent.v1.NoticePublished;
import dev.chancery.schema.consent.v1.RepresentativeKind;
import dev.chancery.schema.consent.v1.RepresentativeRecorded;
import dev.chancery.testkit.Backing;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.hibernate.Session;
import org.hibernate.SessionFactory;
import org.hibernate.jpa.HibernatePersistenceConfiguration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The entities are on the tables as the migration makes them, and show the rows of the tenant that stands on the connection, or none. */
class ConsentRowsTest {
    private static final List<Class<?>> ENTITIES =
            List.of(ConsentRow.class, ConsentEventRow.class, NoticeRow.class, RepresentativeRow.class);
    private static final String A = UUID.randomUUID().toString();
    private static final String B = UUID.randomUUID().toString();
    private static final ConsentProjection PROJECTION = new ConsentProjection("consent", DatabaseRole.CONSENT);

    private static Database database;
    private static SessionFactory sessions;

    @BeforeAll
    static void twoTenantsWithRows() {
        database = Backing.database("keyring", "log", "relay", "projection", "consent");
        for (String tenant : List.of(A, B)) {
            write(tenant);
        }
        sessions = new HibernatePersistenceConfiguration("consent")
                .managedClasses(ENTITIES.toArray(Class<?>[]::new))
                .property("hibernate.dialect", "org.hibernate.dialect.PostgreSQLDialect")
                .property("hibernate.boot.allow_jdbc_metadata_access", false)
                .createEntityManagerFactory();
    }

    @AfterAll
    static void close() {
        sessions.close();
    }

    private static void write(String tenant) {
        String consent = UUID.randomUUID().toString();
        String subject = UUID.randomUUID().toString();
        List<Message> events = List.of(
                NoticePublished.newBuilder()
                        .setPurpose("research")
                        .setNoticeVersion(1)
                        .setPurposeVersion(1)
                        .setUri("https://kestrel.example/notice")
                        .setLanguage("en")
                        .setTextSha256(ByteString.copyFrom(new byte[32]))
                        .addRecipients("clinic")
                        .addRecipients("lab")
                        .addDataCategories("health")
                        .build(),
                ConsentGranted.newBuilder()
                        .setConsentId(consent)
                        .setSubjectId(subject)
                        .setPurpose("research")
                        .setPurposeVersion(1)
                        .setResource("record")
                        .setAction("read")
                        .setRecipient("clinic")
                        .setNoticeVersion(1)
                        .setGranterId(subject)
                        .build(),
                ConsentWithdrawn.newBuilder()
                        .setConsentId(consent)
                        .setSubjectId(subject)
                        .setWithdrawerId(subject)
                        .build(),
                RepresentativeRecorded.newBuilder()
                        .setSubjectId(subject)
                        .setRepresentativeId(UUID.randomUUID().toString())
                        .setKind(RepresentativeKind.REPRESENTATIVE_KIND_GUARDIAN)
                        .setUntilMicros(9)
                        .build());
        database.inTenant(DatabaseRole.CONSENT, tenant, connection -> {
            for (int i = 0; i < events.size(); i++) {
                PROJECTION.apply(connection, tenant, event(events.get(i), i, subject));
            }
            return true;
        });
    }

    private static long rows(Connection connection, Class<?> entity) {
        try (Session session = sessions.withOptions().connection(connection).openSession()) {
            return session.createSelectionQuery("from " + entity.getSimpleName(), entity)
                    .getResultCount();
        }
    }

    @Test
    void eachTenantSeesItsOwn() {
        for (String tenant : List.of(A, B)) {
            database.inTenant(DatabaseRole.CONSENT, tenant, connection -> {
                assertThat(rows(connection, ConsentRow.class)).isOne();
                assertThat(rows(connection, ConsentEventRow.class)).isEqualTo(2);
                assertThat(rows(connection, NoticeRow.class)).isOne();
                assertThat(rows(connection, RepresentativeRow.class)).isOne();
                return true;
            });
        }
    }

    @Test
    void whereTheTenantWasForgottenNoRowIsSeen() throws SQLException {
        // Before, the same pooled connection had one: it is gone with its transaction.
        eachTenantSeesItsOwn();
        try (Connection connection = database.connection(DatabaseRole.CONSENT)) {
            for (Class<?> entity : ENTITIES) {
                assertThat(rows(connection, entity)).as(entity.getSimpleName()).isZero();
            }
            connection.rollback();
        }
    }

    /** However long a history is, a list reads the same few of it. */
    @Test
    void ofEachConsentTheNewestEventsAreReadOldestFirst() {
        String tenant = UUID.randomUUID().toString();
        List<UUID> consents =
                Stream.of(5, 1, 40).map(events -> history(tenant, events)).toList();
        database.inTenant(DatabaseRole.CONSENT, tenant, connection -> {
            try (Session session = sessions.withOptions().connection(connection).openSession()) {
                Map<UUID, List<Long>> read = session.createSelectionQuery(ConsentList.NEWEST, ConsentEventRow.class)
                        .setParameter(1, consents)
                        .setParameter(2, 4)
                        .getResultStream()
                        .collect(groupingBy(event -> event.consent, mapping(event -> event.position, toList())));
                assertThat(read.get(consents.get(0))).containsExactly(1L, 2L, 3L, 4L);
                assertThat(read.get(consents.get(1))).containsExactly(0L);
                assertThat(read.get(consents.get(2))).containsExactly(36L, 37L, 38L, 39L);
            }
            return true;
        });
    }

    /** A consent that was granted and renewed, at positions from 0. */
    private static UUID history(String tenant, int events) {
        var consent = UUID.randomUUID();
        String subject = UUID.randomUUID().toString();
        database.inTenant(DatabaseRole.CONSENT, tenant, connection -> {
            for (int i = 0; i < events; i++) {
                Message event = i == 0
                        ? ConsentGranted.newBuilder()
                                .setConsentId(consent.toString())
                                .setSubjectId(subject)
                                .setGranterId(subject)
                                .build()
                        : ConsentRenewed.newBuilder()
                                .setConsentId(consent.toString())
                                .setSubjectId(subject)
                                .setGranterId(subject)
                                .build();
                PROJECTION.apply(connection, tenant, event(event, i, subject));
            }
            return true;
        });
        return consent;
    }

    private static LogEvent event(Message event, int position, String subject) {
        return new LogEvent(
                "consent/x",
                1,
                event.getDescriptorForType().getFullName(),
                event.toByteString(),
                position,
                1_780_000_000_000_000L + position,
                subject);
    }

    @Test
    void everyColumnIsReadAsItWasWritten() {
        database.inTenant(DatabaseRole.CONSENT, A, connection -> {
            try (Session session = sessions.withOptions().connection(connection).openSession()) {
                ConsentRow consent = session.createSelectionQuery("from ConsentRow", ConsentRow.class)
                        .getSingleResult();
                assertThat(consent.untilMicros).isNull();
                assertThat(consent.grantedMicros).isEqualTo(1_780_000_000_000_001L);
                assertThat(consent.withdrawnMicros).isEqualTo(1_780_000_000_000_002L);
                NoticeRow notice = session.createSelectionQuery("from NoticeRow", NoticeRow.class)
                        .getSingleResult();
                assertThat(notice.recipients).containsExactly("clinic", "lab");
                assertThat(notice.textSha256).hasSize(32);
                List<ConsentEventRow> events = session.createSelectionQuery(
                                "from ConsentEventRow order by position", ConsentEventRow.class)
                        .getResultList();
                assertThat(events).extracting(event -> event.type).containsExactly(1, 3);
            }
            return true;
        });
    }
}
