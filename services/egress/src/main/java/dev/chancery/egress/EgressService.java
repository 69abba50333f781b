package dev.chancery.egress;

import static dev.chancery.decision.AuthorityStreams.workspace;

import com.google.protobuf.Message;
import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Granter;
import dev.chancery.command.Methods;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.WorkspaceState;
import dev.chancery.egress.Policies.Compiled;
import dev.chancery.feature.Feature;
import dev.chancery.firewall.EgressDecision;
import dev.chancery.firewall.HostPattern;
import dev.chancery.kernel.Decision;
import dev.chancery.schema.egress.v1.AllowHostReply;
import dev.chancery.schema.egress.v1.AllowHostRequest;
import dev.chancery.schema.egress.v1.AllowedHostAdded;
import dev.chancery.schema.egress.v1.AllowedHostRemoved;
import dev.chancery.schema.egress.v1.ApproveOverrideReply;
import dev.chancery.schema.egress.v1.ApproveOverrideRequest;
import dev.chancery.schema.egress.v1.ConnectReply;
import dev.chancery.schema.egress.v1.ConnectRequest;
import dev.chancery.schema.egress.v1.ConnectorConnected;
import dev.chancery.schema.egress.v1.ConnectorDisconnected;
import dev.chancery.schema.egress.v1.ConnectorHosts;
import dev.chancery.schema.egress.v1.DeniedHostAdded;
import dev.chancery.schema.egress.v1.DeniedHostRemoved;
import dev.chancery.schema.egress.v1.DenyHostReply;
import dev.chancery.schema.egress.v1.DenyHostRequest;
import dev.chancery.schema.egress.v1.DisconnectReply;
import dev.chancery.schema.egress.v1.DisconnectRequest;
import dev.chancery.schema.egress.v1.DlpPolicySet;
import dev.chancery.schema.egress.v1.EvaluateReply;
import dev.chancery.schema.egress.v1.EvaluateRequest;
import dev.chancery.schema.egress.v1.GetEgressPolicyReply;
import dev.chancery.schema.egress.v1.GetEgressPolicyRequest;
import dev.chancery.schema.egress.v1.ListOverridesReply;
import dev.chancery.schema.egress.v1.ListOverridesRequest;
import dev.chancery.schema.egress.v1.Override;
import dev.chancery.schema.egress.v1.OverrideApproved;
import dev.chancery.schema.egress.v1.OverrideRequested;
import dev.chancery.schema.egress.v1.OverrideRevoked;
import dev.chancery.schema.egress.v1.RemoveAllowedHostReply;
import dev.chancery.schema.egress.v1.RemoveAllowedHostRequest;
import dev.chancery.schema.egress.v1.RemoveDeniedHostReply;
import dev.chancery.schema.egress.v1.RemoveDeniedHostRequest;
import dev.chancery.schema.egress.v1.RequestOverrideReply;
import dev.chancery.schema.egress.v1.RequestOverrideRequest;
import dev.chancery.schema.egress.v1.RevokeOverrideReply;
import dev.chancery.schema.egress.v1.RevokeOverrideRequest;
import dev.chancery.schema.egress.v1.SandboxSet;
import dev.chancery.schema.egress.v1.SetDlpPolicyReply;
import dev.chancery.schema.egress.v1.SetDlpPolicyRequest;
import dev.chancery.schema.egress.v1.SetSandboxReply;
import dev.chancery.schema.egress.v1.SetSandboxRequest;
import java.util.List;
import java.util.function.Function;

/** The methods of chancery.egress.v1.EgressService. */
final class EgressService implements Feature {
    private static final String SERVICE = "chancery.egress.v1.EgressService/";

    private final Policies policies;
    private final DecisionLog denials;

    EgressService(Policies policies, DecisionLog denials) {
        this.policies = policies;
        this.denials = denials;
    }

    @java.lang.Override
    public String name() {
        return "egress";
    }

    @java.lang.Override
    public void register(Methods methods) {
        methods.command(SERVICE + "AllowHost", AllowHostRequest.class, EgressService::allow)
                .command(SERVICE + "RemoveAllowedHost", RemoveAllowedHostRequest.class, EgressService::removeAllowed)
                .command(SERVICE + "DenyHost", DenyHostRequest.class, EgressService::deny)
                .command(SERVICE + "RemoveDeniedHost", RemoveDeniedHostRequest.class, EgressService::removeDenied)
                .command(SERVICE + "Connect", ConnectRequest.class, EgressService::connect)
                .command(SERVICE + "Disconnect", DisconnectRequest.class, EgressService::disconnect)
                .command(SERVICE + "SetSandbox", SetSandboxRequest.class, EgressService::sandbox)
                .command(SERVICE + "SetDlpPolicy", SetDlpPolicyRequest.class, EgressService::dlp)
                .command(SERVICE + "RequestOverride", RequestOverrideRequest.class, EgressService::request)
                .command(SERVICE + "ApproveOverride", ApproveOverrideRequest.class, EgressService::approve)
                .command(SERVICE + "RevokeOverride", RevokeOverrideRequest.class, EgressService::revoke)
                .query(SERVICE + "Evaluate", EvaluateRequest.class, this::evaluate)
                .query(SERVICE + "GetEgressPolicy", GetEgressPolicyRequest.class, this::policy)
                .query(SERVICE + "ListOverrides", ListOverridesRequest.class, this::list);
    }

