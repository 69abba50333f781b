package dev.chancery.app;

import dev.chancery.boundary.limits.LimitOptions;
import dev.chancery.database.Database;
import dev.chancery.feature.CheckpointLimit;
import dev.chancery.feature.ErasureHorizon;
import dev.chancery.feature.HolderOptions;
import dev.chancery.feature.LeaseOptions;
import dev.chancery.feature.LedgerMode;
import dev.chancery.feature.NoticeOptions;
import dev.chancery.feature.ProcessRole;
import dev.chancery.feature.ProxyOptions;
import dev.chancery.feature.SessionLimits;
import dev.chancery.keyring.Sealer;
import dev.chancery.log.Gate;
import dev.chancery.projection.ProjectionOptions;
import dev.chancery.relay.RelayOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What a process is given.
 *
 * @param instanceId the installation's opaque name, the first half of every log's origin; never changes
 * @param process this process's own name in the installation, the same at each start of it
 * @param publicUrl how clients reach the installation; tokens name it as their issuer
 * @param sealer of processes that hold keys: {@link ProcessRole#needSealer}
 * @param kafka how a role reaches Kafka: {@code bootstrap.servers} and security
 * @param ownerClaim the file for the one-time owner claim; asked for by the core alone
 * @param ownerClaimed told once the claim was used
 * @param relay the same in processes that append, which look after its slot
 * @param projection what projections have in common
 * @param maxSlotBytes write-ahead log that the relay may leave unread before appends are refused
 * @param checkpoints of the ledger
 * @param mode what records keep of hideable values
 * @param sessions how long they last, and how many there may be
 * @param horizon of erasures
 * @param proxy of a process with the role {@code egress}
 * @param holders how systems that hold data of subjects are asked
 * @param leases where databases may be whose credentials the vault makes
 * @param limits what callers may do how often
 * @param notices how notices to people go out
 * @param warnings what else an operator should look at
 * @param gate what else may keep the log from taking new commands; not closed by the application
 */
public record Settings(
        Set<ProcessRole> roles,
        String instanceId,
        String process,
        String publicUrl,
        Database database,
        Optional<Sealer> sealer,
        Function<ProcessRole, Properties> kafka,
        Path ownerClaim,
        Runnable ownerClaimed,
        RelayOptions relay,
        ProjectionOptions projection,
        long maxSlotBytes,
        CheckpointLimit checkpoints,
        LedgerMode mode,
        SessionLimits sessions,
        ErasureHorizon horizon,
        ProxyOptions proxy,
        HolderOptions holders,
        LeaseOptions leases,
        LimitOptions limits,
        NoticeOptions notices,
        Supplier<List<String>> warnings,
        Gate gate) {

    /** The log's topic. */
    public static final String LOG_TOPIC = "log.v1";

    /** The topic that says how far the log's is complete. */
    public static final String PULSE_TOPIC = "pulse.v1";
}
