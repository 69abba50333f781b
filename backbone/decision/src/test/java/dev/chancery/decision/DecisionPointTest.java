package dev.chancery.decision;

import static dev.chancery.decision.Events.ADA;
import static dev.chancery.decision.Events.BEN;
import static dev.chancery.decision.Events.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.embedded.EmbeddedKafka;
import dev.chancery.kernel.StreamId;
import dev.chancery.testkit.Backing;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is appended lies in PostgreSQL; what is sent is on Kafka as well, where the decision point hears it. */
class DecisionPointTest {
    private static final Duration AWHILE = Duration.ofSeconds(10);
    private static final Duration SHORT = Duration.ofMillis(50);
    private static final OptionalLong ANY = OptionalLong.empty();
    private static final StreamId BENS = AuthorityStreams.assignments(BEN);

    private final String topic = Backing.topic("log.v1");
    private final TestLog log = new TestLog(Backing.kafka().bootstrapServers(), topic);
    private final DecisionPoint point = log.decisionPoint();
    private final String tenant = log.organisation();

    @AfterEach
    void close() {
        point.close();
        log.close();
    }

    @Test
    void whatWasAppendedBeforeIsLoaded() {
        point.start();

        assertThat(mayAda(point)).isTrue();
        assertThat(mayBen(point, ANY, SHORT)).isFalse();
        assertThat(point.position(tenant)).isEqualTo(0);
    }

    @Test
    void whatArrivesLaterIsFollowed() {
        point.start();
        assertThat(mayBen(point, ANY, SHORT)).isFalse();

        long position = log.appended(tenant, BENS, 0, Events.assigned("a1", "administrator"));
        log.send(tenant, position);

        assertThat(mayBen(point, OptionalLong.of(position), AWHILE)).isTrue();
    }

    @Test
    void aRevocationThatWasSeenCounts() {
        log.appended(tenant, BENS, 0, Events.assigned("a1", "administrator"));
        point.start();
        assertThat(mayBen(point, ANY, SHORT)).isTrue();

        long position = log.appended(tenant, BENS, 1, Events.revoked("a1"));
        log.send(tenant, position);

        assertThat(mayBen(point, OptionalLong.of(position), AWHILE)).isFalse();
    }

    @Test
    void aPositionThatIsNotSeenInTimeGetsNoAnswer() {
        point.start();
        assertThat(mayAda(point)).isTrue();

        long position = log.appended(tenant, BENS, 0, Events.assigned("a1", "administrator"));

        assertThat(point.authority(tenant, BEN, OptionalLong.of(position + 1), SHORT))
                .isEmpty();
        assertThat(point.authority(tenant, BEN, ANY, SHORT)).isPresent();
    }

    @Test
    void aGapIsReadFromPostgresql() {
        point.start();
        assertThat(mayBen(point, ANY, SHORT)).isFalse();

        log.appended(tenant, BENS, 0, Events.assigned("a1", "administrator"));
        long position = log.appended(tenant, AuthorityStreams.principal(BEN), 1, Events.created(BEN));
        log.send(tenant, position);

        log.await(() -> point.position(tenant) == position);
        assertThat(mayBen(point, OptionalLong.of(position), AWHILE)).isTrue();
    }

    @Test
    void whatIsHeardTwiceOrLateCountsOnce() {
        point.start();
        assertThat(mayBen(point, ANY, SHORT)).isFalse();
        long assigned = log.appended(tenant, BENS, 0, Events.assigned("a1", "administrator"));
        long revoked = log.appended(tenant, BENS, 1, Events.revoked("a1"));

        log.send(tenant, assigned);
        log.send(tenant, revoked);
        log.send(tenant, assigned);
        long later = log.appended(tenant, AuthorityStreams.principal(BEN), 1, Events.created(BEN));
        log.send(tenant, later);

        assertThat(mayBen(point, OptionalLong.of(later), AWHILE)).isFalse();
    }

    @Test
    void recordsThatArriveWhileATenantIsBeingLoadedAreNotMissed() throws InterruptedException {
        point.start();
        int grants = 40;
        Thread writer = Thread.ofVirtual().start(() -> {
            for (int i = 0; i < grants; i++) {
                long position = log.appended(tenant, BENS, i, Events.assigned("a" + i, "administrator"));
                log.send(tenant, position);
            }
        });

        for (int round = 0; writer.isAlive(); round++) {
            try (DecisionPoint another = log.decisionPoint()) {
                another.start();
                long seen = another.position(tenant);
                assertThat(another.authority(tenant, BEN, OptionalLong.of(seen), AWHILE))
                        .as("round %d", round)
                        .hasValueSatisfying(authority -> assertThat(
                                        authority.authority().assignments().held())
                                .hasSizeGreaterThanOrEqualTo((int) seen));
            }
        }
        writer.join();

        assertThat(point.authority(tenant, BEN, OptionalLong.of(grants), AWHILE))
                .hasValueSatisfying(authority -> assertThat(
                                authority.authority().assignments().held())
                        .extracting(Assignments.Assignment::id)
                        .hasSize(grants)
                        .doesNotHaveDuplicates());
    }