    @java.lang.Override
    public void start() {
        denials.start();
    }

    @java.lang.Override
    public void stop() {
        denials.close();
    }

    private static CommandOutcome allow(CommandContext context, AllowHostRequest request) {
        var wanted = AllowedHostAdded.newBuilder()
                .setWorkspaceId(request.getWorkspaceId())
                .setHost(request.getHost())
                .build();
        return decided(
                context,
                request.getWorkspaceId(),
                state -> EgressRules.allow(state, wanted),
                AllowHostReply.getDefaultInstance());
    }

    private static CommandOutcome removeAllowed(CommandContext context, RemoveAllowedHostRequest request) {
        var wanted = AllowedHostRemoved.newBuilder()
                .setWorkspaceId(request.getWorkspaceId())
                .setHost(request.getHost())
                .build();
        return decided(
                context,
                request.getWorkspaceId(),
                state -> EgressRules.removeAllowed(state, wanted),
                RemoveAllowedHostReply.getDefaultInstance());
    }

    private static CommandOutcome deny(CommandContext context, DenyHostRequest request) {
        var wanted = DeniedHostAdded.newBuilder()
                .setWorkspaceId(request.getWorkspaceId())
                .setHost(request.getHost())
                .build();
        return decided(
                context,
                request.getWorkspaceId(),
                state -> EgressRules.deny(state, wanted),
                DenyHostReply.getDefaultInstance());
    }

    private static CommandOutcome removeDenied(CommandContext context, RemoveDeniedHostRequest request) {
        var wanted = DeniedHostRemoved.newBuilder()
                .setWorkspaceId(request.getWorkspaceId())
                .setHost(request.getHost())
                .build();
        return decided(
                context,
                request.getWorkspaceId(),
                state -> EgressRules.removeDenied(state, wanted),
                RemoveDeniedHostReply.getDefaultInstance());
    }

    private static CommandOutcome connect(CommandContext context, ConnectRequest request) {
        var wanted = ConnectorConnected.newBuilder()
                .setWorkspaceId(request.getWorkspaceId())
                .setConnector(request.getConnector())
                .addAllHosts(request.getHostsList())
                .build();
        return decided(
                context,
                request.getWorkspaceId(),
                state -> EgressRules.connect(state, wanted),
                ConnectReply.getDefaultInstance());
    }

    private static CommandOutcome disconnect(CommandContext context, DisconnectRequest request) {
        var wanted = ConnectorDisconnected.newBuilder()
                .setWorkspaceId(request.getWorkspaceId())
                .setConnector(request.getConnector())
                .build();
        return decided(
                context,
                request.getWorkspaceId(),
                state -> EgressRules.disconnect(state, wanted),
                DisconnectReply.getDefaultInstance());
    }

    private static CommandOutcome sandbox(CommandContext context, SetSandboxRequest request) {
        var wanted = SandboxSet.newBuilder()
                .setWorkspaceId(request.getWorkspaceId())
                .setSandbox(request.getSandbox())
                .build();
        return decided(
                context,
                request.getWorkspaceId(),
                state -> EgressRules.sandbox(state, wanted),
                SetSandboxReply.getDefaultInstance());
    }

    private static CommandOutcome dlp(CommandContext context, SetDlpPolicyRequest request) {
        var wanted = DlpPolicySet.newBuilder()
                .setWorkspaceId(request.getWorkspaceId())
                .addAllBlock(request.getBlockList())
                .addAllAlert(request.getAlertList())
                .build();
        return decided(
                context,
                request.getWorkspaceId(),
                state -> EgressRules.dlp(state, wanted),
                SetDlpPolicyReply.getDefaultInstance());
    }

    private static CommandOutcome request(CommandContext context, RequestOverrideRequest request) {
        String id = context.newId();
        var wanted = OverrideRequested.newBuilder()
                .setOverrideId(id)
                .setWorkspaceId(request.getWorkspaceId())
                .setHost(request.getHost())
                .setRequesterId(context.principal().id())
                .setActingForId(context.principal().actingFor().orElse(""))
                .build();
        return decided(
                context,
                request.getWorkspaceId(),
                state -> EgressRules.request(state, wanted, request.getMinutes(), context.atMicros()),
                (state, events) -> RequestOverrideReply.newBuilder()
                        .setOverrideId(id)
                        .setExpiresAtMillis(((OverrideRequested) events.getFirst()).getUntilMicros() / 1000)
                        .build());
    }

