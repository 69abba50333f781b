package dev.chancery.dsar;

import dev.chancery.schema.dsar.v1.HolderAction;
import dev.chancery.schema.dsar.v1.HolderAnswered;
import dev.chancery.schema.dsar.v1.HolderAsked;
import dev.chancery.schema.dsar.v1.TaskResult;
import dev.chancery.schema.log.v1.Sealed;
import java.util.Optional;
import java.util.UUID;

/**
 * What a system was asked, and what came of it.
 *
 * @param attempts since it was asked, or asked again after it was parked
 * @param nextMicros when it is tried again
 * @param exported what it answered, and the entry that this is sealed to
 */
record Task(
        HolderAsked asked,
        TaskResult result,
        int attempts,
        String code,
        long nextMicros,
        Optional<Sealed> exported,
        UUID exportedEntry) {
    static Task of(HolderAsked asked) {
        return new Task(asked, TaskResult.TASK_RESULT_UNSPECIFIED, 0, "", 0, Optional.empty(), new UUID(0, 0));
    }

    String id() {
        return asked.getTaskId();
    }

    String holder() {
        return asked.getHolder();
    }

    HolderAction action() {
        return asked.getAction();
    }

    boolean isDone() {
        return result == TaskResult.TASK_RESULT_DONE;
    }

    boolean isParked() {
        return result == TaskResult.TASK_RESULT_PARKED;
    }

    /** Whether the system is to be asked at a moment. */
    boolean isDue(long nowMicros) {
        return (result == TaskResult.TASK_RESULT_UNSPECIFIED || result == TaskResult.TASK_RESULT_FAILED)
                && nextMicros <= nowMicros;
    }

    Task answered(HolderAnswered answer, UUID entryId) {
        if (isDone()) {
            return this;
        }
        return new Task(
                asked,
                answer.getResult(),
                attempts + 1,
                answer.getCode(),
                answer.getNextMicros(),
                answer.hasExported() ? Optional.of(answer.getExported()) : exported,
                answer.hasExported() ? entryId : exportedEntry);
    }

    Task reported(boolean done) {
        return new Task(
                asked,
                done ? TaskResult.TASK_RESULT_DONE : TaskResult.TASK_RESULT_PARKED,
                attempts,
                done ? "" : "reported-failed",
                0,
                exported,
                exportedEntry);
    }

    Task replayed() {
        return new Task(asked, TaskResult.TASK_RESULT_UNSPECIFIED, 0, "", 0, exported, exportedEntry);
    }
}
