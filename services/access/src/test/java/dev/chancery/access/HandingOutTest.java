package dev.chancery.access;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.chancery.command.Granter;
import dev.chancery.decision.AdoptedContract;
import dev.chancery.decision.Assignments;
import dev.chancery.decision.Assignments.Assignment;
import dev.chancery.decision.Authority;
import dev.chancery.decision.Elevations;
import dev.chancery.decision.FirstGrant;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.RoleModel;
import dev.chancery.decision.Sensitivity;
import dev.chancery.kernel.Decision;
import dev.chancery.schema.Contract;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.junit.jupiter.api.Test;

/**
 * What the rules are for, whatever was granted before: nobody, anywhere, at any time, comes to be able to do what the one who grants
 * or defines can't do there and then, unless that one may delegate; and nobody comes to be able to do more by their own hand.
 */
class HandingOutTest {
    private static final String ADA = "ada";
    private static final String BEN = "ben";
    private static final long NOW = 1_000;
    private static final RoleModel.Capability PLAIN =
            new RoleModel.Capability(Sensitivity.NONE, RoleModel.Described.NOT);
    private static final List<String> ROLES = List.of("r", "s", "t");
    private static final List<String> CAPABILITIES = List.of("a:a", "b:b", "c:c", Granter.DELEGATE);
    private static final List<String> PLACES = List.of("", "here", "there");
    private static final List<Long> ENDS = List.of(0L, NOW + 1, NOW + 2, NOW + 3);

    @Test
    void theContractKnowsTheCapabilityToDelegate() {
        for (String method : List.of("AssignRole", "DefineRole")) {
            assertThat(Contract.load()
                            .method("chancery.access.v1.AccessService/" + method)
                            .orElseThrow()
                            .widenedBy())
                    .containsExactly(Granter.DELEGATE);
        }
    }

    @Property
    void aGrantGivesNothingThatItsGranterHasNot(
            @ForAll("models") RoleModel model,
            @ForAll("holdings") List<Assignment> adas,
            @ForAll("holdings") List<Assignment> bens,
            @ForAll("assignments") Assignment asked) {
        Authority ada = authority(ADA, model, adas);
        Authority ben = authority(BEN, model, bens);
        Assume.that(!mayDelegate(ada, asked.workspace()));
        Assume.that(
                GrantRules.assign(
                                new Granter(List.of(ada)),
                                ben.principal(),
                                ben.assignments(),
                                true,
                                RoleAssigned.newBuilder()
                                        .setPrincipalId(BEN)
                                        .setRole(asked.role())
                                        .setWorkspaceId(asked.workspace())
                                        .setFromMicros(NOW)
                                        .setUntilMicros(asked.untilMicros())
                                        .build())
                        instanceof Decision.Events);

        List<Assignment> more = new ArrayList<>(bens);
        more.add(asked);

        gained(ben, authority(BEN, model, more), gain -> assertThat(gain.isOf(ada))
                .as("%s", gain)
                .isTrue());
    }

    @Property(maxDiscardRatio = 30) // most definitions are refused
    void aDefinitionGivesNothingThatItsDefinerHasNotAndTheDefinerNothingAtAll(
            @ForAll("models") RoleModel model,
            @ForAll("holdings") List<Assignment> adas,
            @ForAll("holdings") List<Assignment> bens,
            @ForAll("names") String role,
            @ForAll("bundles") Set<String> bundle) {
        Authority ada = authority(ADA, model, adas);
        Assume.that(
                RoleModelRules.define(
                                new Granter(List.of(ada)),
                                ada.contract(),
                                RoleDefined.newBuilder()
                                        .setRole(role)
                                        .addAllCapabilities(bundle)
                                        .build(),
                                true,
                                NOW)
                        instanceof Decision.Events);

        Map<String, RoleModel.Role> roles = new HashMap<>(model.roles());
        roles.put(role, new RoleModel.Role(bundle, RoleModel.Described.NOT));
        var after = new RoleModel(model.capabilities(), roles, Map.of(), RoleModel.EMPTY.retired());

        gained(ada, authority(ADA, after, adas), gain -> assertThat(false)
                .as("%s", gain)
                .isTrue());
        if (!mayDelegate(ada, "")) {
            gained(authority(BEN, model, bens), authority(BEN, after, bens), gain -> assertThat(gain.isOf(ada))
                    .as("%s", gain)
                    .isTrue());
        }
    }

    /** Something that can be done. */
    private record Gain(String capability, String workspace, long atMicros) {
        boolean isOf(Authority authority) {
            return authority.decide(capability, workspace, atMicros).granted();
        }
    }

    private static void gained(Authority before, Authority after, Consumer<Gain> each) {
        for (String capability : CAPABILITIES) {
            for (String workspace : PLACES) {
                for (long at = NOW; at < NOW + 5; at++) {
                    var gain = new Gain(capability, workspace, at);
                    if (gain.isOf(after) && !gain.isOf(before)) {
                        each.accept(gain);
                    }
                }
            }
        }
    }

    private static boolean mayDelegate(Authority authority, String workspace) {
        return authority.decide(Granter.DELEGATE, workspace, NOW).granted();
    }

    private static Authority authority(String id, RoleModel model, List<Assignment> held) {
        return new Authority(
                id,
                new PrincipalState(PrincipalType.USER, true, ByteString.EMPTY),
                new FirstGrant("somebody else", "first", FirstGrant.ADMINISTRATOR, ByteString.EMPTY, false),
                new AdoptedContract(ByteString.EMPTY, Set.of(Granter.DELEGATE)),
                model,
                new Assignments(held, Set.of()),
                Elevations.NONE,
                List.of());
    }

    @Provide
    Arbitrary<String> names() {
        return Arbitraries.of(ROLES);
    }

    @Provide
    Arbitrary<Set<String>> bundles() {
        // Who may delegate is in few roles, or nothing else would be tried.
        return Arbitraries.frequencyOf(
                        Tuple.of(8, Arbitraries.of(CAPABILITIES.subList(0, 3))),
                        Tuple.of(1, Arbitraries.just(Granter.DELEGATE)))
                .set()
                .ofMinSize(1)
                .ofMaxSize(3);
    }

    @Provide
    Arbitrary<RoleModel> models() {
        return bundles()
                .list()
                .ofSize(ROLES.size())
                .map(bundles -> new RoleModel(
                        Map.of("a:a", PLAIN, "b:b", PLAIN, "c:c", PLAIN),
                        Map.of(
                                "r", new RoleModel.Role(bundles.get(0), RoleModel.Described.NOT),
                                "s", new RoleModel.Role(bundles.get(1), RoleModel.Described.NOT),
                                "t", new RoleModel.Role(bundles.get(2), RoleModel.Described.NOT)),
                        Map.of(),
                        RoleModel.EMPTY.retired()));
    }

    @Provide
    Arbitrary<Assignment> assignments() {
        return Combinators.combine(Arbitraries.of(ROLES), Arbitraries.of(PLACES), Arbitraries.of(ENDS))
                .as((role, place, end) -> new Assignment("id", role, place, NOW, end));
    }

    @Provide
    Arbitrary<List<Assignment>> holdings() {
        return assignments().list().ofMaxSize(4);
    }
}
