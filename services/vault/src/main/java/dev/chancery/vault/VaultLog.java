package dev.chancery.vault;

import com.google.protobuf.Message;
import com.google.protobuf.UnsafeByteOperations;
import dev.chancery.command.Ids;
import dev.chancery.decision.Connections;
import dev.chancery.decision.ListedHosts;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Appender;
import dev.chancery.log.Draft;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Streams;
import dev.chancery.log.Streams.Loaded;
import dev.chancery.schema.log.v1.Actor;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.log.v1.Target;
import dev.chancery.schema.vault.v1.DatabaseConnected;
import dev.chancery.schema.vault.v1.RefreshTokenClaimed;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/** Reads the log as it is now, and writes what follows by itself: the installation is the actor. */
final class VaultLog {
    private static final Logger LOG = Logger.getLogger(VaultLog.class);

    private final Appender appender;
    private final Streams streams;

    VaultLog(Appender appender, Streams streams) {
        this.appender = appender;
        this.streams = streams;
    }

    Loaded<Lease> lease(String tenant, String id) {
        return streams.current(tenant, Lease.stream(id), Lease.FOLD);
    }

    /** Empty: there is no such database. */
    Optional<Targets.Known> database(String tenant, String name) {
        return streams.current(tenant, Names.database(name), ConnectedDatabase.FOLD)
                .state()
                .connected()
                .map(database -> known(tenant, database));
    }

    /** Roles of no lease that were found in a database, and are not known to be gone. */
    Set<String> strays(String tenant, String database) {
        return streams.current(tenant, Names.database(database), ConnectedDatabase.FOLD)
                .state()
                .strays();
    }

    Loaded<Secret> secret(String tenant, String name) {
        return streams.current(tenant, Names.secret(name), Secret.FOLD);
    }

    /** Whether what a secret is bound to was disconnected. */
    boolean isOver(String tenant, Secret secret) {
        return secret.binding()
                .filter(binding -> !streams.current(tenant, Connections.stream(binding.workspace()), Connections.FOLD)
                        .state()
                        .has(binding.connector(), binding.position()))
                .isPresent();
    }

    /** What a workspace's egress list allows. */
    ListedHosts hosts(String tenant, String workspace) {
        return streams.current(tenant, ListedHosts.stream(workspace), ListedHosts.FOLD)
                .state();
    }

    private Targets.Known known(String tenant, DatabaseConnected database) {
        return new Targets.Known(
                tenant,
                database,
                secret(tenant, database.getAdminSecret()).state(),
                hosts(tenant, database.getWorkspaceId()));
    }

    /** @return whether it is durable; false: the lease has moved, or the log takes nothing now */
    boolean append(String tenant, String id, long version, String action, Message event) {
        return append(tenant, Lease.stream(id), version, action, new TargetOf("lease", id), List.of(event));
    }

    /** What was found in a database; it rests on nothing that could have moved. */
    boolean append(String tenant, String database, String action, Message event) {
        StreamId stream = Names.database(database);
        long version = streams.current(tenant, stream, ConnectedDatabase.FOLD).version();
        return append(
                tenant, stream, version, action, new TargetOf("database", database.replace('/', ':')), List.of(event));
    }

    /** What becomes of a secret. @return whether it is durable; false: the secret has moved, or the log takes nothing now */
    boolean append(String tenant, String secret, Loaded<Secret> at, String action, List<Message> events) {
        return append(tenant, Names.secret(secret), at.version(), action, target(secret), events);
    }

    Loaded<RefreshClaim> refreshClaim(String tenant, String secret) {
        return streams.current(tenant, Names.refresh(secret), RefreshClaim.FOLD);
    }

    /** @return whether the refresh token that a secret holds is the caller's to use: it is nobody else's then */
    boolean claim(String tenant, Loaded<RefreshClaim> at, String action, RefreshTokenClaimed claimed) {
        return append(
                tenant,
                Names.refresh(claimed.getSecret()),
                at.version(),
                action,
                target(claimed.getSecret()),
                List.of(claimed));
    }

    /** What becomes of two secrets at once. @return whether it is durable; false: one of them has moved, or the log takes nothing now */
    boolean append(String tenant, String action, Changed one, Changed other) {
        return append(
                tenant,
                action,
                target(one.secret()),
                Stream.of(one, other).flatMap(Changed::news).toList(),
                Map.of(
                        Names.secret(one.secret()),
                        one.at().version(),
                        Names.secret(other.secret()),
                        other.at().version()));
    }

    /** What becomes of a secret as it was loaded. */
    record Changed(String secret, Loaded<Secret> at, List<Message> events) {
        private Stream<NewEvent> news() {
            return events.stream().map(event -> new NewEvent(Names.secret(secret), event));
        }
    }

    private static TargetOf target(String secret) {
        return new TargetOf("secret", secret.replace('/', ':'));
    }

    private record TargetOf(String type, String id) {}

    private boolean append(
            String tenant, StreamId stream, long version, String action, TargetOf target, List<Message> events) {
        return append(
                tenant,
                action,
                target,
                events.stream().map(event -> new NewEvent(stream, event)).toList(),
                Map.of(stream, version));
    }

    private boolean append(
            String tenant, String action, TargetOf target, List<NewEvent> events, Map<StreamId, Long> basis) {
        Statement statement = Statement.newBuilder()
                .setEntryId(UnsafeByteOperations.unsafeWrap(Ids.bytes(Ids.uuidV7())))
                .setActor(
                        Actor.newBuilder().setType(ActorType.ACTOR_TYPE_SYSTEM).setId("system"))
                .setAction(action)
                .setTarget(Target.newBuilder().setType(target.type()).setId(target.id()))
                .setOutcome(Outcome.newBuilder().setResult(Result.SUCCESS))
                .build();
        AppendResult result =
                appender.append(new Draft(tenant, statement, 0, events, List.of(), Optional.empty(), basis));
        streams.moved(tenant, List.copyOf(basis.keySet()));
        if (result instanceof AppendResult.Refused refused) {
            LOG.warnf(
                    "Not recorded: tenant=%s action=%s streams=%s code=%s",
                    tenant,
                    action,
                    basis.keySet().stream().map(StreamId::value).sorted().toList(),
                    refused.rejection().code());
        }
        return result instanceof AppendResult.Appended;
    }
}
