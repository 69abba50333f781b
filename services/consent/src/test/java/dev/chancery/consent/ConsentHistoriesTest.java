package dev.chancery.consent;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.decision.Consents;
import dev.chancery.decision.Consents.Scope;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.Purposes;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Fold;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.consent.v1.ConsentGranted;
import dev.chancery.schema.consent.v1.ConsentRenewed;
import dev.chancery.schema.consent.v1.ConsentWithdrawn;
import dev.chancery.schema.consent.v1.LegalBasis;
import dev.chancery.schema.consent.v1.NoticePublished;
import dev.chancery.schema.consent.v1.PurposeDefined;
import dev.chancery.schema.consent.v1.RepresentativeEnded;
import dev.chancery.schema.consent.v1.RepresentativeKind;
import dev.chancery.schema.consent.v1.RepresentativeRecorded;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * Random histories of purposes, notices, grants, renewals, withdrawals, representatives and time: each decision and each check is what a
 * model says that keeps, for each consent, what its subject was told. {@code -Dchancery.rounds=full} for more, {@code -Dconsent.seed} to
 * repeat a run.
 */
class ConsentHistoriesTest {
    private static final int HISTORIES =
            System.getProperty("chancery.rounds", "quick").equals("full") ? 10_000 : 500;
    private static final int STEPS = 60;
    private static final long SEED = Long.getLong("consent.seed", new Random().nextLong());
    private static final long DAY = 86_400_000_000L;
    private static final int MAX_DAYS = 10;

    private static final List<String> PURPOSES = List.of("research", "billing");
    private static final List<String> SUBJECTS = List.of("sue", "tom");
    private static final List<String> ACTIONS = List.of("read", "share");
    private static final List<String> RECIPIENTS = List.of("clinic", "lab", "insurer");
    private static final List<String> CATEGORIES = List.of("health", "contact", "location");
    private static final List<String> SPEAKERS = List.of("sue", "tom", "gus", "administrator");
    private static final PrincipalState USER = new PrincipalState(PrincipalType.USER, true, ByteString.EMPTY);

    @Test
    void decisionsAndChecksAreTheModels() {
        System.out.println("consent.seed=" + SEED);
        for (int history = 0; history < HISTORIES; history++) {
            var run = new Run(new Random(SEED + history));
            for (int step = 0; step < STEPS; step++) {
                run.step();
                run.compare("history " + history + ", step " + step + ", consent.seed=" + SEED);
            }
        }
    }

    /** What a subject agreed to, as it was told then. */
    private static final class Told {
        final String id;
        final Scope scope;
        final String recipient;
        int meaning;
        Set<String> recipients = Set.of();
        Set<String> categories = Set.of();
        long until;
        boolean withdrawn;

        Told(String id, Scope scope, String recipient) {
            this.id = id;
            this.scope = scope;
            this.recipient = recipient;
        }
    }

    private static final class Used {
        String description = "";
        LegalBasis basis = LegalBasis.LEGAL_BASIS_CONSENT;
        int maxDays;
        int meaning = 1;
        boolean retired;
        int notices;
        int noticeMeaning;
        Set<String> recipients = Set.of();
        Set<String> categories = Set.of();

        boolean askable(int notice) {
            return !retired && notices > 0 && noticeMeaning == meaning && notice == notices;
        }
    }

    private static final class Run {
        private final Random random;
        private long now = 1_780_000_000_000_000L;
        private Purposes purposes = Purposes.FOLD.initial();
        private final Map<String, Consents> consents = new HashMap<>();
        private int ids;

        private final Map<String, Used> used = new HashMap<>();
        private final Map<String, Map<String, Told>> told = new HashMap<>();
        private final Map<String, Map<String, Long>> representatives = new HashMap<>();

        Run(Random random) {
            this.random = random;
            SUBJECTS.forEach(subject -> {
                consents.put(subject, Consents.FOLD.initial());
                told.put(subject, new LinkedHashMap<>());
                representatives.put(subject, new HashMap<>());
            });
            // So that most histories get somewhere.
            PURPOSES.forEach(purpose -> {
                purpose(purpose);
                notice(purpose);
            });
        }

