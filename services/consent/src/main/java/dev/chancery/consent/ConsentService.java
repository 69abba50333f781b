package dev.chancery.consent;

import static dev.chancery.command.CommandOutcome.decided;
import static dev.chancery.decision.AuthorityStreams.principal;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Methods;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.consent.ConsentList.Viewer;
import dev.chancery.decision.Authority;
import dev.chancery.decision.AuthorityAt;
import dev.chancery.decision.CallerDecision;
import dev.chancery.decision.ConsentGate;
import dev.chancery.decision.Consents;
import dev.chancery.decision.Consents.Consent;
import dev.chancery.decision.Consents.Scope;
import dev.chancery.decision.DecisionPoint;
import dev.chancery.decision.Part;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.Purposes;
import dev.chancery.feature.Feature;
import dev.chancery.kernel.Principal;
import dev.chancery.keyring.Keyring;
import dev.chancery.schema.consent.v1.CheckConsentReply;
import dev.chancery.schema.consent.v1.CheckConsentRequest;
import dev.chancery.schema.consent.v1.ConsentGranted;
import dev.chancery.schema.consent.v1.ConsentRenewed;
import dev.chancery.schema.consent.v1.ConsentWithdrawn;
import dev.chancery.schema.consent.v1.EndRepresentativeReply;
import dev.chancery.schema.consent.v1.EndRepresentativeRequest;
import dev.chancery.schema.consent.v1.GetConsentReceiptReply;
import dev.chancery.schema.consent.v1.GetConsentReceiptRequest;
import dev.chancery.schema.consent.v1.GrantConsentReply;
import dev.chancery.schema.consent.v1.GrantConsentRequest;
import dev.chancery.schema.consent.v1.ListConsentHistoryReply;
import dev.chancery.schema.consent.v1.ListConsentHistoryRequest;
import dev.chancery.schema.consent.v1.ListConsentsReply;
import dev.chancery.schema.consent.v1.ListConsentsRequest;
import dev.chancery.schema.consent.v1.NameDelegateReply;
import dev.chancery.schema.consent.v1.NameDelegateRequest;
import dev.chancery.schema.consent.v1.RecordGuardianReply;
import dev.chancery.schema.consent.v1.RecordGuardianRequest;
import dev.chancery.schema.consent.v1.RenewConsentReply;
import dev.chancery.schema.consent.v1.RenewConsentRequest;
import dev.chancery.schema.consent.v1.RepresentativeEnded;
import dev.chancery.schema.consent.v1.RepresentativeKind;
import dev.chancery.schema.consent.v1.RepresentativeRecorded;
import dev.chancery.schema.consent.v1.WithdrawConsentReply;
import dev.chancery.schema.consent.v1.WithdrawConsentRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The methods of chancery.consent.v1.ConsentService; those about purposes are in {@link PurposeMethods}. */
final class ConsentService implements Feature {
    static final String SERVICE = "chancery.consent.v1.ConsentService/";
    private static final String READ_ALL = "consent:read-all";
    private static final String RECORD_GUARDIAN = "guardian:record";
    private static final String WHOLE_ORGANISATION = "";

    private final DecisionPoint decisions;
    private final Receipts receipts;
    private final PurposeMethods purposes;

    ConsentService(DecisionPoint decisions, Keyring keyring, Receipts receipts) {
        this.decisions = decisions;
        this.receipts = receipts;
        this.purposes = new PurposeMethods(decisions, keyring);
    }

    @Override
    public String name() {
        return "consent";
    }

    @Override
    public void register(Methods methods) {
        purposes.register(methods);
        methods.command(SERVICE + "GrantConsent", GrantConsentRequest.class, ConsentService::grant)
                .command(SERVICE + "WithdrawConsent", WithdrawConsentRequest.class, ConsentService::withdraw)
                .command(SERVICE + "RenewConsent", RenewConsentRequest.class, ConsentService::renew)
                .command(SERVICE + "RecordGuardian", RecordGuardianRequest.class, ConsentService::recordGuardian)
                .command(SERVICE + "NameDelegate", NameDelegateRequest.class, ConsentService::nameDelegate)
                .command(
                        SERVICE + "EndRepresentative",
                        EndRepresentativeRequest.class,
                        ConsentService::endRepresentative)
                .query(SERVICE + "CheckConsent", CheckConsentRequest.class, this::check)
                .query(SERVICE + "ListConsents", ListConsentsRequest.class, this::list)
                .query(SERVICE + "ListConsentHistory", ListConsentHistoryRequest.class, this::history)
                .query(SERVICE + "GetConsentReceipt", GetConsentReceiptRequest.class, this::receipt);
    }

    @Override
    public void start() {
        receipts.start();
    }

