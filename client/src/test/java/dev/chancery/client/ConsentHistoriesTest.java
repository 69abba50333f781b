package dev.chancery.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.decision.AuthorityDecision;
import dev.chancery.decision.PlacedDecision;
import dev.chancery.decision.States;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.AuthorityEvent;
import dev.chancery.schema.access.v1.CapabilityDefined;
import dev.chancery.schema.access.v1.FollowAuthorityReply;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.consent.v1.ConsentGranted;
import dev.chancery.schema.consent.v1.ConsentRenewed;
import dev.chancery.schema.consent.v1.ConsentWithdrawn;
import dev.chancery.schema.consent.v1.NoticePublished;
import dev.chancery.schema.consent.v1.PurposeDefined;
import dev.chancery.schema.consent.v1.PurposeRetired;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Random histories of roles, sensitivities, purposes, notices and consents, asked about capabilities that take a consent: now, in the
 * client's decision point, and at past positions, by the folds that the server reads the past with. What is right is said by an evaluator
 * that reads the history from its beginning and shares no code. {@code -Dchancery.rounds=full} for more, {@code -Dgate.seed} to repeat.
 */
class ConsentHistoriesTest {
    private static final int HISTORIES = "full".equals(System.getProperty("chancery.rounds")) ? 10_000 : 500;
    private static final int STEPS = 40;
    private static final int QUESTIONS = 3;
    private static final long SEED = Long.getLong("gate.seed", new Random().nextLong());
    private static final long BEGINNING = 1_780_000_000_000_000L;
    private static final String BEN = "0199f2aa-0000-7000-8000-00000000000b";
    private static final List<String> SUBJECTS =
            List.of("0199f2aa-0000-7000-8000-0000000000e1", "0199f2aa-0000-7000-8000-0000000000e2");
    private static final List<String> PURPOSES = List.of("research", "billing");
    private static final List<String> CAPABILITIES = List.of("record:read", "record:share");
    private static final List<String> RECIPIENTS = List.of("clinic", "lab");

    /** @param atMicros when it was recorded */
    private record Happened(StreamId stream, Message event, long atMicros) {}

    private record Followed(String type, ByteString body, long position) implements LogEvent {}

    /** What is right: whether, and what to ask for where only a consent is missing. */
    private record Right(boolean granted, String scope, List<String> consents) {}

    @Test
    void whatTakesAConsentIsGrantedAsTheHistorySaysNowAndInThePast() {
        System.out.println("gate.seed=" + SEED);
        int granted = 0;
        int refusedForConsent = 0;
        for (int history = 0; history < HISTORIES; history++) {
            var run = new Run(new Random(SEED + history), "history " + history + ", gate.seed=" + SEED);
            run.begin();
            for (int step = 0; step < STEPS; step++) {
                run.step();
                for (int question = 0; question < QUESTIONS; question++) {
                    run.askNow();
                    run.askAboutThePast();
                }
            }
            granted += run.granted;
            refusedForConsent += run.refusedForConsent;
        }
        assertThat(granted).as("grants by a consent").isGreaterThan(HISTORIES * 2);
        assertThat(refusedForConsent).as("refusals for want of one").isGreaterThan(HISTORIES * 2);
    }

    private static final class Run {
        private final Random random;
        private final String name;
        private final AuthorityView view = new AuthorityView("t", Duration.ofDays(1), Duration.ofDays(1));
        private final States states = new States("t", PlacedDecision.PARTS);
        private final List<States> past = new ArrayList<>();
        private final List<Happened> log = new ArrayList<>();
        private final Map<String, Integer> meanings = new HashMap<>();
        private final Map<String, Integer> notices = new HashMap<>();
        private final Map<String, String> subjectOf = new HashMap<>();
        private long now = BEGINNING;
        int granted;
        int refusedForConsent;

        Run(Random random, String name) {
            this.random = random;
            this.name = name;
        }

        void begin() {
            happens(
                    "identity/principal/" + BEN,
                    PrincipalCreated.newBuilder().setPrincipalId(BEN).setType(PrincipalType.USER));
            CAPABILITIES.forEach(this::define);
            happens(
                    "access/role-model",
                    RoleDefined.newBuilder().setRole("clerk").addAllCapabilities(CAPABILITIES));
            assign();
            PURPOSES.forEach(this::purpose);
            PURPOSES.forEach(this::notice);
        }

        void step() {
            now += random.nextInt(1_000);
            String capability = pick(CAPABILITIES);
            String purpose = pick(PURPOSES);
            switch (random.nextInt(14)) {
                case 0 -> define(capability);
                case 1 -> assign();
                case 2 -> {
                    if (random.nextBoolean()) {
                        happens(
                                "access/assignments/" + BEN,
                                AssignmentRevoked.newBuilder().setAssignmentId("a" + random.nextInt(log.size())));
                    }
                }
                case 3 -> purpose(purpose);
                case 4 -> notice(purpose);
                case 5 -> {
                    if (random.nextInt(3) == 0) {
                        happens("consent/purposes", PurposeRetired.newBuilder().setPurpose(purpose));
                    }
                }
                case 6, 7 -> withdraw();
                case 8 -> renew();
                default -> grant(capability, purpose);
            }
        }

