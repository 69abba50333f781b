package dev.chancery.dsar;

import com.google.protobuf.Message;
import dev.chancery.command.Clock;
import dev.chancery.command.Ids;
import dev.chancery.dsar.Answers.Outcome;
import dev.chancery.dsar.Holders.Holder;
import dev.chancery.feature.HolderOptions;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.keyring.KeyDestroyed;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SealContext;
import dev.chancery.log.Streams.Loaded;
import dev.chancery.outbound.OutboundClient.Answer;
import dev.chancery.schema.dsar.v1.HolderAnswered;
import dev.chancery.schema.dsar.v1.HolderRegistered;
import dev.chancery.schema.options.v1.RetentionClass;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Does a request's next steps until it waits. Each step is an event, written on the version of the request that it follows from: several
 * processes that do it at once, and one that ends in between, come to the same history. A system may be asked twice then, with the same
 * {@code webhook-id}.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@value #MAX_AT_A_HOLDER} requests at a system at once; {@value #MAX_STEPS} steps at a time.
 */
final class Advancer {
    static final int MAX_AT_A_HOLDER = 8;
    static final int MAX_STEPS = 20;

    /** How soon it is tried again where the system is busy with others, or the log takes nothing. */
    private static final long SOON_MICROS = 500_000;

    private static final int MAX_MOVES = 5;

    /** After this no other step is begun: systems that don't answer are asked one in a turn. */
    private static final long TURN_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final RequestLog log;
    private final Keyring keyring;
    private final HolderClient client;
    private final HolderOptions options;
    private final Supplier<UUID> ids = Ids::uuidV7;
    private final Map<String, Semaphore> busy = new ConcurrentHashMap<>();

    Advancer(RequestLog log, Keyring keyring, HolderClient client, HolderOptions options) {
        this.log = log;
        this.keyring = keyring;
        this.client = client;
        this.options = options;
    }

    /**
     * Goes on until there is nothing to do, or it has taken so long that others should have their turn.
     *
     * @return when there is something to do next without another event; {@link Next#NO_TIME}: never
     */
    long advance(String tenant, String id) {
        long begun = System.nanoTime();
        for (int step = 0; step < MAX_STEPS && System.nanoTime() - begun < TURN_NANOS; step++) {
            Loaded<Request> loaded = log.request(tenant, id);
            Request request = loaded.state();
            Destruction destruction = request.erasureAsked().isPresent()
                    ? log.destruction(tenant, request.subject())
                    : Destruction.FOLD.initial();
            long now = Clock.nowMicros();
            switch (Next.of(
                    request, log.holders(tenant), destruction, () -> ids.get().toString(), now)) {
                case Next.Wait wait -> {
                    return wait.untilMicros();
                }
                case Next.Record record -> {
                    if (!log.append(tenant, id, loaded.version(), ids.get(), record.action(), record.events())) {
                        return now + SOON_MICROS;
                    }
                }
                case Next.Ask ask -> {
                    if (!ask(tenant, request, ask.task())) {
                        return now + SOON_MICROS;
                    }
                }
            }
        }
        return Clock.nowMicros();
    }

    private boolean ask(String tenant, Request request, Task task) {
        Semaphore places = busy.computeIfAbsent(tenant + "/" + task.holder(), holder -> new Semaphore(MAX_AT_A_HOLDER));
        if (!places.tryAcquire()) {
            return false;
        }
        try {
            Outcome outcome = log.holders(tenant)
                    .find(task.holder())
                    .map(holder -> answer(tenant, request, task, holder))
                    .orElseGet(() -> Answers.failed(task, "removed", options, Clock.nowMicros()));
            return answered(tenant, request, task, outcome);
        } finally {
            places.release();
        }
    }

    private Outcome answer(String tenant, Request request, Task task, Holder holder) {
        Optional<byte[]> secret = secret(tenant, holder);
        Answer answer = secret.isEmpty()
                ? Answer.none("no-secret")
                : client.ask(
                        holder,
                        log.egress(tenant, holder.registered().getWorkspaceId()).policy(AddressRanges.forbidden()),
                        task,
                        request.subject(),
                        secret.get(),
                        Instant.EPOCH.plus(Clock.nowMicros(), ChronoUnit.MICROS));
        return Answers.of(task, answer, options, Clock.nowMicros());
    }

    private Optional<byte[]> secret(String tenant, Holder holder) {
        return keyring.open(
                        new SealContext(
                                tenant,
                                "",
                                RetentionClass.RETENTION_CLASS_AUDIT,
                                holder.entryId(),
                                HolderRegistered.getDescriptor().getFullName(),
                                "secret"),
                        holder.registered().getSecret())
                .text()
                .map(HexFormat.of()::parseHex);
    }

    /** The request may have moved while the system was asked: what it answered is written where it still tells something new. */
    private boolean answered(String tenant, Request asked, Task task, Outcome outcome) {
        String id = asked.received().getRequestId();
        for (int tries = 0; tries < MAX_MOVES; tries++) {
            Loaded<Request> loaded = log.request(tenant, id);
            Optional<Task> now = loaded.state().task(task.id());
            if (!loaded.state().isOpen() || now.isEmpty() || now.get().isDone()) {
                return true;
            }
            UUID entryId = ids.get();
            List<Message> events = List.of(event(tenant, asked, task, outcome, entryId));
            if (log.append(tenant, id, loaded.version(), entryId, "dsar.holder.answer", events)) {
                return true;
            }
        }
        return false;
    }

    private HolderAnswered event(String tenant, Request request, Task task, Outcome outcome, UUID entryId) {
        var event = HolderAnswered.newBuilder()
                .setRequestId(request.received().getRequestId())
                .setSubjectId(request.subject())
                .setTaskId(task.id())
                .setResult(outcome.result())
                .setCode(outcome.code())
                .setNextMicros(outcome.nextMicros());
        outcome.exported().ifPresent(json -> {
            try {
                event.setExported(keyring.seal(
                        new SealContext(
                                tenant,
                                request.subject(),
                                RetentionClass.RETENTION_CLASS_AUDIT,
                                entryId,
                                HolderAnswered.getDescriptor().getFullName(),
                                "exported"),
                        json));
            } catch (KeyDestroyed e) {
                event.setCode("subject-erased");
            }
        });
        return event.build();
    }
}
