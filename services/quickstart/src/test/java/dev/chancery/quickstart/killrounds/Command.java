package dev.chancery.quickstart.killrounds;

import com.google.protobuf.Message;
import dev.chancery.schema.ContractMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Something that a caller wants done once, and all it was told about it. Its mark is a value that this command alone puts into an
 * event, so that its effect is found in the log whatever the idempotency key came to.
 */
final class Command {
    /** Refusals that say that nothing took effect. */
    private static final Set<String> NOTHING_DONE =
            Set.of("backbone.log-unavailable", "backbone.disk-full", "backbone.unavailable", "backbone.too-late");

    /** The other refusals that a command may get while something is down; all its commands are valid, so none but these. */
    private static final Set<String> FOR_NOW =
            Set.of("backbone.outcome-unknown", "backbone.busy", "backbone.decision-stale", "idempotency.in-progress");

    /** What an attempt came to. */
    sealed interface Answer {
        record Acknowledged(Message reply, String position) implements Answer {}

        record Refused(String code) implements Answer {}

        /** It may have arrived. */
        record Unanswered(String why) implements Answer {}

        /** It can't have arrived. */
        record NotSent(String why) implements Answer {}
    }

    private record Attempt(String api, long sentMillis, long answeredMillis, Answer answer) {}

    private final SignedInClient client;
    private final ContractMethod method;
    private final Message request;
    private final String key;
    private final String mark;
    private final List<Attempt> attempts = new ArrayList<>();
    private Answer.@Nullable Acknowledged acknowledged;
    private boolean givenUp;

    Command(SignedInClient client, ContractMethod method, Message request, String key, String mark) {
        this.client = client;
        this.method = method;
        this.request = request;
        this.key = key;
        this.mark = mark;
    }

    SignedInClient client() {
        return client;
    }

    ContractMethod method() {
        return method;
    }

    Message request() {
        return request;
    }

    String key() {
        return key;
    }

    String mark() {
        return mark;
    }

    synchronized Optional<Answer.Acknowledged> acknowledged() {
        return Optional.ofNullable(acknowledged);
    }

    synchronized boolean isGivenUp() {
        return givenUp;
    }

    /** The caller takes the instance at its word that nothing was done. Only where it was never told anything else. */
    synchronized boolean giveUp() {
        givenUp = !attempts.isEmpty()
                && attempts.stream().allMatch(attempt -> switch (attempt.answer()) {
                    case Answer.Refused(String code) -> NOTHING_DONE.contains(code);
                    case Answer.NotSent n -> true;
                    case Answer.Acknowledged a -> false;
                    case Answer.Unanswered u -> false;
                });
        return givenUp;
    }

    synchronized int attempts() {
        return attempts.size();
    }

    /** Notes an attempt; says what is wrong with its answer. */
    synchronized Optional<String> note(String api, long sentMillis, long answeredMillis, Answer answer) {
        attempts.add(new Attempt(api, sentMillis, answeredMillis, answer));
        return switch (answer) {
            case Answer.Acknowledged now -> {
                Answer.Acknowledged first = acknowledged;
                if (first == null) {
                    acknowledged = now;
                    yield Optional.empty();
                }
                yield first.equals(now) ? Optional.empty() : Optional.of("a repeated key got another answer");
            }
            case Answer.Refused(String code)
            when !NOTHING_DONE.contains(code) && !FOR_NOW.contains(code) ->
                Optional.of("a valid command was refused: " + code);
            case Answer.Refused r -> Optional.empty();
            case Answer.Unanswered u -> Optional.empty();
            case Answer.NotSent n -> Optional.empty();
        };
    }

    /** When it is due again: sooner at first, then less and less often. */
    synchronized long dueMillis(long firstRetryMillis, int mostTimes) {
        return attempts.isEmpty()
                ? 0
                : attempts.getLast().answeredMillis() + firstRetryMillis * Math.min(attempts.size(), mostTimes);
    }

    /** The journal's lines about it. */
    @Override
    public synchronized String toString() {
        var text = new StringBuilder("%s %s tenant=%s key=%s mark=%s%s"
                .formatted(method.name(), oneLine(request), client.tenant(), key, mark, givenUp ? " given up" : ""));
        for (Attempt attempt : attempts) {
            text.append("%n    %d-%d ms %s: %s"
                    .formatted(attempt.sentMillis(), attempt.answeredMillis(), attempt.api(), line(attempt.answer())));
        }
        return text.toString();
    }

    private static String line(Answer answer) {
        return switch (answer) {
            case Answer.Acknowledged(Message reply, String position) ->
                "acknowledged " + position + " " + oneLine(reply);
            case Answer.Refused(String code) -> "refused " + code;
            case Answer.Unanswered(String why) -> "unanswered " + why;
            case Answer.NotSent(String why) -> "not sent " + why;
        };
    }

    private static String oneLine(Message message) {
        return "{" + message.toString().strip().replaceAll("\\s+", " ") + "}";
    }
}
