package dev.chancery.cli.client;

import com.google.protobuf.Message;
import dev.chancery.schema.ContractMethod;
import java.util.Map;

/** One of the two ways to an instance. They carry the same methods, headers and refusals. */
public interface Transport {
    /** How long a call may take, in seconds, before it counts as unanswered. */
    int CALL_SECONDS = 30;

    /**
     * Calls a method.
     *
     * @param headers sent as they are
     */
    Reply call(ContractMethod method, Message request, Map<String, String> headers) throws Refused, Unreachable;
}
