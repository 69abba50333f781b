package dev.chancery.dsar;

import com.google.protobuf.Message;
import dev.chancery.schema.dsar.v1.ErasureAsked;
import dev.chancery.schema.dsar.v1.ErasureDone;
import dev.chancery.schema.dsar.v1.ErasureWithheld;
import dev.chancery.schema.dsar.v1.HolderAction;
import dev.chancery.schema.dsar.v1.HolderAsked;
import dev.chancery.schema.dsar.v1.TaskResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** What happens to a request by itself, one step after the other. After each, and after a crash, it follows from the log again. */
sealed interface Next {
    /** It waits for somebody, or for events. */
    long NO_TIME = Long.MAX_VALUE;

    /** Events of the request. */
    record Record(String action, List<Message> events) implements Next {}

    /** A system is asked: what that comes to is an event. */
    record Ask(Task task) implements Next {}

    /** @param untilMicros {@link #NO_TIME}: for an event */
    record Wait(long untilMicros) implements Next {}

    static Next of(Request request, Holders holders, Destruction destruction, Supplier<String> ids, long nowMicros) {
        if (!request.isOpen() || request.verified().isEmpty()) {
            return new Wait(NO_TIME);
        }
        if (request.isErasure()) {
            Optional<Next> step = erasure(request, holders, destruction, ids);
            if (step.isPresent()) {
                return step.get();
            }
        }
        List<Task> tasks = request.tasksInOrder();
        return tasks.stream()
                .filter(task -> task.isDue(nowMicros))
                .findFirst()
                .<Next>map(Ask::new)
                .orElseGet(() -> new Wait(tasks.stream()
                        .filter(task -> task.result() == TaskResult.TASK_RESULT_FAILED)
                        .mapToLong(Task::nextMicros)
                        .min()
                        .orElse(NO_TIME)));
    }

    private static Optional<Next> erasure(
            Request request, Holders holders, Destruction destruction, Supplier<String> ids) {
        String id = request.received().getRequestId();
        if (request.erasureAsked().isEmpty()) {
            return Optional.of(new Record(
                    "dsar.erasure.ask",
                    List.of(ErasureAsked.newBuilder()
                            .setRequestId(id)
                            .setSubjectId(request.subject())
                            .build())));
        }
        if (request.erased().isEmpty()) {
            return Optional.of(keys(request, holders, destruction, ids));
        }
        List<Message> readBacks = readBacks(request, holders, ids);
        if (!readBacks.isEmpty()) {
            return Optional.of(new Record("dsar.holder.read-back", readBacks));
        }
        return request.tasksInOrder().stream().allMatch(Task::isDone)
                ? Optional.of(new Record(
                        "dsar.request.finish",
                        List.of(CompletionStatement.completed(request, "", destruction.metPosition()))))
                : Optional.empty();
    }

    private static Next keys(Request request, Holders holders, Destruction destruction, Supplier<String> ids) {
        String id = request.received().getRequestId();
        if (destruction.isDone()) {
            List<Message> happened = new ArrayList<>();
            happened.add(ErasureDone.newBuilder()
                    .setRequestId(id)
                    .setKeys(destruction.keys())
                    .setPosition(destruction.destroyedPosition())
                    .setHorizonMicros(destruction.horizonMicros())
                    .build());
            // What can't be asked to erase is asked whether it has anything: it is never certified while it has.
            holders.all()
                    .values()
                    .forEach(holder -> happened.add(asked(
                            id,
                            ids.get(),
                            holder.name(),
                            holder.can(HolderAction.HOLDER_ACTION_ERASE)
                                    ? HolderAction.HOLDER_ACTION_ERASE
                                    : HolderAction.HOLDER_ACTION_READ_BACK)));
            return new Record("dsar.erasure.done", happened);
        }
        long known = request.withheld().map(ErasureWithheld::getPosition).orElse(-1L);
        return destruction.withheldPosition() > known
                ? new Record(
                        "dsar.erasure.withhold",
                        List.of(ErasureWithheld.newBuilder()
                                .setRequestId(id)
                                .addAllHoldIds(destruction.holds())
                                .setPosition(destruction.withheldPosition())
                                .build()))
                : new Wait(NO_TIME);
    }

    /** Each system that says it has erased is asked for an export. */
    private static List<Message> readBacks(Request request, Holders holders, Supplier<String> ids) {
        Set<String> asked = request.tasksInOrder().stream()
                .filter(task -> task.action() == HolderAction.HOLDER_ACTION_READ_BACK)
                .map(Task::holder)
                .collect(Collectors.toSet());
        return request.tasksInOrder().stream()
                .filter(task -> task.action() == HolderAction.HOLDER_ACTION_ERASE && task.isDone())
                .map(Task::holder)
                .filter(holder -> !asked.contains(holder))
                .filter(holder -> holders.find(holder)
                        .filter(found -> found.can(HolderAction.HOLDER_ACTION_EXPORT))
                        .isPresent())
                .<Message>map(holder -> asked(
                        request.received().getRequestId(), ids.get(), holder, HolderAction.HOLDER_ACTION_READ_BACK))
                .toList();
    }

    private static HolderAsked asked(String request, String task, String holder, HolderAction action) {
        return HolderAsked.newBuilder()
                .setRequestId(request)
                .setTaskId(task)
                .setHolder(holder)
                .setAction(action)
                .build();
    }
}
