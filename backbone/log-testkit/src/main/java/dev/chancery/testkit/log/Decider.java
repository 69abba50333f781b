package dev.chancery.testkit.log;

import com.google.protobuf.Message;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Fold;
import dev.chancery.log.Streams.StoredEvent;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

/**
 * One stream of events, and what a rule decides on it:
 *
 * {@snippet :
 * var workspace = new Decider<>(WorkspaceEgress.FOLD).given(allowed("api.example.com"));
 * Decision<Message> decision = workspace.when(state -> EgressRules.deny(state, denied("api.example.com")));
 * assertThat(decision).isEqualTo(Decision.events(denied("api.example.com")));
 * }
 *
 * <p>What is decided has happened: the next rule is asked about the state after it.
 *
 * @param <S> the stream's state
 */
public final class Decider<S> {
    private final Fold<S, ? super StoredEvent> fold;
    private S state;
    private long version;

    public Decider(Fold<S, ? super StoredEvent> fold) {
        this.fold = fold;
        this.state = fold.initial();
    }

    /** The state after some events and no others. */
    public static <S> S folded(Fold<S, ? super StoredEvent> fold, List<? extends Message> events) {
        return new Decider<>(fold).given(events).state();
    }

    /** The state after some events and no others. */
    public static <S> S folded(Fold<S, ? super StoredEvent> fold, Message... events) {
        return folded(fold, List.of(events));
    }

    public Decider<S> given(Message... events) {
        return given(List.of(events));
    }

    public Decider<S> given(List<? extends Message> events) {
        for (Message event : events) {
            version++;
            state = fold.evolve(
                    state,
                    new StoredEvent(
                            event.getDescriptorForType().getFullName(),
                            event.toByteString(),
                            version,
                            version,
                            new UUID(0, version)));
        }
        return this;
    }

    public S state() {
        return state;
    }

    public Decision<Message> when(Function<S, Decision<Message>> rule) {
        Decision<Message> decision = rule.apply(state);
        if (decision instanceof Decision.Events<Message> happened) {
            given(happened.events());
        }
        return decision;
    }
}
