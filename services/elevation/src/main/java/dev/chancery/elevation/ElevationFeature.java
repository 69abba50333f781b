package dev.chancery.elevation;

import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.Part;
import dev.chancery.feature.Feature;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.FeatureParts;
import dev.chancery.feature.FeatureProjection;
import dev.chancery.feature.ProcessRole;
import dev.chancery.kernel.Rejection;
import java.util.List;
import java.util.Optional;

/** Break-glass: policies, requests, approvals, reviews, and the list of them. */
public final class ElevationFeature implements FeatureDescription {
    @Override
    public String name() {
        return "elevation";
    }

    @Override
    public ProcessRole process() {
        return ProcessRole.CORE;
    }

    @Override
    public DatabaseRole databaseRole() {
        return DatabaseRole.ELEVATION;
    }

    @Override
    public List<Rejection> rejections() {
        return ElevationRejection.ALL;
    }

    @Override
    public List<Part<?>> decisionParts() {
        return List.of(Policies.PART);
    }

    @Override
    public Optional<FeatureProjection> projection() {
        return Optional.of(FeatureProjection.answering(
                parts -> new ElevationProjection("elevation", DatabaseRole.ELEVATION),
                schema -> new ElevationProjection(schema, DatabaseRole.REPLAY)));
    }

    @Override
    public Feature create(FeatureParts parts) {
        return new ElevationService(new ElevationList(parts.database()), parts.decisions());
    }
}
