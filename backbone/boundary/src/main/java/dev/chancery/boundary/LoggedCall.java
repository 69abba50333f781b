package dev.chancery.boundary;

import dev.chancery.command.Caller;
import dev.chancery.redaction.RedactingJsonFormatter;
import org.jboss.logging.MDC;

/** While open, every line that this thread logs carries the call's request id. */
public final class LoggedCall implements AutoCloseable {
    public LoggedCall(Caller caller) {
        MDC.put(RedactingJsonFormatter.REQUEST_ID, caller.requestId());
    }

    @Override
    public void close() {
        MDC.remove(RedactingJsonFormatter.REQUEST_ID);
    }
}