    private static CommandOutcome grant(CommandContext context, GrantConsentRequest request) {
        String subject = subject(context, request.getSubjectId());
        Purposes purposes = context.read(Purposes.STREAM, Purposes.FOLD);
        Consents consents = context.read(Consents.stream(subject), Consents.FOLD);
        var wanted = ConsentGranted.newBuilder()
                .setConsentId(context.newId())
                .setSubjectId(subject)
                .setPurpose(request.getPurpose())
                .setResource(request.getResource())
                .setAction(request.getAction())
                .setRecipient(request.getRecipient())
                .setNoticeVersion(request.getNoticeVersion())
                .build();
        return decided(
                Consents.stream(subject),
                ConsentRules.grant(
                        Speaker.of(context.principal()),
                        purposes,
                        consents,
                        wanted,
                        micros(request.getUntilMillis()),
                        context.atMicros()),
                events -> events.stream()
                        .findFirst()
                        .map(ConsentGranted.class::cast)
                        .map(granted -> granted(granted.getConsentId(), granted.getUntilMicros()))
                        .orElseGet(() -> {
                            Consent given = ConsentRules.given(purposes, consents, wanted, context.atMicros())
                                    .orElseThrow();
                            return granted(given.id(), given.untilMicros());
                        }));
    }

    private static GrantConsentReply granted(String id, long untilMicros) {
        return GrantConsentReply.newBuilder()
                .setConsentId(id)
                .setUntilMillis(untilMicros / 1000)
                .build();
    }

    private static CommandOutcome withdraw(CommandContext context, WithdrawConsentRequest request) {
        String subject = subject(context, request.getSubjectId());
        return decided(
                Consents.stream(subject),
                ConsentRules.withdraw(
                        Speaker.of(context.principal()),
                        context.read(Consents.stream(subject), Consents.FOLD),
                        ConsentWithdrawn.newBuilder()
                                .setConsentId(request.getConsentId())
                                .setSubjectId(subject)
                                .build(),
                        context.atMicros()),
                events -> WithdrawConsentReply.getDefaultInstance());
    }

    private static CommandOutcome renew(CommandContext context, RenewConsentRequest request) {
        String subject = subject(context, request.getSubjectId());
        Consents consents = context.read(Consents.stream(subject), Consents.FOLD);
        return decided(
                Consents.stream(subject),
                ConsentRules.renew(
                        Speaker.of(context.principal()),
                        context.read(Purposes.STREAM, Purposes.FOLD),
                        consents,
                        ConsentRenewed.newBuilder()
                                .setConsentId(request.getConsentId())
                                .setSubjectId(subject)
                                .setNoticeVersion(request.getNoticeVersion())
                                .build(),
                        micros(request.getUntilMillis()),
                        context.atMicros()),
                events -> RenewConsentReply.newBuilder()
                        .setUntilMillis(events.stream()
                                        .findFirst()
                                        .map(event -> ((ConsentRenewed) event).getUntilMicros())
                                        .orElseGet(() -> consents.find(request.getConsentId())
                                                .orElseThrow()
                                                .untilMicros())
                                / 1000)
                        .build());
    }

    private static CommandOutcome recordGuardian(CommandContext context, RecordGuardianRequest request) {
        String subject = request.getSubjectId();
        Principal recorder = context.principal();
        return decided(
                Consents.stream(subject),
                RepresentativeRules.guardian(
                        Stream.concat(Stream.of(recorder.id()), recorder.actingFor().stream())
                                .collect(Collectors.toUnmodifiableSet()),
                        context.read(Consents.stream(subject), Consents.FOLD),
                        context.read(principal(subject), PrincipalState.FOLD),
                        context.read(principal(request.getGuardianId()), PrincipalState.FOLD),
                        representative(
                                        subject,
                                        request.getGuardianId(),
                                        RepresentativeKind.REPRESENTATIVE_KIND_GUARDIAN,
                                        request.getUntilMillis())
                                .setRecorderId(recorder.id())
                                .build(),
                        context.atMicros()),
                events -> RecordGuardianReply.getDefaultInstance(),
                // Sealed once it is known that the subject is there: nobody makes a key for whomever it likes.
                event -> ((RepresentativeRecorded) event)
                        .toBuilder()
                                .setGround(context.seal(
                                        subject, RepresentativeRecorded.getDescriptor(), "ground", request.getGround()))
                                .build());
    }

    private static CommandOutcome nameDelegate(CommandContext context, NameDelegateRequest request) {
        String subject = context.principal().id();
        return decided(
                Consents.stream(subject),
                RepresentativeRules.delegate(
                        Speaker.of(context.principal()),
                        context.read(Consents.stream(subject), Consents.FOLD),
                        context.read(principal(request.getDelegateId()), PrincipalState.FOLD),
                        representative(
                                        subject,
                                        request.getDelegateId(),
                                        RepresentativeKind.REPRESENTATIVE_KIND_DELEGATE,
                                        request.getUntilMillis())
                                .setRecorderId(subject)
                                .build(),
                        context.atMicros()),
                events -> NameDelegateReply.getDefaultInstance());
    }

