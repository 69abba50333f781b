package dev.chancery.decision;

import dev.chancery.decision.Purposes.Purpose;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.consent.v1.ConsentGranted;
import dev.chancery.schema.consent.v1.ConsentRenewed;
import dev.chancery.schema.consent.v1.ConsentWithdrawn;
import dev.chancery.schema.consent.v1.RepresentativeEnded;
import dev.chancery.schema.consent.v1.RepresentativeKind;
import dev.chancery.schema.consent.v1.RepresentativeRecorded;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What one subject has consented to, and who may consent for it. Pure; default no.
 *
 * @param given in the order of their grants; of those that were withdrawn, the newest {@link #KEPT}, so that a command that is repeated
 *     late gets its answer
 * @param representatives by their id
 * @param ended who were representatives and are so no more
 */
public record Consents(List<Consent> given, Map<String, Representative> representatives, Set<String> ended) {
    static final int KEPT = 100;

    /** What a consent is to. */
    public record Scope(String purpose, String resource, String action) {
        /** As a refusal names it: what to ask the subject for. */
        public String text() {
            return resource + ":" + action + " for " + purpose;
        }
    }

    /** @param untilMicros exclusive; 0: until it is withdrawn */
    public record Consent(
            String id,
            Scope scope,
            String recipient,
            int purposeVersion,
            int noticeVersion,
            long untilMicros,
            boolean withdrawn) {
        public boolean isOver(long atMicros) {
            return untilMicros != 0 && atMicros >= untilMicros;
        }

        /** Why it does or doesn't count at a moment, under the purpose as it is. */
        Reason judge(Purpose purpose, long atMicros) {
            if (withdrawn) {
                return Reason.WITHDRAWN;
            }
            if (isOver(atMicros)) {
                return Reason.EXPIRED;
            }
            return purpose.isCovered(purposeVersion, noticeVersion) ? Reason.GIVEN : Reason.OUTDATED;
        }

        private Consent asWithdrawn() {
            return new Consent(id, scope, recipient, purposeVersion, noticeVersion, untilMicros, true);
        }

        private Consent renewed(ConsentRenewed renewed) {
            return new Consent(
                    id,
                    scope,
                    recipient,
                    renewed.getPurposeVersion(),
                    renewed.getNoticeVersion(),
                    renewed.getUntilMicros(),
                    false);
        }
    }

    /** @param untilMicros exclusive; 0: until it is ended */
    public record Representative(RepresentativeKind kind, long untilMicros) {
        public boolean isAt(long atMicros) {
            return untilMicros == 0 || atMicros < untilMicros;
        }
    }

    public enum Reason {
        GIVEN("given"),
        NO_CONSENT("no-consent"),
        WITHDRAWN("withdrawn"),
        EXPIRED("expired"),
        OUTDATED("outdated"),
        NO_SUCH_PURPOSE("no-such-purpose"),
        RETIRED("retired");

        private final String code;

        Reason(String code) {
            this.code = code;
        }

        /** As callers read it. */
        public String code() {
            return code;
        }
    }

    /** @param consent what decided; null where there is none for the scope */
    public record Answer(Reason reason, @Nullable Consent consent) {
        public boolean given() {
            return reason == Reason.GIVEN;
        }
    }

    public Consents {
        given = List.copyOf(given);
        representatives = Map.copyOf(representatives);
        ended = Set.copyOf(ended);
    }

    /**
     * Whether the subject agrees, at a moment.
     *
     * @param recipient empty: whoever gets the data
     * @param atMicros Unix time in microseconds
     */
    public Answer check(Purposes purposes, Scope scope, String recipient, long atMicros) {
        Purpose purpose = purposes.byName().get(scope.purpose());
        if (purpose == null) {
            return new Answer(Reason.NO_SUCH_PURPOSE, null);
        }
        if (purpose.retired()) {
            return new Answer(Reason.RETIRED, null);
        }
        Answer answer = new Answer(Reason.NO_CONSENT, null);
        for (Consent consent : given) {
            if (consent.scope().equals(scope) && (recipient.isEmpty() || recipient.equals(consent.recipient()))) {
                Reason reason = consent.judge(purpose, atMicros);
                if (reason == Reason.GIVEN) {
                    return new Answer(reason, consent);
                }
                answer = new Answer(reason, consent);
            }
        }
        return answer;
    }

    public Optional<Consent> find(String id) {
        return given.stream().filter(consent -> consent.id().equals(id)).findFirst();
    }

    /** Whether somebody may consent for the subject at a moment. */
    public boolean isRepresentedBy(String principalId, long atMicros) {
        Representative representative = representatives.get(principalId);
        return representative != null && representative.isAt(atMicros);
    }

    public static final Fold<Consents, LogEvent> FOLD = new Fold<>() {
        @Override
        public Consents initial() {
            return new Consents(List.of(), Map.of(), Set.of());
        }

        @Override
        public Consents evolve(Consents state, LogEvent event) {
            return switch (event.type()) {
                case "chancery.consent.v1.ConsentGranted" ->
                    state.granted(EventReading.read(ConsentGranted.parser(), event.body()));
                case "chancery.consent.v1.ConsentRenewed" -> {
                    var renewed = EventReading.read(ConsentRenewed.parser(), event.body());
                    yield state.with(renewed.getConsentId(), consent -> consent.renewed(renewed));
                }
                case "chancery.consent.v1.ConsentWithdrawn" ->
                    state.with(
                            EventReading.read(ConsentWithdrawn.parser(), event.body())
                                    .getConsentId(),
                            Consent::asWithdrawn);
                case "chancery.consent.v1.RepresentativeRecorded" ->
                    state.represented(EventReading.read(RepresentativeRecorded.parser(), event.body()));
                case "chancery.consent.v1.RepresentativeEnded" ->
                    state.without(EventReading.read(RepresentativeEnded.parser(), event.body())
                            .getRepresentativeId());
                default -> state;
            };
        }
    };

    public static final Part<Consents> PART = new Part<>("consent/subject/", FOLD);

    /** Where a subject's consents are. */
    public static StreamId stream(String subjectId) {
        return StreamId.of("consent", "subject", subjectId);
    }

    private Consents granted(ConsentGranted granted) {
        var consent = new Consent(
                granted.getConsentId(),
                new Scope(granted.getPurpose(), granted.getResource(), granted.getAction()),
                granted.getRecipient(),
                granted.getPurposeVersion(),
                granted.getNoticeVersion(),
                granted.getUntilMicros(),
                false);
        long withdrawn = given.stream().filter(Consent::withdrawn).count();
        Stream<Consent> kept = given.stream();
        if (withdrawn > KEPT) {
            Consent oldest =
                    given.stream().filter(Consent::withdrawn).findFirst().orElseThrow();
            kept = kept.filter(each -> each != oldest);
        }
        return new Consents(Stream.concat(kept, Stream.of(consent)).toList(), representatives, ended);
    }

    private Consents with(String id, UnaryOperator<Consent> change) {
        return new Consents(
                given.stream()
                        .map(consent -> consent.id().equals(id) ? change.apply(consent) : consent)
                        .toList(),
                representatives,
                ended);
    }

    private Consents represented(RepresentativeRecorded recorded) {
        var all = new HashMap<>(representatives);
        all.put(recorded.getRepresentativeId(), new Representative(recorded.getKind(), recorded.getUntilMicros()));
        var over = new HashSet<>(ended);
        over.remove(recorded.getRepresentativeId());
        return new Consents(given, all, over);
    }

    private Consents without(String representative) {
        var all = new HashMap<>(representatives);
        all.remove(representative);
        var over = new HashSet<>(ended);
        over.add(representative);
        return new Consents(given, all, over);
    }
}
