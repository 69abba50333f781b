package dev.chancery.access;

import static dev.chancery.decision.AuthorityStreams.CONTRACT;
import static dev.chancery.decision.AuthorityStreams.ROLE_MODEL;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.access.Organisation.Reading;
import dev.chancery.command.Granter;
import dev.chancery.decision.AdoptedContract;
import dev.chancery.decision.Assignments;
import dev.chancery.decision.Authority;
import dev.chancery.decision.AuthorityDecision;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.RoleModel;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.CapabilityDefined;
import dev.chancery.schema.access.v1.CapabilityRetired;
import dev.chancery.schema.access.v1.GroupAssignmentRevoked;
import dev.chancery.schema.access.v1.GroupDefined;
import dev.chancery.schema.access.v1.GroupRoleAssigned;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.access.v1.RoleRetired;
import dev.chancery.schema.identity.v1.ContractAdopted;
import dev.chancery.schema.identity.v1.OrganisationFounded;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * Organisations in which people grant, take, define and group as they like, several at once: whatever comes of it, nobody has come to
 * hold more by their own hand, and nobody gave what they had not. What somebody holds says {@link Power}, not the code under test.
 */
class DelegationTest {
    private static final boolean FULL = "full".equals(System.getProperty("chancery.rounds"));
    private static final int INTERLEAVINGS = FULL ? 10_000 : 200;
    private static final int QUESTIONS = FULL ? 100_000 : 1_000;
    private static final int ROUNDS = 12;

    private static final long NOW = 1_767_225_600_000_000L;
    private static final String DORA = "0199f2aa-0000-7000-8000-00000000000d";
    private static final List<String> PEOPLE = List.of(
            DORA,
            "0199f2aa-0000-7000-8000-00000000000a",
            "0199f2aa-0000-7000-8000-00000000000b",
            "0199f2aa-0000-7000-8000-00000000000c");
    private static final List<String> CONTRACTS = List.of(Granter.DELEGATE, "c:contract");
    private static final List<String> OWN = List.of("a:own", "b:own");
    private static final List<String> CAPABILITIES = List.of("a:own", "b:own", "c:contract", Granter.DELEGATE);
    private static final List<String> ROLES = List.of("r", "s", "t");
    private static final List<String> GROUPS = List.of("g", "h");
    private static final List<String> PLACES = List.of("", "0199f2aa-0000-7000-8000-0000000000ee");
    private static final long[] ENDS = {0, NOW + 2, NOW + 4};

    private final long seed = Long.getLong("chancery.seed", System.nanoTime());
    private final Random random = new Random(seed);

    /** A command that is under way: decided on what it has read, not appended yet. */
    private record Attempt(String actor, Command command, Reading reading, StreamId stream, List<Message> events) {}

    /** Decided again when what it rests on has moved. */
    @FunctionalInterface
    private interface Command {
        Outcome decide(Reading reading, Granter granter);
    }

    private record Outcome(StreamId stream, Decision<Message> decision) {}

    @Test
    void nobodyGainsByTheirOwnHandAndNobodyGivesWhatTheyHaveNot() {
        int effects = 0;
        int refused = 0;
        for (int i = 0; i < INTERLEAVINGS; i++) {
            Organisation organisation = founded();
            for (int round = 0; round < ROUNDS; round++) {
                List<Attempt> underWay = new ArrayList<>();
                for (int n = 0; n <= random.nextInt(3); n++) {
                    underWay.add(attempt(organisation, pick(PEOPLE), command()));
                }
                while (!underWay.isEmpty()) {
                    Attempt next = underWay.remove(random.nextInt(underWay.size()));
                    if (!next.reading().stands()) {
                        next = attempt(organisation, next.actor(), next.command());
                    }
                    if (next.events().isEmpty()) {
                        refused++;
                        continue;
                    }
                    List<Message> before = events(organisation);
                    for (Message event : next.events()) {
                        organisation.append(next.stream(), event);
                    }
                    effects++;
                    check(next, new Power(before), new Power(events(organisation)));
                }
            }
        }
        System.out.printf(
                "delegation: seed=%d interleavings=%d effects=%d refused=%d%n", seed, INTERLEAVINGS, effects, refused);
        assertThat(effects).isGreaterThan(INTERLEAVINGS);
        assertThat(refused).isGreaterThan(INTERLEAVINGS);
    }

    private void check(Attempt attempt, Power before, Power after) {
        String actor = attempt.actor();
        for (String place : PLACES) {
            boolean delegates = before.may(actor, Granter.DELEGATE, place, NOW);
            for (String capability : CAPABILITIES) {
                for (long at : new long[] {NOW, NOW + 2, NOW + 4}) {
                    for (String who : PEOPLE) {
                        boolean gained =
                                !before.may(who, capability, place, at) && after.may(who, capability, place, at);
                        boolean fair = !who.equals(actor) && (delegates || before.may(actor, capability, place, at));
                        assertThat(gained && !fair)
                                .as(
                                        "seed %d: %s has made %s able to do %s in '%s' at +%d by %s",
                                        seed, actor, who, capability, place, at - NOW, attempt.events())
                                .isFalse();
                    }
                }
            }
        }
    }

