package dev.chancery.access;

import static dev.chancery.access.AccessRejection.NO_SUCH_CAPABILITY;
import static dev.chancery.access.AccessRejection.NO_SUCH_ROLE;
import static dev.chancery.access.AccessRejection.RESERVED_CAPABILITY;
import static dev.chancery.access.AccessRejection.RESERVED_ROLE;
import static dev.chancery.access.AccessRejection.TOO_MANY;
import static dev.chancery.kernel.Decision.events;
import static dev.chancery.kernel.Decision.nothing;
import static dev.chancery.kernel.Decision.reject;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.decision.AdoptedContract;
import dev.chancery.decision.RoleModel;
import dev.chancery.kernel.Decision;
import dev.chancery.schema.access.v1.CapabilityDefined;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.access.v1.RoleRetired;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoleModelRulesTest {
    private static final AdoptedContract CONTRACT =
            new AdoptedContract(ByteString.EMPTY, Set.of("role:define", "principal:create"));

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
        assertThat(RoleModelRules.retire(given(), retired(builtIn))).isEqualTo(reject(RESERVED_ROLE));
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

    // Retirement

    @Test
    void aRoleIsRetired() {
        assertThat(RoleModelRules.retire(given(role("approver", "role:define")), retired("approver")))
                .isEqualTo(events(retired("approver")));
    }

    @Test
    void retiringTwiceIsANoOp() {
        var model = given(role("approver", "role:define"), retired("approver"));

        assertThat(RoleModelRules.retire(model, retired("approver"))).isEqualTo(nothing());
    }

    @Test
    void aRoleThatNeverWasIsNotRetired() {
        assertThat(RoleModelRules.retire(given(), retired("approver"))).isEqualTo(reject(NO_SUCH_ROLE));
    }

    private static Decision<Message> define(RoleModel model, CapabilityDefined capability) {
        return RoleModelRules.define(model, CONTRACT, capability);
    }

    private static Decision<Message> define(RoleModel model, RoleDefined role) {
        return RoleModelRules.define(model, CONTRACT, role);
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
