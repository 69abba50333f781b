package dev.chancery.vault;

import dev.chancery.command.Clock;
import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.ErasureHorizon;
import dev.chancery.feature.Feature;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.FeatureParts;
import dev.chancery.feature.FeatureProjection;
import dev.chancery.feature.LeaseOptions;
import dev.chancery.feature.ProcessRole;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SecretRing;
import dev.chancery.log.Appender;
import dev.chancery.log.Streams;
import dev.chancery.outbound.Destinations;
import dev.chancery.outbound.NameResolver;
import dev.chancery.outbound.OutboundClient;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Secrets: environments, versions, who may read them, rotation; credentials of databases for a time; and the lists of them. */
public final class VaultFeature implements FeatureDescription {
    private static final OutboundClient.Limits ISSUER_LIMITS =
            new OutboundClient.Limits(Duration.ofSeconds(10), 64 * 1024, IssuerRounds.MAX_AT_ONCE);

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
        var ring = parts.get(SecretRing.class);
        var log = new VaultLog(parts.get(Appender.class), parts.get(Streams.class));
        var options = parts.get(LeaseOptions.class);
        var destinations = new Destinations(
                AddressRanges.forbidden().except(options.networks()), parts.closed(new NameResolver.OfTheSystem()));
        var targets = new Targets(ring, new TargetServer(destinations, options.authorities()));
        var ender = new LeaseEnder(parts.instanceId(), log, targets, Clock::nowMicros);
        var leases = new LeaseList(parts.database());
        var list = new VaultList(parts.database());
        var client = parts.closed(new OutboundClient(destinations, ISSUER_LIMITS, options.authorities()));
        var issuers = new Issuers(ring, log, destinations, client);
        var tokens = new TokenIssuer(ring, log, destinations, client);
        return new VaultService(
                ring,
                list,
                new Inventory(parts.database()),
                new Rotations(list, log, ring),
                new LeaseMethods(parts.instanceId(), targets, ender, leases),
                new LeaseRounds(leases, log, ender),
                new LeakMethods(ring, new LeakList(parts.database())),
                new BoundSecrets(list, log, ring),
                issuers,
                tokens,
                new IssuerRounds(list, log, ring, issuers, new RoleIssuer(ring, log, targets), tokens),
                new KeyMethods(
                        parts.get(Keyring.class),
                        parts.get(Streams.class),
                        parts.get(ErasureHorizon.class).horizon()));
    }
}
