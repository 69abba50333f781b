package dev.chancery.consent;

import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.Feature;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.FeatureParts;
import dev.chancery.feature.FeatureProjection;
import dev.chancery.feature.ProcessRole;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SigningKeys;
import java.util.List;
import java.util.Optional;

/** Purposes, notices, consents, who may consent for whom, the list of them, and receipts. */
public final class ConsentFeature implements FeatureDescription {

    @Override
    public String name() {
        return "consent";
    }

    @Override
    public ProcessRole process() {
        return ProcessRole.CORE;
    }

    @Override
    public DatabaseRole databaseRole() {
        return DatabaseRole.CONSENT;
    }

    @Override
    public List<Rejection> rejections() {
        return ConsentRejection.ALL;
    }

    @Override
    public Optional<FeatureProjection> projection() {
        return Optional.of(FeatureProjection.answering(
                parts -> new ConsentProjection("consent", DatabaseRole.CONSENT),
                schema -> new ConsentProjection(schema, DatabaseRole.REPLAY)));
    }

    @Override
    public Feature create(FeatureParts parts) {
        return new ConsentService(
                parts.decisions(),
                parts.get(Keyring.class),
                new Receipts(parts.instanceId(), parts.get(SigningKeys.class)));
    }
}
