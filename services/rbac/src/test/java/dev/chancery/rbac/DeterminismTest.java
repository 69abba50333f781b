package dev.chancery.rbac;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.decision.AdoptedContract;
import dev.chancery.decision.Assignments;
import dev.chancery.decision.RoleModel;
import dev.chancery.kernel.Fold;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.ViewHash;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.rbac.v1.Assignment;
import dev.chancery.schema.rbac.v1.Role;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/**
 * Any sequence of events, also those that no feature would write (revoked before assigned, an id twice, a role retired before it is
 * defined): the rows are the same in whatever runs the records arrive, and say what decisions go by.
 */
class DeterminismTest {
    private static final int RECORDS = 40;
    private static final List<String> NAMES = List.of("a:read", "b:read", "c:read", "d:read");
    private static final List<String> ROLES = List.of("reader", "writer", "administrator");

    @Property(tries = 25)
    void theSameRecordsGiveTheSameRowsInWhateverRuns(
            @ForAll long seed, @ForAll @IntRange(min = 2, max = 9) int runRecords) {
        Story story = anyStory(new Random(seed));

        Live.apply(new RbacProjection(), story.records, 1);
        Live.apply(new RbacProjection(Live.SHADOW), story.records, runRecords);
        ViewHash oneByOne = Live.hash("rbac", story.tenant);
        ViewHash inRuns = Live.hash(Live.SHADOW, story.tenant);

        assertThat(inRuns).isEqualTo(oneByOne);
        assertThat(inRuns.position()).isEqualTo(RECORDS);
    }

    @Property(tries = 25)
    void theListsSayWhatDecisionsGoBy(@ForAll long seed, @ForAll @IntRange(min = 1, max = 50) int runRecords) {
        Story story = anyStory(new Random(seed));
        Live.apply(new RbacProjection(), story.records, runRecords);

        var bundles = new HashMap<String, Set<String>>();
        var retired = new HashSet<String>();
        for (Role role : Live.roles(story.tenant)) {
            if (role.getRetired()) {
                retired.add(role.getRole());
            } else {
                bundles.put(role.getRole(), Set.copyOf(role.getCapabilitiesList()));
            }
        }
        RoleModel model = fold(RoleModel.FOLD, story, "access/role-model");
        var expected = new HashMap<String, Set<String>>();
        model.roles().forEach((name, role) -> expected.put(name, role.capabilities()));
        expected.put(
                "administrator",
                fold(AdoptedContract.FOLD, story, "identity/contract").capabilities());
        assertThat(bundles).isEqualTo(expected);
        assertThat(retired).isEqualTo(without(model.retired().roles(), "administrator"));
    }

    private static Set<String> without(Set<String> names, String name) {
        var rest = new HashSet<>(names);
        rest.remove(name);
        return rest;
    }

    @Property(tries = 25)
    void whatIsListedAsHeldIsWhatDecisionsTakeForHeld(@ForAll long seed) {
        var random = new Random(seed);
        var story = new Story();
        var holders = List.of(uuid(random), uuid(random));
        var made = new ArrayList<String>();
        for (int i = 0; i < RECORDS; i++) {
            String holder = pick(random, holders);
            if (made.isEmpty() || random.nextBoolean()) {
                made.add(uuid(random));
                story.happens(Story.assigned(made.getLast(), holder, "reader", holders.getFirst()));
            } else {
                story.happens(Story.revoked(pick(random, made), holder));
            }
        }
        Live.apply(story);

        for (String holder : holders) {
            var held = fold(Assignments.FOLD, story, "access/assignments/" + holder).held().stream()
                    .map(Assignments.Assignment::id)
                    .toList();
            assertThat(Live.assignments(story.tenant).reversed().stream()
                            .filter(row -> row.getPrincipalId().equals(holder) && row.getRevokedAtMillis() == 0)
                            .map(Assignment::getAssignmentId))
                    .isEqualTo(held);
        }
    }

    private static Story anyStory(Random random) {
        var story = new Story();
        var ids = new ArrayList<String>();
        for (int i = 0; i < 4; i++) {
            ids.add(uuid(random));
        }
        story.happens(Story.founded(story.tenant, ids.get(0), ids.get(1)), Story.contract(some(random, NAMES)));
        while (story.next() <= RECORDS) {
            int events = random.nextInt(4);
            if (events == 0) {
                story.isIntended();
            } else {
                var together = new Message[events];
                java.util.Arrays.setAll(together, i -> anyEvent(random, ids));
                story.happens(together);
            }
        }
        return story;
    }

    private static Message anyEvent(Random random, List<String> ids) {
        return switch (random.nextInt(11)) {
            case 0 -> Story.contract(some(random, NAMES));
            case 1 -> Story.capability(pick(random, NAMES), random.nextInt(3));
            case 2 -> Story.role(pick(random, ROLES), some(random, NAMES));
            case 3 -> Story.retired(pick(random, ROLES));
            case 4 -> Story.created(pick(random, ids), PrincipalType.forNumber(1 + random.nextInt(3)));
            case 5 -> Story.deactivated(pick(random, ids));
            case 6 -> Story.assigned(pick(random, ids), pick(random, ids), pick(random, ROLES), pick(random, ids));
            case 7 -> Story.revoked(pick(random, ids), pick(random, ids));
            case 9 -> Story.reactivated(pick(random, ids));
            case 8 -> Story.workspace(pick(random, ids));
            default -> Story.member(pick(random, ids), pick(random, ids));
        };
    }

    private static <S> S fold(Fold<S, ? super StoredEvent> fold, Story story, String stream) {
        S state = fold.initial();
        for (LogRecord record : story.records) {
            for (var event : record.events()) {
                if (event.stream().equals(stream)) {
                    state = fold.evolve(
                            state,
                            new StoredEvent(
                                    event.type(), event.body(), event.position(), event.version(), new UUID(0, 0)));
                }
            }
        }
        return state;
    }

    private static String uuid(Random random) {
        return new UUID(random.nextLong(), random.nextLong()).toString();
    }

    private static <T> T pick(Random random, List<T> from) {
        return from.get(random.nextInt(from.size()));
    }

    private static String[] some(Random random, List<String> from) {
        return from.stream().filter(name -> random.nextBoolean()).toArray(String[]::new);
    }
}
