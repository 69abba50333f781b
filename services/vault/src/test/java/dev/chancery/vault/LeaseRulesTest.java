package dev.chancery.vault;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.command.Granter;
import dev.chancery.decision.AdoptedContract;
import dev.chancery.decision.Assignments;
import dev.chancery.decision.Authority;
import dev.chancery.decision.Elevations;
import dev.chancery.decision.FirstGrant;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.RoleModel;
import dev.chancery.kernel.Decision;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.vault.v1.CredentialTemplateSet;
import dev.chancery.schema.vault.v1.DatabaseConnected;
import dev.chancery.schema.vault.v1.LeaseEnd;
import dev.chancery.schema.vault.v1.LeaseIssued;
import dev.chancery.schema.vault.v1.LeaseRenewed;
import dev.chancery.schema.vault.v1.SecretRotationSet;
import dev.chancery.schema.vault.v1.SecretVersionState;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class LeaseRulesTest {
    private static final long NOW = 1_780_000_000_000_000L;
    private static final long SECOND = 1_000_000;
    private static final String SHOP = "0199f2aa-0000-7000-8000-000000000001";
    private static final String ADA = "0199f2aa-0000-7000-8000-000000000003";
    private static final String LEASE = "0199f2aa-0000-7000-8000-000000000009";
    private static final Environment PROD = new Environment(true, List.of(SHOP, ADA), List.of(ADA), 1, Set.of());
    private static final DatabaseConnected ORDERS = DatabaseConnected.newBuilder()
            .setDatabase("prod/orders")
            .setHost("db.example.com")
            .setPort(5432)
            .setDatabaseName("orders")
            .setAdminName("vault_admin")
            .setAdminSecret("prod/orders/admin")
            .setWorkspaceId(LEASE)
            .build();
    private static final CredentialTemplateSet APP = CredentialTemplateSet.newBuilder()
            .setSecret("prod/orders/app")
            .setDatabase("prod/orders")
            .addGrantedRoles("orders_writer")
            .setTtlSeconds(600)
            .setMaxTtlSeconds(900)
            .setConnections(10)
            .build();

    private static Granter who(String id) {
        return new Granter(List.of(new Authority(
                id,
                new PrincipalState(PrincipalType.SERVICE, true, ByteString.EMPTY),
                new FirstGrant("dora", "first", FirstGrant.ADMINISTRATOR, ByteString.EMPTY, false),
                new AdoptedContract(ByteString.EMPTY, Set.of()),
                RoleModel.EMPTY,
                new Assignments(List.of(), Set.of()),
                Elevations.NONE,
                List.of())));
    }

    private static Secret secret(List<String> readers) {
        var versions = new TreeMap<>(Map.of(
                1,
                new Secret.Version(
                        SecretVersionState.SECRET_VERSION_STATE_CURRENT,
                        0,
                        Optional.of(Sealed.getDefaultInstance()),
                        Optional.empty())));
        return new Secret(
                versions,
                readers,
                SecretRotationSet.getDefaultInstance(),
                Optional.empty(),
                Secret.Leak.NONE,
                Optional.empty());
    }

    private static Secret template(CredentialTemplateSet template) {
        return new Secret(
                new TreeMap<>(),
                List.of(),
                SecretRotationSet.getDefaultInstance(),
                Optional.of(template),
                Secret.Leak.NONE,
                Optional.empty());
    }

    private static ConnectedDatabase known(DatabaseConnected database) {
        return new ConnectedDatabase(Optional.of(database), Set.of());
    }

    private static final ConnectedDatabase NONE = ConnectedDatabase.FOLD.initial();

    private static Lease lease(boolean ended) {
        var issued = LeaseIssued.newBuilder()
                .setLeaseId(LEASE)
                .setSecret("prod/orders/app")
                .setHolderId(SHOP)
                .setUntilMicros(NOW + 600 * SECOND)
                .setMaxUntilMicros(NOW + 900 * SECOND)
                .setTtlSeconds(600)
                .build();
        return new Lease(Optional.of(issued), 0, issued.getUntilMicros(), ended, false);
    }

    private static String code(Decision<Message> decision) {
        return decision instanceof Decision.Rejected<Message> rejected
                ? rejected.rejection().code()
                : decision.getClass().getSimpleName();
    }

    private static String connect(Secret admin, ConnectedDatabase before, String caller, DatabaseConnected wanted) {
        return code(LeaseRules.connect(PROD, admin, before, who(caller), wanted, NOW));
    }

    @Test
    void whoMayNotReadTheAdministratorsSecretSendsItToNoDatabase() {
        assertThat(connect(secret(List.of()), NONE, ADA, ORDERS)).isEqualTo("Events");
        assertThat(connect(secret(List.of()), NONE, SHOP, ORDERS))
                .as("reads, and does not write")
                .isEqualTo("vault.not-listed");
        assertThat(connect(secret(List.of(SHOP)), NONE, ADA, ORDERS))
                .as("writes, and does not read this one")
                .isEqualTo("vault.not-listed");
        assertThat(connect(template(APP), NONE, ADA, ORDERS)).isEqualTo("vault.no-such-secret");
        assertThat(connect(
                        secret(List.of()),
                        NONE,
                        ADA,
                        ORDERS.toBuilder().setAdminSecret("test/orders/admin").build()))
                .isEqualTo("vault.other-environment");
    }

    @Test
    void aDatabaseStaysWhereItIsSinceRolesAreThere() {
        assertThat(connect(secret(List.of()), known(ORDERS), ADA, ORDERS)).isEqualTo("Nothing");
        assertThat(connect(
                        secret(List.of()),
                        known(ORDERS),
                        ADA,
                        ORDERS.toBuilder().setAdminName("other").build()))
                .isEqualTo("Events");
        for (DatabaseConnected other : List.of(
                ORDERS.toBuilder().setHost("other.example.com").build(),
                ORDERS.toBuilder().setPort(5433).build(),
                ORDERS.toBuilder().setDatabaseName("other").build())) {
            assertThat(connect(secret(List.of()), known(ORDERS), ADA, other)).isEqualTo("vault.database-exists");
        }
        for (DatabaseConnected wrong : List.of(
                ORDERS.toBuilder().setHost("[::1").build(),
                ORDERS.toBuilder().setPort(65_536).build(),
                ORDERS.toBuilder().setPort(-1).build())) {
            assertThat(connect(secret(List.of()), NONE, ADA, wrong)).isEqualTo("vault.database-address");
        }
    }

    private static String set(Secret before, ConnectedDatabase database, CredentialTemplateSet wanted) {
        return code(LeaseRules.template(PROD, before, database, who(ADA), wanted, NOW));
    }

    @Test
    void aTemplateIsOfADatabaseOfItsEnvironmentAndOfNoSecretsName() {
        Secret free = Secret.FOLD.initial();
        assertThat(set(free, known(ORDERS), APP)).isEqualTo("Events");
        assertThat(set(template(APP), known(ORDERS), APP)).isEqualTo("Nothing");
        assertThat(set(free, NONE, APP)).isEqualTo("vault.no-such-database");
        assertThat(set(secret(List.of()), known(ORDERS), APP)).isEqualTo("vault.is-a-secret");
        for (CredentialTemplateSet wrong : List.of(
                APP.toBuilder().clearGrantedRoles().build(),
                APP.toBuilder().addGrantedRoles("orders_writer").build(),
                APP.toBuilder().setTtlSeconds(901).build(),
                APP.toBuilder().setTtlSeconds(0).build(),
                APP.toBuilder().setMaxTtlSeconds(2_592_001).build(),
                APP.toBuilder().setConnections(1_001).build())) {
            assertThat(set(free, known(ORDERS), wrong)).isEqualTo("vault.template");
        }
        assertThat(code(LeaseRules.template(PROD, free, known(ORDERS), who(SHOP), APP, NOW)))
                .isEqualTo("vault.not-listed");
    }

    @Test
    void noLeaseIsAskedForLongerThanItsTemplateGives() {
        assertThat(LeaseRules.end(APP, 0, NOW)).contains(NOW + 600 * SECOND);
        assertThat(LeaseRules.end(APP, 599, NOW)).contains(NOW + 599 * SECOND);
        assertThat(LeaseRules.end(APP, 601, NOW)).isEmpty();
        assertThat(LeaseRules.end(APP, -1, NOW)).isEmpty();
    }

    @Test
    void onlyItsHolderRenewsALeaseAndOnlyWhileItLasts() {
        assertThat(code(LeaseRules.renew(lease(false), who(SHOP), 0, NOW + SECOND)))
                .isEqualTo("Events");
        assertThat(code(LeaseRules.renew(lease(false), who(ADA), 0, NOW + SECOND)))
                .isEqualTo("vault.no-such-lease");
        assertThat(code(LeaseRules.renew(lease(true), who(SHOP), 0, NOW + SECOND)))
                .isEqualTo("vault.lease-ended");
        assertThat(code(LeaseRules.renew(lease(false), who(SHOP), 0, NOW + 600 * SECOND)))
                .isEqualTo("vault.lease-ended");
        assertThat(code(LeaseRules.renew(lease(false), who(SHOP), 601, NOW + SECOND)))
                .isEqualTo("vault.ttl");
        assertThat(code(LeaseRules.renew(Lease.FOLD.initial(), who(SHOP), 0, NOW)))
                .isEqualTo("vault.no-such-lease");
    }

    @Property
    void noRenewalShortensALeaseOrGoesBeyondItsLimit(
            @ForAll @IntRange(max = 600) int ttl, @ForAll @IntRange(max = 599) int later) {
        Decision<Message> decision = LeaseRules.renew(lease(false), who(SHOP), ttl, NOW + later * SECOND);

        long until = decision instanceof Decision.Events<Message> renewed
                ? ((LeaseRenewed) renewed.events().getFirst()).getUntilMicros()
                : NOW + 600 * SECOND;
        long asked = later + (ttl == 0 ? 600 : ttl);
        assertThat(until).isEqualTo(NOW + Math.clamp(asked, 600, 900) * SECOND);
    }

    @Test
    void aLeaseIsEndedByItsHolderOrWhoWritesInItsEnvironment() {
        assertThat(LeaseRules.revoke(lease(false), PROD, who(SHOP), NOW))
                .isEqualTo(Decision.events(LeaseRules.ended(LEASE, LeaseEnd.LEASE_END_REVOKED)));
        assertThat(code(LeaseRules.revoke(lease(false), PROD, who(ADA), NOW))).isEqualTo("Events");
        assertThat(code(LeaseRules.revoke(lease(false), PROD, who(LEASE), NOW))).isEqualTo("vault.no-such-lease");
        assertThat(code(LeaseRules.revoke(lease(true), PROD, who(SHOP), NOW))).isEqualTo("Nothing");
        assertThat(code(LeaseRules.revoke(Lease.FOLD.initial(), Environment.FOLD.initial(), who(ADA), NOW)))
                .isEqualTo("vault.no-such-lease");
    }
}
