package dev.chancery.dsar;

import static dev.chancery.dsar.History.AGENT;
import static dev.chancery.dsar.History.CLERK;
import static dev.chancery.dsar.History.NOW;
import static dev.chancery.dsar.History.SELF;
import static dev.chancery.dsar.History.STAFF;
import static dev.chancery.dsar.History.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.schema.dsar.v1.HolderAction;
import dev.chancery.schema.dsar.v1.HolderReported;
import dev.chancery.schema.dsar.v1.HolderTaskReplayed;
import dev.chancery.schema.dsar.v1.RefusalGround;
import dev.chancery.schema.dsar.v1.RequestKind;
import dev.chancery.schema.dsar.v1.RequestReceived;
import dev.chancery.schema.dsar.v1.RequestRefused;
import dev.chancery.schema.dsar.v1.RequestState;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RequestRulesTest {
    private static final long DAY = Duration.ofDays(1).toMillis() * 1000;

    private static History of(RequestKind kind, RequestRules.Speaker by) {
        return new History().received(kind, by);
    }

    private static History verified(RequestKind kind) {
        History history = of(kind, STAFF);
        return history.is(RequestRules.verify(CLERK, history.request, "passport", history.holders, history.newId));
    }

    private static java.util.Optional<dev.chancery.kernel.Rejection> received(
            RequestRules.Speaker by, boolean mayReceive, RequestReceived.Builder wanted) {
        History history = new History();
        return refusal(RequestRules.receive(by, mayReceive, true, wanted.build(), history.holders, history.newId, NOW));
    }

    @Test
    void whoeverSignsInIsTheSubjectAndNeedsNobodyToSaySo() {
        History history = of(RequestKind.REQUEST_KIND_ERASURE, SELF);

        assertThat(history.request.verified().orElseThrow().getMethod()).isEqualTo("signed-in");
        assertThat(history.request.received().getDueMicros()).isGreaterThan(NOW + 27 * DAY);
        assertThat(of(RequestKind.REQUEST_KIND_ERASURE, STAFF).request.verified())
                .isEmpty();
    }

    @Test
    void nobodyReceivesForOthersWithoutBeingAllowedTo() {
        var wanted = History.wanted(RequestKind.REQUEST_KIND_OBJECTION).toBuilder();

        assertThat(received(STAFF, false, wanted)).contains(DsarRejection.NOT_THE_SUBJECT);
        assertThat(received(STAFF, true, wanted)).isEmpty();
        assertThat(received(SELF, false, wanted)).isEmpty();
        // An agent that acts for somebody is not that somebody.
        assertThat(received(
                        new RequestRules.Speaker(History.SUBJECT, java.util.Optional.of(History.STAFF.id()), false),
                        false,
                        wanted))
                .contains(DsarRejection.NOT_THE_SUBJECT);
    }

    @Test
    void aRequestNamesAKnownRegimeAndZoneAndAPastThatIsNotLongAgo() {
        var wanted = History.wanted(RequestKind.REQUEST_KIND_OBJECTION);

        assertThat(received(STAFF, true, wanted.toBuilder().setRegime("other"))).contains(DsarRejection.REGIME);
        assertThat(received(STAFF, true, wanted.toBuilder().setTimeZone("Europe/Nowhere")))
                .contains(DsarRejection.TIME_ZONE);
        assertThat(received(STAFF, true, wanted.toBuilder().setReceivedMicros(NOW + 1)))
                .contains(DsarRejection.RECEIVED);
        assertThat(received(STAFF, true, wanted.toBuilder().setReceivedMicros(NOW - 31 * DAY)))
                .contains(DsarRejection.RECEIVED);
        assertThat(received(STAFF, true, wanted.toBuilder().setReceivedMicros(NOW - 29 * DAY)))
                .isEmpty();
        assertThat(received(SELF, true, wanted.toBuilder().setReceivedMicros(NOW - DAY)))
                .contains(DsarRejection.RECEIVED);
    }

    @Test
    void onlyWhatIsExportedHasAKey() {
        var access = History.wanted(RequestKind.REQUEST_KIND_ACCESS).toBuilder();
        var key = access.getExportKey();

        assertThat(received(STAFF, true, access.clone().clearExportKey())).contains(DsarRejection.KEY);
        assertThat(received(
                        STAFF,
                        true,
                        History.wanted(RequestKind.REQUEST_KIND_ERASURE).toBuilder()
                                .setExportKey(key)))
                .contains(DsarRejection.KEY);
    }

    /** One person alone could otherwise have anybody erased. */
    @Test
    void whoReceivedARequestDoesNotVerifyItNeitherItselfNorByAnAgent() {
        var agent = new RequestRules.Speaker(AGENT.id(), java.util.Optional.of(STAFF.id()), false);
        for (RequestRules.Speaker receiver : java.util.List.of(STAFF, agent)) {
            History history = of(RequestKind.REQUEST_KIND_ERASURE, receiver);
            // The agent by itself, and for somebody else, is the same key.
            for (RequestRules.Speaker verifier : java.util.List.of(
                    STAFF,
                    agent,
                    receiver.isItself() ? STAFF : AGENT,
                    new RequestRules.Speaker(receiver.id(), java.util.Optional.of(CLERK.id()), false))) {
                assertThat(refusal(RequestRules.verify(
                                verifier, history.request, "passport", history.holders, history.newId)))
                        .contains(DsarRejection.FOUR_EYES);
            }
            history.is(RequestRules.verify(CLERK, history.request, "passport", history.holders, history.newId));
            assertThat(history.request.verified().orElseThrow().getVerifierId()).isEqualTo(CLERK.id());
        }
    }

    @Test
    void nobodyDecidesAboutTheirOwnRequestByAnAgent() {
        History history = of(RequestKind.REQUEST_KIND_RECTIFICATION, STAFF);
        var agent = new RequestRules.Speaker(AGENT.id(), java.util.Optional.of(SELF.id()), false);

        assertThat(refusal(RequestRules.verify(agent, history.request, "trust-me", history.holders, history.newId)))
                .contains(DsarRejection.ONES_OWN);
        assertThat(refusal(RequestRules.extend(agent, history.request, NOW))).contains(DsarRejection.ONES_OWN);
    }

    @Test
    void nobodyDecidesAboutTheirOwnRequest() {
        History history = of(RequestKind.REQUEST_KIND_RECTIFICATION, STAFF);
        var refused = RequestRefused.newBuilder()
                .setGround(RefusalGround.REFUSAL_GROUND_UNFOUNDED)
                .build();

        assertThat(refusal(RequestRules.verify(SELF, history.request, "trust-me", history.holders, history.newId)))
                .contains(DsarRejection.ONES_OWN);
        assertThat(refusal(RequestRules.refuse(SELF, history.request, refused))).contains(DsarRejection.ONES_OWN);
        assertThat(refusal(RequestRules.complete(SELF, history.request))).contains(DsarRejection.ONES_OWN);
        assertThat(refusal(RequestRules.extend(SELF, history.request, NOW))).contains(DsarRejection.ONES_OWN);
    }

    @Test
    void aRequestIsExtendedOnceAndInTime() {
        History history = of(RequestKind.REQUEST_KIND_RECTIFICATION, STAFF);
        long due = history.request.dueMicros();

        assertThat(refusal(RequestRules.extend(STAFF, history.request, due))).contains(DsarRejection.EXTENSION);
        history.is(RequestRules.extend(STAFF, history.request, due - 1));
        assertThat(history.request.dueMicros()).isGreaterThan(due + 55 * DAY);
        assertThat(refusal(RequestRules.extend(STAFF, history.request, NOW))).contains(DsarRejection.EXTENSION);
    }

    @Test
    void aDecisionIsReviewedByAPerson() {
        History history = verified(RequestKind.REQUEST_KIND_DECISION_REVIEW);

        assertThat(refusal(RequestRules.complete(AGENT, history.request))).contains(DsarRejection.NO_PERSON);
        history.is(RequestRules.complete(STAFF, history.request));
        assertThat(history.request.state()).isEqualTo(RequestState.REQUEST_STATE_COMPLETED);
        assertThat(history.request.completed().orElseThrow().getCompleterId()).isEqualTo(STAFF.id());
    }

    @Test
    void onlyWhatPeopleDoIsCompletedByThem() {
        assertThat(refusal(RequestRules.complete(STAFF, of(RequestKind.REQUEST_KIND_RECTIFICATION, STAFF).request)))
                .contains(DsarRejection.NOT_VERIFIED);
        assertThat(refusal(RequestRules.complete(STAFF, verified(RequestKind.REQUEST_KIND_ERASURE).request)))
                .contains(DsarRejection.BY_ITSELF);
        assertThat(refusal(RequestRules.complete(STAFF, verified(RequestKind.REQUEST_KIND_ACCESS).request)))
                .contains(DsarRejection.BY_ITSELF);
    }

    @Test
    void whatHasEndedStaysAsItIs() {
        History history = verified(RequestKind.REQUEST_KIND_RESTRICTION);
        history.is(RequestRules.complete(STAFF, history.request));

        assertThat(refusal(RequestRules.acknowledge(history.request))).contains(DsarRejection.ENDED);
        assertThat(refusal(RequestRules.refuse(STAFF, history.request, RequestRefused.getDefaultInstance())))
                .contains(DsarRejection.ENDED);
        assertThat(refusal(RequestRules.extend(STAFF, history.request, NOW))).contains(DsarRejection.ENDED);
        assertThat(refusal(RequestRules.complete(STAFF, history.request))).contains(DsarRejection.ENDED);
    }

    @Test
    void anErasureThatHasBegunIsNotRefused() {
        History history = verified(RequestKind.REQUEST_KIND_ERASURE);
        ((Next.Record) history.next(NOW)).events().forEach(history::happened);

        assertThat(refusal(RequestRules.refuse(STAFF, history.request, RequestRefused.getDefaultInstance())))
                .contains(DsarRejection.BEGUN);
    }

    @Test
    void whatSystemsHaveNotAnsweredIsExportedOnlyInPart() {
        History history = new History()
                .holder("crm", HolderAction.HOLDER_ACTION_EXPORT)
                .holder("mail", HolderAction.HOLDER_ACTION_ERASE)
                .received(RequestKind.REQUEST_KIND_ACCESS, SELF);
        Task task = history.request.tasksInOrder().getFirst();

        assertThat(history.request.tasksInOrder()).hasSize(1);
        assertThat(RequestRules.mayExport(history.request, false)).contains(DsarRejection.PENDING);
        assertThat(RequestRules.mayExport(history.request, true)).isEmpty();
        history.is(RequestRules.report(
                history.request,
                HolderReported.newBuilder().setTaskId(task.id()).setDone(true).build()));
        assertThat(RequestRules.mayExport(history.request, false)).isEmpty();
        assertThat(RequestRules.mayExport(verified(RequestKind.REQUEST_KIND_ERASURE).request, true))
                .contains(DsarRejection.NO_EXPORT);
        assertThat(RequestRules.mayExport(of(RequestKind.REQUEST_KIND_ACCESS, STAFF).request, true))
                .contains(DsarRejection.NO_EXPORT);
    }

    @Test
    void onlyAParkedTaskIsReplayed() {
        History history = new History()
                .holder("crm", HolderAction.HOLDER_ACTION_EXPORT)
                .received(RequestKind.REQUEST_KIND_ACCESS, SELF);
        String task = history.request.tasksInOrder().getFirst().id();
        var replay = HolderTaskReplayed.newBuilder().setTaskId(task).build();

        assertThat(RequestRules.replay(history.request, replay)).isEqualTo(dev.chancery.kernel.Decision.nothing());
        history.is(RequestRules.report(
                history.request, HolderReported.newBuilder().setTaskId(task).build()));
        assertThat(history.request.task(task).orElseThrow().isParked()).isTrue();
        history.is(RequestRules.replay(history.request, replay));
        assertThat(history.request.task(task).orElseThrow().isDue(NOW)).isTrue();
        assertThat(refusal(RequestRules.replay(
                        history.request,
                        HolderTaskReplayed.newBuilder().setTaskId("none").build())))
                .contains(DsarRejection.NO_SUCH_TASK);
    }

    @Test
    void theNoticeSaysWhatWhyAndWhomToComplainTo() {
        History history = of(RequestKind.REQUEST_KIND_OBJECTION, STAFF);

        assertThat(Notice.refused(history.request, RefusalGround.REFUSAL_GROUND_EXCESSIVE, "It is the fifth."))
                .contains(
                        History.REQUEST,
                        "We do not do what you asked for",
                        "repeats earlier ones",
                        "It is the fifth.",
                        "data protection authority");
    }
}
