package dev.chancery.log;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.Signer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Puts records at the end of tenants' logs, for one feature. Appends of one tenant that arrive together are committed together
 * (group commit): one lock, one write, one flush to disk; each is judged by itself, so one that conflicts fails alone.
 *
 * <p>An outcome that ends an intent is let in where other drafts are turned away (the gate says so, too many wait): what was begun is
 * ended, and there are no more of them than there are intents.
 *
 * <p><b>Thread safety:</b> safe. {@link #append} blocks until the record is durable or refused, interrupted or not; call it from virtual
 * threads. <b>Limits:</b> {@value #MAX_GROUP} drafts or {@value #MAX_GROUP_BYTES} bytes a group, {@value #MAX_WAITING} waiting a tenant
 * and as many outcomes of intents.
 */
public final class Appender implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Appender.class);

    /** Drafts in one transaction. */
    static final int MAX_GROUP = 128;

    /** Bytes in one transaction, or one draft that is larger. */
    static final long MAX_GROUP_BYTES = 4 * 1024 * 1024;

    /** Drafts that may wait for their turn, a tenant; more are refused as busy. */
    static final int MAX_WAITING = 1_024;

    private static final int CLOSE_SECONDS = 10;

    private final AppendGroup groups;
    private final Gate gate;
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<String, Deque<Waiting>> lanes = new HashMap<>();
    private boolean closed;

    private record Waiting(PreparedDraft draft, CompletableFuture<AppendResult> result) {}

    /**
     * @param instanceId the first half of every origin
     * @param role the feature's role; its name is the feature's
     * @param signer the feature's source key
     * @param gate asked before each append, but for outcomes that end an intent
     */
    public Appender(Database database, DatabaseRole role, String instanceId, Signer signer, Gate gate) {
        this.groups = new AppendGroup(database, role, instanceId, signer, CommitQuestion.LIMIT);
        this.gate = gate;
    }

    /** Appends a record; returns when it is durable, or says why it is not there. */
    public AppendResult append(Draft draft) {
        boolean ends = draft.ends().isPresent();
        Optional<LogRejection> refusal = ends ? Optional.empty() : gate.refusal();
        if (refusal.isPresent()) {
            return new AppendResult.Refused(refusal.get());
        }
        var waiting = new Waiting(PreparedDraft.of(draft), new CompletableFuture<>());
        synchronized (lanes) {
            if (closed) {
                return new AppendResult.Refused(LogRejection.UNAVAILABLE);
            }
            Deque<Waiting> lane = lanes.get(draft.tenant());
            if (lane == null) {
                executor.execute(() -> drain(draft.tenant()));
                lanes.put(draft.tenant(), new ArrayDeque<>(List.of(waiting)));
            } else if (lane.size() >= (ends ? 2 * MAX_WAITING : MAX_WAITING)) {
                return new AppendResult.Refused(LogRejection.BUSY);
            } else {
                lane.add(waiting);
            }
        }
        return waiting.result().join();
    }

    /** Commits a tenant's waiting drafts, group after group, until none waits. One such loop runs for a tenant at a time. */
    private void drain(String tenant) {
        for (List<Waiting> group = next(tenant); !group.isEmpty(); group = next(tenant)) {
            List<AppendResult> results = commit(tenant, group);
            for (int i = 0; i < group.size(); i++) {
                group.get(i).result().complete(results.get(i));
            }
        }
    }

    private List<AppendResult> commit(String tenant, List<Waiting> group) {
        try {
            return groups.commit(tenant, group.stream().map(Waiting::draft).toList());
        } catch (RuntimeException | Error e) {
            // Whoever waits must be answered, and the lane go on; whether the commit was reached nobody knows.
            LOG.errorf(e, "Append died: tenant=%s drafts=%d", tenant, group.size());
            return Collections.nCopies(group.size(), new AppendResult.Refused(LogRejection.OUTCOME_UNKNOWN));
        }
    }

    private List<Waiting> next(String tenant) {
        synchronized (lanes) {
            Deque<Waiting> lane = lanes.get(tenant);
            List<Waiting> group = new ArrayList<>();
            long bytes = 0;
            while (lane != null && !lane.isEmpty() && group.size() < MAX_GROUP) {
                bytes += lane.getFirst().draft().bytes();
                if (bytes > MAX_GROUP_BYTES && !group.isEmpty()) {
                    break;
                }
                group.add(lane.removeFirst());
            }
            if (group.isEmpty()) {
                lanes.remove(tenant);
            }
            return group;
        }
    }

    /** Takes no more appends and waits for those under way, at most ten seconds. */
    @Override
    public void close() {
        synchronized (lanes) {
            closed = true;
        }
        executor.shutdown();
        try {
            if (!executor.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                executor.shutdownNow();
            }
        } catch (InterruptedException e) {
            executor.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
