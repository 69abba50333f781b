package dev.chancery.consent;

import static dev.chancery.command.CommandOutcome.decided;
import static dev.chancery.consent.ConsentService.SERVICE;

import com.google.protobuf.Message;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Methods;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.DecisionPoint;
import dev.chancery.decision.Purposes;
import dev.chancery.decision.Purposes.Purpose;
import dev.chancery.kernel.Decision;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SealContext;
import dev.chancery.schema.consent.v1.ChangePurposeReply;
import dev.chancery.schema.consent.v1.ChangePurposeRequest;
import dev.chancery.schema.consent.v1.DefinePurposeReply;
import dev.chancery.schema.consent.v1.DefinePurposeRequest;
import dev.chancery.schema.consent.v1.LegalBasis;
import dev.chancery.schema.consent.v1.ListPurposesReply;
import dev.chancery.schema.consent.v1.ListPurposesRequest;
import dev.chancery.schema.consent.v1.Notice;
import dev.chancery.schema.consent.v1.NoticePublished;
import dev.chancery.schema.consent.v1.PublishNoticeReply;
import dev.chancery.schema.consent.v1.PublishNoticeRequest;
import dev.chancery.schema.consent.v1.PurposeDefined;
import dev.chancery.schema.consent.v1.RetirePurposeReply;
import dev.chancery.schema.consent.v1.RetirePurposeRequest;
import dev.chancery.schema.log.v1.Sealed;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

/** The methods about purposes and notices. */
final class PurposeMethods {
    private static final String DEFINED = PurposeDefined.getDescriptor().getFullName();
    private static final String DESCRIPTION = "description";

    private final DecisionPoint decisions;
    private final Keyring keyring;

    PurposeMethods(DecisionPoint decisions, Keyring keyring) {
        this.decisions = decisions;
        this.keyring = keyring;
    }

    void register(Methods methods) {
        methods.command(SERVICE + "DefinePurpose", DefinePurposeRequest.class, PurposeMethods::define)
                .command(SERVICE + "ChangePurpose", ChangePurposeRequest.class, PurposeMethods::change)
                .command(SERVICE + "RetirePurpose", RetirePurposeRequest.class, PurposeMethods::retire)
                .command(SERVICE + "PublishNotice", PublishNoticeRequest.class, PurposeMethods::publish)
                .query(SERVICE + "ListPurposes", ListPurposesRequest.class, this::list);
    }

    private static CommandOutcome define(CommandContext context, DefinePurposeRequest request) {
        Purposes purposes = context.read(Purposes.STREAM, Purposes.FOLD);
        return decided(
                Purposes.STREAM,
                PurposeRules.define(
                        purposes,
                        purpose(
                                context,
                                request.getPurpose(),
                                request.getLegalBasis(),
                                request.getScopesList(),
                                request.getMaxDays()),
                        isDescription(context, purposes, request.getPurpose(), request.getDescription())),
                events -> DefinePurposeReply.getDefaultInstance(),
                event -> described(context, event, request.getDescription()));
    }

    private static CommandOutcome change(CommandContext context, ChangePurposeRequest request) {
        Purposes purposes = context.read(Purposes.STREAM, Purposes.FOLD);
        Decision<Message> decision = PurposeRules.change(
                purposes,
                purpose(
                        context,
                        request.getPurpose(),
                        request.getLegalBasis(),
                        request.getScopesList(),
                        request.getMaxDays()),
                isDescription(context, purposes, request.getPurpose(), request.getDescription()));
        return decided(
                Purposes.STREAM,
                decision,
                events -> {
                    Purpose before = purposes.find(request.getPurpose()).orElseThrow();
                    int version =
                            events.isEmpty() ? before.version() : ((PurposeDefined) events.getFirst()).getVersion();
                    return ChangePurposeReply.newBuilder()
                            .setVersion(version)
                            .setNoticeDue(version != before.version()
                                    || before.notice().isEmpty())
                            .build();
                },
                event -> described(context, event, request.getDescription()));
    }

