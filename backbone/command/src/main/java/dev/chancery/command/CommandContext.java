package dev.chancery.command;

import dev.chancery.decision.AdoptedContract;
import dev.chancery.decision.Assignments;
import dev.chancery.decision.Authority;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.decision.Elevations;
import dev.chancery.decision.FirstGrant;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.RoleModel;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SealContext;
import dev.chancery.log.Digest;
import dev.chancery.log.Streams;
import dev.chancery.log.Streams.Loaded;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.options.v1.RetentionClass;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
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

    /** A stream's state. Read again after it has moved, it counts as it was at first, so that append sees that it has moved. */
    public <S> S read(StreamId stream, Fold<S, ? super StoredEvent> fold) {
        Loaded<S> loaded = streams.load(tenant(), stream, fold);
        basis.merge(stream, loaded.version(), Math::min);
        return loaded.state();
    }

    /** All that decides what a principal of the caller's organisation may do. */
    public Authority authority(String principalId) {
        return new Authority(
                principalId,
                read(AuthorityStreams.principal(principalId), PrincipalState.FOLD),
                read(AuthorityStreams.foundation(tenant()), FirstGrant.FOLD),
                read(AuthorityStreams.CONTRACT, AdoptedContract.FOLD),
                read(AuthorityStreams.ROLE_MODEL, RoleModel.FOLD),
                read(AuthorityStreams.assignments(principalId), Assignments.FOLD),
                read(AuthorityStreams.elevations(principalId), Elevations.FOLD));
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

    /** Seals text about {@code subject} (empty: about nobody) for a field of an event of this command. */
    public Sealed seal(String subject, RetentionClass retention, String type, String field, String text) {
        return keyring.seal(new SealContext(tenant(), subject, retention, entryId, type, field), text);
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