        private void define(String capability) {
            boolean consent = random.nextInt(5) > 0;
            happens(
                    "access/role-model",
                    CapabilityDefined.newBuilder()
                            .setCapability(capability)
                            .setConsentRequired(consent)
                            .setConsentPurpose(consent && random.nextInt(8) > 0 ? pick(PURPOSES) : ""));
        }

        private void assign() {
            happens(
                    "access/assignments/" + BEN,
                    RoleAssigned.newBuilder()
                            .setAssignmentId("a" + log.size())
                            .setRole("clerk")
                            .setFromMicros(now)
                            .setUntilMicros(random.nextBoolean() ? 0 : now + random.nextInt(20_000)));
        }

        private void purpose(String purpose) {
            int meaning = meanings.merge(purpose, random.nextInt(3) == 0 ? 1 : 0, Integer::sum);
            happens(
                    "consent/purposes",
                    PurposeDefined.newBuilder().setPurpose(purpose).setVersion(1 + meaning));
        }

        private void notice(String purpose) {
            happens(
                    "consent/purposes",
                    NoticePublished.newBuilder()
                            .setPurpose(purpose)
                            .setNoticeVersion(notices.merge(purpose, 1, Integer::sum))
                            .setPurposeVersion(1 + meanings.get(purpose))
                            .addAllRecipients(RECIPIENTS.subList(0, 1 + random.nextInt(2))));
        }

        private void grant(String capability, String purpose) {
            String subject = pick(SUBJECTS);
            String id = "c" + log.size();
            subjectOf.put(id, subject);
            happens(
                    "consent/subject/" + subject,
                    ConsentGranted.newBuilder()
                            .setConsentId(id)
                            .setSubjectId(subject)
                            .setPurpose(purpose)
                            .setPurposeVersion(1 + meanings.get(purpose))
                            .setNoticeVersion(notices.get(purpose))
                            .setResource("record")
                            .setAction(capability.substring("record:".length()))
                            .setRecipient(pick(RECIPIENTS))
                            .setUntilMicros(random.nextBoolean() ? 0 : now + random.nextInt(10_000)));
        }

        private void withdraw() {
            if (!subjectOf.isEmpty()) {
                String id =
                        pick(List.copyOf(subjectOf.keySet()).stream().sorted().toList());
                happens(
                        "consent/subject/" + subjectOf.remove(id),
                        ConsentWithdrawn.newBuilder().setConsentId(id));
            }
        }

        private void renew() {
            if (!subjectOf.isEmpty()) {
                String id =
                        pick(List.copyOf(subjectOf.keySet()).stream().sorted().toList());
                String purpose = log.stream()
                        .map(Happened::event)
                        .filter(event -> event instanceof ConsentGranted given
                                && given.getConsentId().equals(id))
                        .map(event -> ((ConsentGranted) event).getPurpose())
                        .findFirst()
                        .orElseThrow();
                happens(
                        "consent/subject/" + subjectOf.get(id),
                        ConsentRenewed.newBuilder()
                                .setConsentId(id)
                                .setPurposeVersion(1 + meanings.get(purpose))
                                .setNoticeVersion(notices.get(purpose))
                                .setUntilMicros(random.nextBoolean() ? 0 : now + random.nextInt(10_000)));
            }
        }

        private void happens(String stream, Message.Builder event) {
            Message built = event.build();
            var id = new StreamId(stream);
            int position = log.size();
            log.add(new Happened(id, built, now));
            states.apply(id, new Followed(built.getDescriptorForType().getFullName(), built.toByteString(), position));
            past.add(states.copy());
            view.apply(
                    FollowAuthorityReply.newBuilder()
                            .setPosition(position)
                            .setComplete(true)
                            .addEvents(AuthorityEvent.newBuilder()
                                    .setStream(stream)
                                    .setType(built.getDescriptorForType().getFullName())
                                    .setBody(built.toByteString())
                                    .setPosition(position))
                            .build(),
                    0);
        }

        void askNow() {
            String capability = pick(CAPABILITIES);
            String about = about();
            long atMicros = now + random.nextInt(15_000);
            LocalDecision answer = view.check(BEN, "", capability, "", about, 1, atMicros);
            compare(
                    right(log.size() - 1, capability, about, atMicros),
                    answer.granted(),
                    answer.reason(),
                    answer.consentScope(),
                    Optional.empty());
        }

