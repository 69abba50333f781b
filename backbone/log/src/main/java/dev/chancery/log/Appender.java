package dev.chancery.log;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.Signer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Puts records at the end of tenants' logs, for one feature. Appends of one tenant that arrive together are committed together
 * (group commit): one lock, one write, one flush to disk; each is judged by itself, so one that conflicts fails alone.
 *
 * <p><b>Thread safety:</b> safe. {@link #append} blocks until the record is durable or refused; call it from virtual threads.
 * <b>Limits:</b> {@value #MAX_GROUP} drafts a group, {@value #MAX_WAITING} waiting a tenant.
 */
public final class Appender implements AutoCloseable {
    /** Drafts in one transaction. */
    static final int MAX_GROUP = 128;

    /** Drafts that may wait for their turn, a tenant; more are refused as busy. */
    static final int MAX_WAITING = 1_024;

    private final AppendGroup groups;
    private final RelayGuard guard;
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<String, Deque<Waiting>> lanes = new HashMap<>();

    private record Waiting(PreparedDraft draft, CompletableFuture<AppendResult> result) {}

    /**
     * @param instanceId the first half of every origin
     * @param role the feature's role; its name is the feature's
     * @param signer the feature's source key
     */
    public Appender(Database database, DatabaseRole role, String instanceId, Signer signer, RelayGuard guard) {
        this.groups = new AppendGroup(database, role, instanceId, signer);
        this.guard = guard;
    }

    /** Appends a record; returns when it is durable, or says why it is not there. */
    public AppendResult append(Draft draft) {
        if (guard.refuses()) {
            return new AppendResult.Refused(LogRejection.RELAY_BEHIND);
        }
        var waiting = new Waiting(PreparedDraft.of(draft), new CompletableFuture<>());
        synchronized (lanes) {
            Deque<Waiting> lane = lanes.get(draft.tenant());
            if (lane == null) {
                lanes.put(draft.tenant(), new ArrayDeque<>(List.of(waiting)));
                executor.execute(() -> drain(draft.tenant()));
            } else if (lane.size() >= MAX_WAITING) {
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
            List<AppendResult> results;
            try {
                results =
                        groups.commit(tenant, group.stream().map(Waiting::draft).toList());
            } catch (RuntimeException | Error e) {
                group.forEach(waiting -> waiting.result().completeExceptionally(e));
                continue;
            }
            for (int i = 0; i < group.size(); i++) {
                group.get(i).result().complete(results.get(i));
            }
        }
    }

    private List<Waiting> next(String tenant) {
        synchronized (lanes) {
            Deque<Waiting> lane = lanes.get(tenant);
            List<Waiting> group = new ArrayList<>();
            while (lane != null && !lane.isEmpty() && group.size() < MAX_GROUP) {
                group.add(lane.removeFirst());
            }
            if (group.isEmpty()) {
                lanes.remove(tenant);
            }
            return group;
        }
    }

    /** Waits for the appends under way, at most ten seconds. */
    @Override
    public void close() {
        executor.shutdown();
        try {
            if (!executor.awaitTermination(10, TimeUnit.SECONDS)) {
                executor.shutdownNow();
            }
        } catch (InterruptedException e) {
            executor.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