        void step() {
            now += random.nextLong(1, 2 * DAY);
            String subject = one(SUBJECTS);
            switch (random.nextInt(12)) {
                case 0 -> purpose(one(PURPOSES));
                case 1 -> {
                    if (random.nextInt(4) == 0) {
                        retire(one(PURPOSES));
                    }
                }
                case 2, 3 -> notice(one(PURPOSES));
                case 4, 5, 6 -> grant(subject);
                case 7 -> renew(subject);
                case 8, 9 -> withdraw(subject);
                case 10 -> represent(subject);
                default -> unrepresent(subject);
            }
        }

        private <T> T one(List<T> of) {
            return of.get(random.nextInt(of.size()));
        }

        private List<String> some(List<String> of) {
            var some = new ArrayList<>(
                    of.stream().filter(each -> random.nextInt(3) > 0).toList());
            return some.isEmpty() ? List.of(of.getFirst()) : some;
        }

        private <S> S then(S state, Fold<S, ? super StoredEvent> fold, Decision<Message> decision) {
            S after = state;
            if (decision instanceof Decision.Events<Message> happened) {
                for (Message event : happened.events()) {
                    after = fold.evolve(
                            after,
                            new StoredEvent(
                                    event.getDescriptorForType().getFullName(),
                                    event.toByteString(),
                                    0,
                                    1,
                                    new UUID(0, 0)));
                }
            }
            return after;
        }

        private static boolean accepts(Decision<Message> decision) {
            return !(decision instanceof Decision.Rejected<Message>);
        }

        private void purpose(String name) {
            String description = one(List.of("to heal", "to count"));
            LegalBasis basis = one(List.of(LegalBasis.LEGAL_BASIS_CONSENT, LegalBasis.LEGAL_BASIS_EXPLICIT_CONSENT));
            int maxDays = random.nextBoolean() ? 0 : MAX_DAYS;
            Used before = used.get(name);
            boolean same = before != null && before.description.equals(description);
            var wanted = PurposeDefined.newBuilder()
                    .setPurpose(name)
                    .setLegalBasis(basis)
                    .addScopes("record:read")
                    .addScopes("record:share")
                    .setMaxDays(maxDays)
                    .build();
            boolean define = before == null || before.retired;
            Decision<Message> decision =
                    define ? PurposeRules.define(purposes, wanted, same) : PurposeRules.change(purposes, wanted, same);
            assertThat(accepts(decision)).isTrue();
            purposes = then(purposes, Purposes.FOLD, decision);
            Used after = used.computeIfAbsent(name, unused -> new Used());
            if (before != null && (define || !same || after.basis != basis)) {
                after.meaning++;
            }
            after.retired = false;
            after.description = description;
            after.basis = basis;
            after.maxDays = maxDays;
        }

        private void retire(String name) {
            purposes = then(purposes, Purposes.FOLD, PurposeRules.retire(purposes, name));
            used.get(name).retired = true;
        }

        private void notice(String name) {
            List<String> recipients = some(RECIPIENTS);
            List<String> categories = some(CATEGORIES);
            Used purpose = used.get(name);
            Decision<Message> decision = PurposeRules.publish(
                    purposes,
                    NoticePublished.newBuilder()
                            .setPurpose(name)
                            .setUri("https://x/" + random.nextInt())
                            .addAllRecipients(recipients)
                            .addAllDataCategories(categories)
                            .build());
            assertThat(accepts(decision)).isEqualTo(!purpose.retired);
            purposes = then(purposes, Purposes.FOLD, decision);
            if (!purpose.retired) {
                purpose.notices++;
                purpose.noticeMeaning = purpose.meaning;
                purpose.recipients = Set.copyOf(recipients);
                purpose.categories = Set.copyOf(categories);
            }
        }

