package dev.chancery.dsar;

import dev.chancery.feature.HolderOptions;
import dev.chancery.outbound.OutboundClient.Answer;
import dev.chancery.schema.dsar.v1.TaskResult;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonStructure;
import jakarta.json.JsonValue;
import java.io.StringReader;
import java.time.Duration;
import java.util.Optional;

/**
 * What a system's answer comes to. That it has nothing about somebody it says with 204 or 410: a 404 is also what a mistyped address, a proxy
 * without a route and an application that was taken down answer, so it says nothing about anybody.
 */
final class Answers {
    private static final Duration MAX_PAUSE = Duration.ofHours(1);
    private static final int MAX_DOUBLINGS = 20;

    private Answers() {}

    /**
     * @param code why it is not done
     * @param nextMicros when it is tried again; 0: it is not
     * @param exported JSON
     */
    record Outcome(TaskResult result, String code, long nextMicros, Optional<String> exported) {}

    static Outcome of(Task task, Answer answer, HolderOptions options, long nowMicros) {
        return switch (task.action()) {
            case HOLDER_ACTION_ERASE ->
                switch (answer.status()) {
                    case 200, 204, 410 -> done(Optional.empty());
                    case 202 -> new Outcome(TaskResult.TASK_RESULT_ACCEPTED, "", 0, Optional.empty());
                    default -> failed(task, answer.outcome(), options, nowMicros);
                };
            case HOLDER_ACTION_EXPORT ->
                switch (answer.status()) {
                    case 204, 410 -> done(Optional.empty());
                    case 200 -> {
                        Optional<JsonValue> json = json(answer.body());
                        yield json.isEmpty()
                                ? failed(task, "no-json", options, nowMicros)
                                : done(isNothing(json.get()) ? Optional.empty() : Optional.of(answer.body()));
                    }
                    case 202 -> failed(task, "not-ready", options, nowMicros);
                    default -> failed(task, answer.outcome(), options, nowMicros);
                };
            case HOLDER_ACTION_READ_BACK ->
                switch (answer.status()) {
                    case 204, 410 -> done(Optional.empty());
                    case 200 ->
                        answer.body().isBlank()
                                        || json(answer.body())
                                                .filter(Answers::isNothing)
                                                .isPresent()
                                ? done(Optional.empty())
                                : failed(task, "still-answers", options, nowMicros);
                    default -> failed(task, answer.outcome(), options, nowMicros);
                };
            case HOLDER_ACTION_UNSPECIFIED, UNRECOGNIZED -> throw new IllegalStateException("no action: " + task.id());
        };
    }

    private static Outcome done(Optional<String> exported) {
        return new Outcome(TaskResult.TASK_RESULT_DONE, "", 0, exported);
    }

    static Outcome failed(Task task, String code, HolderOptions options, long nowMicros) {
        int made = task.attempts() + 1;
        if (made >= options.attempts()) {
            return new Outcome(TaskResult.TASK_RESULT_PARKED, code, 0, Optional.empty());
        }
        Duration pause = options.firstRetry().multipliedBy(1L << Math.min(made - 1, MAX_DOUBLINGS));
        Duration bounded = pause.compareTo(MAX_PAUSE) < 0 ? pause : MAX_PAUSE;
        return new Outcome(
                TaskResult.TASK_RESULT_FAILED, code, nowMicros + bounded.toMillis() * 1000, Optional.empty());
    }

    static Optional<JsonValue> json(String text) {
        try (var reader = Json.createReader(new StringReader(text))) {
            return Optional.of(reader.readValue());
        } catch (JsonException | IllegalStateException e) {
            return Optional.empty();
        }
    }

    private static boolean isNothing(JsonValue value) {
        return value == JsonValue.NULL
                || value instanceof JsonStructure structure
                        && (structure instanceof jakarta.json.JsonObject object
                                ? object.isEmpty()
                                : structure.asJsonArray().isEmpty());
    }
}
