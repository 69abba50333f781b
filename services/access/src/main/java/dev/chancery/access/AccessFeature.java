package dev.chancery.access;

import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.Feature;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.FeatureParts;
import dev.chancery.feature.ProcessRole;
import dev.chancery.kernel.Rejection;
import java.util.List;

/** Capabilities, roles, assignments and checks. */
public final class AccessFeature implements FeatureDescription {
    @Override
    public String name() {
        return "access";
    }

    @Override
    public ProcessRole process() {
        return ProcessRole.CORE;
    }

    @Override
    public DatabaseRole databaseRole() {
        return DatabaseRole.ACCESS;
    }

    @Override
    public List<Rejection> rejections() {
        return AccessRejection.ALL;
    }

    @Override
    public Feature create(FeatureParts parts) {
        return new AccessService(parts.decisions());
    }
}
