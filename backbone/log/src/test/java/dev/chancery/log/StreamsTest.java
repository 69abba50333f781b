package dev.chancery.log;

import static dev.chancery.database.DatabaseRole.ACCESS;
import static dev.chancery.log.Drafts.ROLE_MODEL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.Streams.Loaded;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.access.v1.RoleRetired;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

final class StreamsTest {
    private static final TestLog LOG = TestLog.fresh();

    /** The roles that were retired, in order; and a look at each event as it is folded. */
    private static final class Retired implements Fold<List<String>, StoredEvent> {
        private Consumer<StoredEvent> onEvent = event -> {};

        @Override
        public List<String> initial() {
            return List.of();
        }

        @Override
        public List<String> evolve(List<String> state, StoredEvent event) {
            onEvent.accept(event);
            List<String> next = new ArrayList<>(state);
            try {
                next.add(RoleRetired.parseFrom(event.body()).getRole());
            } catch (com.google.protobuf.InvalidProtocolBufferException e) {
                throw new IllegalStateException(e);
            }
            return List.copyOf(next);
        }
    }

    private static final StreamId OTHER = StreamId.of("access", "other");

    @AfterAll
    static void close() {
        LOG.close();
    }

    private final String tenant = LOG.tenant();
    private final Streams streams = new Streams(LOG.database, ACCESS);
    private final Retired fold = new Retired();

    private long retire(StreamId stream, long version, String... roles) {
        Drafts draft = Drafts.outcome(tenant);
        for (String role : roles) {
            draft.with(stream, version, RoleRetired.newBuilder().setRole(role).build());
        }
        return LOG.appended(ACCESS, draft.draft()).position();
    }

    private Loaded<List<String>> load() {
        return streams.load(tenant, ROLE_MODEL, fold);
    }

    @Test
    void anEmptyStreamIsAtVersionZero() {
        assertThat(load()).isEqualTo(new Loaded<>(List.of(), 0));
    }

    @Test
    void eventsAreFoldedInOrder() {
        retire(ROLE_MODEL, 0, "a", "b");
        retire(StreamId.of("access", "assignments", "x"), 0, "of another stream");
        long position = retire(ROLE_MODEL, 2, "c");
        List<StoredEvent> seen = new ArrayList<>();
        fold.onEvent = seen::add;
        assertThat(load()).isEqualTo(new Loaded<>(List.of("a", "b", "c"), 3));
        assertThat(seen).extracting(StoredEvent::version).containsExactly(1L, 2L, 3L);
        assertThat(seen).extracting(StoredEvent::position).containsExactly(0L, 0L, position);
        assertThat(seen).extracting(StoredEvent::type).containsOnly("chancery.access.v1.RoleRetired");
        assertThat(seen.get(0).entryId()).isEqualTo(seen.get(1).entryId());
        assertThat(seen.get(2).entryId())
                .isEqualTo(LOG.records(tenant).get(2).entryId())
                .isNotEqualTo(seen.get(1).entryId());
    }

    @Test
    void aCachedStateMayBeBehindUntilItIsSaidToHaveMoved() {
        retire(ROLE_MODEL, 0, "a");
        load();
        retire(ROLE_MODEL, 1, "b");
        assertThat(load().version()).isEqualTo(1);
        AtomicInteger folded = new AtomicInteger();
        fold.onEvent = event -> folded.incrementAndGet();
        streams.moved(tenant, List.of(ROLE_MODEL));
        assertThat(load()).isEqualTo(new Loaded<>(List.of("a", "b"), 2));
        // Only what came since was read; and now it is cached again.
        assertThat(folded).hasValue(1);
        load();
        assertThat(folded).hasValue(1);
    }

    @Test
    void anEmptinessIsCachedToo() {
        load();
        retire(ROLE_MODEL, 0, "a");
        assertThat(load().version()).isZero();
        assertThat(streams.current(tenant, ROLE_MODEL, fold).version()).isEqualTo(1);
    }

    @Test
    void aReadThatBeganBeforeTheMoveDoesNotHideIt() {
        retire(ROLE_MODEL, 0, "a");
        fold.onEvent = event -> {
            // While it is read, somebody appends, and is told so.
            fold.onEvent = next -> {};
            retire(ROLE_MODEL, 1, "b");
            streams.moved(tenant, List.of(ROLE_MODEL));
        };
        assertThat(load().version()).isEqualTo(1);
        assertThat(load().version()).isEqualTo(2);
    }

