package dev.chancery.app;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.command.Methods;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseRole.Group;
import dev.chancery.decision.Part;
import dev.chancery.feature.Feature;
import dev.chancery.feature.FeatureCheck;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.FeatureParts;
import dev.chancery.feature.FeatureProjection;
import dev.chancery.feature.IncompleteFeature;
import dev.chancery.feature.ProcessRole;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.Rejection;
import dev.chancery.schema.Contract;
import dev.chancery.schema.LogEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** What a feature lacks stops the start, and its name is said. */
class FeatureCheckTest {
    private static final Contract CONTRACT = Contract.load();
    private static final Set<String> OWN = Set.of("operations");
    private static final Fold<Integer, LogEvent> FOLD = new Fold<>() {
        @Override
        public Integer initial() {
            return 0;
        }

        @Override
        public Integer evolve(Integer state, LogEvent event) {
            return state + 1;
        }
    };

    /** A feature as it is, but for what a test changes. */
    private record Changed(
            String name,
            ProcessRole process,
            DatabaseRole databaseRole,
            List<Rejection> rejections,
            List<Part<?>> decisionParts,
            Optional<FeatureProjection> projection)
            implements FeatureDescription {
        static Changed copy(FeatureDescription of) {
            return new Changed(
                    of.name(), of.process(), of.databaseRole(), of.rejections(), of.decisionParts(), of.projection());
        }

        Changed with(DatabaseRole role) {
            return new Changed(name, process, role, rejections, decisionParts, projection);
        }

        Changed with(Part<?> part) {
            return new Changed(name, process, databaseRole, rejections, List.of(part), projection);
        }

        Changed with(Rejection rejection) {
            return new Changed(name, process, databaseRole, List.of(rejection), decisionParts, projection);
        }

        Changed with(FeatureProjection another) {
            return new Changed(name, process, databaseRole, rejections, decisionParts, Optional.of(another));
        }

        @Override
        public Feature create(FeatureParts parts) {
            throw new UnsupportedOperationException();
        }
    }

    private static void check(List<FeatureDescription> features) {
        new FeatureCheck(features, CONTRACT).descriptions(OWN);
    }

    private static List<FeatureDescription> but(String name, UnaryOperator<Changed> change) {
        return FeatureDescription.all().stream()
                .map(feature -> feature.name().equals(name) ? change.apply(Changed.copy(feature)) : feature)
                .toList();
    }

    private static void assertIncomplete(String message, List<FeatureDescription> features) {
        assertThatThrownBy(() -> check(features))
                .isInstanceOf(IncompleteFeature.class)
                .hasMessage(message);
    }

    @Test
    void theProductsFeaturesLackNothing() {
        assertThatCode(() -> check(FeatureDescription.all())).doesNotThrowAnyException();
    }

    @Test
    void aFeatureOfTheContractIsThere() {
        var features = new ArrayList<>(FeatureDescription.all());
        features.removeIf(feature -> feature.name().equals("rbac"));

        assertIncomplete("feature rbac: is in the contract and not on the class path", features);
    }

    @Test
    void whoeverHasCommandsMayAppend() {
        assertIncomplete(
                "feature access: has commands, but its database role is not in the group chancery_writer",
                but("access", access -> access.with(new DatabaseRole("access", Set.of()))));
    }

    @Test
    void whoeverHasAProjectionMayAskForRecords() {
        assertIncomplete(
                "feature rbac: has a projection, but its database role is not in the group chancery_projector",
                but("rbac", rbac -> rbac.with(new DatabaseRole("rbac", Set.of(Group.WRITER)))));
    }

    @Test
    void aProjectionHasAMigration() {
        FeatureProjection projection = FeatureDescription.all().stream()
                .flatMap(feature -> feature.projection().stream())
                .findFirst()
                .orElseThrow();

        assertIncomplete(
                "feature access: has a projection and no migration db/access/V1__access.sql",
                but("access", access -> access.with(new DatabaseRole("access", Set.of(Group.WRITER, Group.PROJECTOR)))
                        .with(projection)));
    }

    @Test
    void theDatabaseRoleHasTheFeaturesName() {
        assertIncomplete(
                "feature access: its database role has another name",
                but("access", access -> access.with(new DatabaseRole("axess", Set.of(Group.WRITER)))));
    }

    @Test
    void aDecisionRestsOnStreamsOfAFeature() {
        assertIncomplete(
                "feature access: decides by streams of acess, which is no feature",
                but("access", access -> access.with(new Part<>("acess/role-model", FOLD))));
    }

    @Test
    void aCodeIsOneFeaturesAlone() {
        Rejection taken = FeatureDescription.all().stream()
                .filter(feature -> feature.name().equals("identity"))
                .flatMap(feature -> feature.rejections().stream())
                .findFirst()
                .orElseThrow();

        assertThatThrownBy(() -> check(but("access", access -> access.with(taken))))
                .isInstanceOf(IncompleteFeature.class)
                .hasMessageContaining("its rejection " + taken.code() + " is also one of");
    }

    @Test
    void aMethodHasAHandler() {
        List<FeatureDescription> all = FeatureDescription.all();

        assertThatThrownBy(() -> new FeatureCheck(all, CONTRACT).handlers(all, new Methods(CONTRACT)))
                .isInstanceOf(IncompleteFeature.class)
                .hasMessageMatching("feature [a-z]+: the contract's method \\S+ has no handler");
    }
}
