package dev.chancery.identity;

import dev.chancery.boundary.tokens.Tokens;
import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.Feature;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.FeatureParts;
import dev.chancery.feature.OwnerClaimFile;
import dev.chancery.feature.ProcessRole;
import dev.chancery.feature.SessionLimits;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.RotatingKey;
import dev.chancery.keyring.SigningKeyRotation;
import dev.chancery.log.Appender;
import dev.chancery.log.Claims;
import dev.chancery.log.LogCreation;
import dev.chancery.log.Streams;
import java.util.List;
import java.util.stream.Stream;

/** Organisations, principals, workspaces and signing in. */
public final class IdentityFeature implements FeatureDescription {
    @Override
    public String name() {
        return "identity";
    }

    @Override
    public ProcessRole process() {
        return ProcessRole.CORE;
    }

    @Override
    public DatabaseRole databaseRole() {
        return DatabaseRole.IDENTITY;
    }

    @Override
    public List<Rejection> rejections() {
        return Stream.of(IdentityRejection.ALL, FederationRejection.ALL)
                .flatMap(List::stream)
                .toList();
    }

    @Override
    public Feature create(FeatureParts parts) {
        var claim = parts.get(OwnerClaimFile.class);
        return IdentityService.create(
                new LogCreation(parts.database(), databaseRole()),
                parts.get(Appender.class),
                parts.get(Streams.class),
                parts.get(Keyring.class),
                new Claims(parts.database(), databaseRole()),
                parts.contract(),
                parts.get(Tokens.class),
                parts.get(RotatingKey.class),
                parts.get(SigningKeyRotation.class),
                parts.get(SessionLimits.class),
                new OwnerClaim(claim.path(), claim.used()),
                parts.database());
    }
}
