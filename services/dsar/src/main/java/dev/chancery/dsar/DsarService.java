package dev.chancery.dsar;

import static dev.chancery.command.CommandOutcome.decided;
import static dev.chancery.decision.AuthorityStreams.principal;
import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Methods;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.Authority;
import dev.chancery.decision.AuthorityAt;
import dev.chancery.decision.CallerDecision;
import dev.chancery.decision.ConsentGate;
import dev.chancery.decision.DecisionPoint;
import dev.chancery.decision.PrincipalState;
import dev.chancery.dsar.RequestList.Viewer;
import dev.chancery.dsar.RequestRules.Speaker;
import dev.chancery.feature.Feature;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.Signer;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.log.LogEntries;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.Contract;
import dev.chancery.schema.dsar.v1.AcknowledgeRequestReply;
import dev.chancery.schema.dsar.v1.AcknowledgeRequestRequest;
import dev.chancery.schema.dsar.v1.CompleteRequestReply;
import dev.chancery.schema.dsar.v1.CompleteRequestRequest;
import dev.chancery.schema.dsar.v1.DataExported;
import dev.chancery.schema.dsar.v1.ExportDataReply;
import dev.chancery.schema.dsar.v1.ExportDataRequest;
import dev.chancery.schema.dsar.v1.ExtendRequestReply;
import dev.chancery.schema.dsar.v1.ExtendRequestRequest;
import dev.chancery.schema.dsar.v1.GetCompletionProofReply;
import dev.chancery.schema.dsar.v1.GetCompletionProofRequest;
import dev.chancery.schema.dsar.v1.GetRequestReply;
import dev.chancery.schema.dsar.v1.GetRequestRequest;
import dev.chancery.schema.dsar.v1.HolderReported;
import dev.chancery.schema.dsar.v1.HolderTaskReplayed;
import dev.chancery.schema.dsar.v1.ListRequestsReply;
import dev.chancery.schema.dsar.v1.ListRequestsRequest;
import dev.chancery.schema.dsar.v1.ReceiveRequestReply;
import dev.chancery.schema.dsar.v1.ReceiveRequestRequest;
import dev.chancery.schema.dsar.v1.RefuseRequestReply;
import dev.chancery.schema.dsar.v1.RefuseRequestRequest;
import dev.chancery.schema.dsar.v1.ReplayHolderTaskReply;
import dev.chancery.schema.dsar.v1.ReplayHolderTaskRequest;
import dev.chancery.schema.dsar.v1.ReportHolderTaskReply;
import dev.chancery.schema.dsar.v1.ReportHolderTaskRequest;
import dev.chancery.schema.dsar.v1.RequestExtended;
import dev.chancery.schema.dsar.v1.RequestReceived;
import dev.chancery.schema.dsar.v1.RequestRefused;
import dev.chancery.schema.dsar.v1.VerifyIdentityReply;
import dev.chancery.schema.dsar.v1.VerifyIdentityRequest;
import dev.chancery.schema.log.v1.Sealed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/** The methods of chancery.dsar.v1.DsarService; those about systems are in {@link HolderMethods}. */
final class DsarService implements Feature {
    static final String SERVICE = "chancery.dsar.v1.DsarService/";
    private static final String READ_ALL = "dsar:read-all";
    private static final String RECEIVE = "dsar:receive";
    private static final String WHOLE_ORGANISATION = "";

    private final String instanceId;
    private final Database database;
    private final Contract contract;
    private final DecisionPoint decisions;
    private final Keyring keyring;
    private final SigningKeys keys;
    private final RequestLog log;
    private final HolderClient holders;
    private final Rounds rounds;

    DsarService(
            String instanceId,
            Database database,
            Contract contract,
            DecisionPoint decisions,
            Keyring keyring,
            SigningKeys keys,
            RequestLog log,
            HolderClient holders,
            Rounds rounds) {
        this.instanceId = instanceId;
        this.database = database;
        this.contract = contract;
        this.decisions = decisions;
        this.keyring = keyring;
        this.keys = keys;
        this.log = log;
        this.holders = holders;
        this.rounds = rounds;
    }

