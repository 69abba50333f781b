package dev.chancery.keyring;

import static dev.chancery.keyring.Ring.email;
import static dev.chancery.keyring.Ring.id;
import static dev.chancery.keyring.Ring.query;
import static dev.chancery.keyring.Ring.update;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.testkit.Backing;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What PostgreSQL keeps, whatever the application does; tried as the role that the application has, and above it. */
class KeyStoreTest {
    private static final String NOT_ALLOWED = "42501";
    private static final String RESTRICTED = "23001";
    private static final String CHECK = "23514";

    private final String tenant = id();
    private final String subject = id();

    @BeforeEach
    void keys() {
        Ring.fresh().seal(email(tenant, subject), "x");
    }

    @ParameterizedTest
    @ValueSource(strings = {"tenant_key", "subject_key"})
    void anotherTenantsKeysAreInvisible(String table) {
        String count = "SELECT count(*) FROM keyring." + table;

        assertThat(query(DatabaseRole.KEYRING, tenant, count)).isOne();
        assertThat(query(DatabaseRole.KEYRING, id(), count)).isZero();
        assertThat(query(DatabaseRole.KEYRING, "", count)).isZero();
        assertThat(update(DatabaseRole.KEYRING, id(), "UPDATE keyring." + table + " SET state = 'PREVIOUS'"))
                .isZero();
    }

    @Test
    void aKeyIsNotPutUnderAnotherTenant() {
        assertState(
                NOT_ALLOWED,
                () -> update(
                        DatabaseRole.KEYRING,
                        id(),
                        "INSERT INTO keyring.tenant_key (tenant, version, state, wrapped, sealed_by) VALUES ('" + tenant
                                + "', 2, 'PENDING', 'x', 1)"));
    }

    static Stream<DatabaseRole> others() {
        return DatabaseRole.STANDARD.stream()
                .filter(role -> !role.equals(DatabaseRole.KEYRING) && !role.equals(DatabaseRole.OWNER));
    }

    @ParameterizedTest
    @MethodSource("others")
    void noOtherRoleReadsKeys(DatabaseRole role) {
        for (String table : new String[] {"keyring.tenant_key", "keyring.subject_key"}) {
            assertState(NOT_ALLOWED, () -> query(role, tenant, "SELECT count(*) FROM " + table));
        }
        if (role != DatabaseRole.LEDGER && role != DatabaseRole.PROXY) {
            assertState(NOT_ALLOWED, () -> query(role, tenant, "SELECT count(*) FROM signing.private_key"));
        }
    }

    @Test
    void theOwnerSeesNoKeysEither() {
        new SigningKeys(Ring.DATABASE, Ring.SEALER).signer("ch-owner/token");
        for (String table : new String[] {"keyring.tenant_key", "keyring.subject_key", "signing.private_key"}) {
            assertThat(query(DatabaseRole.OWNER, tenant, "SELECT count(*) FROM " + table))
                    .isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"created_at", "replaced_at", "verifies_until"})
    void nobodySaysWhenAKeyWasMadeOrOfANewOneThatItCountsNoMore(String column) {
        assertState(
                NOT_ALLOWED,
                () -> update(
                        DatabaseRole.LEDGER,
                        tenant,
                        "INSERT INTO signing.key (name, key_id, public_key, " + column
                                + ") VALUES ('ch-x/source/ledger', 1, '\\x00', 'infinity')"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"keyring.tenant_key", "keyring.subject_key", "signing.private_key", "signing.key"})
    void keysAreNeverDeleted(String table) {
        new SigningKeys(Ring.DATABASE, Ring.SEALER).signer("ch-deleted/token");

        assertState(NOT_ALLOWED, () -> update(DatabaseRole.KEYRING, tenant, "DELETE FROM " + table));
        assertState(NOT_ALLOWED, () -> update(DatabaseRole.KEYRING, tenant, "TRUNCATE " + table));
        // not by the owner, not by an administrator who is not determined to
        assertState(RESTRICTED, () -> update(DatabaseRole.OWNER, tenant, "TRUNCATE " + table + " CASCADE"));
        assertSuperuserState(RESTRICTED, "DELETE FROM " + table);
    }

    @Test
    void aDestroyedKeyGetsItsBytesBackFromNobody() {
        Ring.destroy(Ring.fresh(), tenant, subject);

        assertState(
                CHECK,
                () -> update(
                        DatabaseRole.KEYRING, tenant, "UPDATE keyring.subject_key SET wrapped = 'x', wrapped_by = 1"));
        assertState(
                RESTRICTED,
                () -> update(
                        DatabaseRole.KEYRING,
                        tenant,
                        "UPDATE keyring.subject_key SET state = 'CURRENT', wrapped = 'x', wrapped_by = 1"));
        assertSuperuserState(
                RESTRICTED,
                "UPDATE keyring.subject_key SET state = 'PREVIOUS', wrapped = 'x', wrapped_by = 1 WHERE tenant = '"
                        + tenant + "'");
    }

    @Test
    void aDestroyedSubjectsKeyIsNotInsertedAnew() {
        Ring.destroy(Ring.fresh(), tenant, subject);

        assertState("KR001", () -> update(DatabaseRole.KEYRING, tenant, """
                        INSERT INTO keyring.subject_key (tenant, subject, retention, version, state, wrapped, wrapped_by)
                        VALUES ('%s', '%s', 2, 7, 'PENDING', 'x', 1)""".formatted(tenant, subject)));
    }

    @Test
    void aKeyWithBytesIsNotDestroyedAndADestroyedOneHasNone() {
        assertState(
                CHECK, () -> update(DatabaseRole.KEYRING, tenant, "UPDATE keyring.tenant_key SET state = 'DESTROYED'"));
        assertState(CHECK, () -> update(DatabaseRole.KEYRING, tenant, "UPDATE keyring.tenant_key SET wrapped = NULL"));
    }

    @Test
    void aKeyDoesNotChangeHands() {
        assertState(
                NOT_ALLOWED,
                () -> update(DatabaseRole.KEYRING, tenant, "UPDATE keyring.subject_key SET subject = '" + id() + "'"));
        assertState(
                NOT_ALLOWED, () -> update(DatabaseRole.KEYRING, tenant, "UPDATE keyring.tenant_key SET version = 2"));
    }

    @Test
    void aRefusedRowIsNotRepeatedInTheException() {
        assertThatExceptionOfType(DatabaseUnavailable.class)
                .isThrownBy(() -> update(DatabaseRole.KEYRING, tenant, "UPDATE keyring.subject_key SET wrapped = NULL"))
                .satisfies(e -> assertThat(e.getCause().getMessage())
                        .contains("check constraint")
                        .doesNotContain(subject, tenant));
    }

    private static void assertState(String sqlState, ThrowingCallable statement) {
        assertThatExceptionOfType(DatabaseUnavailable.class)
                .isThrownBy(statement)
                .satisfies(e -> assertThat(e.sqlState()).isEqualTo(sqlState));
    }

    private static void assertSuperuserState(String sqlState, String sql) {
        assertThatThrownBy(() -> {
                    try (Connection superuser = Backing.postgres().superuser(Ring.DATABASE.name());
                            var statement = superuser.createStatement()) {
                        statement.executeUpdate(sql);
                    }
                })
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo(sqlState));
    }
}