    private static RepresentativeRecorded.Builder representative(
            String subject, String representative, RepresentativeKind kind, long untilMillis) {
        return RepresentativeRecorded.newBuilder()
                .setSubjectId(subject)
                .setRepresentativeId(representative)
                .setKind(kind)
                .setUntilMicros(micros(untilMillis));
    }

    private static CommandOutcome endRepresentative(CommandContext context, EndRepresentativeRequest request) {
        String subject = subject(context, request.getSubjectId());
        boolean mayRecord = CallerDecision.decide(
                        context.principal(),
                        context::authority,
                        ConsentGate.NONE,
                        RECORD_GUARDIAN,
                        WHOLE_ORGANISATION,
                        context.atMicros())
                .granted();
        return decided(
                Consents.stream(subject),
                RepresentativeRules.end(
                        Speaker.of(context.principal()),
                        mayRecord,
                        context.read(Consents.stream(subject), Consents.FOLD),
                        RepresentativeEnded.newBuilder()
                                .setSubjectId(subject)
                                .setRepresentativeId(request.getRepresentativeId())
                                .build()),
                events -> EndRepresentativeReply.getDefaultInstance());
    }

    private static String subject(CommandContext context, String asked) {
        return asked.isEmpty() ? context.principal().id() : asked;
    }

    private static long micros(long millis) {
        return Math.clamp(millis, -Long.MAX_VALUE / 1000, Long.MAX_VALUE / 1000) * 1000;
    }

    private CheckConsentReply check(ReadContext context, CheckConsentRequest request) throws RefusedException {
        String tenant = context.tenant();
        // Read first, so that what follows is as of its position at least.
        AuthorityAt at = authority(tenant, request.getSubjectId());
        Consents consents = state(tenant, Consents.PART, request.getSubjectId());
        Purposes all = state(tenant, Purposes.PART, "");
        var scope = new Scope(request.getPurpose(), request.getResource(), request.getAction());
        Consents.Answer answer = consents.check(all, scope, request.getRecipient(), context.atMicros());
        var reply = CheckConsentReply.newBuilder()
                .setGiven(answer.given())
                .setReason(answer.reason().code())
                .setPosition(Math.max(0, at.position()));
        Consent consent = answer.consent();
        if (consent != null) {
            reply.setConsentId(consent.id()).setUntilMillis(consent.untilMicros() / 1000);
        }
        if (!answer.given()) {
            // What can be asked for: nothing for a purpose that there is not.
            all.find(request.getPurpose()).filter(purpose -> !purpose.retired()).ifPresent(purpose -> {
                reply.setScope(scope.text());
                purpose.notice().ifPresent(notice -> reply.setNoticeVersion(notice.getNoticeVersion()));
            });
        }
        return reply.build();
    }

    private ListConsentsReply list(ReadContext context, ListConsentsRequest request) throws RefusedException {
        return ConsentList.page(context.tenant(), viewer(context), request, context.atMicros());
    }

    private ListConsentHistoryReply history(ReadContext context, ListConsentHistoryRequest request)
            throws RefusedException {
        return ConsentList.history(context.tenant(), viewer(context), request, context.atMicros());
    }

    private GetConsentReceiptReply receipt(ReadContext context, GetConsentReceiptRequest request)
            throws RefusedException {
        return ConsentList.receipted(
                        context.tenant(),
                        viewer(context),
                        UUID.fromString(request.getConsentId()),
                        request.getPosition(),
                        context.atMicros())
                .map(event -> GetConsentReceiptReply.newBuilder()
                        .setReceipt(receipts.receipt(context.tenant(), event))
                        .build())
                .orElseThrow(() -> new RefusedException(ConsentRejection.NO_SUCH_CONSENT));
    }

    /** Whoever acts for somebody sees what both may, where that was let; like every other use of a capability. */
    private Viewer viewer(ReadContext context) throws RefusedException {
        Principal caller = context.principal();
        Authority own = authority(context.tenant(), caller.id()).authority();
        Optional<Authority> whom = caller.actingFor().isPresent()
                ? Optional.of(
                        authority(context.tenant(), caller.actingFor().get()).authority())
                : Optional.empty();
        boolean everybody = CallerDecision.decide(
                        own, whom, ConsentGate.NONE, READ_ALL, WHOLE_ORGANISATION, context.atMicros())
                .granted();
        return new Viewer(caller.id(), everybody);
    }

    private AuthorityAt authority(String tenant, String principal) throws RefusedException {
        // What the caller has seen was waited for at the boundary.
        return decisions
                .authority(tenant, principal, OptionalLong.empty(), Duration.ZERO)
                .orElseThrow(() -> new RefusedException(BoundaryRejection.STALE));
    }

    private <S> S state(String tenant, Part<S> part, String id) throws RefusedException {
        return decisions
                .state(tenant, part, id, OptionalLong.empty(), Duration.ZERO)
                .orElseThrow(() -> new RefusedException(BoundaryRejection.STALE));
    }
}
