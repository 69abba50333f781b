package dev.chancery.vault;

import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.Feature;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.FeatureParts;
import dev.chancery.feature.FeatureProjection;
import dev.chancery.feature.ProcessRole;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.SecretRing;
import java.util.List;
import java.util.Optional;

/** Secrets: environments, versions, who may read them, rotation, and the list of them. */
public final class VaultFeature implements FeatureDescription {
    @Override
    public String name() {
        return "vault";
    }

    @Override
    public ProcessRole process() {
        return ProcessRole.CORE;
    }

    @Override
    public DatabaseRole databaseRole() {
        return DatabaseRole.VAULT;
    }

    @Override
    public List<Rejection> rejections() {
        return VaultRejection.ALL;
    }

    @Override
    public Optional<FeatureProjection> projection() {
        return Optional.of(FeatureProjection.answering(
                parts -> new VaultProjection("vault", DatabaseRole.VAULT),
                schema -> new VaultProjection(schema, DatabaseRole.REPLAY)));
    }

    @Override
    public Feature create(FeatureParts parts) {
        return new VaultService(parts.get(SecretRing.class), new VaultList(parts.database()));
    }
}
