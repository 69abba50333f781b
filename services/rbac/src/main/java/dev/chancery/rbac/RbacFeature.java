package dev.chancery.rbac;

import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.Feature;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.FeatureParts;
import dev.chancery.feature.FeatureProjection;
import dev.chancery.feature.ProcessRole;
import dev.chancery.kernel.Rejection;
import java.util.List;
import java.util.Optional;

/** Who may do what, in rows, and the lists of it. */
public final class RbacFeature implements FeatureDescription {
    @Override
    public String name() {
        return "rbac";
    }

    @Override
    public ProcessRole process() {
        return ProcessRole.PROJECTORS;
    }

    @Override
    public DatabaseRole databaseRole() {
        return DatabaseRole.RBAC;
    }

    @Override
    public List<Rejection> rejections() {
        return RbacRejection.ALL;
    }

    @Override
    public Optional<FeatureProjection> projection() {
        return Optional.of(FeatureProjection.answering(parts -> new RbacProjection(), RbacProjection::new));
    }

    @Override
    public Feature create(FeatureParts parts) {
        return new RbacService(parts.database());
    }
}
