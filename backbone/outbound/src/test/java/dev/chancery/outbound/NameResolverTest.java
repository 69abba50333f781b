package dev.chancery.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class NameResolverTest {
    @Test
    @Timeout(20)
    void aNameServerThatSaysNothingIsNotWaitedFor() throws Exception {
        var never = new CountDownLatch(1);
        NameResolver silent = name -> {
            try {
                never.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return List.of();
        };
        try (var names = new NameResolver.OfTheSystem(silent, Duration.ofMillis(50))) {
            assertThatThrownBy(() -> names.resolve("db.example.com"))
                    .isInstanceOf(UnknownHostException.class)
                    .hasMessage("db.example.com");
        }
    }

    @Test
    void theSystemKnowsThisMachine() throws Exception {
        try (var names = new NameResolver.OfTheSystem(
                name -> List.of(InetAddress.getAllByName(name)), NameResolver.OfTheSystem.LIMIT)) {
            assertThat(names.resolve("localhost")).allMatch(InetAddress::isLoopbackAddress);
        }
    }
}
