package dev.chancery.cli.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.nio.channels.ClosedChannelException;
import org.junit.jupiter.api.Test;

class GrpcTransportTest {
    @Test
    void aConnectionThatClosesUnderACallIsNoAnswer() {
        Status closed = Status.UNKNOWN.withDescription("channel closed").withCause(new ClosedChannelException());
        assertThat(GrpcTransport.isUnanswered(closed.asRuntimeException())).isTrue();
        assertThat(GrpcTransport.isUnanswered(Status.UNAVAILABLE.asRuntimeException()))
                .isTrue();
    }

    @Test
    void whatTheInstanceSaidIsAnAnswer() {
        assertThat(GrpcTransport.isUnanswered(Status.UNKNOWN.asRuntimeException()))
                .isFalse();
        assertThat(GrpcTransport.isUnanswered(Status.INTERNAL.asRuntimeException()))
                .isFalse();
    }
}
