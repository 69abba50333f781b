package dev.chancery.log;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.TenantQueues;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.SigningKeys;
import dev.chancery.schema.EntryFrame;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Puts records at the end of tenants' logs, for one feature. Appends of one tenant that arrive together are committed together
 * (group commit): one lock, one write, one flush to disk; each is judged by itself, so one that conflicts fails alone.
 *
 * <p>An outcome that ends an intent is taken where other drafts are refused (the gate is closed, or too many wait): what was begun is
 * ended, and there are no more of them than there are intents.
 *
 * <p><b>Thread safety:</b> safe. {@link #append} blocks until the record is durable or refused, interrupted or not; call it from virtual
 * threads. <b>Limits:</b> {@value #MAX_GROUP} drafts or {@value #MAX_GROUP_BYTES} bytes a group, {@value #MAX_WAITING} waiting a tenant
 * and as many outcomes of intents.
 */
public final class Appender implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Appender.class);

    /** Drafts in one transaction, and so under one signature. */
    static final int MAX_GROUP = EntryFrame.MAX_GROUP;

    /** Bytes in one transaction, or one draft that is larger. */
    static final long MAX_GROUP_BYTES = 4 * 1024 * 1024;

    /** Drafts that may wait for their turn, a tenant; more are refused as busy. */
    static final int MAX_WAITING = 1_024;

    private final Database database;
    private final DatabaseRole role;
    private final AppendGroup groups;
    private final Gate gate;
    private final TenantQueues<PreparedDraft, AppendResult> queues =
            new TenantQueues<>(MAX_GROUP, MAX_GROUP_BYTES, PreparedDraft::bytes, this::commit);

    /**
     * @param instanceId the first half of every origin
     * @param role the feature's role; its name is the feature's
     * @param keys has the feature's source key, asked for with each group: it turns
     * @param gate asked before each append, but for outcomes that end an intent
     */
    public Appender(Database database, DatabaseRole role, String instanceId, SigningKeys keys, Gate gate) {
        this.database = database;
        this.role = role;
        this.groups = new AppendGroup(database, role, instanceId, keys, CommitQuestion.LIMIT);
        this.gate = gate;
    }

    /** Why nothing is let in right now but outcomes that end an intent. */
    public Optional<Rejection> refusal() {
        return gate.refusal();
    }

    /** Why a tenant's log takes nothing; asks PostgreSQL. For what has an effect outside before it can be recorded. */
    public Optional<Rejection> refusal(String tenant) {
        return refusal()
                .or(() -> database.inTenant(
                        role, tenant, connection -> new AppendSql(connection, tenant, role.name()).refusal()));
    }

    /** Appends a record; returns when it is durable, or says why it is not there. */
    public AppendResult append(Draft draft) {
        boolean ends = draft.ends().isPresent();
        Optional<Rejection> refusal = ends ? Optional.empty() : refusal();
        if (refusal.isPresent()) {
            return new AppendResult.Refused(refusal.get());
        }
        return queues.run(draft.tenant(), PreparedDraft.of(draft), ends ? 2 * MAX_WAITING : MAX_WAITING)
                .orElseGet(() ->
                        new AppendResult.Refused(queues.isClosed() ? LogRejection.UNAVAILABLE : LogRejection.BUSY));
    }

    private List<AppendResult> commit(String tenant, List<PreparedDraft> group) {
        try {
            return groups.commit(tenant, group);
        } catch (RuntimeException | Error e) {
            // Whoever waits must be answered; whether the commit was reached nobody knows.
            LOG.errorf(e, "Append died: tenant=%s drafts=%d", tenant, group.size());
            return Collections.nCopies(group.size(), new AppendResult.Refused(LogRejection.OUTCOME_UNKNOWN));
        }
    }

    /** Takes no more appends and waits for those under way, at most ten seconds. */
    @Override
    public void close() {
        queues.close();
    }
}
