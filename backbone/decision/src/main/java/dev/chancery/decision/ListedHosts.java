package dev.chancery.decision;

import dev.chancery.firewall.AddressRanges;
import dev.chancery.firewall.EgressPolicy;
import dev.chancery.firewall.HostPattern;
import dev.chancery.firewall.PatternRefused;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.egress.v1.AllowedHostAdded;
import dev.chancery.schema.egress.v1.AllowedHostRemoved;
import dev.chancery.schema.egress.v1.DeniedHostAdded;
import dev.chancery.schema.egress.v1.DeniedHostRemoved;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Where a workspace's own egress list lets Chancery itself go: to systems that hold data, to databases. Of that list, what is allowed and
 * denied for ever: overrides and connectors are for programs that somebody runs.
 */
public record ListedHosts(Set<String> allow, Set<String> deny) {
    public static final Fold<ListedHosts, LogEvent> FOLD = new Fold<>() {
        @Override
        public ListedHosts initial() {
            return new ListedHosts(Set.of(), Set.of());
        }

        @Override
        public ListedHosts evolve(ListedHosts state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.egress.v1.AllowedHostAdded" ->
                    new ListedHosts(
                            with(
                                    state.allow,
                                    EventReading.read(AllowedHostAdded.parser(), event.body())
                                            .getHost()),
                            state.deny);
                case "chancery.egress.v1.AllowedHostRemoved" ->
                    new ListedHosts(
                            without(
                                    state.allow,
                                    EventReading.read(AllowedHostRemoved.parser(), event.body())
                                            .getHost()),
                            state.deny);
                case "chancery.egress.v1.DeniedHostAdded" ->
                    new ListedHosts(
                            state.allow,
                            with(
                                    state.deny,
                                    EventReading.read(DeniedHostAdded.parser(), event.body())
                                            .getHost()));
                case "chancery.egress.v1.DeniedHostRemoved" ->
                    new ListedHosts(
                            state.allow,
                            without(
                                    state.deny,
                                    EventReading.read(DeniedHostRemoved.parser(), event.body())
                                            .getHost()));
                default -> state;
            };
        }
    };

    public ListedHosts {
        allow = Set.copyOf(allow);
        deny = Set.copyOf(deny);
    }

    public static StreamId stream(String workspace) {
        return StreamId.of("egress", "policy", workspace);
    }

    /** @param forbidden where it does not go, whatever the list says */
    public EgressPolicy policy(AddressRanges forbidden) {
        return new EgressPolicy(forbidden, patterns(deny), List.of(), patterns(allow), Map.of(), List.of());
    }

    private static List<HostPattern> patterns(Collection<String> patterns) {
        return patterns.stream().flatMap(ListedHosts::pattern).toList();
    }

    private static Stream<HostPattern> pattern(String text) {
        try {
            return Stream.of(HostPattern.deny(text));
        } catch (PatternRefused e) {
            return Stream.empty();
        }
    }

    private static Set<String> with(Set<String> hosts, String host) {
        Set<String> more = new HashSet<>(hosts);
        more.add(host);
        return more;
    }

    private static Set<String> without(Set<String> hosts, String host) {
        Set<String> fewer = new HashSet<>(hosts);
        fewer.remove(host);
        return fewer;
    }
}
