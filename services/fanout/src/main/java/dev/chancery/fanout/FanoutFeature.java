package dev.chancery.fanout;

import dev.chancery.command.Methods;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.Feature;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.FeatureParts;
import dev.chancery.feature.FeatureProjection;
import dev.chancery.feature.ProcessRole;
import dev.chancery.schema.Contract;
import dev.chancery.schema.EventType;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Each feature's events on a topic of their own, {@code <feature>.events.v1}, as CloudEvents. It has no methods. */
public final class FanoutFeature implements FeatureDescription {
    static final String SCHEMA = "fanout";

    @Override
    public String name() {
        return SCHEMA;
    }

    @Override
    public ProcessRole process() {
        return ProcessRole.PROJECTORS;
    }

    @Override
    public DatabaseRole databaseRole() {
        return DatabaseRole.FANOUT;
    }

    @Override
    public Optional<FeatureProjection> projection() {
        return Optional.of(new FeatureProjection(
                FanoutFeature::live,
                (schema, instanceId) -> new FanoutProjection(schema, DatabaseRole.REPLAY, batch -> {}),
                UnaryOperator.identity(),
                false));
    }

    @Override
    public List<String> topics() {
        return Stream.concat(
                        Stream.of(EventTopics.POSITIONS),
                        Contract.load().events().values().stream()
                                .map(EventType::feature)
                                .distinct()
                                .sorted()
                                .map(EventTopics::of))
                .toList();
    }

    @Override
    public List<String> repairTopics(Database database, String instanceId, Properties kafka, boolean apply) {
        var repair = new FanoutRepair(database, kafka, topics());
        return apply ? repair.apply() : repair.findings();
    }

    private static FanoutProjection live(FeatureParts parts) {
        return new FanoutProjection(
                SCHEMA, DatabaseRole.FANOUT, parts.closed(new EventTopics(parts.kafka(), parts.contract())));
    }

    @Override
    public Feature create(FeatureParts parts) {
        return new Feature() {
            @Override
            public String name() {
                return SCHEMA;
            }

            @Override
            public void register(Methods methods) {}
        };
    }
}
