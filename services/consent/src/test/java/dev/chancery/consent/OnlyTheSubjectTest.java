package dev.chancery.consent;

import static dev.chancery.testkit.log.Decider.folded;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.decision.Consents;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.Purposes;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
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
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Nobody consents, renews or withdraws for a subject but itself and whom it is recorded to be represented by. */
class OnlyTheSubjectTest {
    private static final long NOW = 1_780_000_000_000_000L;
    private static final String SUBJECT = "sue";
    private static final PrincipalState USER = new PrincipalState(PrincipalType.USER, true, ByteString.EMPTY);

    private final Purposes purposes = folded(
            Purposes.FOLD,
            PurposeDefined.newBuilder()
                    .setPurpose("research")
                    .setVersion(1)
                    .addScopes("record:read")
                    .setLegalBasis(LegalBasis.LEGAL_BASIS_CONSENT)
                    .build(),
            NoticePublished.newBuilder()
                    .setPurpose("research")
                    .setNoticeVersion(1)
                    .setPurposeVersion(1)
                    .addRecipients("clinic")
                    .addDataCategories("health")
                    .build());

    private static ConsentGranted given() {
        return wanted().toBuilder()
                .setConsentId("there")
                .setRecipient("lab")
                .setPurposeVersion(1)
                .build();
    }

    private static ConsentGranted wanted() {
        return ConsentGranted.newBuilder()
                .setConsentId("new")
                .setSubjectId(SUBJECT)
                .setPurpose("research")
                .setResource("record")
                .setAction("read")
                .setRecipient("clinic")
                .setNoticeVersion(1)
                .build();
    }

    private static RepresentativeRecorded recorded(String who, long until) {
        return RepresentativeRecorded.newBuilder()
                .setSubjectId(SUBJECT)
                .setRepresentativeId(who)
                .setKind(RepresentativeKind.REPRESENTATIVE_KIND_GUARDIAN)
                .setUntilMicros(until)
                .build();
    }

    private static Rejection why(Decision<Message> decision) {
        assertThat(decision).isInstanceOf(Decision.Rejected.class);
        return ((Decision.Rejected<Message>) decision).rejection();
    }

    private void assertRefused(Speaker speaker, Consents consents) {
        assertThat(why(ConsentRules.grant(speaker, purposes, consents, wanted(), 0, NOW)))
                .isEqualTo(ConsentRejection.NOT_THE_SUBJECT);
        assertThat(why(ConsentRules.renew(
                        speaker,
                        purposes,
                        consents,
                        ConsentRenewed.newBuilder()
                                .setConsentId("there")
                                .setSubjectId(SUBJECT)
                                .setNoticeVersion(1)
                                .build(),
                        0,
                        NOW)))
                .isEqualTo(ConsentRejection.NOT_THE_SUBJECT);
        assertThat(why(ConsentRules.withdraw(
                        speaker,
                        consents,
                        ConsentWithdrawn.newBuilder()
                                .setConsentId("there")
                                .setSubjectId(SUBJECT)
                                .build(),
                        NOW)))
                .isEqualTo(ConsentRejection.NOT_THE_SUBJECT);
    }

    private static Principal principal(Principal.Type type, String id, Optional<String> actingFor) {
        return new Principal(type, id, "acme", Optional.empty(), "", actingFor, Instant.EPOCH);
    }

    @ParameterizedTest
    @EnumSource
    void somebodyElseConsentsForNobodyWhateverItIs(Principal.Type type) {
        Consents consents = folded(Consents.FOLD, given());
        assertRefused(Speaker.of(principal(type, "administrator", Optional.empty())), consents);
    }

    @ParameterizedTest
    @EnumSource
    void whoActsForTheSubjectIsNotTheSubject(Principal.Type type) {
        Consents consents = folded(Consents.FOLD, given());
        assertRefused(Speaker.of(principal(type, "agent", Optional.of(SUBJECT))), consents);
        assertRefused(Speaker.of(principal(type, SUBJECT, Optional.of("somebody"))), consents);
    }

    @Test
    void aRepresentativeDoesUntilItsEnd() {
        Consents guarded = folded(Consents.FOLD, given(), recorded("gus", NOW + 1));
        assertThat(ConsentRules.grant(new Speaker("gus", false), purposes, guarded, wanted(), 0, NOW))
                .isInstanceOf(Decision.Events.class);
        assertRefused(new Speaker("gus", true), guarded);
        assertRefused(new Speaker("gus", false), folded(Consents.FOLD, given(), recorded("gus", NOW)));
        assertRefused(
                new Speaker("gus", false),
                folded(
                        Consents.FOLD,
                        given(),
                        recorded("gus", 0),
                        RepresentativeEnded.newBuilder()
                                .setSubjectId(SUBJECT)
                                .setRepresentativeId("gus")
                                .build()));
    }

    @Test
    void nobodyRecordsThemselfAsGuardian() {
        Consents consents = folded(Consents.FOLD);
        for (Set<String> recorders : List.of(Set.of("gus"), Set.of(SUBJECT), Set.of("agent", "gus"))) {
            assertThat(why(RepresentativeRules.guardian(recorders, consents, USER, USER, recorded("gus", 0), NOW)))
                    .isEqualTo(ConsentRejection.OWN_GUARDIAN);
        }
        var agent = new PrincipalState(PrincipalType.AGENT, true, ByteString.EMPTY);
        assertThat(why(RepresentativeRules.guardian(
                        Set.of("administrator"), consents, USER, agent, recorded("gus", 0), NOW)))
                .isEqualTo(ConsentRejection.NOT_A_USER);
    }