    private static CommandOutcome approve(CommandContext context, ApproveOverrideRequest request) {
        var approval = OverrideApproved.newBuilder()
                .setOverrideId(request.getOverrideId())
                .setWorkspaceId(request.getWorkspaceId())
                .setApproverId(context.principal().id())
                .build();
        return decided(
                context,
                request.getWorkspaceId(),
                state -> EgressRules.approve(state, Granter.of(context)::is, approval, context.atMicros()),
                (state, events) -> ApproveOverrideReply.newBuilder()
                        .setExpiresAtMillis(state.override(request.getOverrideId())
                                        .orElseThrow()
                                        .untilMicros()
                                / 1000)
                        .build());
    }

    private static CommandOutcome revoke(CommandContext context, RevokeOverrideRequest request) {
        var revocation = OverrideRevoked.newBuilder()
                .setOverrideId(request.getOverrideId())
                .setWorkspaceId(request.getWorkspaceId())
                .setRevokerId(context.principal().id())
                .build();
        return decided(
                context,
                request.getWorkspaceId(),
                state -> EgressRules.revoke(state, revocation, context.atMicros()),
                RevokeOverrideReply.getDefaultInstance());
    }

    @FunctionalInterface
    private interface Replies {
        Message reply(WorkspaceEgress before, List<Message> events);
    }

    private static CommandOutcome decided(
            CommandContext context,
            String workspace,
            Function<WorkspaceEgress, Decision<Message>> rule,
            Message reply) {
        return decided(context, workspace, rule, (state, events) -> reply);
    }

    private static CommandOutcome decided(
            CommandContext context,
            String workspace,
            Function<WorkspaceEgress, Decision<Message>> rule,
            Replies replies) {
        if (!context.read(workspace(workspace), WorkspaceState.FOLD).exists()) {
            return CommandOutcome.reject(EgressRejection.NO_SUCH_WORKSPACE);
        }
        WorkspaceEgress state = context.read(WorkspaceEgress.stream(workspace), WorkspaceEgress.FOLD);
        return CommandOutcome.decided(
                WorkspaceEgress.stream(workspace), rule.apply(state), events -> replies.reply(state, events));
    }

    private EvaluateReply evaluate(ReadContext context, EvaluateRequest request) throws RefusedException {
        EgressDecision decision = compiled(context, request.getWorkspaceId())
                .policy()
                .evaluate(request.getUrl(), Policies.instant(context.atMicros()));
        EgressMetrics.count("evaluate", decision);
        var reply = EvaluateReply.newBuilder()
                .setAllow(decision.allowed())
                .setReason(decision.reason().code())
                .setHost(decision.host());
        if (!decision.allowed()) {
            denials.note(
                    context.principal(), DecisionLog.Subject.of(request.getWorkspaceId(), request.getUrl(), decision));
            reply.setCode(EgressRejection.DENIED.code()).setHint(EgressRejection.DENIED.hint());
        }
        return reply.build();
    }

    private Compiled compiled(ReadContext context, String workspace) throws RefusedException {
        return policies.of(context.tenant(), workspace)
                .orElseThrow(() -> new RefusedException(BoundaryRejection.STALE));
    }

    private GetEgressPolicyReply policy(ReadContext context, GetEgressPolicyRequest request) throws RefusedException {
        WorkspaceEgress state = compiled(context, request.getWorkspaceId()).state();
        var reply = GetEgressPolicyReply.newBuilder()
                .addAllAllow(state.allow())
                .addAllDeny(state.deny())
                .addAllBuiltIn(
                        BuiltInHosts.ALL.stream().map(HostPattern::canonical).toList())
                .setSandbox(state.sandbox())
                .addAllDlpBlock(state.dlp().block())
                .addAllDlpAlert(state.dlp().alert());
        state.connectors()
                .forEach((connector, hosts) -> reply.addConnectors(
                        ConnectorHosts.newBuilder().setConnector(connector).addAllHosts(hosts)));
        return reply.build();
    }

    private ListOverridesReply list(ReadContext context, ListOverridesRequest request) throws RefusedException {
        return ListOverridesReply.newBuilder()
                .addAllOverrides(compiled(context, request.getWorkspaceId()).state().overrides().reversed().stream()
                        .map(override -> listed(override, context.atMicros()))
                        .toList())
                .build();
    }

    private static Override listed(HostOverride override, long atMicros) {
        return Override.newBuilder()
                .setOverrideId(override.id())
                .setHost(override.requested().getHost())
                .setRequesterId(override.requested().getRequesterId())
                .setApproverId(override.approverId())
                .setState(override.state(atMicros))
                .setRequestedAtMillis(override.requested().getRequestedMicros() / 1000)
                .setExpiresAtMillis(override.untilMicros() / 1000)
                .build();
    }
}
