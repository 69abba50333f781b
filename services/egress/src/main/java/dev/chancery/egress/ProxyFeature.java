package dev.chancery.egress;

import com.google.protobuf.Message;
import dev.chancery.boundary.tokens.Tokens;
import dev.chancery.command.Authorisation;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.Clock;
import dev.chancery.command.RefusedException;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.CallerDecision;
import dev.chancery.decision.ConsentGate;
import dev.chancery.egress.DecisionLog.Count;
import dev.chancery.egress.DecisionLog.Subject;
import dev.chancery.feature.Feature;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.FeatureParts;
import dev.chancery.feature.ProcessRole;
import dev.chancery.feature.ProxyOptions;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import dev.chancery.log.Appender;
import dev.chancery.outbound.NameResolver;
import dev.chancery.schema.proxy.v1.ConnectionAllowed;
import dev.chancery.schema.proxy.v1.ConnectionDenied;
import dev.chancery.schema.proxy.v1.DataBlocked;
import dev.chancery.schema.proxy.v1.DataSeen;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The forward proxy. A feature of its own, in a process of its own: what deals with strangers' bytes holds no personal key, and can write
 * no list.
 */
public final class ProxyFeature implements FeatureDescription {
    static final String NAME = "proxy";

    private static final String CAPABILITY = "egress:use";
    private static final String STREAMS = "connection";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public ProcessRole process() {
        return ProcessRole.EGRESS;
    }

    @Override
    public DatabaseRole databaseRole() {
        return DatabaseRole.PROXY;
    }

    @Override
    public List<Rejection> rejections() {
        return ProxyRejection.ALL;
    }

    @Override
    public Feature create(FeatureParts parts) {
        var records = new DecisionRecords(parts.get(Appender.class));
        DecisionLog allowed = allowed(records);
        DecisionLog denied = denied(records);
        DecisionLog seen = seen(records);
        DecisionLog blocked = blocked(records);
        var decider = new ProxyDecider(
                callers(parts.get(Tokens.class), new Authorisation(parts.decisions(), Map.of())),
                new Policies(Policies.Source.of(parts.decisions()), AddressRanges.forbidden(), BuiltInHosts.ALL),
                parts.closed(new NameResolver.OfTheSystem()),
                allowed,
                denied,
                seen,
                blocked,
                records);
        return new ProxyService(parts.get(ProxyOptions.class), decider, List.of(allowed, denied, seen, blocked));
    }

    static DecisionLog allowed(DecisionRecords records) {
        return new DecisionLog(NAME, "allowed", STREAMS, ProxyFeature::allowedEvent, records);
    }

    static DecisionLog denied(DecisionRecords records) {
        return new DecisionLog(NAME, "denied", STREAMS, ProxyFeature::deniedEvent, records);
    }

    static DecisionLog seen(DecisionRecords records) {
        return new DecisionLog(NAME, "data.seen", STREAMS, ProxyFeature::seenEvent, records);
    }

    static DecisionLog blocked(DecisionRecords records) {
        return new DecisionLog(NAME, "data.blocked", STREAMS, ProxyFeature::blockedEvent, records);
    }

    private static Message allowedEvent(Subject subject, Count count) {
        return ConnectionAllowed.newBuilder()
                .setWorkspaceId(subject.workspace())
                .setHost(subject.host())
                .setPort(subject.port())
                .setReason(subject.reason())
                .setCount(count.times())
                .setFromMicros(count.fromMicros())
                .setUntilMicros(count.untilMicros())
                .build();
    }

    private static Message deniedEvent(Subject subject, Count count) {
        return ConnectionDenied.newBuilder()
                .setWorkspaceId(subject.workspace())
                .setHost(subject.host())
                .setPort(subject.port())
                .setReason(subject.reason())
                .setCount(count.times())
                .setFromMicros(count.fromMicros())
                .setUntilMicros(count.untilMicros())
                .build();
    }

    private static Message seenEvent(Subject subject, Count count) {
        return DataSeen.newBuilder()
                .setWorkspaceId(subject.workspace())
                .setHost(subject.host())
                .setPort(subject.port())
                .setKind(subject.reason())
                .setCount(count.times())
                .setFromMicros(count.fromMicros())
                .setUntilMicros(count.untilMicros())
                .build();
    }

    private static Message blockedEvent(Subject subject, Count count) {
        return DataBlocked.newBuilder()
                .setWorkspaceId(subject.workspace())
                .setHost(subject.host())
                .setPort(subject.port())
                .setKind(subject.reason())
                .setCount(count.times())
                .setFromMicros(count.fromMicros())
                .setUntilMicros(count.untilMicros())
                .build();
    }

    private static ProxyDecider.Callers callers(Tokens tokens, Authorisation authorisation) {
        return new ProxyDecider.Callers() {
            @Override
            public Optional<Principal> of(String token) {
                return tokens.principalOf(token);
            }

            @Override
            public Optional<Boolean> mayUse(Principal principal, String workspace) {
                try {
                    return Optional.of(CallerDecision.decide(
                                    principal,
                                    authorisation.authorities(principal, Optional.empty()),
                                    ConsentGate.NONE,
                                    CAPABILITY,
                                    workspace,
                                    Clock.nowMicros())
                            .granted());
                } catch (RefusedException e) {
                    return e.rejection().equals(BoundaryRejection.STALE) ? Optional.empty() : Optional.of(false);
                }
            }
        };
    }
}
