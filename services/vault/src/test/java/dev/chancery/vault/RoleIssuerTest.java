package dev.chancery.vault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.command.Clock;
import dev.chancery.schema.vault.v1.DatabaseConnected;
import dev.chancery.schema.vault.v1.PostgresRole;
import dev.chancery.schema.vault.v1.SecretRotationSet;
import dev.chancery.schema.vault.v1.SecretRotator;
import dev.chancery.schema.vault.v1.SecretVersionAsked;
import dev.chancery.schema.vault.v1.SecretVersionRevoked;
import dev.chancery.testkit.TargetPostgres;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Passwords of roles that somebody made, in a real PostgreSQL. */
class RoleIssuerTest extends WithIssuedSecret {
    private static final String SECRET = "prod/orders/reader";
    private static final String ADMIN_SECRET = "prod/orders/admin";
    private static final String DATABASE = "prod/orders";
    private static final String FIRST = "orders_a";
    private static final String SECOND = "orders_b";

    @TempDir
    private static Path directory;

    private static TargetPostgres target;

    @BeforeAll
    static void aTarget() {
        target = TargetPostgres.start(directory.resolve("target"));
        for (String role : List.of(FIRST, SECOND)) {
            target.execute(
                    "postgres",
                    "CREATE ROLE " + role + " LOGIN",
                    "GRANT " + role + " TO " + TargetPostgres.ADMIN + " WITH ADMIN OPTION");
        }
    }

    @AfterAll
    static void closeTarget() {
        target.close();
    }

    RoleIssuerTest() {
        super(SECRET);
    }

    @BeforeEach
    void aDatabaseThatIsConnected() {
        write(ADMIN_SECRET, 1, target.adminPassword());
        append(
                Names.database(DATABASE),
                DatabaseConnected.newBuilder()
                        .setDatabase(DATABASE)
                        .setHost("127.0.0.1")
                        .setPort(target.port())
                        .setDatabaseName(TargetPostgres.DATABASE)
                        .setAdminName(TargetPostgres.ADMIN)
                        .setAdminSecret(ADMIN_SECRET)
                        .setWorkspaceId(WORKSPACE)
                        .build());
    }

    @Override
    Optional<Path> authorities() {
        return Optional.empty();
    }

    private void rotated(String... roles) {
        append(SecretRotationSet.newBuilder()
                .setSecret(SECRET)
                .setOwnerId(OWNER)
                .setWindowHours(24)
                .setGenerated(true)
                .setRotator(SecretRotator.newBuilder()
                        .setPostgresRole(
                                PostgresRole.newBuilder().setDatabase(DATABASE).addAllRoles(List.of(roles))))
                .build());
    }

    private SecretVersionAsked asked(int number) {
        return version(number).issue().orElseThrow().asked();
    }

    /** As a program has it. */
    private URI address(int number) {
        return URI.create(value(number));
    }

    private static String user(URI value) {
        return value.getUserInfo().split(":")[0];
    }

    private static boolean letsIn(URI value) {
        String[] user = value.getUserInfo().split(":");
        return target.letsIn(user[0], user[1]);
    }

    private static Connection signIn(URI value) throws SQLException {
        String[] user = value.getUserInfo().split(":");
        return target.signIn(user[0], user[1]);
    }

    private void turn() {
        assertThat(step(ask(false))).isZero();
    }

    @Test
    void twoRolesTakeTurnsAndTheOldOneHasItsWindow() {
        rotated(FIRST, SECOND);
        turn();
        turn();

        assertThat(user(address(1))).isEqualTo(FIRST);
        assertThat(user(address(2))).isEqualTo(SECOND);
        assertThat(address(2).getPath()).isEqualTo("/" + TargetPostgres.DATABASE);
        assertThat(letsIn(address(1))).as("its window").isTrue();
        assertThat(letsIn(address(2))).isTrue();
        assertThat(version(1).untilMicros() - Clock.nowMicros())
                .isBetween(TimeUnit.HOURS.toMicros(23), TimeUnit.HOURS.toMicros(24));
        URI first = address(1);
        turn();
        assertThat(user(address(3))).isEqualTo(FIRST);
        assertThat(letsIn(first)).isFalse();
        assertThat(version(1).isReadable(Clock.nowMicros()))
                .as("the role has one password")
                .isFalse();
        assertThat(letsIn(address(2))).isTrue();
    }

