package dev.chancery.cli.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.cli.model.OrganisationModel.Assignment;
import dev.chancery.cli.model.OrganisationModel.Capability;
import dev.chancery.cli.model.OrganisationModel.Group;
import dev.chancery.cli.model.OrganisationModel.Role;
import dev.chancery.schema.access.v1.ChangeModelRequest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelFileTest {
    private static final String BEN = "0199f2aa-0000-7000-8000-00000000000b";
    private static final OrganisationModel NOTHING = new OrganisationModel(Map.of(), Map.of(), Map.of(), Set.of());

    @Test
    void aModelIsReadFromWhatAPersonWrites() throws Exception {
        OrganisationModel model = ModelFile.parse("""
                capabilities:
                  invoice:approve: {description: approve invoices, stepUpSeconds: 300}
                  vault:open: {breakGlassOnly: true, consentFor: research}
                  plain:thing:
                roles:
                  approver: {capabilities: [invoice:approve]}
                groups:
                  accounting: {description: the desk, members: [%s]}
                assignments:
                  - {group: accounting, role: approver, until: 2027-01-31T18:00:00Z}
                  - {principal: %s, role: approver}
                """.formatted(BEN, BEN));

        assertThat(model.capabilities())
                .containsEntry("invoice:approve", new Capability("approve invoices", 300, false, ""))
                .containsEntry("vault:open", new Capability("", 0, true, "research"))
                .containsEntry("plain:thing", new Capability("", 0, false, ""));
        assertThat(model.groups()).containsEntry("accounting", new Group("the desk", Set.of(BEN)));
        assertThat(model.assignments())
                .containsExactly(
                        new Assignment(BEN, "", "approver", "", 0),
                        new Assignment("", "accounting", "approver", "", 1_801_418_400_000L));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "rolls: {}",
                "roles: []",
                "roles: {r: {capabilities: x}}",
                "roles: {r: {capabilities: [1]}}",
                "capabilities: {'a:b': {stepUpSeconds: -1}}",
                "capabilities: {'a:b': {stepUpSeconds: 1.5}}",
                "capabilities: {'a:b': {breakGlassOnly: perhaps}}",
                "assignments: [{role: r}]",
                "assignments: [{role: r, principal: p, group: g}]",
                "assignments: [{role: r, principal: p, until: tomorrow}]",
                "roles: {r: 1, r: 2}",
                "a: &a [*a]",
                "{"
            })
    void whatIsNoModelIsRefused(String text) {
        assertThatThrownBy(() -> ModelFile.parse(text)).isInstanceOf(ModelFile.Unusable.class);
    }

    @Test
    void whatIsWrittenIsReadAsItWas() throws Exception {
        var random = new Random(7);
        for (int i = 0; i < 200; i++) {
            OrganisationModel model = model(random);
            assertThat(ModelFile.parse(ModelFile.write(model))).isEqualTo(model);
        }
    }

    @Test
    void aPlanIsEmptyWhereNothingDiffersAndSaysWhatComesChangesAndGoes() {
        var before = new OrganisationModel(
                Map.of("a:a", new Capability("", 0, false, ""), "b:b", new Capability("", 0, false, "")),
                Map.of("r", new Role("", Set.of("a:a"))),
                Map.of("g", new Group("", Set.of(BEN))),
                Set.of(new Assignment(BEN, "", "r", "", 0)));
        var after = new OrganisationModel(
                Map.of("a:a", new Capability("new words", 0, false, "")),
                Map.of("s", new Role("", Set.of("a:a"))),
                Map.of("g", new Group("", Set.of())),
                Set.of(new Assignment("", "g", "s", "", 0)));

        assertThat(plan(before, before).isEmpty()).isTrue();
        assertThat(plan(before, after).lines())
                .containsExactly(
                        "~ capability a:a",
                        "+ role s",
                        "+ assignment of s to group g",
                        "- assignment of r to " + BEN,
                        "- member " + BEN + " of g",
                        "- role r",
                        "- capability b:b");
        assertThat(plan(before, NOTHING).lines())
                .containsExactly(
                        "- assignment of r to " + BEN, "- group g", "- role r", "- capability a:a", "- capability b:b");
    }

    @Test
    void aPlanGoesOutInBatchesThatKeepItsOrderAndFitIntoARequest() {
        Set<Assignment> many = new HashSet<>();
        for (int i = 0; i < 450; i++) {
            many.add(new Assignment(BEN, "", "r", "", i + 1));
        }
        Map<String, Role> roles = new HashMap<>();
        for (int i = 0; i < 20; i++) {
            Set<String> bundle = new HashSet<>();
            for (int n = 0; n < 200; n++) {
                bundle.add("a-rather-long-name-of-a-resource-" + i + ":and-of-a-verb-" + n);
            }
            roles.put("r" + i, new Role("", bundle));
        }
        var wanted = new OrganisationModel(Map.of(), roles, Map.of(), many);

        List<ChangeModelRequest> batches = plan(NOTHING, wanted).batches("why");

        assertThat(batches).allSatisfy(batch -> {
            assertThat(batch.getSerializedSize()).isLessThan(50_000);
            assertThat(batch.getReason()).isEqualTo("why");
            assertThat(batch.getDefineRolesCount() + batch.getAssignRolesCount())
                    .isBetween(1, 200);
        });
        assertThat(batches.stream()
                        .mapToInt(ChangeModelRequest::getDefineRolesCount)
                        .sum())
                .isEqualTo(20);
        assertThat(batches.stream()
                        .mapToInt(ChangeModelRequest::getAssignRolesCount)
                        .sum())
                .isEqualTo(450);
        assertThat(batches.getLast().getDefineRolesCount()).isZero();
    }

    private static ModelPlan plan(OrganisationModel before, OrganisationModel after) {
        Map<Assignment, List<String>> ids = new HashMap<>();
        before.assignments().forEach(one -> ids.put(one, List.of("id")));
        return ModelPlan.of(new ModelClient.Found(before, ids), after);
    }

    private static OrganisationModel model(Random random) {
        Map<String, Capability> capabilities = new HashMap<>();
        Map<String, Role> roles = new HashMap<>();
        Map<String, Group> groups = new HashMap<>();
        Set<Assignment> assignments = new HashSet<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            capabilities.put(
                    name(random) + ":" + name(random),
                    new Capability(words(random), random.nextInt(), random.nextBoolean(), words(random)));
            roles.put(name(random), new Role(words(random), Set.of(name(random) + ":x")));
            groups.put(name(random), new Group(words(random), random.nextBoolean() ? Set.of() : Set.of(BEN)));
            boolean grouped = random.nextBoolean();
            assignments.add(new Assignment(
                    grouped ? "" : BEN,
                    grouped ? name(random) : "",
                    name(random),
                    random.nextBoolean() ? "" : BEN,
                    random.nextBoolean() ? 0 : random.nextLong(1, 9_223_372_036_854_775L)));
        }
        return new OrganisationModel(capabilities, roles, groups, assignments);
    }

    /** Names that YAML would take for something else, too. */
    private static String name(Random random) {
        return List.of("no", "y", "true", "null", "e5", "n.a", "on-call", "r" + random.nextInt(1_000))
                .get(random.nextInt(8));
    }

    private static String words(Random random) {
        return List.of(
                        "",
                        "approve invoices",
                        "a: b",
                        "'quoted' \"twice\"",
                        "# no comment",
                        "über – alles",
                        "~",
                        "0x1f")
                .get(random.nextInt(8));
    }
}
