package dev.chancery.vault;

import com.google.protobuf.Message;
import dev.chancery.log.Streams.Loaded;
import dev.chancery.schema.vault.v1.LeaseEnd;
import dev.chancery.schema.vault.v1.LeaseRoleDropped;
import dev.chancery.schema.vault.v1.StrayRoleDropped;
import dev.chancery.schema.vault.v1.StrayRoleFound;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Ends leases: that one is over is durable first, then its role is dropped, then that it is gone is written. Each step follows from the log
 * and from the database as they are, so that several processes that do it at once, and one that ends in between, come to the same.
 *
 * <p>A lease is over by Chancery's clock or by the database's, whichever comes first: a clock that was set back prolongs none.
 *
 * <p><b>Thread safety:</b> safe.
 */
final class LeaseEnder {
    /** A command that made a role has its outcome in the log by then, or never: an intent's deadline is 10 seconds. */
    static final long STRAY_AFTER_MICROS = TimeUnit.SECONDS.toMicros(60);

    private static final String END = "vault.lease.end";
    private static final String SWEEP = "vault.database.compare";

    private final String instanceId;
    private final VaultLog log;
    private final Targets targets;
    private final LongSupplier nowMicros;

    /**
     * What a sweep found and did.
     *
     * @param live of leases that are not over
     * @param dropped of ended leases
     * @param kept that are to be dropped, and something keeps them
     * @param strays of no lease, and dropped
     */
    record Swept(int found, int live, int dropped, int kept, List<String> strays) {
        Swept {
            strays = List.copyOf(strays);
        }
    }

    /** @param nowMicros Unix time */
    LeaseEnder(String instanceId, VaultLog log, Targets targets, LongSupplier nowMicros) {
        this.instanceId = instanceId;
        this.log = log;
        this.targets = targets;
        this.nowMicros = nowMicros;
    }

    /**
     * Ends leases of one database that are over. That they are is written first, whether the database is heard or not; a role that something
     * keeps holds up no other.
     *
     * @return whether nothing is left to do for them, now or ever
     */
    boolean end(String tenant, String database, List<String> leases) throws TargetRefused {
        if (leases.isEmpty()) {
            return true;
        }
        Targets.Known known =
                log.database(tenant, database).orElseThrow(() -> new TargetRefused(VaultRejection.NO_SUCH_DATABASE));
        List<String> over = new ArrayList<>();
        boolean all = true;
        for (String id : leases) {
            Lease lease = log.lease(tenant, id).state();
            if (lease.issued().isPresent() && !lease.dropped()) {
                Optional<LeaseEnd> end = over(known, lease);
                if (end.isPresent() && isEnded(tenant, id, end.get())) {
                    over.add(id);
                } else {
                    all = false;
                }
            }
        }
        if (over.isEmpty()) {
            return all;
        }
        String prefix = prefix(known);
        boolean recorded = targets.in(known, nowMicros.getAsLong(), session -> {
            boolean each = true;
            Optional<TargetRefused> kept = Optional.empty();
            for (String id : over) {
                try {
                    session.drop(new RoleName(prefix, id));
                    each &= dropped(tenant, id);
                } catch (TargetRefused e) {
                    if (!e.isOfOneRole()) {
                        throw e;
                    }
                    kept = Optional.of(e);
                }
            }
            if (kept.isPresent()) {
                throw kept.get();
            }
            return each;
        });
        return recorded && all;
    }

    /** Compares what is in a database with the log. */
    Swept sweep(Targets.Known database) throws TargetRefused {
        String prefix = prefix(database);
        return targets.in(database, nowMicros.getAsLong(), session -> {
            var sweep = new Sweep(session, database);
            List<TargetServer.Found> found = session.roles(prefix);
            for (TargetServer.Found role : found) {
                try {
                    sweep.look(role);
                } catch (TargetRefused e) {
                    if (!e.isOfOneRole()) {
                        throw e;
                    }
                    sweep.kept++;
                }
            }
            sweep.writeThatStraysAreGone(
                    found.stream().map(role -> role.name().text()).toList());
            return new Swept(found.size(), sweep.live, sweep.dropped, sweep.kept, sweep.strays);
        });
    }

