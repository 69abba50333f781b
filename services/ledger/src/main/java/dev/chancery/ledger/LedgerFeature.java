package dev.chancery.ledger;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.CheckpointLimit;
import dev.chancery.feature.Feature;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.FeatureParts;
import dev.chancery.feature.FeatureProjection;
import dev.chancery.feature.ProcessRole;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.keyring.VerifierKeys;
import dev.chancery.log.Appender;
import dev.chancery.projection.TopicPublisher;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Properties;

/** The transparency log of each organisation and its signed checkpoints. */
public final class LedgerFeature implements FeatureDescription {
    /** The topic that checkpoints are published to. */
    public static final String CHECKPOINT_TOPIC = "ledger.checkpoints.v1";

    /** A tree grows better by many: after a run, how long entries wait for others; none waits after a quiet moment. */
    private static final Duration GATHER = Duration.ofMillis(25);

    @Override
    public String name() {
        return "ledger";
    }

    @Override
    public ProcessRole process() {
        return ProcessRole.LEDGER;
    }

    @Override
    public DatabaseRole databaseRole() {
        return DatabaseRole.LEDGER;
    }

    @Override
    public List<Rejection> rejections() {
        return LedgerRejection.ALL;
    }

    @Override
    public Optional<FeatureProjection> projection() {
        return Optional.of(new FeatureProjection(
                LedgerFeature::live,
                (schema, instanceId) -> new LedgerProjection(instanceId, DatabaseRole.REPLAY, schema, tenant -> {}),
                options -> options.withGather(GATHER),
                false));
    }

    @Override
    public List<String> topics() {
        return List.of(CHECKPOINT_TOPIC);
    }

    @Override
    public List<String> repairTopics(Database database, String instanceId, Properties kafka, boolean apply) {
        var repair = new CheckpointRepair(database, instanceId, kafka);
        List<String> findings = repair.findings();
        if (apply && !findings.isEmpty()) {
            repair.publish();
        }
        return findings;
    }

    private static LedgerProjection live(FeatureParts parts) {
        var keys = parts.get(SigningKeys.class);
        var publisher = parts.closed(new TopicPublisher(parts.kafka(), CHECKPOINT_TOPIC));
        var worker = parts.closed(new CheckpointWorker(
                new Checkpoints(parts.database(), parts.instanceId(), keys::signNote, publisher::publish)));
        worker.start();
        return new LedgerProjection(parts.instanceId(), worker::due);
    }

    @Override
    public Feature create(FeatureParts parts) {
        var reader = new LedgerReader(parts.database());
        var keys = parts.get(VerifierKeys.class);
        Appender appender = parts.get(Appender.class);
        return new LedgerService(
                reader,
                new Copies(appender::append),
                parts.closed(new CheckpointWatch(
                        parts.database(), parts.get(CheckpointLimit.class).staleAfter())),
                parts.closed(new WithdrawnKeys(keys, parts.instanceId(), reader, appender::append)),
                keys,
                parts.instanceId(),
                parts.contract());
    }
}