    @Test
    void decisionsAgreeWithAnIndependentEvaluatorNowAndAtPastPositions() {
        int asked = 0;
        int granted = 0;
        while (asked < QUESTIONS) {
            Organisation organisation = grown();
            List<Organisation.Happened> log = organisation.log();
            for (int i = 0; i < 250 && asked < QUESTIONS; i++, asked++) {
                int position = i % 2 == 0 ? log.size() : random.nextInt(log.size() + 1);
                var past = new Organisation();
                log.subList(0, position).forEach(happened -> past.append(happened.stream(), happened.event()));
                String who = pick(PEOPLE);
                String capability = pick(CAPABILITIES);
                String place = pick(PLACES);
                long at = NOW + random.nextInt(6);
                Authority authority = past.new Reading().authority(who);
                AuthorityDecision decision = authority.decide(capability, place, at);
                assertThat(decision.granted())
                        .as("seed %d: %s %s '%s' +%d at %d", seed, who, capability, place, at - NOW, position)
                        .isEqualTo(new Power(events(past)).may(who, capability, place, at));
                granted += decision.granted() ? 1 : 0;
            }
        }
        System.out.printf("evaluator: seed=%d questions=%d granted=%d%n", seed, asked, granted);
        assertThat(granted).isBetween(asked / 20, asked - asked / 20);
    }

    /** One in which a lot has happened, by whoever may do anything. */
    private Organisation grown() {
        Organisation organisation = founded();
        for (int i = 0; i < 40; i++) {
            Attempt attempt = attempt(organisation, random.nextInt(3) == 0 ? pick(PEOPLE) : DORA, command());
            attempt.events().forEach(event -> organisation.append(attempt.stream(), event));
        }
        return organisation;
    }

    private Organisation founded() {
        var organisation = new Organisation();
        organisation.append(
                AuthorityStreams.foundation("an organisation"),
                OrganisationFounded.newBuilder()
                        .setAdministratorId(DORA)
                        .setAssignmentId("first")
                        .build());
        organisation.append(
                CONTRACT,
                ContractAdopted.newBuilder().addAllCapabilities(CONTRACTS).build());
        for (String id : PEOPLE) {
            organisation.append(
                    AuthorityStreams.principal(id),
                    PrincipalCreated.newBuilder()
                            .setPrincipalId(id)
                            .setType(PrincipalType.USER)
                            .build());
        }
        OWN.forEach(name -> organisation.append(
                ROLE_MODEL, CapabilityDefined.newBuilder().setCapability(name).build()));
        ROLES.forEach(name -> organisation.append(
                ROLE_MODEL,
                RoleDefined.newBuilder()
                        .setRole(name)
                        .addAllCapabilities(bundle())
                        .build()));
        GROUPS.forEach(name -> organisation.append(ROLE_MODEL, group(name)));
        for (String id : PEOPLE.subList(1, PEOPLE.size())) {
            organisation.append(AuthorityStreams.assignments(id), assignment(id).build());
        }
        return organisation;
    }

    private static Attempt attempt(Organisation organisation, String actor, Command command) {
        Reading reading = organisation.new Reading();
        Outcome outcome = command.decide(reading, reading.granter(actor));
        List<Message> events =
                outcome.decision() instanceof Decision.Events<Message> decided ? decided.events() : List.of();
        return new Attempt(actor, command, reading, outcome.stream(), events);
    }

