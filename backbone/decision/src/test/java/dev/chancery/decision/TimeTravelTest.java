package dev.chancery.decision;

import static dev.chancery.decision.Events.ADA;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.identity.v1.PrincipalReactivated;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.testkit.Backing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Random histories, asked about at random past positions and times; what is right is said by an evaluator that shares no code. */
class TimeTravelTest {
    private static final Duration AWHILE = Duration.ofSeconds(10);
    private static final boolean FULL = "full".equals(System.getProperty("chancery.rounds"));
    private static final int EVENTS = FULL ? 1_000 : 120;
    private static final int QUESTIONS = FULL ? 100_000 : 1_000;
    private static final List<String> ROLES = List.of("clerk", "auditor", "manager", "administrator");
    private static final List<String> CAPABILITIES = List.of("invoice:read", "invoice:approve", "role:define", "x:y");
    private static final List<String> PLACES = List.of("", "w1", "w2");

    private final TestLog log = new TestLog(Backing.kafka().bootstrapServers(), Backing.topic("log.v1"));
    private final DecisionPoint point = log.decisionPoint();
    private final String tenant = log.organisation();
    private final Map<String, Long> versions = new HashMap<>();
    private final List<Happened> history = new ArrayList<>();

    /** What a record at a position says, in the test's own words. */
    private record Happened(long position, Message event, String about) {}

    @AfterEach
    void close() {
        point.close();
        log.close();
    }

    @Test
    void randomQuestionsAboutThePastAreAnsweredAsTheHistorySays() {
        long seed = new Random().nextLong();
        System.out.println("TimeTravelTest seed " + seed);
        var random = new Random(seed);
        point.start();
        List<String> people = new ArrayList<>(List.of(ADA));
        for (int i = 0; i < EVENTS; i++) {
            happen(random, people);
        }
        long end = history.getLast().position();

        int granted = 0;
        for (int i = 0; i < QUESTIONS; i++) {
            long position = random.nextLong(end + 1);
            String who = people.get(random.nextInt(people.size()));
            String capability = CAPABILITIES.get(random.nextInt(CAPABILITIES.size()));
            String where = PLACES.get(random.nextInt(PLACES.size()));
            boolean byTime = random.nextBoolean();
            long atMicros = recordedAt(position);
            Consistency wanted = byTime ? Consistency.asOf(atMicros) : Consistency.exactly(position);

            var from = (Answerable.From) point.at(tenant, wanted, Long.MAX_VALUE, AWHILE);
            AuthorityDecision decision =
                    from.state().authority(who).authority().decide(capability, where, from.atMicros());

            assertThat(from.atMicros()).isEqualTo(atMicros);
            if (!byTime) {
                assertThat(from.state().position()).isEqualTo(position);
            }
            assertThat(from.state().position()).isGreaterThanOrEqualTo(position);
            boolean expected = expected(from.state().position(), who, capability, where, atMicros);
            assertThat(decision.granted())
                    .as("seed %d: %s %s in '%s' at %d", seed, who, capability, where, position)
                    .isEqualTo(expected);
            granted += expected ? 1 : 0;
        }
        assertThat(granted).as("both answers come").isBetween(QUESTIONS / 100, QUESTIONS * 99 / 100);
    }

    @Test
    void theSameQuestionHasTheSameAnswerForEver() {
        point.start();
        assertThat(may(Consistency.exactly(0), ADA)).isTrue();
        happens(AuthorityStreams.principal(ADA), Events.deactivated(ADA), ADA);

        assertThat(may(Consistency.exactly(0), ADA)).isTrue();
        assertThat(may(Consistency.atLeast(1), ADA)).isFalse();
        assertThat(may(Consistency.exactly(1), ADA)).isFalse();
    }

    @Test
    void whatHasNotHappenedYetIsNotAnswered() {
        point.start();
        long now = recordedAt(0);

        assertThat(point.at(tenant, Consistency.exactly(1), now, AWHILE)).isEqualTo(Answerable.Not.AHEAD);
        assertThat(point.at(tenant, Consistency.atLeast(1), now, AWHILE)).isEqualTo(Answerable.Not.AHEAD);
        assertThat(point.at(tenant, Consistency.asOf(now + 1), now, AWHILE)).isEqualTo(Answerable.Not.AHEAD);
        assertThat(point.at(tenant, Consistency.asOf(now - 1), now, AWHILE)).isEqualTo(Answerable.Not.BEFORE_BEGINNING);
        assertThat(point.at(tenant, Consistency.asOf(now), now, AWHILE)).isInstanceOf(Answerable.From.class);
    }

    @Test
    void whatIsLookedThroughStaysAsItIs() {
        point.start();
        var before = (Answerable.From) point.frozenAt(tenant, Consistency.FASTEST, 1, AWHILE);
        String cyd = new UUID(0, 7).toString();
        happens(AuthorityStreams.principal(cyd), Events.created(cyd), cyd);
        assertThat(point.at(tenant, Consistency.atLeast(1), 1, AWHILE)).isInstanceOf(Answerable.From.class);

        assertThat(before.state().principals()).hasSize(2);
        var after = (Answerable.From) point.frozenAt(tenant, Consistency.FASTEST, 1, AWHILE);
        assertThat(after.state().principals()).hasSize(3).isSorted();
        var again = (Answerable.From) point.frozenAt(tenant, Consistency.exactly(0), 1, AWHILE);
        assertThat(again.state().principals()).hasSize(2);
    }