    @Test
    void oneRoleHasNoWindowAndKeepsItsConnections() throws SQLException {
        rotated(FIRST);
        turn();
        URI first = address(1);
        try (Connection program = signIn(first)) {
            turn();
            assertThat(step(1)).isZero();
            assertThat(program.isValid(5)).isTrue();
        }
        assertThat(letsIn(first)).isFalse();
        assertThat(letsIn(address(2))).isTrue();
        assertThat(version(1).issue())
                .hasValueSatisfying(issue -> assertThat(issue.withdrawn()).isTrue());
    }

    /** Or another one did the same at the same time: there is one password, whoever gives it to the role. */
    @Test
    void whatAProcessLeftThatDiedBeforeTheRecordIsTheSamePassword() throws IssuerRefused {
        rotated(FIRST);
        turn();
        int next = ask(false);
        String left = roles().make(tenant, asked(next)).orElseThrow();
        assertThat(letsIn(URI.create(left))).isTrue();
        assertThat(secret().current()).contains(1);

        assertThat(step(next)).isZero();

        assertThat(address(next)).hasToString(left);
        assertThat(letsIn(address(next))).isTrue();
    }

    /** Who was slow sets no older password than the one that is in use. */
    @Test
    void whoIsLateChangesNothing() throws IssuerRefused {
        rotated(FIRST);
        int first = ask(false);
        SecretVersionAsked late = asked(first);
        assertThat(step(first)).isZero();
        turn();
        assertThat(roles().make(tenant, late)).isEmpty();
        assertThat(letsIn(address(2))).isTrue();
    }

    @Test
    void aLeakEndsPasswordsAndConnectionsOfBothRoles() throws SQLException {
        rotated(FIRST, SECOND);
        turn();
        turn();
        URI first = address(1);
        URI second = address(2);
        try (Connection one = signIn(first);
                Connection two = signIn(second)) {
            assertThat(ask(true)).isEqualTo(3);
            assertThat(asked(3).getRoleName()).isEqualTo(FIRST);
            assertThat(step(1)).as("first the new password").isZero();
            assertThat(version(1).toWithdraw(Clock.nowMicros())).isPresent();
            assertThat(step(2)).isZero();
            assertThat(two.isValid(5)).isFalse();
            assertThat(step(3)).isZero();
            assertThat(step(1)).isZero();
            assertThat(one.isValid(5)).isFalse();
        }
        assertThat(letsIn(first)).isFalse();
        assertThat(letsIn(second)).isFalse();
        assertThat(letsIn(address(3))).isTrue();
        assertThat(version(1).toWithdraw(Clock.nowMicros())).isEmpty();
        assertThat(version(2).toWithdraw(Clock.nowMicros())).isEmpty();
    }

    /** The version was given up when the role may have had its password: the one that is read works again. */
    @Test
    void whatIsGivenUpLeavesTheRoleThePasswordThatIsInUse() throws IssuerRefused {
        rotated(FIRST);
        turn();
        int next = ask(false);
        roles().make(tenant, asked(next));
        assertThat(letsIn(address(1))).isFalse();
        append(SecretVersionRevoked.newBuilder()
                .setSecret(SECRET)
                .setSecretVersion(next)
                .build());

        assertThat(step(next)).isZero();

        assertThat(letsIn(address(1))).isTrue();
        assertThat(version(next).toWithdraw(Clock.nowMicros())).isEmpty();
    }

    @Test
    void aDatabaseThatIsAwayIsAskedAgainAndTheOldPasswordIsRead() {
        rotated(FIRST, SECOND);
        turn();
        int next = ask(false);
        target.kill();
        try {
            assertThat(step(next)).isOne();
            assertThat(secret().current()).contains(1);
        } finally {
            target.restart();
        }
        assertThat(step(next)).isZero();
        assertThat(letsIn(address(next))).isTrue();
        assertThat(letsIn(address(1))).isTrue();
    }

    @Test
    void aRoleThatIsMoreThanAProgramsIsGivenNoPassword() {
        target.execute(
                "postgres",
                "CREATE ROLE maker LOGIN CREATEDB",
                "GRANT maker TO " + TargetPostgres.ADMIN + " WITH ADMIN OPTION");
        try {
            rotated("maker");
            int next = ask(false);
            assertThat(step(next)).isOne();
            assertThat(version(next).isAsked()).isTrue();
        } finally {
            target.execute("postgres", "DROP ROLE maker");
        }
    }

    @Test
    void theServerIsToldNoPassword() {
        rotated(SECOND);
        turn();
        target.execute(
                "postgres",
                "DO $$ BEGIN ASSERT (SELECT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname = '"
                        + SECOND + "'); END $$");
    }
}
