package dev.chancery.identity;

import static dev.chancery.decision.AuthorityStreams.ISSUERS;
import static dev.chancery.decision.AuthorityStreams.workspace;

import com.google.protobuf.Message;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.CommandOutcome.Done;
import dev.chancery.command.Granter;
import dev.chancery.command.ReadContext;
import dev.chancery.decision.TrustedIssuers;
import dev.chancery.decision.WorkspaceState;
import dev.chancery.kernel.Decision;
import dev.chancery.log.Streams;
import dev.chancery.schema.identity.v1.ChangeIssuerReply;
import dev.chancery.schema.identity.v1.ChangeIssuerRequest;
import dev.chancery.schema.identity.v1.DistrustIssuerReply;
import dev.chancery.schema.identity.v1.DistrustIssuerRequest;
import dev.chancery.schema.identity.v1.IssuerKey;
import dev.chancery.schema.identity.v1.IssuerTrusted;
import dev.chancery.schema.identity.v1.ListIssuersReply;
import dev.chancery.schema.identity.v1.ListIssuersRequest;
import dev.chancery.schema.identity.v1.ListedIssuer;
import dev.chancery.schema.identity.v1.TrustIssuerReply;
import dev.chancery.schema.identity.v1.TrustIssuerRequest;
import java.util.Comparator;
import java.util.function.Predicate;

/** The contract's methods about the issuers that an organisation trusts. */
final class TrustedIssuersService {
    private final Streams streams;

    TrustedIssuersService(Streams streams) {
        this.streams = streams;
    }

    CommandOutcome trust(CommandContext context, TrustIssuerRequest request) {
        String id = context.newId();
        return decided(
                TrustIssuerReply.newBuilder().setIssuerId(id).build(),
                id,
                IssuerRules.trust(
                        Granter.of(context),
                        context.read(ISSUERS, TrustedIssuers.FOLD),
                        workspaces(context),
                        id,
                        request.getIssuer(),
                        request.getTerms(),
                        context.atMicros()));
    }

    CommandOutcome change(CommandContext context, ChangeIssuerRequest request) {
        return decided(
                ChangeIssuerReply.getDefaultInstance(),
                request.getIssuerId(),
                IssuerRules.change(
                        Granter.of(context),
                        context.read(ISSUERS, TrustedIssuers.FOLD),
                        workspaces(context),
                        request.getIssuerId(),
                        request.getTerms(),
                        context.atMicros()));
    }

    CommandOutcome distrust(CommandContext context, DistrustIssuerRequest request) {
        return decided(
                DistrustIssuerReply.getDefaultInstance(),
                request.getIssuerId(),
                IssuerRules.distrust(context.read(ISSUERS, TrustedIssuers.FOLD), request.getIssuerId()));
    }

    private static Predicate<String> workspaces(CommandContext context) {
        return id -> context.read(workspace(id), WorkspaceState.FOLD).exists();
    }

    private static CommandOutcome decided(Message reply, String issuerId, Decision<Message> decision) {
        CommandOutcome outcome = CommandOutcome.decided(ISSUERS, decision, events -> reply);
        return outcome instanceof Done done && !done.events().isEmpty() ? done.withTarget("issuer", issuerId) : outcome;
    }

    ListIssuersReply list(ReadContext context, ListIssuersRequest request) {
        var reply = ListIssuersReply.newBuilder();
        streams.current(context.tenant(), ISSUERS, TrustedIssuers.FOLD).state().byId().values().stream()
                .sorted(Comparator.comparing(IssuerTrusted::getIssuer))
                .forEach(trusted -> reply.addIssuers(ListedIssuer.newBuilder()
                        .setIssuerId(trusted.getIssuerId())
                        .setIssuer(trusted.getIssuer())
                        .addAllAudiences(trusted.getAudiencesList())
                        .addAllKeyIds(trusted.getKeysList().stream()
                                .map(IssuerKey::getKeyId)
                                .toList())
                        .addAllConditions(trusted.getConditionsList())
                        .setSubjectClaim(trusted.getSubjectClaim())
                        .setGroupsClaim(trusted.getGroupsClaim())
                        .addAllGroupRoles(trusted.getGroupRolesList())
                        .setCreates(trusted.getCreates())));
        return reply.build();
    }
}
