package dev.chancery.vault;

import com.google.protobuf.Message;
import dev.chancery.command.Clock;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Granter;
import dev.chancery.command.Methods;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.ListedHosts;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.SecretRing;
import dev.chancery.log.NewEvent;
import dev.chancery.schema.vault.v1.ConnectDatabaseReply;
import dev.chancery.schema.vault.v1.ConnectDatabaseRequest;
import dev.chancery.schema.vault.v1.CredentialTemplateSet;
import dev.chancery.schema.vault.v1.DatabaseConnected;
import dev.chancery.schema.vault.v1.IssueLeaseReply;
import dev.chancery.schema.vault.v1.IssueLeaseRequest;
import dev.chancery.schema.vault.v1.LeaseIssued;
import dev.chancery.schema.vault.v1.LeaseRenewed;
import dev.chancery.schema.vault.v1.ListDatabasesReply;
import dev.chancery.schema.vault.v1.ListDatabasesRequest;
import dev.chancery.schema.vault.v1.ListLeasesReply;
import dev.chancery.schema.vault.v1.ListLeasesRequest;
import dev.chancery.schema.vault.v1.ReadSecretReply;
import dev.chancery.schema.vault.v1.RenewLeaseReply;
import dev.chancery.schema.vault.v1.RenewLeaseRequest;
import dev.chancery.schema.vault.v1.RevokeLeaseReply;
import dev.chancery.schema.vault.v1.RevokeLeaseRequest;
import dev.chancery.schema.vault.v1.SetCredentialTemplateReply;
import dev.chancery.schema.vault.v1.SetCredentialTemplateRequest;
import dev.chancery.schema.vault.v1.SweepDatabaseReply;
import dev.chancery.schema.vault.v1.SweepDatabaseRequest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** The methods of chancery.vault.v1.LeaseService. */
final class LeaseMethods {
    private static final String SERVICE = "chancery.vault.v1.LeaseService/";
    private static final double SECOND_MICROS = 1_000_000;

    private final String instanceId;
    private final Targets targets;
    private final LeaseEnder ender;
    private final LeaseList list;

    /** A credential that was made; the password is in no record. */
    private record Made(LeaseIssued lease, DatabaseConnected database, String password) {
        NewEvent event() {
            return new NewEvent(Lease.stream(lease.getLeaseId()), lease);
        }

        @Override
        public String toString() {
            return "a credential";
        }
    }

    LeaseMethods(String instanceId, Targets targets, LeaseEnder ender, LeaseList list) {
        this.instanceId = instanceId;
        this.targets = targets;
        this.ender = ender;
        this.list = list;
    }

    void register(Methods methods) {
        methods.command(SERVICE + "ConnectDatabase", ConnectDatabaseRequest.class, LeaseMethods::connect)
                .command(SERVICE + "SetCredentialTemplate", SetCredentialTemplateRequest.class, LeaseMethods::template)
                .command(SERVICE + "IssueLease", IssueLeaseRequest.class, this::issue)
                .command(SERVICE + "RenewLease", RenewLeaseRequest.class, this::renew)
                .command(SERVICE + "RevokeLease", RevokeLeaseRequest.class, LeaseMethods::revoke)
                .command(SERVICE + "SweepDatabase", SweepDatabaseRequest.class, this::sweep)
                .query(SERVICE + "ListDatabases", ListDatabasesRequest.class, this::listDatabases)
                .query(SERVICE + "ListLeases", ListLeasesRequest.class, this::listLeases);
    }

    private static Environment environmentOf(CommandContext context, String name) {
        return context.read(Names.environment(Names.environmentOf(name)), Environment.FOLD);
    }

    private static CommandOutcome connect(CommandContext context, ConnectDatabaseRequest request) {
        StreamId stream = Names.database(request.getDatabase());
        var wanted = DatabaseConnected.newBuilder()
                .setDatabase(request.getDatabase())
                .setHost(request.getHost())
                .setPort(request.getPort() == 0 ? TargetServer.DEFAULT_PORT : request.getPort())
                .setDatabaseName(request.getDatabaseName())
                .setAdminName(request.getAdminName())
                .setAdminSecret(request.getAdminSecret())
                .setWorkspaceId(request.getWorkspaceId())
                .build();
        return decided(
                stream,
                LeaseRules.connect(
                        environmentOf(context, request.getDatabase()),
                        context.read(Names.secret(request.getAdminSecret()), Secret.FOLD),
                        context.read(stream, ConnectedDatabase.FOLD),
                        Granter.of(context),
                        wanted,
                        context.atMicros()),
                ConnectDatabaseReply.getDefaultInstance());
    }