    @Test
    void aWardNeitherEndsNorDemotesItsGuardian() {
        Consents guarded = folded(Consents.FOLD, recorded("gus", 0));
        var end = RepresentativeEnded.newBuilder()
                .setSubjectId(SUBJECT)
                .setRepresentativeId("gus")
                .build();
        assertThat(why(RepresentativeRules.end(new Speaker(SUBJECT, false), false, guarded, end)))
                .isEqualTo(ConsentRejection.NOT_YOURS);
        assertThat(why(RepresentativeRules.delegate(
                        new Speaker(SUBJECT, false), guarded, USER, recorded("gus", 0), NOW)))
                .isEqualTo(ConsentRejection.IS_GUARDIAN);
    }

    @Test
    void whoActsForAnotherNamesNoDelegateAndEndsNobody() {
        Consents delegated = folded(
                Consents.FOLD,
                recorded("dee", 0).toBuilder()
                        .setKind(RepresentativeKind.REPRESENTATIVE_KIND_DELEGATE)
                        .build());
        var end = RepresentativeEnded.newBuilder()
                .setSubjectId(SUBJECT)
                .setRepresentativeId("dee")
                .build();
        assertThat(why(RepresentativeRules.delegate(
                        new Speaker(SUBJECT, true), folded(Consents.FOLD), USER, recorded("dee", 0), NOW)))
                .isEqualTo(ConsentRejection.NOT_THE_SUBJECT);
        for (String speaker : List.of(SUBJECT, "dee")) {
            assertThat(why(RepresentativeRules.end(new Speaker(speaker, true), false, delegated, end)))
                    .isEqualTo(ConsentRejection.NOT_YOURS);
            assertThat(RepresentativeRules.end(new Speaker(speaker, false), false, delegated, end))
                    .isInstanceOf(Decision.Events.class);
        }
    }

    @Test
    void aSubjectHasSoManyRepresentativesAndReplacesOne() {
        List<Message> each = new ArrayList<>();
        for (int i = 0; i < RepresentativeRules.MAX_REPRESENTATIVES; i++) {
            each.add(recorded("r" + i, 0));
        }
        Consents full = folded(Consents.FOLD, each.toArray(Message[]::new));
        assertThat(why(RepresentativeRules.guardian(
                        Set.of("administrator"), full, USER, USER, recorded("one-more", 0), NOW)))
                .isEqualTo(ConsentRejection.TOO_MANY_REPRESENTATIVES);
        assertThat(RepresentativeRules.guardian(
                        Set.of("administrator"), full, USER, USER, recorded("r0", NOW + 1), NOW))
                .isInstanceOf(Decision.Events.class);
        assertThat(why(RepresentativeRules.guardian(
                        Set.of("administrator"), full, USER, USER, recorded("r0", NOW), NOW)))
                .isEqualTo(ConsentRejection.UNTIL);
    }

    @Test
    void aConsentEndsLaterThanItBegins() {
        Consents none = folded(Consents.FOLD);
        var sue = new Speaker(SUBJECT, false);
        assertThat(why(ConsentRules.grant(sue, purposes, none, wanted(), NOW, NOW)))
                .isEqualTo(ConsentRejection.UNTIL);
        assertThat(ConsentRules.grant(sue, purposes, none, wanted(), NOW + 1, NOW))
                .isInstanceOf(Decision.Events.class);
    }

    @Test
    void whatAPurposeIsForNoMoreIsNotRenewed() {
        Purposes narrowed = folded(
                Purposes.FOLD,
                PurposeDefined.newBuilder()
                        .setPurpose("research")
                        .setVersion(1)
                        .addScopes("record:count")
                        .setLegalBasis(LegalBasis.LEGAL_BASIS_CONSENT)
                        .build(),
                NoticePublished.newBuilder()
                        .setPurpose("research")
                        .setNoticeVersion(1)
                        .setPurposeVersion(1)
                        .addRecipients("lab")
                        .addDataCategories("health")
                        .build());
        var renewal = ConsentRenewed.newBuilder()
                .setConsentId("there")
                .setSubjectId(SUBJECT)
                .setNoticeVersion(1)
                .build();
        assertThat(why(ConsentRules.renew(
                        new Speaker(SUBJECT, false), narrowed, folded(Consents.FOLD, given()), renewal, NOW + 1, NOW)))
                .isEqualTo(ConsentRejection.NO_SUCH_SCOPE);
    }

    @Test
    void consentsThatAreOverAreNoReasonToRefuseAnother() {
        List<Message> each = new ArrayList<>();
        for (int i = 0; i < ConsentRules.MAX_CONSENTS; i++) {
            each.add(given().toBuilder()
                    .setConsentId("c" + i)
                    .setUntilMicros(NOW + 1)
                    .build());
        }
        Consents consents = folded(Consents.FOLD, each.toArray(Message[]::new));

        assertThat(why(ConsentRules.grant(new Speaker(SUBJECT, false), purposes, consents, wanted(), 0, NOW)))
                .isEqualTo(ConsentRejection.TOO_MANY);
        assertThat(ConsentRules.grant(new Speaker(SUBJECT, false), purposes, consents, wanted(), 0, NOW + 1))
                .isInstanceOf(Decision.Events.class);
    }
}
