package dev.chancery.elevation;

import static dev.chancery.testkit.log.Decider.folded;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.command.Granter;
import dev.chancery.decision.AdoptedContract;
import dev.chancery.decision.Assignments;
import dev.chancery.decision.Assignments.Assignment;
import dev.chancery.decision.Authority;
import dev.chancery.decision.Elevations;
import dev.chancery.decision.FirstGrant;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.RoleModel;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Rejection;
import dev.chancery.schema.elevation.v1.ApprovalRule;
import dev.chancery.schema.elevation.v1.ElevationApproved;
import dev.chancery.schema.elevation.v1.ElevationDenied;
import dev.chancery.schema.elevation.v1.ElevationFinding;
import dev.chancery.schema.elevation.v1.ElevationGranted;
import dev.chancery.schema.elevation.v1.ElevationPolicySet;
import dev.chancery.schema.elevation.v1.ElevationRequested;
import dev.chancery.schema.elevation.v1.ElevationReviewed;
import dev.chancery.schema.elevation.v1.ElevationRevoked;
import dev.chancery.schema.identity.v1.AgentAllowed;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalDeactivated;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ElevationRulesTest {
    private static final long NOW = 1_780_000_000_000_000L;
    private static final long MINUTE = 60_000_000L;
    private static final String ADA = "ada";
    private static final String BEN = "ben";
    private static final String CLEO = "cleo";

    private final Map<String, Set<String>> roles =
            Map.of("repair", Set.of("payment:repair"), "on-call", Set.of(), "security", Set.of());
    private final List<Message> log = new ArrayList<>();
    private final List<Message> policies = new ArrayList<>(List.of(policy().build()));
    private final Map<String, List<String>> holding =
            new java.util.HashMap<>(Map.of(BEN, List.of("on-call"), CLEO, List.of("security"), ADA, List.of()));
    private final Set<String> inactive = new HashSet<>();
    /** Who asks, and whom it acts for. */
    private List<String> requester = List.of(ADA);
    /** By who lets another act. */
    private final Map<String, String> lets = new java.util.HashMap<>();

    private static ElevationPolicySet.Builder policy() {
        return ElevationPolicySet.newBuilder()
                .setRole("repair")
                .setMaxMinutes(60)
                .setReviewHours(72)
                .setSetterId("dora")
                .addApprovals(rule("on-call", 1))
                .addApprovals(rule("security", 1));
    }

    private static ApprovalRule.Builder rule(String role, int approvers) {
        return ApprovalRule.newBuilder().setRole(role).setApprovers(approvers);
    }

    private Authority authority(String id) {
        return new Authority(
                id,
                principal(id),
                new FirstGrant("dora", "first", FirstGrant.ADMINISTRATOR, ByteString.EMPTY, false),
                new AdoptedContract(ByteString.EMPTY, Set.of("role:delegate")),
                new RoleModel(
                        Map.of(),
                        roles.entrySet().stream()
                                .collect(Collectors.toMap(
                                        Map.Entry::getKey,
                                        role -> new RoleModel.Role(role.getValue(), RoleModel.Described.NOT))),
                        Map.of(),
                        RoleModel.EMPTY.retired()),
                new Assignments(
                        holding.getOrDefault(id, List.of()).stream()
                                .map(role -> new Assignment("a-" + role, role, "", 0, 0))
                                .toList(),
                        Set.of()),
                Elevations.NONE,
                List.of());
    }

    private PrincipalState principal(String id) {
        var created = PrincipalCreated.newBuilder().setPrincipalId(id).setType(PrincipalType.USER);
        List<Message> events = new ArrayList<>(List.of(created.build()));
        if (lets.containsKey(id)) {
            events.add(AgentAllowed.newBuilder()
                    .setAgentId(lets.get(id))
                    .setUntilMicros(NOW + 120 * MINUTE)
                    .build());
        }
        if (inactive.contains(id)) {
            events.add(PrincipalDeactivated.newBuilder().setPrincipalId(id).build());
        }
        return folded(PrincipalState.FOLD, events);
    }

    private Granter who(String... ids) {
        return new Granter(Stream.of(ids).map(this::authority).toList());
    }

    private Holder holder() {
        return folded(Holder.FOLD, log);
    }

    private Decision<Message> request(boolean emergency, int minutes, long at) {
        return then(ElevationRules.request(
                who(requester.toArray(String[]::new)),
                this::authority,
                folded(Policies.FOLD, policies),
                holder(),
                true,
                emergency,
                ElevationRequested.newBuilder()
                        .setElevationId("e" + log.size())
                        .setPrincipalId(requester.getFirst())
                        .setActingForId(requester.size() == 1 ? "" : requester.getLast())
                        .setRole("repair")
                        .setMinutes(minutes)
                        .build(),
                at));
    }

    private Decision<Message> approve(String id, String group, long at, String... who) {
        return then(ElevationRules.approve(
                who(who),
                holder(),
                this::authority,
                ElevationApproved.newBuilder()
                        .setElevationId(id)
                        .setPrincipalId(requester.getFirst())
                        .setApproverId(who[0])
                        .setActingForId(who.length == 1 ? "" : who[1])
                        .setApproverRole(group)
                        .build(),
                at));
    }

    private Decision<Message> then(Decision<Message> decision) {
        if (decision instanceof Decision.Events<Message> events) {
            log.addAll(events.events());
        }
        return decision;
    }

    private static void refused(Decision<Message> decision, Rejection why) {
        assertThat(decision).isEqualTo(Decision.reject(why));
    }

    private static ElevationGranted granted(Decision<Message> decision) {
        return ((Decision.Events<Message>) decision)
                .events().stream()
                        .filter(ElevationGranted.class::isInstance)
                        .map(ElevationGranted.class::cast)
                        .findFirst()
                        .orElseThrow();
    }

    private static boolean grants(Decision<Message> decision) {
        return decision instanceof Decision.Events<Message> events
                && events.events().stream().anyMatch(ElevationGranted.class::isInstance);
    }

    @Test
    void itIsHeldFromTheLastApprovalForAsLongAsWasAsked() {
        request(false, 30, NOW);
        assertThat(grants(approve("e0", "on-call", NOW + 1, BEN))).isFalse();
        ElevationGranted granted = granted(approve("e0", "security", NOW + 2, CLEO));

        assertThat(granted.getFromMicros()).isEqualTo(NOW + 2);
        assertThat(granted.getUntilMicros()).isEqualTo(NOW + 2 + 30 * MINUTE);
        assertThat(granted.getEmergency()).isFalse();
        assertThat(granted.getReviewDueMicros()).isZero();
        refused(approve("e0", "security", NOW + 3, "dora"), ElevationRejection.NOT_OPEN);
    }

    @Test
    void noMinutesAreAsManyAsThePolicyAllowsAndMoreAreRefused() {
        assertThat(((ElevationRequested) ((Decision.Events<Message>) request(false, 0, NOW))
                                .events()
                                .getFirst())
                        .getMinutes())
                .isEqualTo(60);
        refused(request(false, 61, NOW), ElevationRejection.TOO_LONG);
        refused(request(false, -1, NOW), ElevationRejection.TOO_LONG);
    }

    @Test
    void aRequestLapses() {
        request(false, 30, NOW);
        refused(approve("e0", "on-call", NOW + ElevationRules.LAPSE_MICROS, BEN), ElevationRejection.NOT_OPEN);
    }

    @Test
    void nobodyApprovesForThemselvesDirectlyOrByWhomTheyActFor() {
        holding.put(ADA, List.of("on-call"));
        request(false, 30, NOW);
        refused(approve("e0", "on-call", NOW, ADA), ElevationRejection.SELF_APPROVAL);
        refused(approve("e0", "on-call", NOW, BEN, ADA), ElevationRejection.SELF_APPROVAL);
    }

    /** Ada's agent asked, for her: it is she who asked. */
    @Test
    void whomTheRequesterActedForIsTheRequester() {
        holding.put(ADA, List.of("on-call"));
        holding.put("agent", List.of("on-call"));
        requester = List.of("agent", ADA);
        request(false, 30, NOW);
        refused(approve("e0", "on-call", NOW, ADA), ElevationRejection.SELF_APPROVAL);
        refused(approve("e0", "on-call", NOW, BEN, ADA), ElevationRejection.SELF_APPROVAL);
        assertThat(approve("e0", "on-call", NOW, BEN)).isInstanceOf(Decision.Events.class);
        inactive.add(ADA);
        refused(approve("e0", "security", NOW, CLEO), ElevationRejection.NOT_OPEN);
    }

    @Test
    void whoLetsTheRequesterActAndWhomItLetsActApproveNothing() {
        holding.put("agent", List.of("on-call"));
        request(false, 30, NOW);
        lets.put(BEN, ADA);
        refused(approve("e0", "on-call", NOW, BEN), ElevationRejection.SELF_APPROVAL);
        refused(approve("e0", "on-call", NOW, "agent", BEN), ElevationRejection.SELF_APPROVAL);
        lets.clear();
        lets.put(ADA, "agent");
        refused(approve("e0", "on-call", NOW, "agent"), ElevationRejection.SELF_APPROVAL);
        assertThat(approve("e0", "on-call", NOW, BEN)).isInstanceOf(Decision.Events.class);
    }

    /** Ben by his agent, and Ben himself, are one approver. */
    @Test
    void whomAnApproverActedForHasApproved() {
        policies.add(policy().clearApprovals().addApprovals(rule("on-call", 2)).build());
        holding.put("agent", List.of("on-call"));
        request(false, 30, NOW);
        assertThat(grants(approve("e0", "on-call", NOW, "agent", BEN))).isFalse();
        assertThat(approve("e0", "on-call", NOW, BEN)).isEqualTo(Decision.nothing());
        holding.put("eve", List.of("on-call"));
        holding.put(BEN, List.of());
        assertThat(grants(approve("e0", "on-call", NOW, "eve")))
                .as("the agent spoke for Ben, who has lost the role")
                .isFalse();
    }

    @Test
    void whoSetAPolicyCallsNoEmergencyUnderItByAnother() {
        policies.add(policy().setEmergency(true)
                .setSetterId("agent")
                .setSetterActingForId(ADA)
                .build());
        refused(request(true, 30, NOW), ElevationRejection.NO_EMERGENCY);
        policies.add(policy().setEmergency(true).setSetterId(ADA).build());
        requester = List.of("agent", ADA);
        refused(request(true, 30, NOW), ElevationRejection.NO_EMERGENCY);
        requester = List.of("agent");
        lets.put(ADA, "agent");
        refused(request(true, 30, NOW), ElevationRejection.NO_EMERGENCY);
        lets.clear();
        assertThat(grants(request(true, 30, NOW))).isTrue();
    }

    @Test
    void nobodyReviewsWhatTheyHadAnotherAskFor() {
        policies.add(policy().setEmergency(true).build());
        requester = List.of("agent", ADA);
        String id = granted(request(true, 30, NOW)).getElevationId();
        refused(review(id, NOW + 60 * MINUTE, ADA), ElevationRejection.SELF_APPROVAL);
        lets.put(CLEO, "agent");
        refused(review(id, NOW + 60 * MINUTE, CLEO), ElevationRejection.SELF_APPROVAL);
        lets.clear();
        assertThat(review(id, NOW + 60 * MINUTE, CLEO)).isInstanceOf(Decision.Events.class);
    }

    @Test
    void anAgentApprovesOnlyIfWhomItActsForMayToo() {
        request(false, 30, NOW);
        refused(approve("e0", "on-call", NOW, BEN, CLEO), ElevationRejection.NO_SUCH_GROUP);
        holding.put("agent", List.of("on-call"));
        approve("e0", "on-call", NOW, BEN);
        assertThat(approve("e0", "on-call", NOW, "agent", BEN))
                .as("Ben has approved already")
                .isEqualTo(Decision.nothing());
    }

    @Test
    void aGroupIsWhoeverHoldsItsRole() {
        request(false, 30, NOW);
        refused(approve("e0", "security", NOW, BEN), ElevationRejection.NO_SUCH_GROUP);
        refused(approve("e0", "administrator", NOW, "dora"), ElevationRejection.NO_SUCH_GROUP);
        inactive.add(BEN);
        refused(approve("e0", "on-call", NOW, BEN), ElevationRejection.NO_SUCH_GROUP);
    }

    @Test
    void anApproverWhoLostTheRoleCountsNoMore() {
        request(false, 30, NOW);
        approve("e0", "on-call", NOW, BEN);
        holding.put(BEN, List.of());
        assertThat(grants(approve("e0", "security", NOW, CLEO))).isFalse();
        holding.put("eve", List.of("on-call"));
        assertThat(grants(approve("e0", "on-call", NOW, "eve"))).isTrue();
    }

    @Test
    void asManyOfAGroupApproveAsThePolicyAsked() {
        policies.add(policy().clearApprovals().addApprovals(rule("on-call", 2)).build());
        request(false, 30, NOW);
        holding.put("eve", List.of("on-call"));
        assertThat(grants(approve("e0", "on-call", NOW, BEN))).isFalse();
        assertThat(approve("e0", "on-call", NOW, BEN)).isEqualTo(Decision.nothing());
        assertThat(grants(approve("e0", "on-call", NOW, "eve"))).isTrue();
    }

    @Test
    void whoIsDeactivatedGetsNothing() {
        request(false, 30, NOW);
        approve("e0", "on-call", NOW, BEN);
        inactive.add(ADA);
        refused(approve("e0", "security", NOW, CLEO), ElevationRejection.NOT_OPEN);
    }

    @Test
    void anEmergencyNeedsThePolicyAndAnotherSetterAndNoOverdueReview() {
        refused(request(true, 30, NOW), ElevationRejection.NO_EMERGENCY);
        policies.add(policy().setEmergency(true).setSetterId(ADA).build());
        refused(request(true, 30, NOW), ElevationRejection.NO_EMERGENCY);
        policies.add(policy().setEmergency(true).build());
        ElevationGranted granted = granted(request(true, 30, NOW));
        assertThat(granted.getEmergency()).isTrue();
        assertThat(granted.getReviewDueMicros()).isEqualTo(granted.getUntilMicros() + 72 * 60 * MINUTE);

        refused(request(true, 30, granted.getReviewDueMicros()), ElevationRejection.REVIEW_OVERDUE);
        then(review(granted.getElevationId(), granted.getReviewDueMicros(), CLEO));
        assertThat(grants(request(true, 30, granted.getReviewDueMicros()))).isTrue();
    }

    private Decision<Message> review(String id, long at, String... who) {
        return ElevationRules.review(
                who(who),
                holder(),
                this::authority,
                ElevationReviewed.newBuilder()
                        .setElevationId(id)
                        .setPrincipalId(ADA)
                        .setFinding(ElevationFinding.ELEVATION_FINDING_JUSTIFIED)
                        .build(),
                at);
    }

    @Test
    void aReviewComesAfterTheEndAndFromSomebodyElse() {
        policies.add(policy().setEmergency(true).build());
        ElevationGranted granted = granted(request(true, 30, NOW));
        String id = granted.getElevationId();
        refused(review(id, NOW + 1, CLEO), ElevationRejection.NOT_OVER);
        refused(review(id, granted.getUntilMicros(), ADA), ElevationRejection.SELF_APPROVAL);
        refused(review(id, granted.getUntilMicros(), CLEO, ADA), ElevationRejection.SELF_APPROVAL);
        refused(review("e9", granted.getUntilMicros(), CLEO), ElevationRejection.NO_SUCH_ELEVATION);
        assertThat(then(review(id, granted.getUntilMicros(), CLEO))).isInstanceOf(Decision.Events.class);
        assertThat(review(id, granted.getUntilMicros(), CLEO)).isEqualTo(Decision.nothing());
    }

    @Test
    void whatIsRevokedOrOverIsNotRevokedAgain() {
        policies.add(policy().setEmergency(true).build());
        request(true, 30, NOW);
        assertThat(revoke("e0", NOW + 30 * MINUTE)).isEqualTo(Decision.nothing());
        assertThat(then(revoke("e0", NOW + 1))).isInstanceOf(Decision.Events.class);
        assertThat(revoke("e0", NOW + 2)).isEqualTo(Decision.nothing());
        request(false, 30, NOW);
        refused(revoke("e" + (log.size() - 1), NOW + 2), ElevationRejection.NOT_OPEN);
    }

    private Decision<Message> revoke(String id, long at) {
        return ElevationRules.revoke(
                holder(),
                ElevationRevoked.newBuilder()
                        .setElevationId(id)
                        .setPrincipalId(ADA)
                        .build(),
                at);
    }

    @Test
    void anApproverOrTheRequesterDenies() {
        request(false, 30, NOW);
        refused(deny("dora"), ElevationRejection.NO_SUCH_GROUP);
        assertThat(deny(ADA)).isInstanceOf(Decision.Events.class);
        assertThat(then(deny(BEN))).isInstanceOf(Decision.Events.class);
        assertThat(deny(BEN)).isEqualTo(Decision.nothing());
        refused(approve("e0", "security", NOW, CLEO), ElevationRejection.NOT_OPEN);
    }

    private Decision<Message> deny(String who) {
        return ElevationRules.deny(
                who(who),
                holder(),
                ElevationDenied.newBuilder()
                        .setElevationId("e0")
                        .setPrincipalId(ADA)
                        .build(),
                NOW);
    }

    @Test
    void aPolicyHandsOutItsRole() {
        refused(set(policy().setMaxMinutes(5), CLEO), ElevationRejection.NOT_HELD);
        assertThat(set(policy(), "dora")).as("the same").isEqualTo(Decision.nothing());
        assertThat(set(policy().setMaxMinutes(5), "dora")).isInstanceOf(Decision.Events.class);
        refused(set(policy().setRole("nobodys"), "dora"), ElevationRejection.NO_SUCH_ROLE);
        refused(set(policy().addApprovals(rule("nobodys", 1)), "dora"), ElevationRejection.NO_SUCH_ROLE);
    }

    @Test
    void aPolicyIsWithinItsLimits() {
        for (ElevationPolicySet.Builder wrong : List.of(
                policy().setMaxMinutes(0),
                policy().setMaxMinutes(1_441),
                policy().setMaxMinutes(-1),
                policy().setReviewHours(0),
                policy().setReviewHours(721),
                policy().clearApprovals(),
                policy().addApprovals(rule("repair", 0)),
                policy().addApprovals(rule("repair", 10)),
                policy().addApprovals(rule("on-call", 1)))) {
            refused(set(wrong, "dora"), ElevationRejection.POLICY);
        }
    }

    private Decision<Message> set(ElevationPolicySet.Builder policy, String by) {
        return ElevationRules.set(who(by), folded(Policies.FOLD, policies), policy.build(), NOW);
    }

    @Test
    void thereIsAnEndToWhatOnePrincipalAsksFor() {
        for (int i = 0; i < ElevationRules.MAX_CURRENT; i++) {
            request(false, 30, NOW);
        }
        refused(request(false, 30, NOW), ElevationRejection.TOO_MANY);
        assertThat(request(false, 30, NOW + ElevationRules.LAPSE_MICROS)).isInstanceOf(Decision.Events.class);
    }

    @Test
    void whatIsOverIsForgottenButForTheNewest() {
        for (int i = 0; i < Holder.KEPT + 20; i++) {
            request(false, 30, NOW + i * ElevationRules.LAPSE_MICROS);
        }
        assertThat(holder().elevations().size()).isBetween(Holder.KEPT, Holder.KEPT + 2);
    }
}
