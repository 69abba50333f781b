package dev.chancery.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.embedded.EmbeddedKafka;
import dev.chancery.embedded.EmbeddedPostgres;
import dev.chancery.embedded.ServerTls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With TLS, a server takes only clients that show a certificate, and PostgreSQL only one that names the role. */
class TlsServersTest {
    @TempDir
    Path directory;

    @Test
    void postgresTakesTheRoleThatTheCertificateNamesAndNoOther() throws SQLException {
        var authority = new TestAuthority(directory.resolve("tls"));
        try (var postgres = EmbeddedPostgres.start(directory.resolve("postgres"), 0, "superuser", tls(authority))) {
            try (Connection superuser = postgres.superuser("postgres");
                    var statement = superuser.createStatement()) {
                statement.execute("CREATE ROLE ada LOGIN PASSWORD 'secret'");
                statement.execute("CREATE ROLE ben LOGIN PASSWORD 'secret'");
            }
            var ada = authority.issue("ada");

            try (Connection connection = connect(postgres, authority, "ada", ada)) {
                assertThat(connection.isValid(5)).isTrue();
            }
            assertThatThrownBy(() -> connect(postgres, authority, "ben", ada)).isInstanceOf(SQLException.class);
            assertThatThrownBy(() -> DriverManager.getConnection(
                            "jdbc:postgresql://127.0.0.1:" + postgres.port() + "/postgres?sslmode=require",
                            "ada",
                            "secret"))
                    .isInstanceOf(SQLException.class);
        }
    }

    @Test
    void kafkaTakesWhoShowsACertificateOfItsAuthorityAndNobodyElse() throws Exception {
        var authority = new TestAuthority(directory.resolve("tls"));
        try (var kafka = EmbeddedKafka.start(directory.resolve("kafka"), 0, why -> {}, tls(authority))) {
            var known = authority.issue("core");
            var stranger = new TestAuthority(directory.resolve("other")).issue("core");

            assertThat(nodes(kafka, authority, known)).isEqualTo(1);
            assertThatThrownBy(() -> nodes(kafka, authority, stranger))
                    .hasCauseInstanceOf(SslAuthenticationException.class);
        }
    }

    private static ServerTls tls(TestAuthority authority) {
        var server = authority.issue("server");
        return new ServerTls(server.certificate(), server.key(), authority.certificate());
    }

    private static Connection connect(
            EmbeddedPostgres postgres, TestAuthority authority, String user, TestAuthority.Issued shown)
            throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", "secret");
        properties.setProperty("sslmode", "verify-full");
        properties.setProperty("sslrootcert", authority.certificate().toString());
        properties.setProperty("sslcert", shown.certificate().toString());
        properties.setProperty("sslkey", shown.key().toString());
        properties.setProperty("pemKeyAlgorithm", "EC");
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + postgres.port() + "/postgres", properties);
    }

    private static int nodes(EmbeddedKafka kafka, TestAuthority authority, TestAuthority.Issued shown)
            throws IOException, InterruptedException, ExecutionException {
        Map<String, Object> settings = Map.of(
                "bootstrap.servers", kafka.bootstrapServers(),
                "security.protocol", "SSL",
                "ssl.truststore.type", "PEM",
                "ssl.truststore.certificates", Files.readString(authority.certificate()),
                "ssl.keystore.type", "PEM",
                "ssl.keystore.certificate.chain", Files.readString(shown.certificate()),
                "ssl.keystore.key", Files.readString(shown.key()));
        try (Admin admin = Admin.create(settings)) {
            return admin.describeCluster().nodes().get().size();
        }
    }
}