    @Override
    public String name() {
        return "dsar";
    }

    @Override
    public void register(Methods methods) {
        new HolderMethods(decisions, holders).register(methods);
        methods.command(SERVICE + "ReceiveRequest", ReceiveRequestRequest.class, DsarService::receive)
                .command(SERVICE + "AcknowledgeRequest", AcknowledgeRequestRequest.class, DsarService::acknowledge)
                .command(SERVICE + "VerifyIdentity", VerifyIdentityRequest.class, DsarService::verify)
                .command(SERVICE + "ExtendRequest", ExtendRequestRequest.class, DsarService::extend)
                .command(SERVICE + "RefuseRequest", RefuseRequestRequest.class, DsarService::refuse)
                .command(SERVICE + "CompleteRequest", CompleteRequestRequest.class, DsarService::complete)
                .command(SERVICE + "ExportData", ExportDataRequest.class, this::export)
                .command(SERVICE + "ReportHolderTask", ReportHolderTaskRequest.class, DsarService::report)
                .command(SERVICE + "ReplayHolderTask", ReplayHolderTaskRequest.class, DsarService::replay)
                .query(SERVICE + "ListRequests", ListRequestsRequest.class, this::list)
                .query(SERVICE + "GetRequest", GetRequestRequest.class, this::get)
                .query(SERVICE + "GetCompletionProof", GetCompletionProofRequest.class, this::proof);
    }

    /** Has the key made, so that a trust file holds it from the first start on. */
    @Override
    public void start() {
        signer();
        rounds.start();
    }

    @Override
    public void stop() {
        rounds.close();
    }

    @Override
    public List<Measure> measures() {
        return List.of(new Measure(
                "chancery.dsar.overdue.requests",
                "Open requests of subjects whose deadline has passed",
                rounds::overdue));
    }

    private Signer signer() {
        return keys.signer(instanceId + "/dsar");
    }

    private static CommandOutcome receive(CommandContext context, ReceiveRequestRequest request) {
        String subject = request.getSubjectId().isEmpty() ? context.principal().id() : request.getSubjectId();
        boolean mayReceive = CallerDecision.decide(
                        context.principal(),
                        context::authority,
                        ConsentGate.NONE,
                        RECEIVE,
                        WHOLE_ORGANISATION,
                        context.atMicros())
                .granted();
        String id = context.newId();
        Decision<Message> decision = RequestRules.receive(
                Speaker.of(context.principal()),
                mayReceive,
                context.read(principal(subject), PrincipalState.FOLD).exists(),
                RequestReceived.newBuilder()
                        .setRequestId(id)
                        .setSubjectId(subject)
                        .setKind(request.getKind())
                        .setRegime(request.getRegime())
                        .setTimeZone(request.getTimeZone())
                        .setReceivedMicros(micros(request.getReceivedAtMillis()))
                        .setExportKey(request.getExportKey())
                        .build(),
                context.read(Holders.STREAM, Holders.FOLD),
                context::newId,
                context.atMicros());
        return decided(
                context.fresh(Request.stream(id)),
                decision,
                events -> {
                    var received = (RequestReceived) events.getFirst();
                    return ReceiveRequestReply.newBuilder()
                            .setRequestId(id)
                            .setDueAtMillis(received.getDueMicros() / 1000)
                            .setAcknowledgeByMillis(received.getAcknowledgeMicros() / 1000)
                            .build();
                },
                // Sealed once it is known that the subject is there: nobody makes a key for whomever it likes.
                event -> event instanceof RequestReceived received
                                && !request.getDetails().isEmpty()
                        ? received.toBuilder()
                                .setDetails(seal(context, subject, received, "details", request.getDetails()))
                                .build()
                        : event);
    }

