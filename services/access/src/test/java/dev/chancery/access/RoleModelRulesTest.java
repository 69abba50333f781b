package dev.chancery.access;

import static dev.chancery.access.AccessRejection.NOT_HELD;
import static dev.chancery.access.AccessRejection.NO_SUCH_CAPABILITY;
import static dev.chancery.access.AccessRejection.NO_SUCH_ROLE;
import static dev.chancery.access.AccessRejection.RESERVED_CAPABILITY;
import static dev.chancery.access.AccessRejection.RESERVED_ROLE;
import static dev.chancery.access.AccessRejection.SELF_WIDENING;
import static dev.chancery.access.AccessRejection.TOO_MANY;
import static dev.chancery.kernel.Decision.events;
import static dev.chancery.kernel.Decision.nothing;
import static dev.chancery.kernel.Decision.reject;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.command.Granter;
import dev.chancery.decision.AdoptedContract;
import dev.chancery.decision.Assignments;
import dev.chancery.decision.Authority;
import dev.chancery.decision.Elevations;
import dev.chancery.decision.FirstGrant;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.RoleModel;
import dev.chancery.kernel.Decision;
import dev.chancery.schema.access.v1.CapabilityDefined;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.access.v1.RoleRetired;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoleModelRulesTest {
    private static final AdoptedContract CONTRACT =
            new AdoptedContract(ByteString.EMPTY, Set.of("role:define", "role:delegate", "principal:create"));
    private static final String ADA = "0199f2aa-0000-7000-8000-00000000000a";
    private static final String BEN = "0199f2aa-0000-7000-8000-00000000000b";
    private static final long NOW = 1_767_225_600_000_000L;

    // Capabilities

    @Test
    void aCapabilityIsDefined() {
        assertThat(define(given(), capability("invoice:approve", 300)))
                .isEqualTo(events(capability("invoice:approve", 300)));
    }

    @Test
    void definingACapabilityAgainAsItIsIsANoOp() {
        var model = given(capability("invoice:approve", 300));

        assertThat(define(model, capability("invoice:approve", 300))).isEqualTo(nothing());
    }

    @Test
    void aCapabilityCanAskForAnotherStepUp() {
        var model = given(capability("invoice:approve", 300));

        assertThat(define(model, capability("invoice:approve", 0))).isEqualTo(events(capability("invoice:approve", 0)));
    }

    @Test
    void whoLooksAwayFromAStepUpMayDelegateAndDoesNotHoldTheCapability() {
        var model = given(
                capability("invoice:approve", 300),
                role("approver", "invoice:approve"),
                role("delegate", "role:delegate"));

        for (int looser : List.of(0, 301, -1)) {
            var change = capability("invoice:approve", looser);
            assertThat(define(by(BEN, model), change)).isEqualTo(reject(NOT_HELD));
            assertThat(define(by(BEN, model, holds("delegate")), change)).isEqualTo(events(change));
            assertThat(define(by(BEN, model, holds("approver")), change)).isEqualTo(reject(SELF_WIDENING));
            assertThat(define(by(BEN, model, holds("delegate"), holds("approver")), change))
                    .isEqualTo(reject(SELF_WIDENING));
        }
        var stricter = capability("invoice:approve", 299);
        assertThat(define(by(BEN, model), stricter)).isEqualTo(events(stricter));
    }

    private static Granter by(String id, RoleModel model, Message... held) {
        return new Granter(List.of(authority(id, model, held)));
    }

    @Test
    void theContractsCapabilitiesAreReserved() {
        assertThat(define(given(), capability("role:define", 0))).isEqualTo(reject(RESERVED_CAPABILITY));
    }

    @Test
    void anOrganisationHasAtMost2000Capabilities() {
        var full = given(IntStream.range(0, 2_000)
                .mapToObj(i -> capability("invoice:c" + i, 0))
                .toArray(Message[]::new));

        assertThat(define(full, capability("invoice:approve", 0))).isEqualTo(reject(TOO_MANY));
        assertThat(define(full, capability("invoice:c7", 60))).isEqualTo(events(capability("invoice:c7", 60)));
    }

    // Roles

    @Test
    void aRoleBundlesCapabilitiesOfTheOrganisationAndOfTheContract() {
        var model = given(capability("invoice:approve", 0));

        assertThat(define(model, role("approver", "invoice:approve", "principal:create")))
                .isEqualTo(events(role("approver", "invoice:approve", "principal:create")));
    }

    @Test
    void aRoleBundlesNothingThatIsNotDefined() {
        var model = given(capability("invoice:approve", 0));

        assertThat(define(model, role("approver", "invoice:approve", "invoice:delete")))
                .isEqualTo(reject(NO_SUCH_CAPABILITY));
    }

    @Test
    void definingARoleAgainWithTheSameBundleIsANoOpInAnyOrder() {
        var model = given(role("approver", "principal:create", "role:define"));

        assertThat(define(model, role("approver", "role:define", "principal:create")))
                .isEqualTo(nothing());
    }

    @Test
    void aRolesBundleCanChange() {
        var model = given(role("approver", "principal:create"));

        assertThat(define(model, role("approver", "role:define"))).isEqualTo(events(role("approver", "role:define")));
    }

    @Test
    void aRetiredRoleCanBeDefinedAgainAsItWas() {
        var model = given(role("approver", "role:define"), retired("approver"));

        assertThat(define(model, role("approver", "role:define"))).isEqualTo(events(role("approver", "role:define")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"administrator", "operator"})
    void theBuiltInRolesAreReserved(String builtIn) {
        assertThat(define(given(), role(builtIn, "role:define"))).isEqualTo(reject(RESERVED_ROLE));
        assertThat(RoleModelRules.retire(new Granter(List.of(authority(ADA, given()))), retired(builtIn), NOW))
                .isEqualTo(reject(RESERVED_ROLE));
    }

    @Test
    void anOrganisationHasAtMost1000Roles() {
        var full = given(IntStream.range(0, 1_000)
                .mapToObj(i -> role("r" + i, "role:define"))
                .toArray(Message[]::new));

        assertThat(define(full, role("approver", "role:define"))).isEqualTo(reject(TOO_MANY));
        assertThat(define(full, role("r7", "principal:create"))).isEqualTo(events(role("r7", "principal:create")));
    }

    @Test
    void aRetiredRoleMakesRoomForAnother() {
        var model = given(Stream.concat(
                        IntStream.range(0, 1_000).mapToObj(i -> (Message) role("r" + i, "role:define")),
                        Stream.of(retired("r0")))
                .toArray(Message[]::new));

        assertThat(define(model, role("approver", "role:define"))).isEqualTo(events(role("approver", "role:define")));
    }

    // Widening

    private static final Message PAYS = capability("invoice:pay", 0);
    private static final Message READS = capability("invoice:read", 0);
    private static final Message CLERK = role("clerk", "invoice:read");
    private static final Message CASHIER = role("cashier", "invoice:pay");
    private static final Message ARCHITECT = role("architect", "role:define");
    private static final Message DELEGATE = role("delegate", "role:define", "role:delegate");
    private static final Message[] MODEL = {PAYS, READS, CLERK, CASHIER, ARCHITECT, DELEGATE};
    private static final RoleDefined WIDER_CLERK = role("clerk", "invoice:read", "invoice:pay");

    @Test
    void nobodyAddsToARoleWhatTheyDoNotHold() {
        assertThat(define(ben(holds("architect")), WIDER_CLERK)).isEqualTo(reject(NOT_HELD));
        assertThat(define(ben(holds("architect")), role("new", "invoice:pay"))).isEqualTo(reject(NOT_HELD));
    }

    @Test
    void whatOneHoldsOneAddsToARole() {
        assertThat(define(ben(holds("architect"), holds("cashier")), WIDER_CLERK))
                .isEqualTo(events(WIDER_CLERK));
    }

    @Test
    void whatOneHoldsForAWhileOrInOnePlaceOneAddsToNoRole() {
        var forAWhile = holds("cashier").toBuilder().setUntilMicros(NOW + 10).build();
        var inOnePlace = holds("cashier").toBuilder().setWorkspaceId("here").build();

        assertThat(define(ben(holds("architect"), forAWhile, inOnePlace), WIDER_CLERK))
                .isEqualTo(reject(NOT_HELD));
    }

    @Test
    void whoMayDelegateAddsWhatTheyDoNotHold() {
        assertThat(define(ben(holds("delegate")), WIDER_CLERK)).isEqualTo(events(WIDER_CLERK));
    }

    @Test
    void nobodyWidensTheirOwnRoleNotEvenWhoMayDelegate() {
        var ben = ben(holds("delegate"), holds("clerk"));
        var widerDelegate = role("delegate", "role:define", "role:delegate", "invoice:pay");

        assertThat(define(ben, WIDER_CLERK)).isEqualTo(reject(SELF_WIDENING));
        assertThat(define(ben, widerDelegate)).isEqualTo(reject(SELF_WIDENING));
        assertThat(define(new Granter(List.of(ada(), authority(BEN, holds("clerk")))), WIDER_CLERK))
                .as("for whom they act")
                .isEqualTo(reject(SELF_WIDENING));
    }

    @Test
    void theirOwnRoleMayTakeInWhatTheyHoldThereAnywayForThatLong() {
        var here = holds("clerk").toBuilder().setWorkspaceId("here").setUntilMicros(NOW + 10);
        var pays = holds("cashier").toBuilder().setWorkspaceId("here").setUntilMicros(NOW + 10);

        assertThat(define(ben(holds("delegate"), here.build(), pays.build()), WIDER_CLERK))
                .isEqualTo(events(WIDER_CLERK));
        assertThat(define(
                        ben(
                                holds("delegate"),
                                here.build(),
                                pays.clone().setWorkspaceId("there").build()),
                        WIDER_CLERK))
                .isEqualTo(reject(SELF_WIDENING));
        assertThat(define(
                        ben(
                                holds("delegate"),
                                here.build(),
                                pays.clone().setUntilMicros(NOW + 9).build()),
                        WIDER_CLERK))
                .isEqualTo(reject(SELF_WIDENING));
    }

    @Test
    void whatTheyHoldNoMoreIsNotTheirs() {
        var over = holds("clerk").toBuilder().setUntilMicros(NOW).build();

        assertThat(define(ben(holds("delegate"), over), WIDER_CLERK)).isEqualTo(events(WIDER_CLERK));
    }

    @Test
    void aRetiredRoleComesBackToItsHolderAsNewAndSoIsNotTheirsToDefine() {
        var model = given(
                Stream.concat(Stream.of(MODEL), Stream.of(retired("clerk"))).toArray(Message[]::new));
        var granter = new Granter(List.of(authority(BEN, model, holds("delegate"), holds("clerk"))));

        assertThat(define(granter, role("clerk", "invoice:read"))).isEqualTo(reject(SELF_WIDENING));
    }

    @Test
    void whoNarrowsARoleHoldsWhatItTakesOutOrMayDelegate() {
        var narrower = role("delegate", "role:define");

        assertThat(define(ben(holds("architect"), holds("delegate")), narrower)).isEqualTo(events(narrower));
        assertThat(define(ben(holds("architect")), narrower)).isEqualTo(reject(NOT_HELD));
    }

    // Retirement

    @Test
    void aRoleIsRetired() {
        var model = given(role("approver", "role:define"));

        assertThat(retire(model, ADA)).isEqualTo(events(retired("approver")));
        assertThat(retire(model, BEN)).isEqualTo(reject(NOT_HELD));
        assertThat(retire(model, BEN, holds("approver"))).isEqualTo(events(retired("approver")));
    }

    @Test
    void retiringTwiceIsANoOp() {
        var model = given(role("approver", "role:define"), retired("approver"));

        assertThat(retire(model, ADA)).isEqualTo(nothing());
    }

    @Test
    void aRoleThatNeverWasIsNotRetired() {
        assertThat(retire(given(), ADA)).isEqualTo(reject(NO_SUCH_ROLE));
    }

    private static Decision<Message> retire(RoleModel model, String by, Message... held) {
        return RoleModelRules.retire(new Granter(List.of(authority(by, model, held))), retired("approver"), NOW);
    }

    private static Decision<Message> define(RoleModel model, CapabilityDefined capability) {
        return define(new Granter(List.of(authority(ADA, model))), capability);
    }

    private static Decision<Message> define(Granter definer, CapabilityDefined capability) {
        return RoleModelRules.define(definer, CONTRACT, capability, true, NOW);
    }

    /** By the first administrator. */
    private static Decision<Message> define(RoleModel model, RoleDefined role) {
        return define(new Granter(List.of(authority(ADA, model))), role);
    }

    private static Decision<Message> define(Granter definer, RoleDefined role) {
        return RoleModelRules.define(definer, CONTRACT, role, true, NOW);
    }

    private static Granter ben(Message... held) {
        return new Granter(List.of(authority(BEN, held)));
    }

    private static Authority ada() {
        return authority(ADA);
    }

    private static Authority authority(String id, Message... held) {
        return authority(id, given(MODEL), held);
    }

    private static Authority authority(String id, RoleModel model, Message... held) {
        return new Authority(
                id,
                new PrincipalState(PrincipalType.USER, true, ByteString.EMPTY),
                new FirstGrant(ADA, "first", FirstGrant.ADMINISTRATOR, ByteString.EMPTY, false),
                CONTRACT,
                model,
                Given.folded(Assignments.FOLD, held),
                Elevations.NONE,
                List.of());
    }

    private static RoleAssigned holds(String role) {
        return RoleAssigned.newBuilder()
                .setAssignmentId("of-" + role)
                .setPrincipalId(BEN)
                .setRole(role)
                .setFromMicros(NOW - 1_000)
                .build();
    }

    private static RoleModel given(Message... events) {
        return Given.folded(RoleModel.FOLD, events);
    }

    private static CapabilityDefined capability(String name, int stepUpSeconds) {
        return CapabilityDefined.newBuilder()
                .setCapability(name)
                .setStepUpSeconds(stepUpSeconds)
                .build();
    }

    private static RoleDefined role(String name, String... capabilities) {
        return RoleDefined.newBuilder()
                .setRole(name)
                .addAllCapabilities(List.of(capabilities))
                .build();
    }

    private static RoleRetired retired(String name) {
        return RoleRetired.newBuilder().setRole(name).build();
    }
}
