package dev.chancery.client;

import dev.chancery.schema.access.v1.CapabilityDefined;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.consent.v1.ConsentGranted;
import dev.chancery.schema.consent.v1.NoticePublished;
import dev.chancery.schema.consent.v1.PurposeDefined;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.time.Duration;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * Checks in process of a capability that takes a consent: ten thousand subjects with up to five consents each, half of the questions
 * about one who gave the right one. Run by name; how in docs/reference/performance.md.
 */
final class ConsentBenchmark {
    private static final int SUBJECTS = 10_000;
    private static final int PURPOSES = 5;
    private static final int QUESTIONS = 1 << 14;
    private static final long NOW = 1_767_225_600_000_000L;
    private static final String CLINIC = new UUID(7, 7).toString();

    private final String[] subjects = new String[QUESTIONS];
    private final String[] capabilities = new String[QUESTIONS];

    @Test
    void measures() {
        int checks = Integer.getInteger("chancery.bench.checks", 20_000_000);
        System.out.printf(
                Locale.ROOT,
                "%d subjects, %d purposes, Java %s, %d processors%n",
                SUBJECTS,
                PURPOSES,
                Runtime.version(),
                Runtime.getRuntime().availableProcessors());
        var view = new AuthorityView("t", Duration.ofDays(1), Duration.ofDays(1));
        fill(view);
        for (int round = 0; round < 3; round++) {
            DecisionBenchmark.report("consents", checks, i -> view.check(
                            CLINIC,
                            "",
                            capabilities[i & QUESTIONS - 1],
                            "",
                            subjects[i & QUESTIONS - 1],
                            System.nanoTime(),
                            System.currentTimeMillis() * 1_000)
                    .granted());
        }
    }

    private void fill(AuthorityView view) {
        var random = new Random(7);
        var begin = AuthorityViewTest.reply(1, true);
        begin.addEvents(AuthorityViewTest.event(
                "identity/principal/" + CLINIC,
                PrincipalCreated.newBuilder()
                        .setPrincipalId(CLINIC)
                        .setType(PrincipalType.SERVICE)
                        .build()));
        var role = RoleDefined.newBuilder().setRole("researcher");
        for (int purpose = 0; purpose < PURPOSES; purpose++) {
            role.addCapabilities("record:study-" + purpose);
            begin.addEvents(AuthorityViewTest.event(
                    "access/role-model",
                    CapabilityDefined.newBuilder()
                            .setCapability("record:study-" + purpose)
                            .setConsentRequired(true)
                            .setConsentPurpose("purpose-" + purpose)
                            .build()));
            begin.addEvents(AuthorityViewTest.event(
                    "consent/purposes",
                    PurposeDefined.newBuilder()
                            .setPurpose("purpose-" + purpose)
                            .setVersion(1)
                            .build()));
            begin.addEvents(AuthorityViewTest.event(
                    "consent/purposes",
                    NoticePublished.newBuilder()
                            .setPurpose("purpose-" + purpose)
                            .setPurposeVersion(1)
                            .setNoticeVersion(1)
                            .addRecipients("clinic")
                            .build()));
        }
        begin.addEvents(AuthorityViewTest.event("access/role-model", role.build()));
        begin.addEvents(AuthorityViewTest.event(
                "access/assignments/" + CLINIC,
                RoleAssigned.newBuilder()
                        .setAssignmentId("a")
                        .setRole("researcher")
                        .setFromMicros(NOW)
                        .build()));
        for (int subject = 0; subject < SUBJECTS; subject++) {
            for (int purpose = 0; purpose < PURPOSES; purpose++) {
                if (random.nextBoolean()) {
                    begin.addEvents(AuthorityViewTest.event(
                            "consent/subject/" + id(subject),
                            ConsentGranted.newBuilder()
                                    .setConsentId("c" + purpose)
                                    .setSubjectId(id(subject))
                                    .setPurpose("purpose-" + purpose)
                                    .setPurposeVersion(1)
                                    .setNoticeVersion(1)
                                    .setResource("record")
                                    .setAction("study-" + purpose)
                                    .setRecipient("clinic")
                                    .build()));
                }
            }
        }
        view.apply(begin.build(), System.nanoTime());
        for (int i = 0; i < QUESTIONS; i++) {
            subjects[i] = id(random.nextInt(SUBJECTS));
            capabilities[i] = "record:study-" + random.nextInt(PURPOSES);
        }
    }

    private static String id(int subject) {
        return new UUID(9, subject).toString();
    }
}