    /** One comparison. */
    private final class Sweep {
        private final TargetServer.Session session;
        private final Targets.Known database;
        private final String name;
        /** Found before, and not known to be gone. */
        private final Set<String> foundBefore;

        private final List<String> strays = new ArrayList<>();
        private int live;
        private int dropped;
        private int kept;

        Sweep(TargetServer.Session session, Targets.Known database) {
            this.session = session;
            this.database = database;
            name = database.database().getDatabase();
            foundBefore = log.strays(database.tenant(), name);
        }

        void look(TargetServer.Found role) throws TargetRefused {
            String id = role.name().leaseId();
            Lease lease = log.lease(database.tenant(), id).state();
            if (lease.issued().isEmpty()) {
                if (nowMicros.getAsLong() - role.name().madeMicros() > STRAY_AFTER_MICROS) {
                    dropStray(role.name());
                }
                return;
            }
            Optional<LeaseEnd> end = over(database, lease)
                    .or(() -> role.over() ? Optional.of(LeaseEnd.LEASE_END_EXPIRED) : Optional.empty());
            if (end.isEmpty()) {
                live++;
            } else if (isEnded(database.tenant(), id, end.get())) {
                session.drop(role.name());
                if (dropped(database.tenant(), id)) {
                    dropped++;
                }
            }
        }

        private void dropStray(RoleName role) throws TargetRefused {
            var found = StrayRoleFound.newBuilder().setDatabase(name).setRoleName(role.text());
            if (foundBefore.contains(role.text()) || append(found.build())) {
                session.drop(role);
                if (appendDropped(role.text())) {
                    strays.add(role.text());
                }
            }
        }

        /** Those that a sweep dropped before, and then its process ended. */
        void writeThatStraysAreGone(List<String> there) {
            foundBefore.stream().filter(stray -> !there.contains(stray)).forEach(this::appendDropped);
        }

        private boolean appendDropped(String stray) {
            return append(StrayRoleDropped.newBuilder()
                    .setDatabase(name)
                    .setRoleName(stray)
                    .build());
        }

        private boolean append(Message event) {
            return log.append(database.tenant(), name, SWEEP, event);
        }
    }

    /** Why a lease of a database is over; empty: it is not. */
    private Optional<LeaseEnd> over(Targets.Known database, Lease lease) {
        if (!lease.isLive(nowMicros.getAsLong())) {
            return Optional.of(LeaseEnd.LEASE_END_EXPIRED);
        }
        Secret template = log.secret(
                        database.tenant(), lease.issued().orElseThrow().getSecret())
                .state();
        if (lease.restsOnALeak(template, database.admin())) {
            return Optional.of(LeaseEnd.LEASE_END_LEAKED);
        }
        return log.isOver(database.tenant(), template) || log.isOver(database.tenant(), database.admin())
                ? Optional.of(LeaseEnd.LEASE_END_DISCONNECTED)
                : Optional.empty();
    }

    /** Has it written that a lease is over, where it is not yet; false: not now. */
    private boolean isEnded(String tenant, String leaseId, LeaseEnd end) {
        Loaded<Lease> loaded = log.lease(tenant, leaseId);
        return loaded.state().ended()
                || log.append(tenant, leaseId, loaded.version(), END, LeaseRules.ended(leaseId, end));
    }

    private boolean dropped(String tenant, String leaseId) {
        Loaded<Lease> loaded = log.lease(tenant, leaseId);
        return loaded.state().dropped()
                || log.append(
                        tenant,
                        leaseId,
                        loaded.version(),
                        END,
                        LeaseRoleDropped.newBuilder().setLeaseId(leaseId).build());
    }

    private String prefix(Targets.Known database) {
        return RoleName.prefix(
                instanceId, database.tenant(), database.database().getDatabase());
    }
}