    private static CommandOutcome template(CommandContext context, SetCredentialTemplateRequest request) {
        StreamId stream = Names.secret(request.getSecret());
        var wanted = CredentialTemplateSet.newBuilder()
                .setSecret(request.getSecret())
                .setDatabase(request.getDatabase())
                .addAllGrantedRoles(request.getGrantedRolesList())
                .setTtlSeconds(request.getTtlSeconds())
                .setMaxTtlSeconds(request.getMaxTtlSeconds())
                .setConnections(
                        request.getConnections() == 0 ? LeaseRules.DEFAULT_CONNECTIONS : request.getConnections())
                .addAllReaders(request.getReadersList())
                .build();
        return decided(
                stream,
                LeaseRules.template(
                        environmentOf(context, request.getSecret()),
                        context.read(stream, Secret.FOLD),
                        context.read(Names.database(request.getDatabase()), ConnectedDatabase.FOLD),
                        Granter.of(context),
                        wanted,
                        context.atMicros()),
                SetCredentialTemplateReply.getDefaultInstance());
    }

    private CommandOutcome issue(CommandContext context, IssueLeaseRequest request) {
        Secret secret = context.read(Names.secret(request.getSecret()), Secret.FOLD);
        boolean person = context.principal().type() == Principal.Type.USER
                || context.principal().actingFor().isPresent();
        boolean elevated = !request.getReason().isEmpty()
                && VaultRules.isElevatedToRead(
                        context.authority(context.principal().id()), context.atMicros());
        try {
            Made made = make(context, request.getSecret(), secret, request.getTtlSeconds(), !person || elevated);
            var reply = IssueLeaseReply.newBuilder()
                    .setLeaseId(made.lease().getLeaseId())
                    .setUsername(made.lease().getRoleName())
                    .setPassword(made.password())
                    .setHost(made.database().getHost())
                    .setPort(made.database().getPort())
                    .setDatabaseName(made.database().getDatabaseName())
                    .setEndsAtMillis(made.lease().getUntilMicros() / 1000)
                    .build();
            return CommandOutcome.done(reply, made.event())
                    .withTarget("lease", made.lease().getLeaseId());
        } catch (TargetRefused e) {
            return CommandOutcome.reject(e.rejection());
        }
    }

    /**
     * What a read of a reference to credentials comes to.
     *
     * @param justified as {@link VaultRules#mayRead} has it
     */
    CommandOutcome read(CommandContext context, String name, Secret secret, boolean justified) {
        try {
            Made made = make(context, name, secret, 0, justified);
            var reply = ReadSecretReply.newBuilder()
                    .setValue("postgresql://" + made.lease().getRoleName() + ":" + made.password() + "@"
                            + made.database().getHost() + ":" + made.database().getPort() + "/"
                            + made.database().getDatabaseName())
                    .setUntilMillis(made.lease().getUntilMicros() / 1000)
                    .build();
            return CommandOutcome.done(reply, made.event())
                    .withTarget("lease", made.lease().getLeaseId());
        } catch (TargetRefused e) {
            return CommandOutcome.reject(e.rejection());
        }
    }

    /**
     * The pipeline has made the intent durable before, and releases the reply once the outcome is. Where it is not, the role is a stray: it
     * ends by itself, and a sweep drops it.
     */
    private Made make(CommandContext context, String name, Secret secret, int ttlSeconds, boolean justified)
            throws TargetRefused {
        Optional<Rejection> refused = VaultRules.mayLease(
                environmentOf(context, name), secret, Granter.of(context), justified, context.atMicros());
        if (refused.isPresent()) {
            throw new TargetRefused(refused.get());
        }
        CredentialTemplateSet template = secret.template().orElseThrow();
        long until = LeaseRules.end(template, ttlSeconds, context.atMicros())
                .orElseThrow(() -> new TargetRefused(VaultRejection.TTL));
        Targets.Known known = known(context, template.getDatabase());
        String leaseId = context.newId();
        var role = new RoleName(RoleName.prefix(instanceId, context.tenant(), template.getDatabase()), leaseId);
        byte[] made = SecretRing.generate();
        String password = new String(made, StandardCharsets.US_ASCII);
        Arrays.fill(made, (byte) 0);
        targets.run(
                known,
                context.atMicros(),
                session -> session.create(
                        role,
                        template.getGrantedRolesList(),
                        template.getConnections(),
                        password.toCharArray(),
                        secondsTo(until)));
        var lease = LeaseIssued.newBuilder()
                .setLeaseId(leaseId)
                .setSecret(name)
                .setDatabase(template.getDatabase())
                .setRoleName(role.text())
                .setHolderId(context.principal().id())
                .setUntilMicros(until)
                .setMaxUntilMicros(context.atMicros() + template.getMaxTtlSeconds() * (long) SECOND_MICROS)
                .setTtlSeconds(template.getTtlSeconds())
                .build();
        context.fresh(Lease.stream(leaseId));
        return new Made(lease, known.database(), password);
    }

