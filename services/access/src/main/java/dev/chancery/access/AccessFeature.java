package dev.chancery.access;

import dev.chancery.boundary.tokens.Tokens;
import dev.chancery.command.PrincipalNames;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.Part;
import dev.chancery.decision.PlacedDecision;
import dev.chancery.feature.Feature;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.FeatureParts;
import dev.chancery.feature.ProcessRole;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.Keyring;
import dev.chancery.log.Claims;
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
    public List<Part<?>> decisionParts() {
        return List.of(PlacedDecision.WORKSPACES);
    }

    @Override
    public Feature create(FeatureParts parts) {
        Keyring keyring = parts.get(Keyring.class);
        var names = new PrincipalNames(new Claims(parts.database(), databaseRole()), keyring);
        var checks = new Checks(parts.decisions(), names);
        var searches = new Searches(checks, new PageTokens(keyring));
        return new AccessService(
                checks,
                searches,
                new DecisionQueries(parts.decisions(), checks, searches),
                new ModelDescription(parts.decisions(), keyring, parts.contract()),
                parts.get(Tokens.class).issuer());
    }
}
