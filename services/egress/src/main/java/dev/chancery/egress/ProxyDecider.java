package dev.chancery.egress;

import dev.chancery.command.Clock;
import dev.chancery.egress.DecisionLog.Subject;
import dev.chancery.egress.Policies.Compiled;
import dev.chancery.firewall.EgressDecision;
import dev.chancery.firewall.EgressPolicy;
import dev.chancery.firewall.Host;
import dev.chancery.firewall.ParsedUrl;
import dev.chancery.firewall.Reason;
import dev.chancery.firewall.Refused;
import dev.chancery.firewall.Scheme;
import dev.chancery.firewall.Target;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.AppendResult;
import dev.chancery.outbound.NameResolver;
import dev.chancery.redaction.Findings;
import dev.chancery.schema.proxy.v1.OverrideUsed;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Decides what goes out. When it allows, the log has it: a connection that only an override allows has a signed intent, any other is
 * recorded by itself or counted with those before it.
 *
 * <p><b>Thread safety:</b> safe; waits for the log and for name servers.
 */
final class ProxyDecider {
    private static final String OVERRIDE_ACTION = ProxyFeature.NAME + ".override.use";
    private static final Pattern NO_PATH = Pattern.compile("[^/?#\\\\]{1,1024}");
    private static final String NAME_DIFFERS = "name-differs";

    private final Callers callers;
    private final Policies policies;
    private final NameResolver names;
    private final DecisionLog allowed;
    private final DecisionLog denied;
    private final DecisionLog seen;
    private final DecisionLog blocked;
    private final DecisionRecords records;

    /** Who calls, and whether they may use a workspace's egress. */
    interface Callers {
        /** Whom an access token stands for, if it is good. */
        Optional<Principal> of(String token);

        /** Whether they may use their workspace's egress now; empty while that is not known. */
        Optional<Boolean> mayUse(Principal principal, String workspace);
    }

    ProxyDecider(
            Callers callers,
            Policies policies,
            NameResolver names,
            DecisionLog allowed,
            DecisionLog denied,
            DecisionLog seen,
            DecisionLog blocked,
            DecisionRecords records) {
        this.callers = callers;
        this.policies = policies;
        this.names = names;
        this.allowed = allowed;
        this.denied = denied;
        this.seen = seen;
        this.blocked = blocked;
        this.records = records;
    }

    /** Who sent a request, with a workspace that they may go out from. */
    sealed interface Known {
        record Caller(Principal principal, String workspace) implements Known {}

        record Nobody(Rejection why) implements Known {}
    }

    Known caller(RequestHead head) {
        Optional<Principal> found =
                head.field("proxy-authorization").flatMap(ProxyDecider::token).flatMap(callers::of);
        if (found.isEmpty()) {
            return new Known.Nobody(ProxyRejection.TOKEN);
        }
        Optional<String> workspace = found.get().workspace();
        if (workspace.isEmpty()) {
            return new Known.Nobody(ProxyRejection.NO_WORKSPACE);
        }
        Optional<Boolean> may = callers.mayUse(found.get(), workspace.get());
        if (may.isEmpty()) {
            return new Known.Nobody(ProxyRejection.UNAVAILABLE);
        }
        return may.get()
                ? new Known.Caller(found.get(), workspace.get())
                : new Known.Nobody(ProxyRejection.NOT_PERMITTED);
    }

