package dev.chancery.boundary;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.command.Methods;
import dev.chancery.command.RefusedException;
import dev.chancery.redaction.RedactingJsonFormatter;
import dev.chancery.schema.access.v1.CheckRequest;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jboss.logging.MDC;
import org.junit.jupiter.api.Test;

class LoggedCallTest {
    private static final TestInstance INSTANCE = new TestInstance();

    @Test
    void whatACallLogsCarriesItsRequestId() {
        var seen = new AtomicReference<Object>();
        INSTANCE.methods.query("chancery.access.v1.AccessService/Check", CheckRequest.class, (context, request) -> {
            throw new AssertionError("it is not read");
        });
        Methods.Bound check = Objects.requireNonNull(INSTANCE.methods.find("chancery.access.v1.AccessService/Check"));
        var caller = INSTANCE.as(TestInstance.ADA, INSTANCE.organisation());

        INSTANCE.pipeline.call(check, () -> reading(seen), caller);

        assertThat(seen.get()).isEqualTo(caller.requestId());
        assertThat(MDC.get(RedactingJsonFormatter.REQUEST_ID)).isNull();
    }

    private static Message reading(AtomicReference<Object> seen) throws RefusedException {
        seen.set(MDC.get(RedactingJsonFormatter.REQUEST_ID));
        return CheckRequest.getDefaultInstance();
    }
}
