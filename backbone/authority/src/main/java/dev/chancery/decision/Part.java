package dev.chancery.decision;

import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.LogEvent;
import org.jspecify.annotations.Nullable;

/**
 * What the decision point keeps in memory of one kind of stream: a state for each stream, folded from its events.
 *
 * <pre>{@code
 * static final Part<ConsentState> CONSENT = new Part<>("consent/subject/", ConsentState.FOLD);
 * ...
 * decisions.state(tenant, CONSENT, subjectId, atLeast, atMost)
 * }</pre>
 *
 * @param streamPrefix of the streams' names; ends in a slash where there is one stream an id, and is the whole name otherwise
 */
public record Part<S>(String streamPrefix, Fold<S, LogEvent> fold) {
    public Part {
        if (!streamPrefix.matches("[a-z]+/[a-z0-9.-]{1,47}/?")) {
            throw new IllegalArgumentException("not the beginning of a stream's name: " + streamPrefix);
        }
    }

    boolean covers(StreamId stream) {
        return streamPrefix.endsWith("/")
                ? stream.value().startsWith(streamPrefix)
                : stream.value().equals(streamPrefix);
    }

    /** The state after one more event; {@code before} is this part's own, or null before the first event. */
    @SuppressWarnings("unchecked")
    Object evolved(@Nullable Object before, LogEvent event) {
        return fold.evolve(before == null ? fold.initial() : (S) before, event);
    }
}
