package dev.chancery.command;

import com.google.protobuf.Descriptors.Descriptor;
import dev.chancery.decision.AdoptedContract;
import dev.chancery.decision.Assignments;
import dev.chancery.decision.Authority;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.decision.ConsentGate;
import dev.chancery.decision.Consents;
import dev.chancery.decision.Elevations;
import dev.chancery.decision.FirstGrant;
import dev.chancery.decision.Memberships;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.Purposes;
import dev.chancery.decision.RoleModel;
import dev.chancery.decision.TrustedIssuers;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SealContext;
import dev.chancery.log.Digest;
import dev.chancery.log.Draft;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Streams;
import dev.chancery.log.Streams.Loaded;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.ClassRule;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.options.v1.RetentionClass;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * What a command's decision may know and make. Every stream that is read here is written down with its version: the decision stands
 * only if none of them has moved when its outcome is appended.
 */
public final class CommandContext {
    private final Principal principal;
    private final Caller caller;
    private final UUID entryId;
    private final long atMicros;
    private final Streams streams;
    private final Keyring keyring;
    private final Map<StreamId, Long> basis = new HashMap<>();
    private final Map<StreamId, Decided> decided = new HashMap<>();

    CommandContext(Principal principal, Caller caller, UUID entryId, long atMicros, Streams streams, Keyring keyring) {
        this.principal = principal;
        this.caller = caller;
        this.entryId = entryId;
        this.atMicros = atMicros;
        this.streams = streams;
        this.keyring = keyring;
    }

    public Principal principal() {
        return principal;
    }

    /** What the request brought along; nothing of it is trusted. */
    public Caller caller() {
        return caller;
    }

    public String tenant() {
        return principal.tenant();
    }

    /** The command's one moment, Unix time in microseconds: its intent's. */
    public long atMicros() {
        return atMicros;
    }

    /**
     * A stream's state, what this command has decided already included. Read again after it has moved, it counts as it was at first, so
     * that append sees that it has moved.
     */
    public <S> S read(StreamId stream, Fold<S, ? super StoredEvent> fold) {
        Loaded<S> loaded = streams.load(tenant(), stream, fold);
        basis.merge(stream, loaded.version(), Math::min);
        Decided since = decided.get(stream);
        return since == null ? loaded.state() : since.on(loaded.state(), fold);
    }

    /** Events that this command will append: what is read from now on takes them into account. */
    public void decide(List<NewEvent> events) {
        for (NewEvent event : events) {
            decided.computeIfAbsent(event.stream(), stream -> new Decided())
                    .add(new StoredEvent(event.type(), event.body().toByteString(), -1, 0, entryId));
        }
    }

    /** What was decided for one stream, and the states that it was read in. */
    private static final class Decided {
        private final List<StoredEvent> events = new ArrayList<>();
        private final Map<Fold<?, ? super StoredEvent>, Object> states = new HashMap<>();

        void add(StoredEvent event) {
            events.add(event);
            states.replaceAll((fold, state) -> evolved(fold, state, event));
        }

        @SuppressWarnings("unchecked") // a fold's state is what that fold made
        <S> S on(S before, Fold<S, ? super StoredEvent> fold) {
            return (S) states.computeIfAbsent(fold, unread -> {
                S state = before;
                for (StoredEvent event : events) {
                    state = fold.evolve(state, event);
                }
                return state;
            });
        }

        @SuppressWarnings("unchecked") // as above
        private static <S> S evolved(Fold<S, ? super StoredEvent> fold, Object state, StoredEvent event) {
            return fold.evolve((S) state, event);
        }
    }

    /** Whether append takes what was read. */
    public boolean fitsBasis() {
        return basis.size() <= Draft.MAX_BASIS;
    }

    /** All that decides what a principal of the caller's organisation may do. */
    public Authority authority(String principalId) {
        RoleModel model = read(AuthorityStreams.ROLE_MODEL, RoleModel.FOLD);
        return new Authority(
                principalId,
                read(AuthorityStreams.principal(principalId), PrincipalState.FOLD),
                read(AuthorityStreams.foundation(tenant()), FirstGrant.FOLD),
                read(AuthorityStreams.CONTRACT, AdoptedContract.FOLD),
                model,
                read(AuthorityStreams.assignments(principalId), Assignments.FOLD),
                read(AuthorityStreams.elevations(principalId), Elevations.FOLD),
                model.groupsOf(
                        read(AuthorityStreams.memberships(principalId), Memberships.FOLD),
                        group -> read(AuthorityStreams.group(group), Assignments.FOLD)),
                read(AuthorityStreams.ISSUERS, TrustedIssuers.FOLD));
    }

    /** What somebody of the caller's organisation has consented to; empty: nobody. It is read when a decision asks for it. */
    public ConsentGate consents(String subjectId) {
        return subjectId.isEmpty()
                ? ConsentGate.NONE
                : (scope, atTime) -> ConsentGate.of(
                                read(Purposes.STREAM, Purposes.FOLD), read(Consents.stream(subjectId), Consents.FOLD))
                        .find(scope, atTime);
    }

    /** Says that a stream, named after an id that was made just now, is empty. */
    public StreamId fresh(StreamId stream) {
        basis.put(stream, 0L);
        return stream;
    }

    /** A new random id. */
    public String newId() {
        return Ids.uuidV7().toString();
    }

    /** Makes the keys of somebody who is new in one go: what is sealed to them soon would make each by itself. */
    public void introduce(String subject) {
        keyring.introduce(tenant(), subject);
    }

    /** Seals text about {@code subject} (empty: about nobody) for a field of an event of this command, for as long as the contract says. */
    public Sealed seal(String subject, Descriptor event, String field, String text) {
        RetentionClass retention =
                ClassRule.contract(event.findFieldByName(field)).getRetention();
        return keyring.seal(new SealContext(tenant(), subject, retention, entryId, event.getFullName(), field), text);
    }

    /** Opens what an event of the caller's organisation holds sealed; empty once its subject's key was destroyed. */
    public Optional<String> open(SealContext where, Sealed sealed) {
        return keyring.open(where, sealed).text();
    }

    /** A keyed hash of a name, for a claim. */
    public Digest hash(String purpose, String value) {
        return new Digest(keyring.keyedHash(tenant(), purpose, value.getBytes(StandardCharsets.UTF_8)));
    }

    Map<StreamId, Long> basis() {
        return basis;
    }
}
