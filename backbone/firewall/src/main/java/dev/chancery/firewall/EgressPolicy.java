package dev.chancery.firewall;

import java.net.InetAddress;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a workspace's programs may reach. Immutable; an edit makes another one.
 *
 * <p>The first of these that applies decides: the URL can't be read; its scheme is none of ours; a deny pattern matches; its host
 * is a forbidden address; a built-in, workspace or connector pattern matches, or an override that has not ended. What nothing
 * allows is denied.
 *
 * <p>Thread safe.
 */
public final class EgressPolicy {
    private final AddressRanges forbidden;
    private final PatternSet deny;
    private final PatternSet builtIn;
    private final PatternSet workspace;
    private final PatternSet connectors;
    private final PatternSet overridden;
    private final List<Override> overrides;

    /**
     * @param forbidden no address in these ranges is ever allowed
     * @param builtIn what every workspace may reach
     * @param workspace its own list
     * @param connectors hosts by the connector that needs them, while it is connected
     */
    public EgressPolicy(
            AddressRanges forbidden,
            Collection<HostPattern> deny,
            Collection<HostPattern> builtIn,
            Collection<HostPattern> workspace,
            Map<String, List<HostPattern>> connectors,
            Collection<Override> overrides) {
        this.forbidden = forbidden;
        this.deny = new PatternSet(deny);
        this.builtIn = new PatternSet(builtIn);
        this.workspace = new PatternSet(workspace);
        this.connectors = new PatternSet(
                connectors.values().stream().flatMap(List::stream).toList());
        this.overridden =
                new PatternSet(overrides.stream().map(Override::pattern).toList());
        this.overrides = List.copyOf(overrides);
    }

    /**
     * A host that is allowed for a time, for a reason.
     *
     * @param until the first instant at which it is over
     */
    public record Override(HostPattern pattern, Instant until) {}

    /** Decides a URL before its host is resolved. */
    public EgressDecision evaluate(String url, Instant now) {
        ParsedUrl parsed = Target.parse(url);
        return parsed instanceof Target target
                ? evaluate(target, now)
                : new EgressDecision(((Refused) parsed).reason(), "", "");
    }

    /** Decides a target before its host is resolved. */
    public EgressDecision evaluate(Target target, Instant now) {
        String host = target.host().text();
        Optional<HostPattern> denied = deny.matching(target, true);
        if (denied.isPresent()) {
            return new EgressDecision(Reason.EXPLICIT_DENY, host, denied.get().text());
        }
        if (target.host() instanceof Host.Address literal) {
            Optional<String> range = forbidden.containing(literal.address());
            if (range.isPresent()) {
                return new EgressDecision(Reason.FORBIDDEN_ADDRESS, host, range.get());
            }
        }
        return allowedBy(builtIn, Reason.BUILT_IN_ALLOW, target)
                .or(() -> allowedBy(workspace, Reason.WORKSPACE_ALLOW, target))
                .or(() -> allowedBy(connectors, Reason.CONNECTOR_ALLOW, target))
                .or(() -> overriddenAt(target, now))
                .orElse(new EgressDecision(Reason.NOT_ALLOWLISTED, host, ""));
    }

    private static Optional<EgressDecision> allowedBy(PatternSet patterns, Reason reason, Target target) {
        return patterns.matching(target, false)
                .map(pattern -> new EgressDecision(reason, target.host().text(), pattern.text()));
    }

    private Optional<EgressDecision> overriddenAt(Target target, Instant now) {
        if (overridden.matching(target, false).isEmpty()) {
            return Optional.empty();
        }
        // Several may name the host, and only some have ended.
        List<HostPattern> running = overrides.stream()
                .filter(override -> now.isBefore(override.until()))
                .map(Override::pattern)
                .toList();
        return allowedBy(new PatternSet(running), Reason.OVERRIDE, target);
    }

    /**
     * Confirms a decision that allows, given all the addresses that the host resolves to: one forbidden answer denies. The caller
     * connects to one of these addresses, and keeps the name for TLS and the Host header.
     *
     * @param addresses an empty list denies
     */
    public EgressDecision admit(EgressDecision allowed, List<InetAddress> addresses) {
        if (!allowed.allowed()) {
            return allowed;
        }
        if (addresses.isEmpty()) {
            return new EgressDecision(Reason.FORBIDDEN_ADDRESS, allowed.host(), "no address");
        }
        for (InetAddress address : addresses) {
            Optional<String> range = forbidden.containing(IpAddress.of(address));
            if (range.isPresent()) {
                return new EgressDecision(Reason.FORBIDDEN_ADDRESS, allowed.host(), range.get());
            }
        }
        return allowed;
    }
}
