package dev.chancery.feature;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * The forward proxy of a process with the role {@code egress}.
 *
 * @param host the address that it listens at
 * @param port 0: any that is free
 * @param tls its certificate; empty: it speaks plain HTTP, for the loopback only
 * @param maxStrangers connections at a time that have sent no good access token; one more pushes out the one that has been there longest
 * @param maxTunnels callers' connections at a time
 * @param maxTunnelsAWorkspace of one workspace
 * @param idle how long a connection may carry no byte
 * @param lifetime how long it may last
 * @param listening told the port, once it listens
 */
public record ProxyOptions(
        String host,
        int port,
        Optional<Tls> tls,
        int maxStrangers,
        int maxTunnels,
        int maxTunnelsAWorkspace,
        Duration idle,
        Duration lifetime,
        IntConsumer listening) {
    /** PEM files: the certificate chain, and its key in PKCS#8. */
    public record Tls(Path certificate, Path key) {}

    /** At the loopback, at any port. */
    public static ProxyOptions local(IntConsumer listening) {
        return new ProxyOptions(
                "127.0.0.1",
                0,
                Optional.empty(),
                256,
                2_000,
                500,
                Duration.ofMinutes(2),
                Duration.ofHours(12),
                listening);
    }
}
