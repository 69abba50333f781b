package dev.chancery.egress;

import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.Part;
import dev.chancery.feature.Feature;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.FeatureParts;
import dev.chancery.feature.ProcessRole;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.kernel.Rejection;
import dev.chancery.log.Appender;
import dev.chancery.schema.egress.v1.HostDenied;
import java.util.List;

/** Which hosts workspaces reach: lists, overrides, and the answer to whether a URL may be reached. */
public final class EgressFeature implements FeatureDescription {
    @Override
    public String name() {
        return "egress";
    }

    @Override
    public ProcessRole process() {
        return ProcessRole.CORE;
    }

    @Override
    public DatabaseRole databaseRole() {
        return DatabaseRole.EGRESS;
    }

    @Override
    public List<Rejection> rejections() {
        return EgressRejection.ALL;
    }

    @Override
    public List<Part<?>> decisionParts() {
        return List.of(WorkspaceEgress.PART);
    }

    @Override
    public Feature create(FeatureParts parts) {
        var records = new DecisionRecords(parts.get(Appender.class));
        return new EgressService(
                new Policies(Policies.Source.of(parts.decisions()), AddressRanges.forbidden(), BuiltInHosts.ALL),
                new DecisionLog(name(), "denied", "denial", EgressFeature::denied, records));
    }

    private static HostDenied denied(DecisionLog.Subject subject, DecisionLog.Count count) {
        return HostDenied.newBuilder()
                .setWorkspaceId(subject.workspace())
                .setHost(subject.host())
                .setPort(subject.port())
                .setReason(subject.reason())
                .setCount(count.times())
                .setFromMicros(count.fromMicros())
                .setUntilMicros(count.untilMicros())
                .build();
    }
}