    private static Sealed seal(CommandContext context, String subject, Message event, String field, String text) {
        return context.seal(subject, event.getDescriptorForType(), field, text);
    }

    private static Request request(CommandContext context, String id) {
        return context.read(Request.stream(id), Request.FOLD);
    }

    private static CommandOutcome acknowledge(CommandContext context, AcknowledgeRequestRequest request) {
        return decided(
                Request.stream(request.getRequestId()),
                RequestRules.acknowledge(request(context, request.getRequestId())),
                events -> AcknowledgeRequestReply.getDefaultInstance());
    }

    private static CommandOutcome verify(CommandContext context, VerifyIdentityRequest request) {
        return decided(
                Request.stream(request.getRequestId()),
                RequestRules.verify(
                        Speaker.of(context.principal()),
                        request(context, request.getRequestId()),
                        request.getMethod(),
                        context.read(Holders.STREAM, Holders.FOLD),
                        context::newId),
                events -> VerifyIdentityReply.getDefaultInstance());
    }

    private static CommandOutcome extend(CommandContext context, ExtendRequestRequest request) {
        Request before = request(context, request.getRequestId());
        return decided(
                Request.stream(request.getRequestId()),
                RequestRules.extend(Speaker.of(context.principal()), before, context.atMicros()),
                events -> ExtendRequestReply.newBuilder()
                        .setDueAtMillis(((RequestExtended) events.getFirst()).getDueMicros() / 1000)
                        .build(),
                event -> ((RequestExtended) event)
                        .toBuilder()
                                .setGround(seal(context, before.subject(), event, "ground", request.getGround()))
                                .build());
    }

    private static CommandOutcome refuse(CommandContext context, RefuseRequestRequest request) {
        Request before = request(context, request.getRequestId());
        return decided(
                Request.stream(request.getRequestId()),
                RequestRules.refuse(
                        Speaker.of(context.principal()),
                        before,
                        RequestRefused.newBuilder()
                                .setRequestId(request.getRequestId())
                                .setSubjectId(before.subject())
                                .setGround(request.getGround())
                                .build()),
                events -> RefuseRequestReply.newBuilder()
                        .setNotice(Notice.refused(before, request.getGround(), request.getExplanation()))
                        .build(),
                event -> ((RequestRefused) event)
                        .toBuilder()
                                .setExplanation(
                                        seal(context, before.subject(), event, "explanation", request.getExplanation()))
                                .build());
    }

    private static CommandOutcome complete(CommandContext context, CompleteRequestRequest request) {
        return decided(
                Request.stream(request.getRequestId()),
                RequestRules.complete(Speaker.of(context.principal()), request(context, request.getRequestId())),
                events -> CompleteRequestReply.getDefaultInstance());
    }

    private static CommandOutcome report(CommandContext context, ReportHolderTaskRequest request) {
        return decided(
                Request.stream(request.getRequestId()),
                RequestRules.report(
                        request(context, request.getRequestId()),
                        HolderReported.newBuilder()
                                .setRequestId(request.getRequestId())
                                .setTaskId(request.getTaskId())
                                .setDone(request.getDone())
                                .build()),
                events -> ReportHolderTaskReply.getDefaultInstance());
    }

    private static CommandOutcome replay(CommandContext context, ReplayHolderTaskRequest request) {
        return decided(
                Request.stream(request.getRequestId()),
                RequestRules.replay(
                        request(context, request.getRequestId()),
                        HolderTaskReplayed.newBuilder()
                                .setRequestId(request.getRequestId())
                                .setTaskId(request.getTaskId())
                                .build()),
                events -> ReplayHolderTaskReply.getDefaultInstance());
    }

