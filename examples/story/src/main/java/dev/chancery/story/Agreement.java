package dev.chancery.story;

import com.google.protobuf.ByteString;
import dev.chancery.cli.client.Refused;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.access.v1.RetireCapabilityRequest;
import dev.chancery.schema.access.v1.RetireRoleRequest;
import dev.chancery.schema.consent.v1.DefinePurposeRequest;
import dev.chancery.schema.consent.v1.GrantConsentReply;
import dev.chancery.schema.consent.v1.GrantConsentRequest;
import dev.chancery.schema.consent.v1.LegalBasis;
import dev.chancery.schema.consent.v1.PublishNoticeRequest;
import dev.chancery.schema.consent.v1.WithdrawConsentRequest;
import java.io.IOException;

/** The sixth chapter: something may be done to somebody's data only while they agree. */
final class Agreement {
    private static final String CAPABILITY = "shift-record:read";
    private static final String PURPOSE = "fatigue-study";
    private static final String SCOPE = CAPABILITY + " for " + PURPOSE;
    private static final String READERS = "shift-readers";
    private static final String SUBJECTS = "data-subjects";
    private static final int HASH_LENGTH = 32;

    private final Steps steps;
    private final Caller administrator;
    private final Caller service;
    private final Caller developer;
    private final Caller operator;

    Agreement(Story story, Company company) {
        this.steps = story.steps();
        this.administrator = company.administrator();
        this.service = company.service();
        this.developer = company.developer();
        this.operator = company.operator();
    }

    void run() throws Steps.Failed, InterruptedException {
        steps.chapter("Only while they agree");
        steps.run("A capability takes the consent of whom it is about: holding it is not enough", () -> {
            prepare();
            CheckReply reply = check(developer);
            Expect.equal("the service, about the developer", "consent", reply.getReason());
            Expect.equal("what to ask her for", SCOPE, reply.getConsentScope());
            steps.note("gRPC: denied, consent; to ask for: " + reply.getConsentScope());
        });
        steps.run(
                "The administrator can't consent in her place",
                () -> Expect.refused(
                        "a consent for somebody else",
                        "consent.not-the-subject",
                        () -> administrator.rest(grant().setSubjectId(developer.id()))));
        String consent = steps.get("She consents, and a check about her is granted; about a colleague it isn't", () -> {
            var given = (GrantConsentReply) developer.rest(grant());
            CheckReply reply = check(developer);
            Expect.equal("about her", "granted", reply.getReason());
            Expect.that(
                    "the answer names her consent",
                    reply.getPath().getConsentIdsList().contains(given.getConsentId()));
            Expect.equal("about the operator", "consent", check(operator).getReason());
            steps.note("gRPC: granted by " + reply.getRole() + " and consent " + given.getConsentId());
            return given.getConsentId();
        });
        steps.run("She withdraws, and the next check is denied", () -> {
            developer.rest(WithdrawConsentRequest.newBuilder().setConsentId(consent));
            Expect.equal("after it", "consent", check(developer).getReason());
            administrator.rest(RetireRoleRequest.newBuilder().setRole(READERS));
            administrator.rest(RetireRoleRequest.newBuilder().setRole(SUBJECTS));
            administrator.rest(RetireCapabilityRequest.newBuilder().setCapability(CAPABILITY));
        });
    }

    private void prepare() throws Refused, IOException {
        administrator.rest(DefinePurposeRequest.newBuilder()
                .setPurpose(PURPOSE)
                .setDescription(Cast.STUDY)
                .setLegalBasis(LegalBasis.LEGAL_BASIS_CONSENT)
                .addScopes(CAPABILITY));
        administrator.rest(PublishNoticeRequest.newBuilder()
                .setPurpose(PURPOSE)
                .setUri("https://kestrelfreight.example/notices/shifts")
                .setLanguage("en")
                .setTextSha256(ByteString.copyFrom(new byte[HASH_LENGTH]))
                .addRecipients("occupational-health")
                .addDataCategories("shifts"));
        administrator.rest(DefineCapabilityRequest.newBuilder()
                .setCapability(CAPABILITY)
                .setConsentRequired(true)
                .setConsentPurpose(PURPOSE));
        administrator.rest(DefineRoleRequest.newBuilder().setRole(READERS).addCapabilities(CAPABILITY));
        administrator.rest(
                AssignRoleRequest.newBuilder().setPrincipalId(service.id()).setRole(READERS));
        administrator.rest(DefineRoleRequest.newBuilder()
                .setRole(SUBJECTS)
                .addCapabilities("consent:grant")
                .addCapabilities("consent:withdraw"));
        administrator.rest(
                AssignRoleRequest.newBuilder().setPrincipalId(developer.id()).setRole(SUBJECTS));
    }

    private static GrantConsentRequest.Builder grant() {
        String[] parts = CAPABILITY.split(":", 2);
        return GrantConsentRequest.newBuilder()
                .setPurpose(PURPOSE)
                .setResource(parts[0])
                .setAction(parts[1])
                .setRecipient("occupational-health")
                .setNoticeVersion(1);
    }

    private CheckReply check(Caller about) throws Refused, IOException {
        return (CheckReply) administrator.grpc(CheckRequest.newBuilder()
                .setPrincipalId(service.id())
                .setCapability(CAPABILITY)
                .setAboutId(about.id()));
    }
}
