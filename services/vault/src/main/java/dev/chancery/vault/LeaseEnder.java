package dev.chancery.vault;

import dev.chancery.log.Streams.Loaded;
import dev.chancery.schema.vault.v1.LeaseEnd;
import dev.chancery.schema.vault.v1.LeaseRoleDropped;
import dev.chancery.schema.vault.v1.StrayRoleDropped;
import dev.chancery.schema.vault.v1.StrayRoleFound;
import java.util.ArrayList;
import java.util.List;
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
    private static final String SWEEP = "vault.database.sweep";

    private final String instanceId;
    private final LeaseLog log;
    private final Targets targets;
    private final LongSupplier nowMicros;

    /** What a sweep found and did. */
    record Swept(int found, int live, int dropped, List<String> strays) {
        Swept {
            strays = List.copyOf(strays);
        }
    }

    /** @param nowMicros Unix time */
    LeaseEnder(String instanceId, LeaseLog log, Targets targets, LongSupplier nowMicros) {
        this.instanceId = instanceId;
        this.log = log;
        this.targets = targets;
        this.nowMicros = nowMicros;
    }

    /** @return whether nothing is left to do for it, now or ever */
    boolean end(String tenant, String leaseId) throws TargetRefused {
        Lease lease = log.lease(tenant, leaseId).state();
        if (lease.issued().isEmpty() || lease.dropped()) {
            return true;
        }
        if (lease.isLive(nowMicros.getAsLong())) {
            return false;
        }
        Targets.Known database = log.database(tenant, lease.issued().get().getDatabase())
                .orElseThrow(() -> new TargetRefused(VaultRejection.NO_SUCH_DATABASE));
        RoleName role = new RoleName(prefix(database), leaseId);
        return isEnded(tenant, leaseId)
                && targets.in(database, nowMicros.getAsLong(), session -> {
                    session.drop(role);
                    return dropped(tenant, leaseId);
                });
    }

    /** Compares what is in a database with the log. */
    Swept sweep(Targets.Known database) throws TargetRefused {
        String prefix = prefix(database);
        return targets.in(database, nowMicros.getAsLong(), session -> {
            int live = 0;
            int dropped = 0;
            List<String> strays = new ArrayList<>();
            List<TargetServer.Found> found = session.roles(prefix);
            for (TargetServer.Found role : found) {
                Lease lease =
                        log.lease(database.tenant(), role.name().leaseId()).state();
                if (lease.issued().isEmpty()) {
                    if (nowMicros.getAsLong() - role.name().madeMicros() > STRAY_AFTER_MICROS
                            && dropStray(session, database, role.name())) {
                        strays.add(role.name().text());
                    }
                } else if (lease.isLive(nowMicros.getAsLong()) && !role.over()) {
                    live++;
                } else if (dropEnded(session, database.tenant(), role.name())) {
                    dropped++;
                }
            }
            return new Swept(found.size(), live, dropped, strays);
        });
    }

    private boolean dropEnded(TargetServer.Session session, String tenant, RoleName role) throws TargetRefused {
        if (!isEnded(tenant, role.leaseId())) {
            return false;
        }
        session.drop(role);
        return dropped(tenant, role.leaseId());
    }

    private boolean dropStray(TargetServer.Session session, Targets.Known database, RoleName role)
            throws TargetRefused {
        String name = database.database().getDatabase();
        var found = StrayRoleFound.newBuilder().setDatabase(name).setRoleName(role.text());
        if (!log.append(database.tenant(), name, SWEEP, found.build())) {
            return false;
        }
        session.drop(role);
        var gone = StrayRoleDropped.newBuilder().setDatabase(name).setRoleName(role.text());
        return log.append(database.tenant(), name, SWEEP, gone.build());
    }

    /** Has it written that a lease is over, where it is not yet; false: not now. */
    private boolean isEnded(String tenant, String leaseId) {
        Loaded<Lease> loaded = log.lease(tenant, leaseId);
        return loaded.state().ended()
                || log.append(
                        tenant, leaseId, loaded.version(), END, LeaseRules.ended(leaseId, LeaseEnd.LEASE_END_EXPIRED));
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
