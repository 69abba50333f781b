package dev.chancery.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.concurrent.locks.LockSupport;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.kafka.KafkaContainer;
import org.testcontainers.postgresql.PostgreSQLContainer;

/**
 * Servers in containers, for versions that are not embedded: {@code -Pcontainers -Dchancery.postgres=15}. Testcontainers stops them when
 * this JVM is gone.
 */
final class ContainerServers implements Servers {
    private static final String POSTGRES = "postgres:" + System.getProperty("chancery.postgres", "17");
    private static final String KAFKA = "apache/kafka:" + System.getProperty("chancery.kafka", "4.1.1");
    private static final int RESTART_SECONDS = 60;
    private static final long PAUSE_NANOS = 50_000_000;

    ContainerServers() {
        if (!DockerClientFactory.instance().isDockerAvailable()) {
            throw new IllegalStateException(
                    "-Pcontainers needs a container engine that answers like Docker's, and none does:"
                            + " start one, set DOCKER_HOST to it, or leave -Pcontainers away for the embedded servers");
        }
    }

    @Override
    public TestPostgres postgres() {
        int port = freePort();
        var server = new FixedPort(port);
        server.start();
        return new TestPostgres() {
            @Override
            public int port() {
                return port;
            }

            @Override
            public Connection superuser(String database) throws SQLException {
                return DriverManager.getConnection(
                        "jdbc:postgresql://127.0.0.1:" + port + "/" + database,
                        server.getUsername(),
                        server.getPassword());
            }

            @Override
            public void kill() {
                server.getDockerClient()
                        .killContainerCmd(server.getContainerId())
                        .exec();
            }

            @Override
            public void restart() {
                server.getDockerClient()
                        .restartContainerCmd(server.getContainerId())
                        .exec();
                awaitConnection(this);
            }

            @Override
            public long pid() {
                return 0;
            }

            @Override
            public void close() {
                server.stop();
            }
        };
    }

    private static void awaitConnection(TestPostgres server) {
        long deadline = System.nanoTime() + RESTART_SECONDS * 1_000_000_000L;
        while (true) {
            try (Connection connection = server.superuser("postgres")) {
                return;
            } catch (SQLException e) {
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException("PostgreSQL's container does not serve again", e);
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    @Override
    public TestKafka kafka() {
        var server = new KafkaContainer(KAFKA)
                .withEnv("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
                .withEnv("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0")
                .withEnv("KAFKA_MESSAGE_MAX_BYTES", Integer.toString(2 << 20));
        server.start();
        return new TestKafka() {
            @Override
            public String bootstrapServers() {
                return server.getBootstrapServers();
            }

            @Override
            public void close() {
                server.stop();
            }
        };
    }

    private static int freePort() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** On a port that stays: a server that is killed and started again is found where it was. */
    private static final class FixedPort extends PostgreSQLContainer {
        FixedPort(int port) {
            super(POSTGRES);
            addFixedExposedPort(port, POSTGRESQL_PORT);
            withUsername("postgres");
            withPassword(Secrets.fresh());
            withCommand(
                    "postgres",
                    "-c",
                    "wal_level=logical",
                    "-c",
                    "max_wal_senders=10",
                    "-c",
                    "max_replication_slots=10",
                    "-c",
                    "password_encryption=scram-sha-256");
        }
    }
}