    /** What somebody tries: every command of the role model, on whatever is there. */
    private Command command() {
        String who = pick(PEOPLE);
        String role = pick(ROLES);
        String group = pick(GROUPS);
        String capability = pick(OWN);
        int chosen = random.nextInt(12);
        var assignment = assignment(who);
        var ofGroup = GroupRoleAssigned.newBuilder()
                .setAssignmentId(UUID.randomUUID().toString())
                .setRole(role)
                .setWorkspaceId(pick(PLACES))
                .setFromMicros(NOW)
                .setUntilMicros(ENDS[random.nextInt(ENDS.length)]);
        var definition = RoleDefined.newBuilder()
                .setRole(role)
                .addAllCapabilities(bundle())
                .build();
        boolean consent = random.nextInt(4) == 0;
        var sensitivity = CapabilityDefined.newBuilder()
                .setCapability(capability)
                .setBreakGlassOnly(random.nextInt(4) == 0)
                .setConsentRequired(consent)
                .setConsentPurpose(consent ? "research" : "")
                .build();
        int which = random.nextInt(1_000);
        return switch (chosen) {
            case 0, 1 ->
                (reading, granter) -> new Outcome(
                        AuthorityStreams.assignments(who),
                        GrantRules.assign(
                                granter,
                                reading.read(AuthorityStreams.principal(who), PrincipalState.FOLD),
                                reading.read(AuthorityStreams.assignments(who), Assignments.FOLD),
                                true,
                                assignment.build()));
            case 2 ->
                (reading, granter) -> {
                    List<Assignments.Assignment> held = reading.authority(who).ownGrants(NOW);
                    return new Outcome(
                            AuthorityStreams.assignments(who),
                            held.isEmpty()
                                    ? Decision.nothing()
                                    : GrantRules.revoke(
                                            granter,
                                            reading.authority(who),
                                            false,
                                            AssignmentRevoked.newBuilder()
                                                    .setAssignmentId(held.get(which % held.size())
                                                            .id())
                                                    .setPrincipalId(who)
                                                    .build(),
                                            NOW));
                };
            case 3 ->
                (reading, granter) -> new Outcome(
                        ROLE_MODEL,
                        RoleModelRules.define(
                                granter, reading.read(CONTRACT, AdoptedContract.FOLD), definition, true, NOW));
            case 4 ->
                (reading, granter) -> new Outcome(
                        ROLE_MODEL,
                        RoleModelRules.retire(
                                granter, RoleRetired.newBuilder().setRole(role).build(), NOW));
            case 5 ->
                (reading, granter) -> new Outcome(
                        ROLE_MODEL,
                        RoleModelRules.define(
                                granter, reading.read(CONTRACT, AdoptedContract.FOLD), sensitivity, true, NOW));
            case 6 ->
                (reading, granter) -> new Outcome(
                        ROLE_MODEL,
                        RoleModelRules.retire(
                                granter,
                                reading.read(CONTRACT, AdoptedContract.FOLD),
                                CapabilityRetired.newBuilder()
                                        .setCapability(capability)
                                        .build()));
            case 7 ->
                (reading, granter) -> new Outcome(
                        AuthorityStreams.memberships(who),
                        GroupRules.add(granter, reading.authority(who), group, held(reading, group), NOW));
            case 8 ->
                (reading, granter) -> new Outcome(
                        AuthorityStreams.memberships(who),
                        GroupRules.remove(granter, reading.authority(who), group, held(reading, group), NOW));
            case 9 ->
                (reading, granter) -> new Outcome(
                        ROLE_MODEL,
                        which % 2 == 0
                                ? GroupRules.define(granter.roleModel(), group(group), true)
                                : GroupRules.retire(granter, held(reading, group), group, NOW));
            case 10 ->
                (reading, granter) -> {
                    String id = id(reading, group);
                    return new Outcome(
                            AuthorityStreams.group(id),
                            GroupRules.assign(
                                    granter,
                                    held(reading, group),
                                    true,
                                    ofGroup.setGroupId(id).build()));
                };
            default ->
                (reading, granter) -> {
                    String id = id(reading, group);
                    List<Assignments.Assignment> held = held(reading, group).held();
                    return new Outcome(
                            AuthorityStreams.group(id),
                            held.isEmpty()
                                    ? Decision.nothing()
                                    : GroupRules.revoke(
                                            granter,
                                            held(reading, group),
                                            GroupAssignmentRevoked.newBuilder()
                                                    .setAssignmentId(held.get(which % held.size())
                                                            .id())
                                                    .setGroupId(id)
                                                    .build(),
                                            NOW));
                };
        };
    }

    /** A group's id; of none, one that nothing has. */
    private static String id(Reading reading, String group) {
        return GroupRules.id(reading.read(ROLE_MODEL, RoleModel.FOLD), group).orElse("none");
    }

    private static Assignments held(Reading reading, String group) {
        return reading.read(AuthorityStreams.group(id(reading, group)), Assignments.FOLD);
    }

    private static GroupDefined group(String name) {
        return GroupDefined.newBuilder()
                .setGroupId(UUID.randomUUID().toString())
                .setGroup(name)
                .build();
    }

    private RoleAssigned.Builder assignment(String who) {
        return RoleAssigned.newBuilder()
                .setAssignmentId(UUID.randomUUID().toString())
                .setPrincipalId(who)
                .setRole(pick(ROLES))
                .setWorkspaceId(pick(PLACES))
                .setFromMicros(NOW)
                .setUntilMicros(ENDS[random.nextInt(ENDS.length)]);
    }

    private List<String> bundle() {
        List<String> bundle = new ArrayList<>(List.of(pick(CAPABILITIES.subList(0, 3))));
        if (random.nextInt(3) == 0) {
            bundle.add(pick(CAPABILITIES.subList(0, 3)));
        }
        if (random.nextInt(6) == 0) {
            bundle.add(Granter.DELEGATE);
        }
        return bundle.stream().distinct().sorted().toList();
    }

    private <T> T pick(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private static List<Message> events(Organisation organisation) {
        return organisation.log().stream().map(Organisation.Happened::event).toList();
    }
}
