package dev.chancery.decision;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What an organisation's decisions rested on at one position. Never changes. */
final class Snapshot implements TenantState {
    private final States states;
    private final long position;
    /** Sorted once: a search asks for them page by page. */
    private final Map<String, List<String>> ids = new ConcurrentHashMap<>();

    /** @param states which nobody changes any more */
    Snapshot(States states, long position) {
        this.states = states;
        this.position = position;
    }

    /** What a later snapshot can be made of. */
    States copy() {
        return states.copy();
    }

    int size() {
        return states.size();
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public AuthorityAt authority(String principalId, String actingForId, String aboutId) {
        return states.authority(principalId, actingForId, aboutId, position);
    }

    @Override
    public <S> S state(Part<S> part, String id) {
        return states.state(part, id);
    }

    @Override
    public List<String> principals() {
        return ids(AuthorityParts.PRINCIPAL);
    }

    @Override
    public List<String> ids(Part<?> part) {
        return ids.computeIfAbsent(part.streamPrefix(), prefix -> states.ids(part));
    }
}