    private boolean may(Consistency wanted, String who) {
        var from = (Answerable.From) point.at(tenant, wanted, recordedAt(0), AWHILE);
        return from.state()
                .authority(who)
                .authority()
                .decide("role:define", "", from.atMicros())
                .granted();
    }

    private void happen(Random random, List<String> people) {
        String who = people.get(random.nextInt(people.size()));
        String role = ROLES.get(random.nextInt(3));
        switch (random.nextInt(8)) {
            case 0 -> {
                String id = new UUID(1, people.size()).toString();
                people.add(id);
                happens(AuthorityStreams.principal(id), Events.created(id), id);
            }
            case 1 -> {
                var capabilities = new HashSet<String>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    capabilities.add(CAPABILITIES.get(random.nextInt(CAPABILITIES.size())));
                }
                happens(AuthorityStreams.ROLE_MODEL, Events.role(role, capabilities.toArray(String[]::new)), "");
            }
            case 2 -> happens(AuthorityStreams.ROLE_MODEL, Events.retired(role), "");
            case 3 -> {
                var mine = history.stream()
                        .filter(h ->
                                h.event() instanceof RoleAssigned && h.about().equals(who))
                        .map(h -> ((RoleAssigned) h.event()).getAssignmentId())
                        .toList();
                String id = mine.isEmpty() ? "first" : mine.get(random.nextInt(mine.size()));
                happens(AuthorityStreams.assignments(who), Events.revoked(id), who);
            }
            case 4 ->
                happens(
                        AuthorityStreams.principal(who),
                        random.nextInt(3) > 0
                                ? PrincipalReactivated.newBuilder()
                                        .setPrincipalId(who)
                                        .build()
                                : Events.deactivated(who),
                        who);
            default -> {
                long now = recordedAt(history.isEmpty() ? 0 : history.getLast().position());
                happens(
                        AuthorityStreams.assignments(who),
                        RoleAssigned.newBuilder()
                                .setAssignmentId("a" + history.size())
                                .setRole(ROLES.get(random.nextInt(4)))
                                .setWorkspaceId(PLACES.get(random.nextInt(3)))
                                .setFromMicros(now)
                                .setUntilMicros(random.nextBoolean() ? 0 : now + random.nextLong(200_000))
                                .build(),
                        who);
            }
        }
    }

    private void happens(StreamId stream, Message event, String about) {
        long version = versions.computeIfAbsent(
                stream.value(), name -> name.endsWith(ADA) && name.contains("principal") ? 1L : 0L);
        history.add(new Happened(log.appended(tenant, stream, version, event), event, about));
        versions.put(stream.value(), version + 1);
    }

    private long recordedAt(long position) {
        try {
            byte[] entry = dev.chancery.schema.log.v1.Record.parseFrom(log.record(tenant, position))
                    .getEntry()
                    .toByteArray();
            return Statement.parseFrom(java.util.Arrays.copyOfRange(entry, 1, entry.length - 64))
                    .getRecordedAtMicros();
        } catch (com.google.protobuf.InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    /** Reads the history from its beginning, for every question anew. */
    private boolean expected(long position, String who, String capability, String where, long atMicros) {
        boolean active = who.equals(ADA);
        boolean first = who.equals(ADA);
        Map<String, Set<String>> roles = new HashMap<>(Map.of("administrator", Set.of("role:define")));
        List<RoleAssigned> held = new ArrayList<>();
        for (Happened happened : history) {
            if (happened.position() > position) {
                break;
            }
            boolean mine = happened.about().equals(who);
            switch (happened.event()) {
                case dev.chancery.schema.identity.v1.PrincipalCreated created -> active |= mine;
                case dev.chancery.schema.identity.v1.PrincipalDeactivated gone -> active &= !mine;
                case PrincipalReactivated back -> active |= mine;
                case dev.chancery.schema.access.v1.RoleDefined role ->
                    roles.put(role.getRole(), Set.copyOf(role.getCapabilitiesList()));
                case dev.chancery.schema.access.v1.RoleRetired role -> roles.remove(role.getRole());
                case RoleAssigned assigned -> {
                    if (mine) {
                        held.add(assigned);
                    }
                }
                case dev.chancery.schema.access.v1.AssignmentRevoked revoked -> {
                    if (mine) {
                        first &= !revoked.getAssignmentId().equals("first");
                        held.removeIf(a -> a.getAssignmentId().equals(revoked.getAssignmentId()));
                    }
                }
                default -> throw new AssertionError(happened);
            }
        }
        return active
                && (first && capability.equals("role:define")
                        || held.stream()
                                .anyMatch(a -> (a.getWorkspaceId().isEmpty()
                                                || a.getWorkspaceId().equals(where))
                                        && a.getFromMicros() <= atMicros
                                        && (a.getUntilMicros() == 0 || atMicros < a.getUntilMicros())
                                        && roles.getOrDefault(a.getRole(), Set.of())
                                                .contains(capability)));
    }

    /** Of a head that moved while nobody told this process. */
    @Test
    void aPositionThatIsCommittedIsWaitedFor() {
        point.start();
        assertThat(point.at(tenant, Consistency.FASTEST, 1, AWHILE)).isInstanceOf(Answerable.From.class);
        long position = log.appended(tenant, AuthorityStreams.assignments(ADA), 0, Events.revoked("first"));

        var from = (Answerable.From) point.at(tenant, Consistency.atLeast(position), 1, AWHILE);

        assertThat(from.state().position()).isEqualTo(position);
        assertThat(point.authority(tenant, ADA, OptionalLong.empty(), AWHILE)).isPresent();
    }
}
