package dev.chancery.egress;

import static dev.chancery.egress.EgressRejection.DLP_POLICY;
import static dev.chancery.egress.EgressRejection.NO_SUCH_OVERRIDE;
import static dev.chancery.egress.EgressRejection.OVER;
import static dev.chancery.egress.EgressRejection.PATTERN;
import static dev.chancery.egress.EgressRejection.SELF_APPROVAL;
import static dev.chancery.egress.EgressRejection.TOO_LONG;
import static dev.chancery.egress.EgressRejection.TOO_MANY;
import static dev.chancery.kernel.Decision.events;
import static dev.chancery.kernel.Decision.nothing;
import static dev.chancery.kernel.Decision.reject;

import com.google.protobuf.Message;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.firewall.HostPattern;
import dev.chancery.firewall.PatternRefused;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Rejection;
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
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/** Who changes what a workspace may reach, and to what. Pure. */
final class EgressRules {
    static final int MAX_PATTERNS = 2_000;
    static final int MAX_CONNECTORS = 100;
    static final int MAX_CONNECTOR_HOSTS = 50;
    static final int MAX_OVERRIDES = 50;
    static final int MAX_MINUTES = 1_440;

    /** As long as clear text in the log may be. */
    static final int MAX_PATTERN_CHARS = 128;

    private static final long MINUTE_MICROS = 60_000_000L;

    private EgressRules() {}

    static Decision<Message> allow(WorkspaceEgress state, AllowedHostAdded wanted) {
        return with(
                wanted.getHost(),
                EgressRules::allowing,
                host -> added(
                        state.allow().contains(host),
                        state.allow().size(),
                        wanted.toBuilder().setHost(host).build()));
    }

    static Decision<Message> removeAllowed(WorkspaceEgress state, AllowedHostRemoved wanted) {
        return with(
                wanted.getHost(),
                HostPattern::deny,
                host -> state.allow().contains(host)
                        ? events(wanted.toBuilder().setHost(host).build())
                        : nothing());
    }

    static Decision<Message> deny(WorkspaceEgress state, DeniedHostAdded wanted) {
        return with(
                wanted.getHost(),
                HostPattern::deny,
                host -> added(
                        state.deny().contains(host),
                        state.deny().size(),
                        wanted.toBuilder().setHost(host).build()));
    }

    static Decision<Message> removeDenied(WorkspaceEgress state, DeniedHostRemoved wanted) {
        return with(
                wanted.getHost(),
                HostPattern::deny,
                host -> state.deny().contains(host)
                        ? events(wanted.toBuilder().setHost(host).build())
                        : nothing());
    }

    static Decision<Message> connect(WorkspaceEgress state, ConnectorConnected wanted) {
        var hosts = ConnectorConnected.newBuilder(wanted).clearHosts();
        for (String text : wanted.getHostsList()) {
            Decision<Message> host = with(text, EgressRules::allowing, canonical -> {
                hosts.addHosts(canonical);
                return nothing();
            });
            if (host instanceof Decision.Rejected<Message>) {
                return host;
            }
        }
        List<String> distinct =
                hosts.getHostsList().stream().distinct().sorted().toList();
        Optional<List<String>> before = Optional.ofNullable(state.connectors().get(wanted.getConnector()));
        if (before.filter(distinct::equals).isPresent()) {
            return nothing();
        }
        boolean full = before.isEmpty() && state.connectors().size() >= MAX_CONNECTORS;
        return full || distinct.isEmpty() || distinct.size() > MAX_CONNECTOR_HOSTS
                ? reject(TOO_MANY)
                : events(hosts.clearHosts().addAllHosts(distinct).build());
    }

    static Decision<Message> disconnect(WorkspaceEgress state, ConnectorDisconnected wanted) {
        return state.connectors().containsKey(wanted.getConnector()) ? events(wanted) : nothing();
    }

    static Decision<Message> sandbox(WorkspaceEgress state, SandboxSet wanted) {
        return state.sandbox() == wanted.getSandbox() ? nothing() : events(wanted);
    }

    static Decision<Message> dlp(WorkspaceEgress state, DlpPolicySet wanted) {
        var policy = new DlpPolicy(wanted.getBlockList(), wanted.getAlertList());
        if (!policy.isWellFormed()) {
            return reject(DLP_POLICY);
        }
        return policy.equals(state.dlp())
                ? nothing()
                : events(wanted.toBuilder()
                        .clearBlock()
                        .addAllBlock(policy.block())
                        .clearAlert()
                        .addAllAlert(policy.alert())
                        .build());
    }

    /** @param wanted with everything but its times, which follow from {@code minutes} */
    static Decision<Message> request(WorkspaceEgress state, OverrideRequested wanted, int minutes, long atMicros) {
        if (minutes < 1 || minutes > MAX_MINUTES) {
            return reject(TOO_LONG);
        }
        return with(
                wanted.getHost(),
                EgressRules::allowing,
                host -> state.currentOverrides(atMicros) >= MAX_OVERRIDES
                        ? reject(TOO_MANY)
                        : events(wanted.toBuilder()
                                .setHost(host)
                                .setRequestedMicros(atMicros)
                                .setUntilMicros(atMicros + minutes * MINUTE_MICROS)
                                .build()));
    }

    /** @param isApprover whether the approver is, or acts for, the principal with this id */
    static Decision<Message> approve(
            WorkspaceEgress state, Predicate<String> isApprover, OverrideApproved approval, long atMicros) {
        Optional<HostOverride> found = state.override(approval.getOverrideId());
        if (found.isEmpty()) {
            return reject(NO_SUCH_OVERRIDE);
        }
        OverrideRequested asked = found.get().requested();
        if (isApprover.test(asked.getRequesterId())
                || (!asked.getActingForId().isEmpty() && isApprover.test(asked.getActingForId()))) {
            return reject(SELF_APPROVAL);
        }
        if (!found.get().isCurrent(atMicros)) {
            return reject(OVER);
        }
        return found.get().approverId().isEmpty() ? events(approval) : nothing();
    }

    static Decision<Message> revoke(WorkspaceEgress state, OverrideRevoked revocation, long atMicros) {
        Optional<HostOverride> found = state.override(revocation.getOverrideId());
        if (found.isEmpty()) {
            return reject(NO_SUCH_OVERRIDE);
        }
        return found.get().isCurrent(atMicros) ? events(revocation) : nothing();
    }

    private static Decision<Message> added(boolean there, int size, Message event) {
        if (there) {
            return nothing();
        }
        return size >= MAX_PATTERNS ? reject(TOO_MANY) : events(event);
    }

    private static HostPattern allowing(String text) {
        return HostPattern.allow(text, AddressRanges.forbidden());
    }

    /** Goes on with the pattern's canonical form, or refuses with the engine's reason. */
    private static Decision<Message> with(
            String text, Function<String, HostPattern> read, Function<String, Decision<Message>> then) {
        String canonical;
        try {
            canonical = read.apply(text).canonical();
        } catch (PatternRefused e) {
            return reject(pattern(e.why()));
        }
        boolean fits =
                canonical.length() <= MAX_PATTERN_CHARS && canonical.chars().allMatch(c -> c >= '!' && c <= '~');
        return fits
                ? then.apply(canonical)
                : reject(pattern("is longer than " + MAX_PATTERN_CHARS + " characters in ASCII"));
    }

    private static Rejection pattern(String why) {
        return new Rejection(PATTERN.code(), PATTERN.kind(), "The pattern " + why + ".", PATTERN.hint());
    }
}