        private Speaker speaker(String subject) {
            return new Speaker(random.nextInt(3) > 0 ? subject : one(SPEAKERS), random.nextInt(8) == 0);
        }

        private boolean speaks(Speaker speaker, String subject) {
            long until = representatives.get(subject).getOrDefault(speaker.id(), -1L);
            return !speaker.forAnother() && (speaker.id().equals(subject) || until == 0 || until > now);
        }

        /** A notice's version, mostly the newest. */
        private int noticeOf(String purpose) {
            return random.nextInt(6) == 0 ? random.nextInt(4) : used.get(purpose).notices;
        }

        private long end() {
            return switch (random.nextInt(4)) {
                case 0 -> now + random.nextLong(1, 2 * MAX_DAYS * DAY);
                case 1 -> now - random.nextLong(DAY);
                default -> 0;
            };
        }

        private long until(Used purpose, long end) {
            long latest = purpose.maxDays == 0 ? Long.MAX_VALUE : now + purpose.maxDays * DAY;
            if (end == 0) {
                return purpose.maxDays == 0 ? 0 : latest;
            }
            return end > now && end <= latest ? end : -1;
        }

        private void grant(String subject) {
            String purpose = one(PURPOSES);
            var scope = new Scope(purpose, "record", random.nextInt(9) == 0 ? "erase" : one(ACTIONS));
            String recipient = one(RECIPIENTS);
            int notice = noticeOf(purpose);
            long end = end();
            Speaker speaker = speaker(subject);
            String id = "c" + ids++;
            Decision<Message> decision = ConsentRules.grant(
                    speaker,
                    purposes,
                    consents.get(subject),
                    ConsentGranted.newBuilder()
                            .setConsentId(id)
                            .setSubjectId(subject)
                            .setPurpose(purpose)
                            .setResource(scope.resource())
                            .setAction(scope.action())
                            .setRecipient(recipient)
                            .setNoticeVersion(notice)
                            .build(),
                    end,
                    now);
            Used what = used.get(purpose);
            long until = until(what, end);
            boolean may = speaks(speaker, subject)
                    && what.askable(notice)
                    && ACTIONS.contains(scope.action())
                    && what.recipients.contains(recipient)
                    && until >= 0;
            var counting = told.get(subject).values().stream()
                    .filter(each -> each.scope.equals(scope) && each.recipient.equals(recipient) && counts(each))
                    .toList();
            boolean given = !counting.isEmpty();
            boolean same = end == 0 || given && counting.getFirst().until == end;
            assertThat(accepts(decision)).as("grant %s", speaker).isEqualTo(may && (!given || same));
            assertThat(decision instanceof Decision.Events).isEqualTo(may && !given);
            consents.computeIfPresent(subject, (s, state) -> then(state, Consents.FOLD, decision));
            if (may && !given) {
                var agreed = new Told(id, scope, recipient);
                agree(agreed, what, until);
                told.get(subject).put(id, agreed);
            }
        }

        private static void agree(Told agreed, Used what, long until) {
            agreed.meaning = what.meaning;
            agreed.recipients = what.recipients;
            agreed.categories = what.categories;
            agreed.until = until;
        }

        private String anyConsent(String subject) {
            // Sometimes one of somebody else's, or nobody's.
            String whose = random.nextInt(6) == 0 ? one(SUBJECTS) : subject;
            var ids = new ArrayList<>(told.get(whose).keySet());
            return ids.isEmpty() ? "none" : one(ids);
        }

        private void renew(String subject) {
            String id = anyConsent(subject);
            Told agreed = told.get(subject).get(id);
            String purpose = agreed == null ? one(PURPOSES) : agreed.scope.purpose();
            int notice = noticeOf(purpose);
            long end = end();
            Speaker speaker = speaker(subject);
            Decision<Message> decision = ConsentRules.renew(
                    speaker,
                    purposes,
                    consents.get(subject),
                    ConsentRenewed.newBuilder()
                            .setConsentId(id)
                            .setSubjectId(subject)
                            .setNoticeVersion(notice)
                            .build(),
                    end,
                    now);
            Used what = used.get(purpose);
            long until = until(what, end);
            boolean may = speaks(speaker, subject)
                    && agreed != null
                    && !agreed.withdrawn
                    && what.askable(notice)
                    && what.recipients.contains(agreed.recipient)
                    && until >= 0;
            assertThat(accepts(decision)).as("renew %s", speaker).isEqualTo(may);
            consents.computeIfPresent(subject, (s, state) -> then(state, Consents.FOLD, decision));
            if (may) {
                agree(agreed, what, until);
            }
        }