    /** Bearer, or the password of Basic: what curl and browsers send. */
    private static Optional<String> token(String credentials) {
        int blank = credentials.indexOf(' ');
        String scheme = credentials.substring(0, Math.max(0, blank)).toLowerCase(Locale.ROOT);
        String rest = credentials.substring(blank + 1).strip();
        if (scheme.equals("bearer")) {
            return Optional.of(rest);
        }
        if (!scheme.equals("basic")) {
            return Optional.empty();
        }
        try {
            String pair = new String(Base64.getDecoder().decode(rest), StandardCharsets.ISO_8859_1);
            int colon = pair.indexOf(':');
            return colon < 0 ? Optional.empty() : Optional.of(pair.substring(colon + 1));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** @param url of a CONNECT, {@code https://} and what it names: the firewall knows no scheme of which less is asked */
    Proxied decide(Known.Caller caller, String url) {
        Optional<Compiled> compiled = policies.of(caller.principal().tenant(), caller.workspace());
        if (compiled.isEmpty()) {
            return Proxied.Refused.because(ProxyRejection.UNAVAILABLE);
        }
        EgressPolicy policy = compiled.get().policy();
        Instant now = Policies.instant(Clock.nowMicros());
        return switch (Target.parse(url)) {
            case Refused refused -> denied(caller, 0, new EgressDecision(refused.reason(), "", ""));
            case Target target -> {
                EgressDecision decision = evaluate(policy, target, now);
                yield decision.allowed()
                        ? resolved(caller, compiled.get(), target, decision)
                        : denied(caller, target.port(), decision);
            }
        };
    }

    /** Through CONNECT nobody sees whether it is https or wss: either pattern does. */
    private static EgressDecision evaluate(EgressPolicy policy, Target target, Instant now) {
        EgressDecision decision = policy.evaluate(target, now);
        return decision.reason() == Reason.NOT_ALLOWLISTED && target.scheme() == Scheme.HTTPS
                ? policy.evaluate(new Target(Scheme.WSS, target.host(), target.port()), now)
                : decision;
    }

    private Proxied resolved(Known.Caller caller, Compiled compiled, Target target, EgressDecision decision) {
        List<InetAddress> addresses;
        try {
            addresses = switch (target.host()) {
                case Host.Address literal -> List.of(literal.address().toInetAddress());
                case Host.Name name -> names.resolve(withoutDot(name.ascii()));
            };
        } catch (UnknownHostException e) {
            return new Proxied.Refused(ProxyRejection.UNRESOLVED, decision.host(), "");
        }
        EgressDecision admitted = compiled.policy().admit(decision, addresses);
        return admitted.allowed()
                ? recorded(caller, compiled, target, decision, addresses)
                : denied(caller, target.port(), admitted);
    }

    private Proxied recorded(
            Known.Caller caller,
            Compiled compiled,
            Target target,
            EgressDecision decision,
            List<InetAddress> addresses) {
        EgressMetrics.count("proxy", decision);
        Optional<? extends Proxied.Use> use = decision.reason() == Reason.OVERRIDE
                ? override(caller, compiled.state(), target, decision)
                : allowed.record(
                                caller.principal(),
                                Subject.of(caller.workspace(), target.port(), decision),
                                1,
                                compiled.state().sandbox())
                        ? Optional.of(Proxied.Use.COUNTED)
                        : Optional.empty();
        return use.<Proxied>map(found -> new Proxied.Allowed(
                        caller.principal(),
                        caller.workspace(),
                        target,
                        addresses,
                        found,
                        compiled.state().dlp()))
                .orElse(Proxied.Refused.because(ProxyRejection.UNAVAILABLE));
    }

    private Optional<OverrideUse> override(
            Known.Caller caller, WorkspaceEgress state, Target target, EgressDecision decision) {
        long now = Clock.nowMicros();
        return state.overrides().stream()
                .filter(one -> one.requested().getHost().equals(decision.detail())
                        && one.isCurrent(now)
                        && !one.approverId().isEmpty())
                .findFirst()
                .flatMap(one -> records.intent(caller.principal(), OVERRIDE_ACTION, decision.host())
                        .map(intent -> new OverrideUse(
                                caller.principal(),
                                intent,
                                OverrideUsed.newBuilder()
                                        .setWorkspaceId(caller.workspace())
                                        .setHost(Subject.named(decision.host()))
                                        .setPort(target.port())
                                        .setOverrideId(one.id())
                                        .build())));
    }

    private final class OverrideUse implements Proxied.Use {
        private final Principal principal;
        private final AppendResult.Appended intent;
        private final OverrideUsed event;

        OverrideUse(Principal principal, AppendResult.Appended intent, OverrideUsed event) {
            this.principal = principal;
            this.intent = intent;
            this.event = event;
        }

        @Override
        public void begun() {
            var stream = StreamId.of("proxy", "override", UUID.randomUUID().toString());
            var _ = records.succeeded(intent, principal, OVERRIDE_ACTION, event.getHost(), stream, event);
        }

        @Override
        public void failed(Rejection why) {
            var _ = records.failed(intent, principal, OVERRIDE_ACTION, event.getHost(), why.code());
        }
    }

    private Proxied.Refused denied(Known.Caller caller, int port, EgressDecision decision) {
        EgressMetrics.count("proxy", decision);
        denied.note(caller.principal(), Subject.of(caller.workspace(), port, decision));
        return Proxied.Refused.by(decision);
    }

    /** The connection turned out to ask for another host than was decided about. */
    void differs(Proxied.Allowed allowed, Rejection why) {
        denied.note(
                allowed.caller(),
                new Subject(
                        allowed.workspace(),
                        Subject.named(allowed.target().host().text()),
                        allowed.target().port(),
                        NAME_DIFFERS));
        allowed.use().failed(why);
    }

    /**
     * What becomes of data that was found in a request, before it goes out: where it may, that is in the log.
     *
     * @param kind of data
     * @param values how many
     * @return why it must not go out; empty: it may
     */
    Optional<Proxied.Refused> found(Proxied.Allowed allowed, String kind, long values) {
        Subject subject = Subject.of(allowed, kind);
        if (allowed.dlp().block().contains(kind)) {
            Findings.count(Findings.Sink.PROXY, kind, Findings.Outcome.BLOCKED, values);
            blocked.note(allowed.caller(), subject);
            return Optional.of(new Proxied.Refused(
                    ProxyRejection.DATA_BLOCKED, allowed.target().host().text(), kind));
        }
        if (!allowed.dlp().alert().contains(kind)) {
            return Optional.empty();
        }
        Findings.count(Findings.Sink.PROXY, kind, Findings.Outcome.ALERTED, values);
        return seen.record(allowed.caller(), subject, values, false)
                ? Optional.empty()
                : Optional.of(Proxied.Refused.because(ProxyRejection.UNAVAILABLE));
    }

    /** Whether what was allowed still is: it ends when the override, the list or the caller's grant does. */
    boolean stillAllowed(Proxied.Allowed allowed) {
        return callers.mayUse(allowed.caller(), allowed.workspace()).orElse(false)
                && policies.of(allowed.caller().tenant(), allowed.workspace())
                        .filter(compiled -> evaluate(
                                        compiled.policy(), allowed.target(), Policies.instant(Clock.nowMicros()))
                                .allowed())
                        .isPresent();
    }

    /** Whether what a client calls its host is the target's. */
    static boolean names(Target target, String host) {
        return switch (target.host()) {
            case Host.Address address -> host.equalsIgnoreCase(address.text());
            case Host.Name name ->
                Host.parse(host)
                        .filter(Host.Name.class::isInstance)
                        .map(Host.Name.class::cast)
                        .filter(other -> withoutDot(other.ascii()).equals(withoutDot(name.ascii())))
                        .isPresent();
        };
    }

    /** Whether a Host field names the target: the same host, and the same port or none where it is the scheme's. */
    static boolean isHost(Target target, String field) {
        ParsedUrl parsed = Target.parse("http://" + field);
        return NO_PATH.matcher(field).matches()
                && parsed instanceof Target named
                && named.port() == target.port()
                && names(target, named.host().text());
    }

    private static String withoutDot(String name) {
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }
}
