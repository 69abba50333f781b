package dev.chancery.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class NameResolverTest {
    @Test
    @Timeout(20)
    void aNameServerThatSaysNothingIsNotWaitedFor() throws Exception {
        var never = new CountDownLatch(1);
        var free = new CountDownLatch(1);
        NameResolver silent = name -> {
            try {
                never.await();
            } catch (InterruptedException e) {
                free.countDown();
            }
            return List.of();
        };
        try (var names = new NameResolver.OfTheSystem(silent, Duration.ofMillis(50))) {
            assertThatThrownBy(() -> names.resolve("db.example.com"))
                    .isInstanceOf(UnknownHostException.class)
                    .hasMessage("db.example.com");
            assertThat(free.await(10, TimeUnit.SECONDS))
                    .as("its thread is there for another name")
                    .isTrue();
        }
    }

    @Test
    void aLookupThatFailsSaysTheNameAlone() {
        NameResolver broken = name -> {
            throw new IllegalStateException("resolver 10.0.0.53 is broken");
        };
        try (var names = new NameResolver.OfTheSystem(broken, NameResolver.OfTheSystem.LIMIT)) {
            assertThatThrownBy(() -> names.resolve("db.example.com"))
                    .isInstanceOf(UnknownHostException.class)
                    .hasMessage("db.example.com")
                    .hasNoCause();
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
