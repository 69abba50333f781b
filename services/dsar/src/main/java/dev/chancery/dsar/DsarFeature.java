package dev.chancery.dsar;

import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.Part;
import dev.chancery.feature.Feature;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.FeatureParts;
import dev.chancery.feature.FeatureProjection;
import dev.chancery.feature.HolderOptions;
import dev.chancery.feature.ProcessRole;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.log.Appender;
import dev.chancery.log.Streams;
import java.util.List;
import java.util.Optional;

/** Requests of data subjects, the systems that hold data, the list of both, and proofs of completion. */
public final class DsarFeature implements FeatureDescription {
    /** From the projection, which runs in the same process, to what advances requests. */
    private final Moved moved = new Moved();

    @Override
    public String name() {
        return "dsar";
    }

    @Override
    public ProcessRole process() {
        return ProcessRole.CORE;
    }

    @Override
    public DatabaseRole databaseRole() {
        return DatabaseRole.DSAR;
    }

    @Override
    public List<Rejection> rejections() {
        return DsarRejection.ALL;
    }

    @Override
    public List<Part<?>> decisionParts() {
        return List.of(Holders.PART);
    }

    @Override
    public Optional<FeatureProjection> projection() {
        return Optional.of(FeatureProjection.answering(
                parts -> new DsarProjection("dsar", DatabaseRole.DSAR, moved),
                schema -> new DsarProjection(schema, DatabaseRole.REPLAY, new Moved())));
    }

    @Override
    public Feature create(FeatureParts parts) {
        var keyring = parts.get(Keyring.class);
        var options = parts.get(HolderOptions.class);
        var log = new RequestLog(parts.get(Appender.class), parts.get(Streams.class));
        var client = parts.closed(new HolderClient(options));
        var advancer = new Advancer(log, keyring, client, options);
        return new DsarService(
                parts.instanceId(),
                parts.database(),
                parts.contract(),
                parts.decisions(),
                keyring,
                parts.get(SigningKeys.class),
                log,
                client,
                new Rounds(parts.database(), advancer, moved));
    }
}
