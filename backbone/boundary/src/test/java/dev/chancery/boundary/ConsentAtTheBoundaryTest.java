package dev.chancery.boundary;

import static dev.chancery.boundary.TestInstance.ADA;
import static dev.chancery.boundary.TestInstance.BEN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.command.CallResult;
import dev.chancery.command.CommandOutcome;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.decision.Consents;
import dev.chancery.decision.Purposes;
import dev.chancery.log.NewEvent;
import dev.chancery.schema.Contract;
import dev.chancery.schema.access.v1.RevokeAssignmentReply;
import dev.chancery.schema.access.v1.RevokeAssignmentRequest;
import dev.chancery.schema.consent.v1.ConsentGranted;
import dev.chancery.schema.consent.v1.ConsentWithdrawn;
import dev.chancery.schema.consent.v1.NoticePublished;
import dev.chancery.schema.consent.v1.PurposeDefined;
import dev.chancery.schema.identity.v1.ContractAdopted;
import dev.chancery.schema.identity.v1.SensitiveCapability;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** A method whose capability takes the consent of whom the request names. */
class ConsentAtTheBoundaryTest {
    private static final String REVOKE = "chancery.access.v1.AccessService/RevokeAssignment";
    private static final String CONSENT = "0199f2aa-0000-7000-8000-0000000000c0";
    private static final RevokeAssignmentRequest OF_BEN = RevokeAssignmentRequest.newBuilder()
            .setPrincipalId(BEN)
            .setAssignmentId("0199f2aa-0000-7000-8000-0000000000f1")
            .build();
    private static final AtomicReference<Runnable> MEANWHILE = new AtomicReference<>(() -> {});
    private static final TestInstance INSTANCE = new TestInstance();

    static {
        INSTANCE.methods.command(REVOKE, RevokeAssignmentRequest.class, (context, request) -> {
            MEANWHILE.getAndSet(() -> {}).run();
            return CommandOutcome.already(RevokeAssignmentReply.getDefaultInstance());
        });
    }

    private final String tenant = INSTANCE.organisation();

    private void takesConsent() {
        INSTANCE.append(
                "identity",
                tenant,
                Map.of(AuthorityStreams.CONTRACT, 1L),
                new NewEvent(
                        AuthorityStreams.CONTRACT,
                        ContractAdopted.newBuilder()
                                .addAllCapabilities(Contract.load().capabilities(false))
                                .addSensitive(SensitiveCapability.newBuilder()
                                        .setCapability("assignment:revoke")
                                        .setConsentRequired(true)
                                        .setConsentPurpose("care"))
                                .build()));
        INSTANCE.append(
                "consent",
                tenant,
                Map.of(),
                new NewEvent(
                        Purposes.STREAM,
                        PurposeDefined.newBuilder()
                                .setPurpose("care")
                                .setVersion(1)
                                .addScopes("assignment:revoke")
                                .build()),
                new NewEvent(
                        Purposes.STREAM,
                        NoticePublished.newBuilder()
                                .setPurpose("care")
                                .setNoticeVersion(1)
                                .setPurposeVersion(1)
                                .build()));
    }

    private void benConsents() {
        INSTANCE.append(
                "consent",
                tenant,
                Map.of(),
                new NewEvent(
                        Consents.stream(BEN),
                        ConsentGranted.newBuilder()
                                .setConsentId(CONSENT)
                                .setSubjectId(BEN)
                                .setPurpose("care")
                                .setPurposeVersion(1)
                                .setNoticeVersion(1)
                                .setResource("assignment")
                                .setAction("revoke")
                                .build()));
    }

    private void benWithdraws() {
        INSTANCE.append(
                "consent",
                tenant,
                Map.of(Consents.stream(BEN), 1L),
                new NewEvent(
                        Consents.stream(BEN),
                        ConsentWithdrawn.newBuilder()
                                .setConsentId(CONSENT)
                                .setSubjectId(BEN)
                                .build()));
    }

    private CallResult revoke(RevokeAssignmentRequest request) {
        return INSTANCE.call(REVOKE, request, INSTANCE.as(ADA, tenant));
    }

    @Test
    void whomTheRequestNamesDecidesByTheirConsent() {
        takesConsent();
        var without = (CallResult.Refused) revoke(OF_BEN);
        assertThat(without.rejection().code()).isEqualTo("auth.consent-required");
        assertThat(without.message()).contains("assignment:revoke for care");

        benConsents();
        assertThat(revoke(OF_BEN)).isInstanceOf(CallResult.Replied.class);
        var ofAda = (CallResult.Refused)
                revoke(OF_BEN.toBuilder().setPrincipalId(ADA).build());
        assertThat(ofAda.rejection().code()).isEqualTo("auth.consent-required");

        benWithdraws();
        assertThat(((CallResult.Refused) revoke(OF_BEN)).rejection().code()).isEqualTo("auth.consent-required");
    }

    /** The consent is part of what a command rests on: it is decided again when that moves before its outcome is appended. */
    @Test
    void aWithdrawalThatComesBetweenDecisionAndOutcomeCounts() {
        takesConsent();
        benConsents();
        MEANWHILE.set(this::benWithdraws);

        var answer = (CallResult.Refused) revoke(OF_BEN);

        assertThat(answer.rejection().code()).isEqualTo("auth.consent-required");
    }
}