        void askAboutThePast() {
            int position = random.nextInt(log.size());
            long atMicros = log.get(position).atMicros();
            String capability = pick(CAPABILITIES);
            String about = about();
            States then = past.get(position);
            AuthorityDecision answer = PlacedDecision.decide(
                    then.authority(BEN, "", about, position),
                    id -> then.state(PlacedDecision.WORKSPACES, id),
                    capability,
                    "",
                    atMicros);
            compare(
                    right(position, capability, about, atMicros),
                    answer.granted(),
                    answer.reason().code(),
                    answer.missingScope(),
                    Optional.of(answer.consents()));
        }

        private void compare(
                Right right, boolean answer, String reason, String scope, Optional<List<String>> consents) {
            assertThat(answer).as("%s: %s, %s", name, right, reason).isEqualTo(right.granted());
            assertThat(scope).as("%s: %s, %s", name, right, reason).isEqualTo(right.scope());
            if (right.granted() && consents.isPresent()) {
                assertThat(consents.get().isEmpty())
                        .as(name)
                        .isEqualTo(right.consents().isEmpty());
                assertThat(right.consents()).as(name).containsAll(consents.get());
            }
            granted += right.granted() && !right.consents().isEmpty() ? 1 : 0;
            refusedForConsent += reason.equals("consent") ? 1 : 0;
        }

        private String about() {
            return random.nextInt(6) == 0 ? "" : pick(SUBJECTS);
        }

        private <T> T pick(List<T> from) {
            return from.get(random.nextInt(from.size()));
        }

        /** @param consents all that would do */
        private Right right(int position, String capability, String about, long atMicros) {
            List<Happened> until = log.subList(0, position + 1);
            if (!holds(until, capability, atMicros)) {
                return new Right(false, "", List.of());
            }
            CapabilityDefined defined = null;
            for (Happened one : until) {
                if (one.event() instanceof CapabilityDefined event
                        && event.getCapability().equals(capability)) {
                    defined = event;
                }
            }
            if (defined == null || !defined.getConsentRequired()) {
                return new Right(true, "", List.of());
            }
            String purpose = defined.getConsentPurpose();
            List<String> good = new ArrayList<>();
            for (Happened one : until) {
                if (one.event() instanceof ConsentGranted given
                        && given.getSubjectId().equals(about)
                        && given.getPurpose().equals(purpose)
                        && (given.getResource() + ":" + given.getAction()).equals(capability)
                        && counts(until, given, atMicros)) {
                    good.add(given.getConsentId());
                }
            }
            return good.isEmpty()
                    ? new Right(false, purpose.isEmpty() ? "" : capability + " for " + purpose, List.of())
                    : new Right(true, "", good);
        }

        private static boolean holds(List<Happened> until, String capability, long atMicros) {
            boolean bundled = until.stream()
                    .anyMatch(one -> one.event() instanceof RoleDefined role
                            && role.getCapabilitiesList().contains(capability));
            return bundled
                    && until.stream()
                            .anyMatch(one -> one.event() instanceof RoleAssigned held
                                    && held.getFromMicros() <= atMicros
                                    && (held.getUntilMicros() == 0 || atMicros < held.getUntilMicros())
                                    && until.stream()
                                            .noneMatch(later -> later.event() instanceof AssignmentRevoked gone
                                                    && gone.getAssignmentId().equals(held.getAssignmentId())));
        }

        private static boolean counts(List<Happened> until, ConsentGranted given, long atMicros) {
            int meaning = given.getPurposeVersion();
            int notice = given.getNoticeVersion();
            long end = given.getUntilMicros();
            PurposeDefined purpose = null;
            boolean retired = false;
            List<NoticePublished> told = new ArrayList<>();
            for (Happened one : until) {
                if (one.event() instanceof ConsentWithdrawn gone
                        && gone.getConsentId().equals(given.getConsentId())) {
                    return false;
                }
                if (one.event() instanceof ConsentRenewed again
                        && again.getConsentId().equals(given.getConsentId())) {
                    meaning = again.getPurposeVersion();
                    notice = again.getNoticeVersion();
                    end = again.getUntilMicros();
                }
                if (one.event() instanceof PurposeDefined defined
                        && defined.getPurpose().equals(given.getPurpose())) {
                    purpose = defined;
                    retired = false;
                }
                if (one.event() instanceof PurposeRetired gone
                        && gone.getPurpose().equals(given.getPurpose())) {
                    retired = true;
                }
                if (one.event() instanceof NoticePublished published
                        && published.getPurpose().equals(given.getPurpose())) {
                    told.add(published);
                }
            }
            if (purpose == null || retired || purpose.getVersion() != meaning || (end != 0 && atMicros >= end)) {
                return false;
            }
            Set<String> newest = Set.copyOf(told.get(told.size() - 1).getRecipientsList());
            return Set.copyOf(told.get(notice - 1).getRecipientsList()).containsAll(newest);
        }
    }
}
