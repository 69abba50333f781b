package dev.chancery.cli.bench;

import com.google.protobuf.ByteString;
import dev.chancery.cli.client.GrpcTransport;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.SignIn;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.CheckReply;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.consent.v1.CheckConsentReply;
import dev.chancery.schema.consent.v1.CheckConsentRequest;
import dev.chancery.schema.consent.v1.DefinePurposeRequest;
import dev.chancery.schema.consent.v1.GrantConsentReply;
import dev.chancery.schema.consent.v1.GrantConsentRequest;
import dev.chancery.schema.consent.v1.LegalBasis;
import dev.chancery.schema.consent.v1.PublishNoticeRequest;
import dev.chancery.schema.consent.v1.WithdrawConsentRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import java.io.IOException;
import java.util.Optional;

/**
 * Checks of a consent that stands, over gRPC. Then rounds in which a subject consents and withdraws: from the withdrawal's acknowledgement
 * to the first denial, by a check of the consent and by a check of a capability that takes it. Eight callers send commands meanwhile.
 */
final class ConsentMode {
    private static final String CONSENT = "consent.v1.ConsentService/";
    private static final String ACCESS = "access.v1.AccessService/";
    private static final String PURPOSE = "bench";
    private static final String GATED = "bench:study";
    private static final String STUDENT = "bench-student";
    private static final String SUBJECT = "bench-subject";
    /** Callers of commands beside the withdrawals. */
    private static final int LOAD = 8;

    private final Bench bench;

    /** Somebody who consents, and one who may study them while they do. */
    private record People(Tenant tenant, String subjectId, SignIn subject, String studentId) {}

    private record Consented(Bench bench, People people, String consentId) implements EndedRounds.Given {
        @Override
        public String principalId() {
            return people.subjectId();
        }

        @Override
        public void end() throws Refused, Unreachable {
            bench.target()
                    .call(
                            bench.target().grpc(1),
                            people.subject(),
                            CONSENT + "WithdrawConsent",
                            WithdrawConsentRequest.newBuilder()
                                    .setConsentId(consentId)
                                    .build());
        }
    }

    ConsentMode(Bench bench) {
        this.bench = bench;
    }

    void run() throws Refused, Unreachable, InterruptedException, IOException {
        People people = people();
        EndedRounds.Given standing = consent(people);
        Callers callers = Callers.start(bench.plan().callers(), bench.plan().rate(), caller -> {
            CheckPoint point = checkConsent(people.tenant().administrator(), caller);
            return () -> {
                if (!point.allows(people.subjectId())) {
                    throw new Refused("denied", "The check denied what was consented to.", "", "");
                }
            };
        });
        Bench.Window window;
        try (callers) {
            window = bench.measure(callers);
        }
        bench.reportCalls("consent checks", "consentChecks", callers, window);
        standing.end();
        new EndedRounds(bench, () -> consent(people))
                .at("consent check", checkConsent(people.tenant().administrator(), 0))
                .at("access check", checkGated(people))
                .run("withdrawn", LOAD, 0);
    }

    private People people() throws Refused, Unreachable {
        Tenant tenant = bench.tenant(0);
        GrpcTransport grpc = bench.target().grpc(0);
        tenant.send(
                grpc,
                CONSENT + "DefinePurpose",
                DefinePurposeRequest.newBuilder()
                        .setPurpose(PURPOSE)
                        .setDescription("To measure.")
                        .setLegalBasis(LegalBasis.LEGAL_BASIS_CONSENT)
                        .addScopes(GATED)
                        .build());
        tenant.send(
                grpc,
                CONSENT + "PublishNotice",
                PublishNoticeRequest.newBuilder()
                        .setPurpose(PURPOSE)
                        .setUri("https://bench.example/notice")
                        .setLanguage("en")
                        .setTextSha256(ByteString.copyFrom(new byte[32]))
                        .addRecipients("bench")
                        .addDataCategories("health")
                        .build());
        tenant.send(
                grpc,
                ACCESS + "DefineCapability",
                DefineCapabilityRequest.newBuilder()
                        .setCapability(GATED)
                        .setConsentRequired(true)
                        .setConsentPurpose(PURPOSE)
                        .build());
        role(tenant, grpc, STUDENT, GATED);
        role(tenant, grpc, SUBJECT, "consent:grant", "consent:withdraw");
        var student = (CreatePrincipalReply) tenant.createPrincipal(grpc).message();
        var subject = (CreatePrincipalReply) tenant.createPrincipal(grpc).message();
        assign(tenant, grpc, student.getPrincipalId(), STUDENT);
        assign(tenant, grpc, subject.getPrincipalId(), SUBJECT);
        return new People(
                tenant,
                subject.getPrincipalId(),
                new SignIn(bench.target().rest(), tenant.key().withClientId(subject.getClientId()), Optional.empty()),
                student.getPrincipalId());
    }

    private static void role(Tenant tenant, GrpcTransport grpc, String role, String... capabilities)
            throws Refused, Unreachable {
        var defined = DefineRoleRequest.newBuilder().setRole(role);
        for (String capability : capabilities) {
            defined.addCapabilities(capability);
        }
        tenant.send(grpc, ACCESS + "DefineRole", defined.build());
    }

    private static void assign(Tenant tenant, GrpcTransport grpc, String principalId, String role)
            throws Refused, Unreachable {
        tenant.send(
                grpc,
                ACCESS + "AssignRole",
                AssignRoleRequest.newBuilder()
                        .setPrincipalId(principalId)
                        .setRole(role)
                        .build());
    }

    private EndedRounds.Given consent(People people) throws Refused, Unreachable {
        var granted = (GrantConsentReply) bench.target()
                .call(
                        bench.target().grpc(1),
                        people.subject(),
                        CONSENT + "GrantConsent",
                        GrantConsentRequest.newBuilder()
                                .setPurpose(PURPOSE)
                                .setResource("bench")
                                .setAction("study")
                                .setRecipient("bench")
                                .setNoticeVersion(1)
                                .build())
                .message();
        return new Consented(bench, people, granted.getConsentId());
    }

    /** Whether a subject's consent stands. */
    private CheckPoint checkConsent(SignIn caller, int channel) {
        return subjectId -> ((CheckConsentReply) bench.target()
                        .call(
                                bench.target().grpc(channel),
                                caller,
                                CONSENT + "CheckConsent",
                                CheckConsentRequest.newBuilder()
                                        .setSubjectId(subjectId)
                                        .setPurpose(PURPOSE)
                                        .setResource("bench")
                                        .setAction("study")
                                        .build())
                        .message())
                .getGiven();
    }

    /** Whether the student may study a subject. */
    private CheckPoint checkGated(People people) {
        return subjectId -> ((CheckReply) bench.target()
                        .call(
                                bench.target().grpc(0),
                                people.tenant().administrator(),
                                ACCESS + "Check",
                                CheckRequest.newBuilder()
                                        .setPrincipalId(people.studentId())
                                        .setCapability(GATED)
                                        .setAboutId(subjectId)
                                        .build())
                        .message())
                .getDecision();
    }
}
