package dev.chancery.dsar;

import static dev.chancery.command.CommandOutcome.decided;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Methods;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.DecisionPoint;
import dev.chancery.decision.WorkspaceState;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.NewEvent;
import dev.chancery.schema.dsar.v1.Holder;
import dev.chancery.schema.dsar.v1.HolderAction;
import dev.chancery.schema.dsar.v1.HolderRegistered;
import dev.chancery.schema.dsar.v1.HolderRemoved;
import dev.chancery.schema.dsar.v1.ListHoldersReply;
import dev.chancery.schema.dsar.v1.ListHoldersRequest;
import dev.chancery.schema.dsar.v1.RegisterHolderReply;
import dev.chancery.schema.dsar.v1.RegisterHolderRequest;
import dev.chancery.schema.dsar.v1.RemoveHolderReply;
import dev.chancery.schema.dsar.v1.RemoveHolderRequest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/** The methods about systems that hold data. */
final class HolderMethods {
    private static final int SECRET_BYTES = 32;
    private static final int MAX_RETENTION_DAYS = 36_500;
    private static final Set<HolderAction> ASKED =
            Set.of(HolderAction.HOLDER_ACTION_EXPORT, HolderAction.HOLDER_ACTION_ERASE);
    private static final SecureRandom RANDOM = new SecureRandom();

    private final DecisionPoint decisions;
    private final HolderClient client;

    HolderMethods(DecisionPoint decisions, HolderClient client) {
        this.decisions = decisions;
        this.client = client;
    }

    void register(Methods methods) {
        methods.command(DsarService.SERVICE + "RegisterHolder", RegisterHolderRequest.class, this::register)
                .command(DsarService.SERVICE + "RemoveHolder", RemoveHolderRequest.class, HolderMethods::remove)
                .query(DsarService.SERVICE + "ListHolders", ListHoldersRequest.class, this::list);
    }

    private CommandOutcome register(CommandContext context, RegisterHolderRequest request) {
        if (!client.isProtected(request.getUrl())) {
            return CommandOutcome.reject(DsarRejection.URL);
        }
        List<HolderAction> actions = request.getActionsList();
        if (!ASKED.containsAll(actions)
                || new HashSet<>(actions).size() != actions.size()
                || Integer.compareUnsigned(request.getRetentionDays(), MAX_RETENTION_DAYS) > 0) {
            return CommandOutcome.reject(DsarRejection.ACTIONS);
        }
        Holders holders = context.read(Holders.STREAM, Holders.FOLD);
        if (holders.find(request.getHolder()).isEmpty() && holders.all().size() >= Holders.MAX) {
            return CommandOutcome.reject(DsarRejection.TOO_MANY);
        }
        StreamId workspace = StreamId.of("identity", "workspace", request.getWorkspaceId());
        if (!context.read(workspace, WorkspaceState.FOLD).exists()) {
            return CommandOutcome.reject(DsarRejection.NO_SUCH_WORKSPACE);
        }
        byte[] secret = new byte[SECRET_BYTES];
        RANDOM.nextBytes(secret);
        return CommandOutcome.done(
                RegisterHolderReply.newBuilder()
                        .setSecret("whsec_" + Base64.getEncoder().encodeToString(secret))
                        .build(),
                new NewEvent(
                        Holders.STREAM,
                        HolderRegistered.newBuilder()
                                .setHolder(request.getHolder())
                                .setUrl(request.getUrl())
                                .setWorkspaceId(request.getWorkspaceId())
                                .addAllActions(actions)
                                .setPurpose(request.getPurpose())
                                .setRetentionDays(request.getRetentionDays())
                                .setSecret(context.seal(
                                        "",
                                        HolderRegistered.getDescriptor(),
                                        "secret",
                                        HexFormat.of().formatHex(secret)))
                                .build()));
    }

    private static CommandOutcome remove(CommandContext context, RemoveHolderRequest request) {
        Holders holders = context.read(Holders.STREAM, Holders.FOLD);
        return decided(
                Holders.STREAM,
                holders.find(request.getHolder()).isEmpty()
                        ? Decision.reject(DsarRejection.NO_SUCH_HOLDER)
                        : Decision.events(HolderRemoved.newBuilder()
                                .setHolder(request.getHolder())
                                .build()),
                events -> RemoveHolderReply.getDefaultInstance());
    }

    private ListHoldersReply list(ReadContext context, ListHoldersRequest request) throws RefusedException {
        Holders holders = decisions
                .state(context.tenant(), Holders.PART, "", OptionalLong.empty(), Duration.ZERO)
                .orElseThrow(() -> new RefusedException(BoundaryRejection.STALE));
        var reply = ListHoldersReply.newBuilder();
        holders.all()
                .values()
                .forEach(holder -> reply.addHolders(Holder.newBuilder()
                        .setHolder(holder.name())
                        .setUrl(holder.registered().getUrl())
                        .setWorkspaceId(holder.registered().getWorkspaceId())
                        .addAllActions(holder.registered().getActionsList())
                        .setPurpose(holder.registered().getPurpose())
                        .setRetentionDays(holder.registered().getRetentionDays())));
        return reply.build();
    }
}
