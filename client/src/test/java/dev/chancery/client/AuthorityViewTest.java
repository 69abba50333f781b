package dev.chancery.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.AuthorityEvent;
import dev.chancery.schema.access.v1.CapabilityDefined;
import dev.chancery.schema.access.v1.FollowAuthorityReply;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.identity.v1.AgentAllowed;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class AuthorityViewTest {
    private static final String BEN = "0199f2aa-0000-7000-8000-00000000000b";
    private static final long SECOND = 1_000_000_000L;
    private static final long NOW = 1_767_225_600_000_000L;

    private final AuthorityView view = new AuthorityView("t", Duration.ofSeconds(3), Duration.ofSeconds(60));

    static FollowAuthorityReply.Builder reply(long position, boolean complete) {
        return FollowAuthorityReply.newBuilder().setPosition(position).setComplete(complete);
    }

    static AuthorityEvent event(String stream, Message event) {
        return AuthorityEvent.newBuilder()
                .setStream(stream)
                .setType(event.getDescriptorForType().getFullName())
                .setBody(event.toByteString())
                .build();
    }

    private void begin() {
        view.apply(
                reply(4, true)
                        .addEvents(event(
                                "identity/principal/" + BEN,
                                PrincipalCreated.newBuilder()
                                        .setPrincipalId(BEN)
                                        .setType(PrincipalType.USER)
                                        .build()))
                        .addEvents(event(
                                "access/role-model",
                                CapabilityDefined.newBuilder()
                                        .setCapability("payment:send")
                                        .setStepUpSeconds(60)
                                        .build()))
                        .addEvents(event(
                                "access/role-model",
                                RoleDefined.newBuilder()
                                        .setRole("clerk")
                                        .addCapabilities("invoice:read")
                                        .addCapabilities("payment:send")
                                        .build()))
                        .addEvents(event(
                                "access/assignments/" + BEN,
                                RoleAssigned.newBuilder()
                                        .setAssignmentId("a1")
                                        .setRole("clerk")
                                        .setFromMicros(NOW)
                                        .build()))
                        .build(),
                0);
    }

    private LocalDecision check(String capability, long nowNanos) {
        return view.check(BEN, "", capability, "", "", nowNanos, NOW);
    }

    @Test
    void nothingIsAnsweredBeforeTheBeginningHasBeenRead() {
        assertThat(check("invoice:read", 0).reason()).isEqualTo("decision-stale");
        view.apply(reply(2, false).build(), 0);
        assertThat(check("invoice:read", 0).reason()).isEqualTo("decision-stale");
    }

    @Test
    void aGrantSaysWhatItRestsOn() {
        begin();
        assertThat(check("invoice:read", 1))
                .isEqualTo(new LocalDecision(true, "granted", "a1", "clerk", false, 0, "", 4));
        assertThat(check("payment:send", 1).stepUpSeconds()).isEqualTo(60);
        assertThat(check("invoice:approve", 1).reason()).isEqualTo("no-grant");
        assertThat(view.check("nobody", "", "invoice:read", "", "", 1, NOW).reason())
                .isEqualTo("unknown-principal");
        assertThat(view.check(BEN, "", "invoice:read", "elsewhere", "", 1, NOW).reason())
                .isEqualTo("unknown-workspace");
    }

    /** Ben holds it, and acts for Ada: she has to hold it too, and to let him. */
    @Test
    void whoActsForAnotherMayWhatBothMayAndWasLet() {
        begin();
        String ada = "0199f2aa-0000-7000-8000-00000000000a";
        assertThat(acting(ada)).isEqualTo("not-delegated");
        var created = event(
                "identity/principal/" + ada,
                PrincipalCreated.newBuilder()
                        .setPrincipalId(ada)
                        .setType(PrincipalType.USER)
                        .build());
        var let = event(
                "identity/principal/" + ada,
                AgentAllowed.newBuilder()
                        .setDelegationId("d1")
                        .setPrincipalId(ada)
                        .setAgentId(BEN)
                        .addCapabilities("invoice:read")
                        .setUntilMicros(NOW + 1)
                        .build());
        view.apply(reply(5, true).addEvents(created).addEvents(let).build(), 0);
        assertThat(acting(ada)).isEqualTo("no-grant");
        view.apply(
                reply(6, true)
                        .addEvents(event(
                                "access/assignments/" + ada,
                                RoleAssigned.newBuilder()
                                        .setAssignmentId("a2")
                                        .setRole("clerk")
                                        .setFromMicros(NOW)
                                        .build()))
                        .build(),
                0);
        assertThat(acting(ada)).isEqualTo("granted");
        assertThat(view.check(ada, BEN, "invoice:read", "", "", 1, NOW).reason())
                .isEqualTo("not-delegated");
    }

    private String acting(String actingFor) {
        return view.check(BEN, actingFor, "invoice:read", "", "", 1, NOW).reason();
    }

    @Test
    void whatWasRevokedCountsWithTheNextAnswer() {
        begin();
        assertThat(check("invoice:read", 1).granted()).isTrue();
        view.apply(
                reply(5, true)
                        .addEvents(event(
                                "access/assignments/" + BEN,
                                AssignmentRevoked.newBuilder()
                                        .setAssignmentId("a1")
                                        .build()))
                        .build(),
                1);
        assertThat(check("invoice:read", 1)).isEqualTo(new LocalDecision(false, "no-grant", "", "", false, 0, "", 5));
    }

    @Test
    void pastTheBoundSensitiveCapabilitiesAreRefusedAndLaterAll() {
        begin();
        assertThat(check("payment:send", 3 * SECOND).granted()).isTrue();
        assertThat(check("payment:send", 3 * SECOND + 1).reason()).isEqualTo("decision-stale");
        assertThat(check("invoice:read", 3 * SECOND + 1).granted()).isTrue();
        assertThat(check("invoice:read", 60 * SECOND + 1).reason()).isEqualTo("decision-stale");

        view.apply(reply(9, true).build(), 60 * SECOND);
        assertThat(check("payment:send", 60 * SECOND + 2).position()).isEqualTo(9);
        assertThat(check("payment:send", 60 * SECOND + 2).granted()).isTrue();
    }

    @Test
    void anAnswerThatIsNotTheLastMakesNothingFresh() {
        begin();
        view.apply(reply(7, false).build(), 60 * SECOND);
        assertThat(check("payment:send", 60 * SECOND).reason()).isEqualTo("decision-stale");
    }

    @Test
    void anotherLogBeginsFromNothing() {
        begin();
        view.reset();
        assertThat(check("invoice:read", 1).granted()).isFalse();
        assertThat(view.position()).isEqualTo(-1);
    }
}