    @Test
    void whatWasAppendedHereNeedNotBeRead() {
        retire(ROLE_MODEL, 0, "a");
        load();
        streams.appended(tenant, ROLE_MODEL, List.of(event("b", 2), event("c", 3)));
        assertThat(load()).isEqualTo(new Loaded<>(List.of("a", "b", "c"), 3));
    }

    @Test
    void aStreamThatWasBegunHereNeedNotBeRead() {
        // Nothing of this is in PostgreSQL: a read would find the stream empty.
        streams.appended(tenant, ROLE_MODEL, List.of(event("a", 1)));
        streams.appended(tenant, ROLE_MODEL, List.of(event("b", 2)));
        assertThat(load()).isEqualTo(new Loaded<>(List.of("a", "b"), 2));
        assertThat(streams.load(tenant, ROLE_MODEL, new Retired())).isEqualTo(new Loaded<>(List.of("a", "b"), 2));
    }

    @Test
    void aStreamThatWasBegunHereIsReadFromThereOnceItHasMoved() {
        retire(ROLE_MODEL, 0, "a");
        retire(ROLE_MODEL, 1, "b");
        streams.appended(tenant, ROLE_MODEL, List.of(event("a", 1)));
        streams.moved(tenant, List.of(ROLE_MODEL));
        assertThat(load()).isEqualTo(new Loaded<>(List.of("a", "b"), 2));
    }

    @Test
    void ofAStreamThatIsNotKnownFromItsBeginningNothingIsTakenForAll() {
        retire(ROLE_MODEL, 0, "a");
        retire(ROLE_MODEL, 1, "b");
        streams.appended(tenant, ROLE_MODEL, List.of(event("b", 2)));
        assertThat(load()).isEqualTo(new Loaded<>(List.of("a", "b"), 2));
        streams.appended(tenant, OTHER, List.of(event("x", 2)));
        assertThat(streams.load(tenant, OTHER, fold).version()).isZero();
    }

    @Test
    void whatDoesNotFollowOnTheCachedStateIsLeftOut() {
        retire(ROLE_MODEL, 0, "a");
        load();
        streams.appended(tenant, ROLE_MODEL, List.of(event("a", 1)));
        streams.appended(tenant, ROLE_MODEL, List.of(event("c", 3)));
        assertThat(load()).isEqualTo(new Loaded<>(List.of("a"), 1));
    }

    @Test
    void foldsOfOneStreamAreCachedSideBySide() {
        retire(ROLE_MODEL, 0, "a");
        var other = new Retired();
        AtomicInteger folded = new AtomicInteger();
        load();
        other.onEvent = event -> folded.incrementAndGet();
        streams.load(tenant, ROLE_MODEL, other);
        fold.onEvent = event -> folded.incrementAndGet();
        load();
        streams.load(tenant, ROLE_MODEL, other);
        assertThat(folded).hasValue(1);
        retire(ROLE_MODEL, 1, "b");
        streams.moved(tenant, List.of(ROLE_MODEL));
        load();
        assertThat(streams.load(tenant, ROLE_MODEL, other).version()).isEqualTo(2);
    }

    @Test
    void tenantsHaveTheirOwnStreams() {
        retire(ROLE_MODEL, 0, "a");
        assertThat(streams.load(LOG.tenant(), ROLE_MODEL, fold).version()).isZero();
    }

    @Test
    void aScanHandsOverTheStreamsAskedForInTheLogsOrder() {
        StreamId x = StreamId.of("access", "assignments", "x");
        retire(x, 0, "x1", "x2");
        long from = retire(ROLE_MODEL, 0, "a");
        retire(StreamId.of("access", "other"), 0, "no");
        retire(x, 2, "x3");
        LOG.appended(ACCESS, Drafts.intent(tenant));
        var scan = new StreamScan(LOG.database, ACCESS);
        List<String> all = new ArrayList<>();
        List<String> prefixes = List.of("access/assignments/", "access/role-model");
        assertThat(scan.scan(tenant, prefixes, -1, (stream, event) -> all.add(stream + " " + event.version())))
                .isEqualTo(4);
        assertThat(all).containsExactly(x + " 1", x + " 2", ROLE_MODEL + " 1", x + " 3");
        List<Long> rest = new ArrayList<>();
        scan.scan(tenant, prefixes, from, (stream, event) -> rest.add(event.position()));
        assertThat(rest).containsExactly(3L);
        assertThat(scan.scan("nobody", prefixes, -1, (stream, event) -> {})).isEqualTo(-1);
    }

    private static StoredEvent event(String role, long version) {
        return new StoredEvent(
                "chancery.access.v1.RoleRetired",
                RoleRetired.newBuilder().setRole(role).build().toByteString(),
                version,
                version,
                new UUID(0, 0));
    }
}
