package dev.chancery.testkit;

import dev.chancery.embedded.EmbeddedKafka;
import dev.chancery.embedded.EmbeddedPostgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;

/** Servers of this machine, in a directory that goes once both are closed. */
final class EmbeddedServers implements Servers {
    private final Path directory = Scratch.create();

    @Override
    public TestPostgres postgres() {
        EmbeddedPostgres server = EmbeddedPostgres.start(directory.resolve("postgres"), 0, Secrets.fresh());
        return new TestPostgres() {
            @Override
            public int port() {
                return server.port();
            }

            @Override
            public Connection superuser(String database) throws SQLException {
                return server.superuser(database);
            }

            @Override
            public void kill() {
                server.kill();
            }

            @Override
            public void restart() {
                server.restart();
            }

            @Override
            public long pid() {
                return server.pid();
            }

            @Override
            public void close() {
                server.close();
                Scratch.delete(directory.resolve("postgres"));
            }
        };
    }

    @Override
    public TestKafka kafka() {
        EmbeddedKafka server = EmbeddedKafka.start(directory.resolve("kafka"), 0);
        return new TestKafka() {
            @Override
            public String bootstrapServers() {
                return server.bootstrapServers();
            }

            @Override
            public void close() {
                server.close();
                Scratch.delete(directory.resolve("kafka"));
            }
        };
    }
}
