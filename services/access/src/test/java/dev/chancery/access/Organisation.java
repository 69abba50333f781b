package dev.chancery.access;

import com.google.protobuf.Message;
import dev.chancery.command.Granter;
import dev.chancery.decision.AdoptedContract;
import dev.chancery.decision.Assignments;
import dev.chancery.decision.Authority;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.decision.Elevations;
import dev.chancery.decision.FirstGrant;
import dev.chancery.decision.Memberships;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.RoleModel;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.Streams.StoredEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

/** An organisation's log without a database: what append promises, and what a command reads. */
final class Organisation {
    /** An event where it was appended, by its position in this list. */
    record Happened(StreamId stream, Message event) {}

    private final List<Happened> log = new ArrayList<>();
    private final Map<StreamId, List<StoredEvent>> streams = new HashMap<>();

    List<Happened> log() {
        return List.copyOf(log);
    }

    void append(StreamId stream, Message event) {
        List<StoredEvent> events = streams.computeIfAbsent(stream, unseen -> new ArrayList<>());
        events.add(new StoredEvent(
                event.getDescriptorForType().getFullName(),
                event.toByteString(),
                log.size(),
                events.size() + 1,
                new UUID(0, log.size())));
        log.add(new Happened(stream, event));
    }

    /** What one decision reads, and at which versions. */
    final class Reading {
        private final Map<StreamId, Integer> basis = new LinkedHashMap<>();

        <S> S read(StreamId stream, Fold<S, ? super StoredEvent> fold) {
            List<StoredEvent> events = streams.getOrDefault(stream, List.of());
            basis.put(stream, events.size());
            S state = fold.initial();
            for (StoredEvent event : events) {
                state = fold.evolve(state, event);
            }
            return state;
        }

        Authority authority(String id) {
            RoleModel model = read(AuthorityStreams.ROLE_MODEL, RoleModel.FOLD);
            return new Authority(
                    id,
                    read(AuthorityStreams.principal(id), PrincipalState.FOLD),
                    read(AuthorityStreams.foundation("an organisation"), FirstGrant.FOLD),
                    read(AuthorityStreams.CONTRACT, AdoptedContract.FOLD),
                    model,
                    read(AuthorityStreams.assignments(id), Assignments.FOLD),
                    Elevations.NONE,
                    model.groupsOf(
                            read(AuthorityStreams.memberships(id), Memberships.FOLD),
                            group -> read(AuthorityStreams.group(group), Assignments.FOLD)));
        }

        Granter granter(String... ids) {
            return new Granter(Stream.of(ids).map(this::authority).toList());
        }

        /** Whether it would be read alike now. */
        boolean stands() {
            return basis.entrySet().stream()
                    .allMatch(read ->
                            streams.getOrDefault(read.getKey(), List.of()).size() == read.getValue());
        }
    }
}
