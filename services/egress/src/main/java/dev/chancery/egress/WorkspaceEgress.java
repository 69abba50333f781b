package dev.chancery.egress;

import dev.chancery.decision.EventReading;
import dev.chancery.decision.Part;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.egress.v1.AllowedHostAdded;
import dev.chancery.schema.egress.v1.AllowedHostRemoved;
import dev.chancery.schema.egress.v1.ConnectorConnected;
import dev.chancery.schema.egress.v1.ConnectorDisconnected;
import dev.chancery.schema.egress.v1.DeniedHostAdded;
import dev.chancery.schema.egress.v1.DeniedHostRemoved;
import dev.chancery.schema.egress.v1.DlpPolicySet;
import dev.chancery.schema.egress.v1.OverrideApproved;
import dev.chancery.schema.egress.v1.OverrideRequested;
import dev.chancery.schema.egress.v1.OverrideRevoked;
import dev.chancery.schema.egress.v1.SandboxSet;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * What one workspace's programs may reach, as its events say. Patterns are in their canonical form.
 *
 * @param allow the workspace's own list
 * @param deny denied whatever else allows it
 * @param connectors the hosts of those that are connected, by name
 * @param dlp what becomes of data in requests in clear
 * @param overrides in the order of their requests: all that are current, and the newest {@link #KEPT} that are over
 */
record WorkspaceEgress(
        SortedSet<String> allow,
        SortedSet<String> deny,
        SortedMap<String, List<String>> connectors,
        boolean sandbox,
        DlpPolicy dlp,
        List<HostOverride> overrides) {
    static final int KEPT = 100;

    private static final String PREFIX = "egress/policy/";

    WorkspaceEgress {
        allow = Collections.unmodifiableSortedSet(allow);
        deny = Collections.unmodifiableSortedSet(deny);
        connectors = Collections.unmodifiableSortedMap(connectors);
        overrides = List.copyOf(overrides);
    }

    static final WorkspaceEgress NONE = new WorkspaceEgress(
            new TreeSet<>(), new TreeSet<>(), new TreeMap<>(), false, DlpPolicy.STANDARD, List.of());

    static final Fold<WorkspaceEgress, LogEvent> FOLD = new Fold<>() {
        @Override
        public WorkspaceEgress initial() {
            return NONE;
        }

        @Override
        public WorkspaceEgress evolve(WorkspaceEgress state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.egress.v1.AllowedHostAdded" ->
                    state.withAllow(with(
                            state.allow(),
                            EventReading.read(AllowedHostAdded.parser(), event.body())
                                    .getHost()));
                case "chancery.egress.v1.AllowedHostRemoved" ->
                    state.withAllow(without(
                            state.allow(),
                            EventReading.read(AllowedHostRemoved.parser(), event.body())
                                    .getHost()));
                case "chancery.egress.v1.DeniedHostAdded" ->
                    state.withDeny(with(
                            state.deny(),
                            EventReading.read(DeniedHostAdded.parser(), event.body())
                                    .getHost()));
                case "chancery.egress.v1.DeniedHostRemoved" ->
                    state.withDeny(without(
                            state.deny(),
                            EventReading.read(DeniedHostRemoved.parser(), event.body())
                                    .getHost()));
                case "chancery.egress.v1.ConnectorConnected" ->
                    state.connected(EventReading.read(ConnectorConnected.parser(), event.body()));
                case "chancery.egress.v1.ConnectorDisconnected" ->
                    state.disconnected(EventReading.read(ConnectorDisconnected.parser(), event.body())
                            .getConnector());
                case "chancery.egress.v1.SandboxSet" ->
                    state.withSandbox(
                            EventReading.read(SandboxSet.parser(), event.body()).getSandbox());
                case "chancery.egress.v1.DlpPolicySet" -> {
                    var set = EventReading.read(DlpPolicySet.parser(), event.body());
                    yield state.withDlp(new DlpPolicy(set.getBlockList(), set.getAlertList()));
                }
                case "chancery.egress.v1.OverrideRequested" ->
                    state.asked(EventReading.read(OverrideRequested.parser(), event.body()));
                case "chancery.egress.v1.OverrideApproved" -> {
                    var approved = EventReading.read(OverrideApproved.parser(), event.body());
                    yield state.changed(
                            approved.getOverrideId(), override -> override.approvedBy(approved.getApproverId()));
                }
                case "chancery.egress.v1.OverrideRevoked" ->
                    state.changed(
                            EventReading.read(OverrideRevoked.parser(), event.body())
                                    .getOverrideId(),
                            HostOverride::asRevoked);
                default -> state;
            };
        }
    };

    static final Part<WorkspaceEgress> PART = new Part<>(PREFIX, FOLD);

    static StreamId stream(String workspace) {
        return new StreamId(PREFIX + workspace);
    }

    Optional<HostOverride> override(String id) {
        return overrides.stream().filter(override -> override.id().equals(id)).findFirst();
    }

    long currentOverrides(long atMicros) {
        return overrides.stream()
                .filter(override -> override.isCurrent(atMicros))
                .count();
    }

    private WorkspaceEgress withAllow(SortedSet<String> patterns) {
        return new WorkspaceEgress(patterns, deny, connectors, sandbox, dlp, overrides);
    }

    private WorkspaceEgress withDeny(SortedSet<String> patterns) {
        return new WorkspaceEgress(allow, patterns, connectors, sandbox, dlp, overrides);
    }

    private WorkspaceEgress withSandbox(boolean set) {
        return new WorkspaceEgress(allow, deny, connectors, set, dlp, overrides);
    }

    private WorkspaceEgress withDlp(DlpPolicy set) {
        return new WorkspaceEgress(allow, deny, connectors, sandbox, set, overrides);
    }

    private WorkspaceEgress connected(ConnectorConnected event) {
        var more = new TreeMap<>(connectors);
        more.put(event.getConnector(), List.copyOf(event.getHostsList()));
        return new WorkspaceEgress(allow, deny, more, sandbox, dlp, overrides);
    }

    private WorkspaceEgress disconnected(String connector) {
        var fewer = new TreeMap<>(connectors);
        fewer.remove(connector);
        return new WorkspaceEgress(allow, deny, fewer, sandbox, dlp, overrides);
    }

    private WorkspaceEgress asked(OverrideRequested request) {
        long now = request.getRequestedMicros();
        List<HostOverride> over =
                overrides.stream().filter(override -> !override.isCurrent(now)).toList();
        Stream<HostOverride> kept = over.size() < KEPT
                ? overrides.stream()
                : overrides.stream().filter(override -> override != over.getFirst());
        return new WorkspaceEgress(
                allow,
                deny,
                connectors,
                sandbox,
                dlp,
                Stream.concat(kept, Stream.of(HostOverride.of(request))).toList());
    }

    private WorkspaceEgress changed(String id, UnaryOperator<HostOverride> change) {
        return new WorkspaceEgress(
                allow,
                deny,
                connectors,
                sandbox,
                dlp,
                overrides.stream()
                        .map(override -> override.id().equals(id) ? change.apply(override) : override)
                        .toList());
    }

    private static SortedSet<String> with(SortedSet<String> patterns, String pattern) {
        var more = new TreeSet<>(patterns);
        more.add(pattern);
        return more;
    }

    private static SortedSet<String> without(SortedSet<String> patterns, String pattern) {
        var fewer = new TreeSet<>(patterns);
        fewer.remove(pattern);
        return fewer;
    }
}