        private void withdraw(String subject) {
            String id = anyConsent(subject);
            Told agreed = told.get(subject).get(id);
            Speaker speaker = speaker(subject);
            Decision<Message> decision = ConsentRules.withdraw(
                    speaker,
                    consents.get(subject),
                    ConsentWithdrawn.newBuilder()
                            .setConsentId(id)
                            .setSubjectId(subject)
                            .build(),
                    now);
            boolean may = speaks(speaker, subject) && agreed != null;
            assertThat(accepts(decision)).as("withdraw %s", speaker).isEqualTo(may);
            consents.computeIfPresent(subject, (s, state) -> then(state, Consents.FOLD, decision));
            if (may) {
                agreed.withdrawn = true;
            }
        }

        private void represent(String subject) {
            long until = random.nextBoolean() ? 0 : now + random.nextLong(1, 5 * DAY);
            Decision<Message> decision = RepresentativeRules.guardian(
                    Set.of("administrator"),
                    consents.get(subject),
                    USER,
                    USER,
                    RepresentativeRecorded.newBuilder()
                            .setSubjectId(subject)
                            .setRepresentativeId("gus")
                            .setKind(RepresentativeKind.REPRESENTATIVE_KIND_GUARDIAN)
                            .setUntilMicros(until)
                            .build(),
                    now);
            assertThat(decision).isInstanceOf(Decision.Events.class);
            consents.computeIfPresent(subject, (s, state) -> then(state, Consents.FOLD, decision));
            representatives.get(subject).put("gus", until);
        }

        private void unrepresent(String subject) {
            String speaker = one(SPEAKERS);
            Decision<Message> decision = RepresentativeRules.end(
                    new Speaker(speaker, false),
                    speaker.equals("administrator"),
                    consents.get(subject),
                    RepresentativeEnded.newBuilder()
                            .setSubjectId(subject)
                            .setRepresentativeId("gus")
                            .build());
            consents.computeIfPresent(subject, (s, state) -> then(state, Consents.FOLD, decision));
            // A ward doesn't end its guardian.
            if (speaker.equals("administrator") || speaker.equals("gus")) {
                representatives.get(subject).remove("gus");
            }
        }

        private boolean counts(Told agreed) {
            Used what = used.get(agreed.scope.purpose());
            var unknown = new HashSet<>(what.recipients);
            unknown.removeAll(agreed.recipients);
            var more = new HashSet<>(what.categories);
            more.removeAll(agreed.categories);
            return !agreed.withdrawn
                    && (agreed.until == 0 || now < agreed.until)
                    && !what.retired
                    && what.meaning == agreed.meaning
                    && unknown.isEmpty()
                    && more.isEmpty();
        }

        void compare(String where) {
            for (String subject : SUBJECTS) {
                for (String purpose : PURPOSES) {
                    for (String action : ACTIONS) {
                        var scope = new Scope(purpose, "record", action);
                        for (String recipient : List.of("", "clinic", "lab", "insurer")) {
                            boolean expected = told.get(subject).values().stream()
                                    .anyMatch(each -> each.scope.equals(scope)
                                            && (recipient.isEmpty() || recipient.equals(each.recipient))
                                            && counts(each));
                            assertThat(consents.get(subject)
                                            .check(purposes, scope, recipient, now)
                                            .given())
                                    .as("%s: %s %s %s", where, subject, scope, recipient)
                                    .isEqualTo(expected);
                        }
                    }
                }
            }
        }
    }
}
