package dev.chancery.vault;

import static dev.chancery.command.CommandOutcome.decided;
import static dev.chancery.decision.AuthorityStreams.workspace;

import com.google.protobuf.Message;
import dev.chancery.command.Clock;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Granter;
import dev.chancery.command.Methods;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.ListedHosts;
import dev.chancery.decision.WorkspaceState;
import dev.chancery.kernel.Decision;
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
import java.util.function.Function;
import org.jboss.logging.Logger;

/** The methods of chancery.vault.v1.LeaseService. */
final class LeaseMethods {
    private static final String SERVICE = "chancery.vault.v1.LeaseService/";
    private static final double SECOND_MICROS = 1_000_000;
    private static final Logger LOG = Logger.getLogger(LeaseMethods.class);

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
        if (!context.read(workspace(request.getWorkspaceId()), WorkspaceState.FOLD)
                .exists()) {
            return CommandOutcome.reject(VaultRejection.NO_SUCH_WORKSPACE);
        }
        Secret admin = context.read(Names.secret(request.getAdminSecret()), Secret.FOLD);
        if (BoundSecrets.areOver(context, admin)) {
            return CommandOutcome.reject(VaultRejection.DISCONNECTED);
        }
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
                        admin,
                        context.read(stream, ConnectedDatabase.FOLD),
                        Granter.of(context),
                        wanted,
                        context.atMicros()),
                events -> ConnectDatabaseReply.getDefaultInstance());
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
                events -> SetCredentialTemplateReply.getDefaultInstance());
    }

    private CommandOutcome issue(CommandContext context, IssueLeaseRequest request) {
        return make(
                context,
                request.getSecret(),
                request.getTtlSeconds(),
                Reader.of(context, request.getReason()),
                made -> IssueLeaseReply.newBuilder()
                        .setLeaseId(made.lease().getLeaseId())
                        .setUsername(made.lease().getRoleName())
                        .setPassword(made.password())
                        .setHost(made.database().getHost())
                        .setPort(made.database().getPort())
                        .setDatabaseName(made.database().getDatabaseName())
                        .setEndsAtMillis(made.lease().getUntilMicros() / 1000)
                        .build());
    }

    /** What a read of a reference to credentials comes to. */
    CommandOutcome read(CommandContext context, String name, Reader reader) {
        return make(context, name, 0, reader, made -> ReadSecretReply.newBuilder()
                .setValue("postgresql://" + made.lease().getRoleName() + ":" + made.password() + "@"
                        + made.database().getHost() + ":" + made.database().getPort() + "/"
                        + made.database().getDatabaseName())
                .setUntilMillis(made.lease().getUntilMicros() / 1000)
                .build());
    }

    private CommandOutcome make(
            CommandContext context, String name, int ttlSeconds, Reader reader, Function<Made, Message> reply) {
        Environment environment = environmentOf(context, name);
        Secret secret = context.read(Names.secret(name), Secret.FOLD);
        Optional<CommandOutcome> refused = VaultRules.mayLease(
                        environment, secret, Granter.of(context), reader.isJustified(), context.atMicros())
                .or(() -> BoundSecrets.areOver(context, secret)
                        ? Optional.of(VaultRejection.DISCONNECTED)
                        : Optional.empty())
                .<CommandOutcome>map(CommandOutcome::reject)
                .or(() -> reader.stepUp(environment));
        if (refused.isPresent()) {
            return refused.get();
        }
        CredentialTemplateSet template = secret.template().orElseThrow();
        try {
            long until = LeaseRules.end(template, ttlSeconds, context.atMicros())
                    .orElseThrow(() -> new TargetRefused(VaultRejection.TTL));
            Made made = make(context, template, reader.end(environment, until));
            CommandOutcome.Done done = CommandOutcome.done(reply.apply(made), made.event())
                    .withTarget("lease", made.lease().getLeaseId());
            return reader.mark(environment, name, 0)
                    .map(mark -> done.with(new NewEvent(Names.secret(name), mark)))
                    .orElse(done);
        } catch (TargetRefused e) {
            return CommandOutcome.reject(e.rejection());
        }
    }

    /**
     * The pipeline has made the intent durable before, and releases the reply once the outcome is. Where it is not, the role is a stray: it
     * ends by itself, and a sweep drops it.
     */
    private Made make(CommandContext context, CredentialTemplateSet template, long untilMicros) throws TargetRefused {
        Targets.Known known = known(context, template.getDatabase());
        if (known.admin().current().isEmpty() || BoundSecrets.areOver(context, known.admin())) {
            throw new TargetRefused(VaultRejection.NO_ADMIN_SECRET);
        }
        String leaseId = context.newId();
        var role = new RoleName(RoleName.prefix(instanceId, context.tenant(), template.getDatabase()), leaseId);
        byte[] generated = SecretRing.generate();
        String password = new String(generated, StandardCharsets.US_ASCII);
        Arrays.fill(generated, (byte) 0);
        targets.run(
                known,
                context.atMicros(),
                session -> session.create(
                        role,
                        template.getGrantedRolesList(),
                        template.getConnections(),
                        password.toCharArray(),
                        secondsTo(untilMicros)));
        var lease = LeaseIssued.newBuilder()
                .setLeaseId(leaseId)
                .setSecret(template.getSecret())
                .setDatabase(template.getDatabase())
                .setRoleName(role.text())
                .setHolderId(context.principal().id())
                .setUntilMicros(untilMicros)
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

    /**
     * The log says it before the role signs in for longer: a process that ends in between leaves a role that ends too early, never one that
     * outlives its lease. Whoever renews again, has it prolonged then.
     */
    private CommandOutcome renew(CommandContext context, RenewLeaseRequest request) {
        StreamId stream = Lease.stream(request.getLeaseId());
        Lease lease = context.read(stream, Lease.FOLD);
        Granter caller = Granter.of(context);
        Decision<Message> decision = LeaseRules.renew(lease, caller, request.getTtlSeconds(), context.atMicros());
        if (decision instanceof Decision.Rejected<Message> rejected) {
            return CommandOutcome.reject(rejected.rejection());
        }
        LeaseIssued issued = lease.issued().orElseThrow();
        Secret secret = context.read(Names.secret(issued.getSecret()), Secret.FOLD);
        Optional<Rejection> refused = VaultRules.mayLease(
                environmentOf(context, issued.getSecret()),
                secret,
                caller,
                !Reader.of(context, "").isPerson(),
                context.atMicros());
        if (refused.isPresent()) {
            return CommandOutcome.reject(refused.get());
        }
        long until = decision instanceof Decision.Events<Message> renewed
                ? ((LeaseRenewed) renewed.events().getFirst()).getUntilMicros()
                : lease.untilMicros();
        var role =
                new RoleName(RoleName.prefix(instanceId, context.tenant(), issued.getDatabase()), request.getLeaseId());
        try {
            Targets.Known known = known(context, issued.getDatabase());
            if (lease.restsOnALeak(secret, known.admin())
                    || BoundSecrets.areOver(context, secret)
                    || BoundSecrets.areOver(context, known.admin())
                    || !targets.in(known, context.atMicros(), session -> session.has(role))) {
                return CommandOutcome.reject(VaultRejection.LEASE_ENDED);
            }
            var reply =
                    RenewLeaseReply.newBuilder().setEndsAtMillis(until / 1000).build();
            CommandOutcome outcome = decided(stream, decision, events -> reply);
            return outcome instanceof CommandOutcome.Done done
                    ? done.afterwards(() -> prolong(known, role, until))
                    : outcome;
        } catch (TargetRefused e) {
            return CommandOutcome.reject(e.rejection());
        }
    }

    private void prolong(Targets.Known known, RoleName role, long untilMicros) {
        try {
            targets.run(known, Clock.nowMicros(), session -> session.prolong(role, secondsTo(untilMicros)));
        } catch (TargetRefused e) {
            LOG.warnf(
                    "A lease was renewed, and its role ends as before: tenant=%s lease=%s code=%s",
                    known.tenant(), role.leaseId(), e.rejection().code());
        }
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
                events -> RevokeLeaseReply.getDefaultInstance());
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
                    .setKept(swept.kept())
                    .addAllStrays(swept.strays())
                    .build());
        } catch (TargetRefused e) {
            return CommandOutcome.reject(e.rejection());
        }
    }

    private ListDatabasesReply listDatabases(ReadContext context, ListDatabasesRequest request)
            throws RefusedException {
        return list.databases(context.tenant(), request);
    }

    private ListLeasesReply listLeases(ReadContext context, ListLeasesRequest request) throws RefusedException {
        return list.page(context.tenant(), request);
    }
}