    /** From now on, by whichever clock it is measured. */
    private static double secondsTo(long untilMicros) {
        return (untilMicros - Clock.nowMicros()) / SECOND_MICROS;
    }

    private static Targets.Known known(CommandContext context, String name) throws TargetRefused {
        DatabaseConnected database = context.read(Names.database(name), ConnectedDatabase.FOLD)
                .connected()
                .orElseThrow(() -> new TargetRefused(VaultRejection.NO_SUCH_DATABASE));
        return new Targets.Known(
                context.tenant(),
                database,
                context.read(Names.secret(database.getAdminSecret()), Secret.FOLD),
                context.read(ListedHosts.stream(database.getWorkspaceId()), ListedHosts.FOLD));
    }

    /** The role signs in for longer before the log says so: where it then does not, it is dropped at the end that the log has. */
    private CommandOutcome renew(CommandContext context, RenewLeaseRequest request) {
        StreamId stream = Lease.stream(request.getLeaseId());
        Lease lease = context.read(stream, Lease.FOLD);
        Decision<Message> decision =
                LeaseRules.renew(lease, Granter.of(context), request.getTtlSeconds(), context.atMicros());
        long until = lease.untilMicros();
        if (decision instanceof Decision.Events<Message> renewed) {
            until = ((LeaseRenewed) renewed.events().getFirst()).getUntilMicros();
            String database = lease.issued().orElseThrow().getDatabase();
            var role = new RoleName(RoleName.prefix(instanceId, context.tenant(), database), request.getLeaseId());
            double seconds = secondsTo(until);
            try {
                targets.run(known(context, database), context.atMicros(), session -> session.prolong(role, seconds));
            } catch (TargetRefused e) {
                return CommandOutcome.reject(e.rejection());
            }
        }
        return decided(
                stream,
                decision,
                RenewLeaseReply.newBuilder().setEndsAtMillis(until / 1000).build());
    }

    private static CommandOutcome revoke(CommandContext context, RevokeLeaseRequest request) {
        StreamId stream = Lease.stream(request.getLeaseId());
        Lease lease = context.read(stream, Lease.FOLD);
        Environment environment = lease.issued()
                .map(issued -> environmentOf(context, issued.getSecret()))
                .orElse(Environment.FOLD.initial());
        return decided(
                stream,
                LeaseRules.revoke(lease, environment, Granter.of(context), context.atMicros()),
                RevokeLeaseReply.getDefaultInstance());
    }

    private CommandOutcome sweep(CommandContext context, SweepDatabaseRequest request) {
        Optional<Rejection> refused = VaultRules.mayWrite(
                environmentOf(context, request.getDatabase()), Granter.of(context), context.atMicros());
        if (refused.isPresent()) {
            return CommandOutcome.reject(refused.get());
        }
        try {
            LeaseEnder.Swept swept = ender.sweep(known(context, request.getDatabase()));
            return CommandOutcome.done(SweepDatabaseReply.newBuilder()
                    .setFound(swept.found())
                    .setLive(swept.live())
                    .setDropped(swept.dropped())
                    .addAllStrays(swept.strays())
                    .build());
        } catch (TargetRefused e) {
            return CommandOutcome.reject(e.rejection());
        }
    }

    private static CommandOutcome decided(StreamId stream, Decision<Message> decision, Message reply) {
        return switch (decision) {
            case Decision.Events<Message> happened ->
                CommandOutcome.done(
                        reply,
                        happened.events().stream()
                                .map(event -> new NewEvent(stream, event))
                                .toArray(NewEvent[]::new));
            case Decision.Nothing<Message> nothing -> CommandOutcome.already(reply);
            case Decision.Rejected<Message> rejected -> CommandOutcome.reject(rejected.rejection());
        };
    }

    private ListDatabasesReply listDatabases(ReadContext context, ListDatabasesRequest request)
            throws RefusedException {
        return list.databases(context.tenant(), request.getEnvironment());
    }

    private ListLeasesReply listLeases(ReadContext context, ListLeasesRequest request) throws RefusedException {
        return list.page(context.tenant(), request);
    }
}
