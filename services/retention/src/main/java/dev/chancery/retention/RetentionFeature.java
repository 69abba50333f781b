package dev.chancery.retention;

import dev.chancery.command.PrincipalNames;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.ErasureHorizon;
import dev.chancery.feature.Feature;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.FeatureParts;
import dev.chancery.feature.FeatureProjection;
import dev.chancery.feature.ProcessRole;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.log.Appender;
import dev.chancery.log.Claims;
import dev.chancery.log.LogEntries;
import dev.chancery.log.LogTimes;
import dev.chancery.log.Streams;
import java.util.List;
import java.util.Optional;

/** Retention schedules, legal holds, the eraser, erasures' certificates, and the lists of them. */
public final class RetentionFeature implements FeatureDescription {
    @Override
    public String name() {
        return "retention";
    }

    @Override
    public ProcessRole process() {
        return ProcessRole.CORE;
    }

    @Override
    public DatabaseRole databaseRole() {
        return DatabaseRole.RETENTION;
    }

    @Override
    public List<Rejection> rejections() {
        return RetentionRejection.ALL;
    }

    @Override
    public Optional<FeatureProjection> projection() {
        return Optional.of(FeatureProjection.answering(
                parts -> new RetentionProjection("retention", DatabaseRole.RETENTION),
                schema -> new RetentionProjection(schema, DatabaseRole.REPLAY)));
    }

    @Override
    public List<String> destroyAgain(Database database, Keyring keyring, String tenant) {
        return new ErasureReplay(database, keyring.eraser()).run(tenant);
    }

    @Override
    public Feature create(FeatureParts parts) {
        Streams streams = parts.get(Streams.class);
        var claims = new Claims(parts.database(), DatabaseRole.RETENTION);
        var keys = parts.get(Keyring.class).eraser();
        var horizon = parts.get(ErasureHorizon.class).horizon();
        var times = new LogTimes(parts.database(), DatabaseRole.RETENTION);
        return new RetentionService(
                new ErasureWorker(
                        parts.database(),
                        new SubjectEraser(
                                claims, parts.get(Appender.class), streams, times::recordedAtMicros, keys, horizon),
                        keys,
                        horizon),
                new Certificates(
                        parts.instanceId(),
                        streams,
                        new LogEntries(parts.database(), DatabaseRole.RETENTION),
                        times::recordedAtMicros,
                        parts.get(SigningKeys.class)),
                new PrincipalNames(claims, parts.get(Keyring.class)));
    }
}
