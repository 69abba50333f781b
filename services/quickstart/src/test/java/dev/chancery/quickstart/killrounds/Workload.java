package dev.chancery.quickstart.killrounds;

import com.google.protobuf.Message;
import java.util.List;

/** What a caller does. */
interface Workload {
    /**
     * The next command; always one that is valid, whatever becomes of the open ones.
     *
     * @param open those that have no answer yet
     */
    Command next(List<Command> open);

    /** Takes in an answer. */
    void learn(Command command, Message reply);
}
