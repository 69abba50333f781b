package dev.chancery.vault;

import static dev.chancery.kernel.Decision.events;
import static dev.chancery.kernel.Decision.nothing;
import static dev.chancery.kernel.Decision.reject;

import com.google.protobuf.Message;
import dev.chancery.command.Granter;
import dev.chancery.firewall.Host;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Rejection;
import dev.chancery.schema.vault.v1.CredentialTemplateSet;
import dev.chancery.schema.vault.v1.DatabaseConnected;
import dev.chancery.schema.vault.v1.LeaseEnd;
import dev.chancery.schema.vault.v1.LeaseEnded;
import dev.chancery.schema.vault.v1.LeaseIssued;
import dev.chancery.schema.vault.v1.LeaseRenewed;
import java.util.HashSet;
import java.util.Optional;

/** Who says which databases there are, who is given credentials of them, and for how long. Pure. */
final class LeaseRules {
    static final int DEFAULT_CONNECTIONS = 10;

    private static final int MAX_TTL_SECONDS = 2_592_000;
    private static final int MAX_CONNECTIONS = 1_000;
    private static final int MAX_GRANTED = 16;
    private static final int MAX_PORT = 65_535;
    private static final long SECOND_MICROS = 1_000_000;

    private LeaseRules() {}

    /** @param admin the secret that holds the administrator's password */
    static Decision<Message> connect(
            Environment environment,
            Secret admin,
            ConnectedDatabase before,
            Granter caller,
            DatabaseConnected wanted,
            long atMicros) {
        // What one may not read, one sends to no database of one's choice either.
        Optional<Rejection> refused = VaultRules.mayWrite(environment, caller, atMicros)
                .or(() -> VaultRules.mayRead(environment, admin, 0, caller, true, atMicros));
        if (refused.isPresent()) {
            return reject(refused.get());
        }
        boolean together =
                Names.environmentOf(wanted.getDatabase()).equals(Names.environmentOf(wanted.getAdminSecret()));
        if (!together) {
            return reject(VaultRejection.OTHER_ENVIRONMENT);
        }
        if (Host.parse(wanted.getHost()).isEmpty() || Integer.compareUnsigned(wanted.getPort(), MAX_PORT) > 0) {
            return reject(VaultRejection.DATABASE_ADDRESS);
        }
        if (before.connected().isEmpty()) {
            return events(wanted);
        }
        DatabaseConnected known = before.connected().get();
        boolean same = known.getHost().equals(wanted.getHost())
                && known.getPort() == wanted.getPort()
                && known.getDatabaseName().equals(wanted.getDatabaseName());
        if (!same) {
            return reject(VaultRejection.DATABASE_EXISTS);
        }
        return known.equals(wanted) ? nothing() : events(wanted);
    }

    static Decision<Message> template(
            Environment environment,
            Secret before,
            ConnectedDatabase database,
            Granter caller,
            CredentialTemplateSet wanted,
            long atMicros) {
        Optional<Rejection> refused = VaultRules.mayWrite(environment, caller, atMicros);
        if (refused.isPresent()) {
            return reject(refused.get());
        }
        if (database.connected().isEmpty()) {
            return reject(VaultRejection.NO_SUCH_DATABASE);
        }
        if (!Names.environmentOf(wanted.getSecret()).equals(Names.environmentOf(wanted.getDatabase()))) {
            return reject(VaultRejection.OTHER_ENVIRONMENT);
        }
        if (before.exists()) {
            return reject(VaultRejection.IS_A_SECRET);
        }
        if (before.template()
                .filter(known -> !known.getDatabase().equals(wanted.getDatabase()))
                .isPresent()) {
            return reject(VaultRejection.DATABASE_EXISTS);
        }
        if (!VaultRules.isList(wanted.getReadersList())) {
            return reject(VaultRejection.TOO_MANY_NAMES);
        }
        int granted = wanted.getGrantedRolesCount();
        boolean wellFormed = granted >= 1
                && granted <= MAX_GRANTED
                && new HashSet<>(wanted.getGrantedRolesList()).size() == granted
                && wanted.getTtlSeconds() >= 1
                && Integer.compareUnsigned(wanted.getTtlSeconds(), wanted.getMaxTtlSeconds()) <= 0
                && Integer.compareUnsigned(wanted.getMaxTtlSeconds(), MAX_TTL_SECONDS) <= 0
                && Integer.compareUnsigned(wanted.getConnections(), MAX_CONNECTIONS) <= 0;
        if (!wellFormed) {
            return reject(VaultRejection.TEMPLATE);
        }
        return before.template().filter(wanted::equals).isPresent() ? nothing() : events(wanted);
    }

    /**
     * Until when a lease lasts that is issued now; empty: as long is not to be had.
     *
     * @param ttlSeconds 0: as the template says
     */
    static Optional<Long> end(CredentialTemplateSet template, int ttlSeconds, long atMicros) {
        return Integer.compareUnsigned(ttlSeconds, template.getTtlSeconds()) > 0
                ? Optional.empty()
                : Optional.of(atMicros + seconds(ttlSeconds, template.getTtlSeconds()) * SECOND_MICROS);
    }

    /** Only its holder's is longer than it was; what is asked for in vain is not a shorter one. */
    static Decision<Message> renew(Lease lease, Granter caller, int ttlSeconds, long atMicros) {
        if (lease.issued().isEmpty()) {
            return reject(VaultRejection.NO_SUCH_LEASE);
        }
        LeaseIssued issued = lease.issued().get();
        if (!caller.selves().getFirst().principalId().equals(issued.getHolderId())) {
            return reject(VaultRejection.NO_SUCH_LEASE);
        }
        if (!lease.isLive(atMicros)) {
            return reject(VaultRejection.LEASE_ENDED);
        }
        if (Integer.compareUnsigned(ttlSeconds, issued.getTtlSeconds()) > 0) {
            return reject(VaultRejection.TTL);
        }
        long until = Math.min(
                atMicros + seconds(ttlSeconds, issued.getTtlSeconds()) * SECOND_MICROS, issued.getMaxUntilMicros());
        return until <= lease.untilMicros()
                ? nothing()
                : events(LeaseRenewed.newBuilder()
                        .setLeaseId(issued.getLeaseId())
                        .setUntilMicros(until)
                        .build());
    }

    /** @param environment the lease's; one that there is not, where there is no lease */
    static Decision<Message> revoke(Lease lease, Environment environment, Granter caller, long atMicros) {
        boolean may = lease.issued()
                .filter(issued -> caller.selves().getFirst().principalId().equals(issued.getHolderId())
                        || VaultRules.mayWrite(environment, caller, atMicros).isEmpty())
                .isPresent();
        if (!may) {
            return reject(VaultRejection.NO_SUCH_LEASE);
        }
        return lease.ended()
                ? nothing()
                : events(ended(lease.issued().orElseThrow().getLeaseId(), LeaseEnd.LEASE_END_REVOKED));
    }

    static LeaseEnded ended(String leaseId, LeaseEnd end) {
        return LeaseEnded.newBuilder().setLeaseId(leaseId).setEnd(end).build();
    }

    private static long seconds(int asked, int otherwise) {
        return asked == 0 ? otherwise : asked;
    }
}
