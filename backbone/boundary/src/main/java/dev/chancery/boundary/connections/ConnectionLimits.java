package dev.chancery.boundary.connections;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/**
 * What holds for the connections of an HTTP server.
 *
 * @param connections at a time, and never more than a quarter of the descriptors that the process may have ({@code ulimit -n}); more push
 *     out the one that has gone longest without an answer
 * @param firstAnswer until when a new connection must have had an answer, so how long its first request may take to come
 * @param unread how long the peer may leave unread what was written
 * @param unreadBytes how much may wait in one connection for the peer to read it; more ends the connection
 * @param unreadTotalBytes how much the answers and streams of all connections may hold until their peers take them, where more ends the
 *     slowest and largest of them; 0: an eighth of the heap
 * @param idle how long a connection may keep silent
 * @param streams of HTTP/2 at a time in one connection; more are refused
 * @param pipelined requests that may wait for the answer to an earlier one, over HTTP/1.1; more end the connection
 * @param controlFrames frames of HTTP/2 that carry no request, in {@code controlWindow}; more end the connection
 */
public record ConnectionLimits(
        int connections,
        Duration firstAnswer,
        Duration unread,
        long unreadBytes,
        long unreadTotalBytes,
        Duration idle,
        int streams,
        int pipelined,
        int controlFrames,
        Duration controlWindow) {
    /** Of the process's descriptors the others are for Kafka's segments, the database's connections and jars. */
    private static final int DESCRIPTORS_A_CONNECTION = 4;

    private static final int PART_OF_THE_HEAP = 8;

    private static final int CHECKS = 4;

    private static volatile ConnectionLimits used = defaults();

    /** @throws IllegalArgumentException where a limit would let nobody in */
    public ConnectionLimits {
        if (connections < 1 || streams < 1 || pipelined < 1 || controlFrames < 1) {
            throw new IllegalArgumentException(
                    "connections, streams, pipelined requests and control frames are 1 at least");
        }
        if (unreadBytes < 1 || unreadTotalBytes < 0) {
            throw new IllegalArgumentException("unread-bytes is 1 at least, and unread-total-bytes 0 at least");
        }
        if (!isPositive(firstAnswer) || !isPositive(unread) || !isPositive(idle) || !isPositive(controlWindow)) {
            throw new IllegalArgumentException("first-answer, unread and idle are longer than no time");
        }
    }

    private static boolean isPositive(Duration time) {
        return time.compareTo(Duration.ZERO) > 0;
    }

    public static ConnectionLimits defaults() {
        return new ConnectionLimits(
                1_000,
                Duration.ofSeconds(60),
                Duration.ofSeconds(20),
                16L << 20,
                0,
                Duration.ofMinutes(10),
                100,
                100,
                2_000,
                Duration.ofSeconds(10));
    }

    /** Limits for the servers that this process starts from now on; their sockets are made before any bean is. */
    public static void use(ConnectionLimits limits) {
        used = limits;
    }

    /** How often a connection is looked at, for whether it keeps to the limits of time. */
    long checkNanos() {
        return unread.toNanos() / CHECKS;
    }

    /** As this process can keep them: with fewer connections where it may have few descriptors. */
    static ConnectionLimits used() {
        ConnectionLimits wanted = used;
        long descriptors = ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                ? unix.getMaxFileDescriptorCount()
                : Long.MAX_VALUE;
        return new ConnectionLimits(
                (int) Math.min(wanted.connections, descriptors / DESCRIPTORS_A_CONNECTION),
                wanted.firstAnswer,
                wanted.unread,
                wanted.unreadBytes,
                wanted.unreadTotalBytes == 0
                        ? Runtime.getRuntime().maxMemory() / PART_OF_THE_HEAP
                        : wanted.unreadTotalBytes,
                wanted.idle,
                wanted.streams,
                wanted.pipelined,
                wanted.controlFrames,
                wanted.controlWindow);
    }
}
