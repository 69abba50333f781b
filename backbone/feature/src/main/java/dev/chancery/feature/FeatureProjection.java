package dev.chancery.feature;

import dev.chancery.projection.Projection;
import dev.chancery.projection.ProjectionOptions;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * A feature's projection: the live one, and the same rebuilt beside it, which {@code replay} compares with it.
 *
 * @param live the projection in the schema with the feature's name
 * @param rebuilt the projection in another schema, written by {@code DatabaseRole.REPLAY}; given the schema and the instance's id
 * @param options for its consumer
 * @param answers whether the feature's methods answer from it, and so wait until it has the position that a request carries
 */
public record FeatureProjection(
        Function<FeatureParts, Projection> live,
        BiFunction<String, String, Projection> rebuilt,
        UnaryOperator<ProjectionOptions> options,
        boolean answers) {

    /** One that methods answer from, with the usual options. */
    public static FeatureProjection answering(
            Function<FeatureParts, Projection> live, Function<String, Projection> rebuilt) {
        return new FeatureProjection(
                live, (schema, instanceId) -> rebuilt.apply(schema), UnaryOperator.identity(), true);
    }
}
