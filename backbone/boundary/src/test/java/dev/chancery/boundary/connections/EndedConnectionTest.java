package dev.chancery.boundary.connections;

import static dev.chancery.boundary.connections.Http2Peer.NO_WINDOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** A connection that a guard ends is gone, and what was held for it: whoever answers its calls is told, so that their permits are free. */
class EndedConnectionTest {
    private static final Duration AT_ONCE = Duration.ofSeconds(10);
    private static final int STREAMS = 50;
    private static final AtomicInteger TAKEN = new AtomicInteger();
    private static final AtomicInteger GONE = new AtomicInteger();
    private static final GuardedServer SERVER = new GuardedServer(request -> {
        TAKEN.incrementAndGet();
        request.response().closeHandler(closed -> GONE.incrementAndGet());
        if (!request.path().equals("/never")) {
            request.response().end(Buffer.buffer(new byte[100]));
        }
    });

    @AfterAll
    static void close() {
        SERVER.close();
    }

    /** Neither calls that are still worked on nor answers that can't be sent keep it: the codec would wait half a minute for them. */
    @Test
    void isGoneAtOnceWithItsCallsAndAnswers() throws Exception {
        int taken = TAKEN.get();
        int gone = GONE.get();
        try (var peer = new Http2Peer(SERVER.connect(), NO_WINDOW)) {
            for (int call = 0; call < STREAMS; call++) {
                peer.get(call % 2 == 0 ? "/never" : "/100");
            }
            assertThat(GuardedServer.await(GuardedServer.LIMIT, () -> TAKEN.get() == taken + STREAMS))
                    .isTrue();
            try {
                peer.pings(3_000);
            } catch (IOException e) {
                // gone before it had them all
            }

            assertThat(GuardedServer.await(AT_ONCE, () -> GONE.get() == gone + STREAMS))
                    .as("of %d calls %d were told", STREAMS, GONE.get() - gone)
                    .isTrue();
            assertThat(peer.isEnded()).isTrue();
        }
    }
}