    /** The pipeline has made the intent durable before this is called, and releases the reply once the outcome is. */
    private CommandOutcome export(CommandContext context, ExportDataRequest request) {
        Request before = request(context, request.getRequestId());
        Optional<Rejection> refused = RequestRules.mayExport(before, request.getPartial());
        if (refused.isPresent()) {
            return CommandOutcome.reject(refused.get());
        }
        SubjectData.Found found;
        try {
            found = SubjectData.read(database, contract, keyring, context.tenant(), before.subject());
        } catch (RefusedException e) {
            return CommandOutcome.reject(e.rejection());
        }
        byte[] json = ExportPackage.write(
                keyring,
                context.tenant(),
                before,
                context.read(Holders.STREAM, Holders.FOLD),
                found,
                context.atMicros());
        String jwe = SubjectKey.encrypt(before.received().getExportKey().toByteArray(), json);
        var exported = DataExported.newBuilder()
                .setRequestId(request.getRequestId())
                .setSubjectId(before.subject())
                .setOpened(found.opened())
                .addAllTypes(found.types())
                .setPackageSha256(ByteString.copyFrom(CompletionStatement.sha256(jwe.getBytes(US_ASCII))))
                .build();
        List<NewEvent> events = new ArrayList<>();
        StreamId stream = Request.stream(request.getRequestId());
        events.add(new NewEvent(stream, exported));
        if (before.isOpen()) {
            events.add(new NewEvent(stream, CompletionStatement.completed(after(before, exported), "", 0)));
        }
        return CommandOutcome.done(
                ExportDataReply.newBuilder()
                        .setJwe(jwe)
                        .addAllMissing(ExportPackage.missing(before))
                        .build(),
                events.toArray(NewEvent[]::new));
    }

    private static Request after(Request before, Message event) {
        return Request.FOLD.evolve(
                before,
                new StoredEvent(
                        event.getDescriptorForType().getFullName(), event.toByteString(), -1, 0, new UUID(0, 0)));
    }

    private ListRequestsReply list(ReadContext context, ListRequestsRequest request) throws RefusedException {
        return RequestList.page(context.tenant(), viewer(context), request, context.atMicros());
    }

    private GetRequestReply get(ReadContext context, GetRequestRequest request) throws RefusedException {
        RequestList.Detail detail = detail(context, request.getRequestId());
        Request state = log.request(context.tenant(), request.getRequestId()).state();
        return GetRequestReply.newBuilder()
                .setRequest(detail.request())
                .addAllTasks(detail.tasks())
                .addAllHoldIds(detail.holds())
                // What the staff wrote is sealed to the subject, and was in the reply to the refusal.
                .setNotice(state.refused()
                        .map(refused -> Notice.refused(state, refused.getGround(), ""))
                        .orElseGet(() -> Notice.withheld(state)))
                .build();
    }

    private RequestList.Detail detail(ReadContext context, String request) throws RefusedException {
        return RequestList.detail(context.tenant(), viewer(context), UUID.fromString(request), context.atMicros())
                .orElseThrow(() -> new RefusedException(DsarRejection.NO_SUCH_REQUEST));
    }

    private GetCompletionProofReply proof(ReadContext context, GetCompletionProofRequest request)
            throws RefusedException {
        RequestList.Detail _ = detail(context, request.getRequestId());
        Request state = log.request(context.tenant(), request.getRequestId()).state();
        Request.Happened happened =
                state.happened("RequestCompleted").orElseThrow(() -> new RefusedException(DsarRejection.NOT_COMPLETED));
        byte[] statement = CompletionStatement.write(state, state.completed().orElseThrow());
        return GetCompletionProofReply.newBuilder()
                .setEnvelope(CompletionStatement.envelope(signer(), statement))
                .setCompleted(happened.body())
                .setPosition(happened.position())
                .setEntry(new LogEntries(database, DatabaseRole.DSAR).entry(context.tenant(), happened.position()))
                .build();
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

    private static long micros(long millis) {
        return Math.clamp(millis, -Long.MAX_VALUE / 1000, Long.MAX_VALUE / 1000) * 1000;
    }
}
