package dev.chancery.access;

import com.google.protobuf.Message;
import dev.chancery.kernel.Fold;
import dev.chancery.log.Streams.StoredEvent;
import java.util.UUID;

/** The state that events leave behind. */
final class Given {
    private Given() {}

    static <S> S folded(Fold<S, ? super StoredEvent> fold, Message... events) {
        S state = fold.initial();
        for (int i = 0; i < events.length; i++) {
            state = fold.evolve(
                    state,
                    new StoredEvent(
                            events[i].getDescriptorForType().getFullName(),
                            events[i].toByteString(),
                            i,
                            i + 1,
                            new UUID(0, i)));
        }
        return state;
    }
}