    private static PurposeDefined purpose(
            CommandContext context, String name, LegalBasis basis, List<String> scopes, int maxDays) {
        return PurposeDefined.newBuilder()
                .setPurpose(name)
                .setLegalBasis(basis)
                .addAllScopes(scopes)
                .setMaxDays(maxDays)
                .setDefinerId(context.principal().id())
                .build();
    }

    private static Message described(CommandContext context, Message event, String description) {
        return ((PurposeDefined) event)
                .toBuilder()
                        .setDescription(context.seal("", PurposeDefined.getDescriptor(), DESCRIPTION, description))
                        .build();
    }

    /** Whether a purpose is described like this already. */
    private static boolean isDescription(CommandContext context, Purposes purposes, String name, String description) {
        return purposes.find(name)
                .flatMap(purpose -> context.open(
                        where(context.tenant(), purpose), purpose.defined().getDescription()))
                .filter(description::equals)
                .isPresent();
    }

    private static SealContext where(String tenant, Purpose purpose) {
        Sealed sealed = purpose.defined().getDescription();
        return new SealContext(
                tenant,
                sealed.getKey().getSubject(),
                sealed.getKey().getRetention(),
                purpose.definedIn(),
                DEFINED,
                DESCRIPTION);
    }

    private static CommandOutcome retire(CommandContext context, RetirePurposeRequest request) {
        return decided(
                Purposes.STREAM,
                PurposeRules.retire(context.read(Purposes.STREAM, Purposes.FOLD), request.getPurpose()),
                events -> RetirePurposeReply.getDefaultInstance());
    }

    private static CommandOutcome publish(CommandContext context, PublishNoticeRequest request) {
        Purposes purposes = context.read(Purposes.STREAM, Purposes.FOLD);
        var wanted = NoticePublished.newBuilder()
                .setPurpose(request.getPurpose())
                .setUri(request.getUri())
                .setLanguage(request.getLanguage())
                .setTextSha256(request.getTextSha256())
                .addAllRecipients(request.getRecipientsList())
                .addAllDataCategories(request.getDataCategoriesList())
                .setPublisherId(context.principal().id())
                .build();
        return decided(
                Purposes.STREAM, PurposeRules.publish(purposes, wanted), events -> PublishNoticeReply.newBuilder()
                        .setNoticeVersion(
                                events.isEmpty()
                                        ? purposes.find(request.getPurpose())
                                                .orElseThrow()
                                                .notices()
                                                .size()
                                        : ((NoticePublished) events.getFirst()).getNoticeVersion())
                        .build());
    }

    private ListPurposesReply list(ReadContext context, ListPurposesRequest request) throws RefusedException {
        Purposes purposes = decisions
                .state(context.tenant(), Purposes.PART, "", OptionalLong.empty(), Duration.ZERO)
                .orElseThrow(() -> new RefusedException(BoundaryRejection.STALE));
        return ListPurposesReply.newBuilder()
                .addAllPurposes(purposes.byName().values().stream()
                        .map(purpose -> listed(context.tenant(), purpose))
                        .toList())
                .build();
    }

    private dev.chancery.schema.consent.v1.Purpose listed(String tenant, Purpose purpose) {
        PurposeDefined defined = purpose.defined();
        var listed = dev.chancery.schema.consent.v1.Purpose.newBuilder()
                .setPurpose(defined.getPurpose())
                .setVersion(defined.getVersion())
                .setDescription(keyring.open(where(tenant, purpose), defined.getDescription())
                        .text()
                        .orElse(""))
                .setLegalBasis(defined.getLegalBasis())
                .addAllScopes(defined.getScopesList())
                .setMaxDays(defined.getMaxDays())
                .setRetired(purpose.retired());
        if (!purpose.notices().isEmpty()) {
            NoticePublished newest = purpose.notices().getLast();
            listed.setNotice(Notice.newBuilder()
                    .setNoticeVersion(newest.getNoticeVersion())
                    .setPurposeVersion(newest.getPurposeVersion())
                    .setUri(newest.getUri())
                    .setLanguage(newest.getLanguage())
                    .setTextSha256(newest.getTextSha256())
                    .addAllRecipients(newest.getRecipientsList())
                    .addAllDataCategories(newest.getDataCategoriesList()));
        }
        return listed.build();
    }
}
