package dev.chancery.egress;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.chancery.decision.DecisionPoint;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.firewall.EgressPolicy;
import dev.chancery.firewall.HostPattern;
import dev.chancery.firewall.PatternRefused;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Each workspace's policy, as of at most {@link DecisionPoint#MAX_AGE} ago: an edit is in force in every process within that time.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@value #MAX_COMPILED} workspaces' policies in the form that decides fast.
 */
final class Policies {
    static final int MAX_COMPILED = 10_000;

    private final Source source;
    private final AddressRanges forbidden;
    private final List<HostPattern> builtIn;
    private final Cache<Key, Compiled> compiled =
            Caffeine.newBuilder().maximumSize(MAX_COMPILED).build();

    /** Where the states come from; empty while they are not known to be fresh. */
    @FunctionalInterface
    interface Source {
        Optional<WorkspaceEgress> of(String tenant, String workspace);

        static Source of(DecisionPoint decisions) {
            return (tenant, workspace) ->
                    decisions.state(tenant, WorkspaceEgress.PART, workspace, OptionalLong.empty(), Duration.ZERO);
        }
    }

    private record Key(String tenant, String workspace) {}

    /** A workspace's policy, and the state that it was made of. */
    record Compiled(WorkspaceEgress state, EgressPolicy policy) {}

    Policies(Source source, AddressRanges forbidden, List<HostPattern> builtIn) {
        this.source = source;
        this.forbidden = forbidden;
        this.builtIn = builtIn;
    }

    /** Empty while what has been seen is stale: nothing is allowed then. */
    Optional<Compiled> of(String tenant, String workspace) {
        return source.of(tenant, workspace).map(state -> compiled(new Key(tenant, workspace), state));
    }

    private Compiled compiled(Key key, WorkspaceEgress state) {
        Compiled known = compiled.getIfPresent(key);
        // The decision point hands out the same state until an event changes it.
        if (known != null && known.state() == state) {
            return known;
        }
        var made = new Compiled(state, policy(state));
        compiled.put(key, made);
        return made;
    }

    private EgressPolicy policy(WorkspaceEgress state) {
        var connectors = new TreeMap<String, List<HostPattern>>();
        state.connectors().forEach((connector, hosts) -> connectors.put(connector, patterns(hosts)));
        return new EgressPolicy(
                forbidden,
                patterns(state.deny()),
                state.sandbox() ? List.of() : builtIn,
                patterns(state.allow()),
                connectors,
                state.overrides().stream()
                        .filter(override -> !override.approverId().isEmpty() && !override.revoked())
                        .flatMap(override -> pattern(override.requested().getHost())
                                .map(host -> new EgressPolicy.Override(host, instant(override.untilMicros()))))
                        .toList());
    }

    static Instant instant(long micros) {
        return Instant.ofEpochSecond(Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1_000L);
    }

    private static List<HostPattern> patterns(Collection<String> patterns) {
        return patterns.stream().flatMap(Policies::pattern).toList();
    }

    /** What can't be read any more matches no host that can be: the rules of names may have changed since it was written. */
    private static Stream<HostPattern> pattern(String text) {
        try {
            return Stream.of(HostPattern.deny(text));
        } catch (PatternRefused e) {
            return Stream.empty();
        }
    }
}
