package dev.chancery.feature;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.Part;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.Keyring;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.ServiceLoader;

/**
 * All that the application, {@code replay} and the tests need to know about a feature. An implementation is named in its module's {@code
 * META-INF/services}; nothing else lists features.
 *
 * <p>From the description follow: the feature's database role and, if that role may append, its appender and reaper; its projection's
 * schema, consumer, replay and metrics; its decision state in memory. What a feature lacks ends the start with its name ({@link
 * IncompleteFeature}).
 */
public interface FeatureDescription {
    /** In the contract's packages, URLs, streams and schemas, e.g. {@code access}. */
    String name();

    /** The processes that run it. */
    ProcessRole process();

    /** Bears the feature's name. */
    DatabaseRole databaseRole();

    /** Every way in which it refuses. */
    default List<Rejection> rejections() {
        return List.of();
    }

    /** What it decides by in memory, folded from streams of any feature. */
    default List<Part<?>> decisionParts() {
        return List.of();
    }

    /** What it keeps in tables; its schema has the feature's name. */
    default Optional<FeatureProjection> projection() {
        return Optional.empty();
    }

    /** Topics that it makes and alone writes; whoever may read the log may read them. */
    default List<String> topics() {
        return List.of();
    }

    /**
     * Compares its topics with its tables: what they lack, a line each.
     *
     * @param kafka as its process reaches it
     * @param apply whether to bring it back as well
     */
    default List<String> repairTopics(Database database, String instanceId, Properties kafka, boolean apply) {
        return List.of();
    }

    /**
     * Destroys the keys again that a log says were destroyed, or were to be: a database that was restored has them still. Nothing else uses the
     * database meanwhile. Can be repeated.
     *
     * @return what it did, a line each, without personal values
     */
    default List<String> destroyAgain(Database database, Keyring keyring, String tenant) {
        return List.of();
    }

    /** Makes the feature in a process that runs it; what it needs, it takes from {@code parts}. */
    Feature create(FeatureParts parts);

    /** Every feature on the class path, by name. */
    static List<FeatureDescription> all() {
        return ServiceLoader.load(FeatureDescription.class).stream()
                .map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparing(FeatureDescription::name))
                .toList();
    }

    /** Every database role of an installation with these features. */
    static List<DatabaseRole> databaseRoles() {
        return java.util.stream.Stream.concat(
                        DatabaseRole.STANDARD.stream(), all().stream().map(FeatureDescription::databaseRole))
                .distinct()
                .toList();
    }
}