    @Test
    @Timeout(60)
    void whatIsAnsweredIsTrueAtThePositionThatIsNamed() throws InterruptedException {
        point.start();
        int grants = 200;
        Thread writer = Thread.ofVirtual().start(() -> {
            for (int i = 0; i < grants; i++) {
                log.send(tenant, log.appended(tenant, BENS, i, Events.assigned("a" + i, "administrator")));
            }
        });

        // The record at position n brought the nth assignment.
        long position = 0;
        while (position < grants) {
            AuthorityAt at = point.authority(tenant, BEN, ANY, SHORT).orElseThrow();
            position = at.position();
            assertThat(at.authority().assignments().held()).hasSize((int) position);
        }
        writer.join();
    }

    @Test
    void aRecordThatCannotBeReadStopsNobody() {
        point.start();
        assertThat(mayBen(point, ANY, SHORT)).isFalse();

        log.sendNothing(tenant);
        log.await(() -> {
            long position = log.appended(
                    tenant, AuthorityStreams.principal(BEN), log.versionOf(tenant, BEN), Events.created(BEN));
            log.send(tenant, position);
            return point.authority(tenant, BEN, OptionalLong.of(position), Duration.ofSeconds(1))
                    .isPresent();
        });
    }

    @Test
    void beforeItFollowsItGivesNoAnswer() {
        assertThat(point.healthy()).isFalse();
        assertThat(point.authority(tenant, ADA, ANY, SHORT)).isEmpty();
    }

    @Test
    void whatWasCommittedIsSeenThoughKafkaSaysNothing() {
        point.start();
        assertThat(mayBen(point, ANY, SHORT)).isFalse();

        long position = log.appended(tenant, BENS, 0, Events.assigned("a1", "administrator"));

        log.await(() -> point.position(tenant) == position);
        assertThat(mayBen(point, ANY, SHORT)).isTrue();
    }

    /** Each of these granted, or refused, when decisions were made from what a message said. */
    @Test
    void nothingThatAMessageSaysReachesAnAnswer() {
        point.start();
        assertThat(mayBen(point, ANY, SHORT)).isFalse();
        String other = log.organisation();
        long granted = log.appended(other, BENS, 0, Events.assigned("a1", "administrator"));

        log.sendRaw(tenant, log.forged(tenant, 1, BENS, Events.assigned("a1", "administrator")));
        log.sendRaw(tenant, log.record(other, granted));
        log.sendRaw(tenant, new byte[] {1, 2, 3});
        log.sendNothing(tenant);
        long position = log.appended(tenant, AuthorityStreams.principal(BEN), 1, Events.created(BEN));
        log.send(tenant, position);

        assertThat(position).isEqualTo(1);
        assertThat(mayBen(point, OptionalLong.of(position), AWHILE)).isFalse();
        assertThat(point.position(tenant)).isEqualTo(position);
    }

    @Test
    void heartbeatsMakeNothingFreshAndNothingStale() {
        String pulses = Backing.topic("pulse.v1", 1, Map.of());
        point.start();
        log.sendPulse(pulses, 1, List.of(0L));
        assertThat(mayAda(point)).isTrue();

        Backing.postgres().kill();
        try {
            log.await(() -> {
                log.sendPulse(pulses, System.currentTimeMillis() * 1000, List.of(0L));
                return point.authority(tenant, ADA, ANY, SHORT).isEmpty();
            });
            assertThat(point.healthy()).isFalse();
        } finally {
            Backing.postgres().restart();
        }
        log.await(() -> point.authority(tenant, ADA, ANY, SHORT).isPresent());
    }

    @Test
    void withKafkaGoneItAnswersFromPostgresql(@TempDir Path directory) {
        EmbeddedKafka kafka = EmbeddedKafka.start(directory, 0);
        try (var lonely = new TestLog(kafka.bootstrapServers(), "log.v1.lonely")) {
            lonely.createTopic();
            String organisation = lonely.organisation();
            try (DecisionPoint followed = lonely.decisionPoint()) {
                followed.start();
                assertThat(followed.authority(organisation, BEN, ANY, SHORT)).isPresent();

                kafka.close();

                long position = lonely.appended(organisation, BENS, 0, Events.assigned("a1", "administrator"));
                lonely.await(() -> followed.position(organisation) == position);
                assertThat(followed.authority(organisation, BEN, ANY, SHORT)
                                .orElseThrow()
                                .authority()
                                .decide("role:define", "", NOW)
                                .granted())
                        .isTrue();
            }
        } finally {
            kafka.close();
        }
    }

    private boolean mayAda(DecisionPoint from) {
        return may(from, ADA, ANY, SHORT);
    }

    private boolean mayBen(DecisionPoint from, OptionalLong atLeast, Duration atMost) {
        return may(from, BEN, atLeast, atMost);
    }

    private boolean may(DecisionPoint from, String id, OptionalLong atLeast, Duration atMost) {
        return from.authority(tenant, id, atLeast, atMost)
                .orElseThrow()
                .authority()
                .decide("role:define", "", NOW)
                .granted();
    }
}
