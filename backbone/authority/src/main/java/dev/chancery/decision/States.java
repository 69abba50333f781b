package dev.chancery.decision;

import dev.chancery.kernel.StreamId;
import dev.chancery.schema.LogEvent;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A state for each stream, by its name: what one tenant's decisions rest on. States are immutable, so a copy shares them.
 *
 * <p><b>Thread safety:</b> one writer at a time; whoever reads meanwhile sees each stream before or after an event.
 */
public final class States {
    private final String tenant;
    private final List<Part<?>> parts;
    /** By the stream's name, whose part tells the state's type. */
    private final ConcurrentHashMap<String, Object> states;

    public States(String tenant, List<Part<?>> parts) {
        this(tenant, parts, new ConcurrentHashMap<>());
    }

    private States(String tenant, List<Part<?>> parts, ConcurrentHashMap<String, Object> states) {
        this.tenant = tenant;
        this.parts = parts;
        this.states = states;
    }

    /** These states, as they are now. */
    public States copy() {
        return new States(tenant, parts, new ConcurrentHashMap<>(states));
    }

    /** How many streams there is a state of. */
    public int size() {
        return states.size();
    }

    public void apply(StreamId stream, LogEvent event) {
        for (Part<?> part : parts) {
            if (part.covers(stream)) {
                states.compute(stream.value(), (name, state) -> part.evolved(state, event));
                return;
            }
        }
    }

    public Authority authority(String principalId) {
        RoleModel model = state(AuthorityParts.ROLE_MODEL, "");
        return new Authority(
                principalId,
                state(AuthorityParts.PRINCIPAL, principalId),
                state(AuthorityParts.firstGrant(tenant), ""),
                state(AuthorityParts.CONTRACT, ""),
                model,
                state(AuthorityParts.ASSIGNMENTS, principalId),
                state(AuthorityParts.ELEVATIONS, principalId),
                model.groupsOf(
                        state(AuthorityParts.MEMBERSHIPS, principalId), group -> state(AuthorityParts.GROUPS, group)),
                state(AuthorityParts.ISSUERS, ""));
    }

    /**
     * What decides about a principal that may act for another.
     *
     * @param actingForId whom it acts for; empty: itself
     * @param aboutId whose consents count; empty: nobody's
     * @param position that these states are true at
     */
    public AuthorityAt authority(String principalId, String actingForId, String aboutId, long position) {
        Optional<Authority> actingFor =
                Optional.of(actingForId).filter(id -> !id.isEmpty()).map(this::authority);
        return new AuthorityAt(authority(principalId), actingFor, consents(aboutId), position);
    }

    /** What somebody has consented to; empty: nobody. */
    public ConsentGate consents(String subjectId) {
        return subjectId.isEmpty()
                ? ConsentGate.NONE
                : ConsentGate.of(state(Purposes.PART, ""), state(Consents.PART, subjectId));
    }

    /** The state of one stream of a part, which must be one of these; the initial one where it has no events. */
    @SuppressWarnings("unchecked")
    public <S> S state(Part<S> part, String id) {
        @Nullable Object state = states.get(part.streamPrefix() + id);
        return state == null ? part.fold().initial() : (S) state;
    }

    /** What comes after the prefix in the names of a part's streams, in order. */
    public List<String> ids(Part<?> part) {
        String prefix = part.streamPrefix();
        return states.keySet().stream()
                .filter(name -> name.startsWith(prefix))
                .map(name -> name.substring(prefix.length()))
                .sorted()
                .toList();
    }
}
