package dev.chancery.boundary.connections;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/**
 * What holds for the connections of an HTTP server.
 *
 * @param connections at a time; more push out the one that has gone longest without an answer
 * @param firstAnswer until when a new connection must have had an answer, so how long its first request may take to come
 * @param unread how long the peer may leave unread what was written
 * @param unreadBytes how much may wait for the peer to read it; more ends the connection
 * @param idle how long a connection may keep silent
 * @param pipelined requests that may wait for the answer to an earlier one, over HTTP/1.1; more end the connection
 * @param controlFrames frames of HTTP/2 that carry no request, in {@code controlWindow}; more end the connection
 */
record ConnectionLimits(
        int connections,
        Duration firstAnswer,
        Duration unread,
        long unreadBytes,
        Duration idle,
        int pipelined,
        int controlFrames,
        Duration controlWindow) {
    private static final int MAX_CONNECTIONS = 1_000;
    /** Of the process's descriptors the others are for Kafka's segments, the database's connections and jars. */
    private static final int DESCRIPTORS_A_CONNECTION = 4;

    /** For this process: fewer connections where it may have few descriptors ({@code ulimit -n}). */
    static ConnectionLimits ofThisProcess() {
        long descriptors = ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                ? unix.getMaxFileDescriptorCount()
                : Long.MAX_VALUE;
        return new ConnectionLimits(
                (int) Math.min(MAX_CONNECTIONS, descriptors / DESCRIPTORS_A_CONNECTION),
                Duration.ofSeconds(60),
                Duration.ofSeconds(20),
                16L << 20,
                Duration.ofMinutes(10),
                100,
                2_000,
                Duration.ofSeconds(10));
    }
}
