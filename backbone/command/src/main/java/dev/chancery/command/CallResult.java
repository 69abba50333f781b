package dev.chancery.command;

import com.google.protobuf.Message;
import dev.chancery.kernel.Position;
import dev.chancery.kernel.Rejection;
import java.util.Map;
import java.util.Optional;

/** What a call came to. */
public sealed interface CallResult {
    /** @param position where the log was when this was true; of a command, its outcome's */
    record Replied(Message reply, Optional<Position> position) implements CallResult {}

    /**
     * @param message the rejection's own, or one that names the field
     * @param details what a program needs in order to help itself, e.g. {@code max_age}; goes out as it is
     */
    record Refused(Rejection rejection, String message, Map<String, String> details) implements CallResult {
        public Refused {
            details = Map.copyOf(details);
        }

        public Refused(Rejection rejection, String message) {
            this(rejection, message, Map.of());
        }

        public Refused(Rejection rejection) {
            this(rejection, rejection.message());
        }
    }
}
