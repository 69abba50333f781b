package dev.chancery.vault;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.chancery.command.Ids;
import dev.chancery.command.RefusedException;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.SecretPlace;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Draft;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.MalformedRecord;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.vault.v1.EnvironmentCreated;
import dev.chancery.schema.vault.v1.HttpIssuer;
import dev.chancery.schema.vault.v1.InventoryItem;
import dev.chancery.schema.vault.v1.ListInventoryReply;
import dev.chancery.schema.vault.v1.ListInventoryRequest;
import dev.chancery.schema.vault.v1.OAuthRefresh;
import dev.chancery.schema.vault.v1.PostgresRole;
import dev.chancery.schema.vault.v1.RotatorKind;
import dev.chancery.schema.vault.v1.SecretClass;
import dev.chancery.schema.vault.v1.SecretRotationSet;
import dev.chancery.schema.vault.v1.SecretRotator;
import dev.chancery.schema.vault.v1.SecretVersionAsked;
import dev.chancery.schema.vault.v1.SecretVersionDestroyed;
import dev.chancery.schema.vault.v1.SecretVersionRevoked;
import dev.chancery.schema.vault.v1.SecretVersionWritten;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** From records of a real log to the lines of the inventory; Kafka is left out: the records are read from the table. */
class InventoryTest extends WithVaultLog {
    private static final String OWNER = "0199f2aa-0000-7000-8000-000000000001";
    private static final String VALUE = "Papagei-und-Kakadu";

    private final String other = UUID.randomUUID().toString();

    private void environment(String organisation, String name) {
        append(
                DatabaseRole.VAULT,
                organisation,
                Names.environment(name),
                EnvironmentCreated.newBuilder().setEnvironment(name).build());
    }

    private void write(String organisation, String secret, int version) {
        String environment = Names.environmentOf(secret);
        ring.rotate(organisation, environment, 1);
        append(
                DatabaseRole.VAULT,
                organisation,
                Names.secret(secret),
                SecretVersionWritten.newBuilder()
                        .setSecret(secret)
                        .setSecretVersion(version)
                        .setValue(ring.seal(
                                new SecretPlace(organisation, environment, secret, version), VALUE.getBytes(UTF_8)))
                        .build());
    }

    private void schedule(String secret, SecretClass secretClass, int everyDays, boolean generated) {
        append(
                Names.secret(secret),
                SecretRotationSet.newBuilder()
                        .setSecret(secret)
                        .setOwnerId(OWNER)
                        .setSecretClass(secretClass)
                        .setEveryDays(everyDays)
                        .setGenerated(generated)
                        .build());
    }

    /** As the pipeline records one. */
    private void read(String secret, int version, Result result) {
        Statement.Builder statement = Statement.newBuilder()
                .setEntryId(ByteString.copyFrom(Ids.bytes(Ids.uuidV7())))
                .setAction("vault.secret.read")
                .setOutcome(Outcome.newBuilder().setResult(result));
        statement.getActorBuilder().setType(ActorType.ACTOR_TYPE_SERVICE).setId(OWNER);
        statement.getTargetBuilder().setType(VaultProjection.VERSION).setId(Names.version(secret, version));
        if (result != Result.SUCCESS) {
            statement.getOutcomeBuilder().setCode("vault.not-listed");
        }
        assertThat(appender.append(
                        new Draft(tenant, statement.build(), 0, List.of(), List.of(), Optional.empty(), Map.of())))
                .isInstanceOf(AppendResult.Appended.class);
    }

    /** Has the projection apply an organisation's whole log. @return when each of its records was made, Unix time in microseconds */
    private List<Long> project(String organisation) {
        return database.inTenant(DatabaseRole.VAULT, organisation, connection -> {
            List<LogRecord> run = new ArrayList<>();
            try (var query =
                    connection.prepareStatement("SELECT record FROM log.record WHERE tenant = ? ORDER BY position")) {
                query.setString(1, organisation);
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        run.add(LogRecord.parse(organisation, rows.getBytes(1), 0, 0));
                    }
                }
            } catch (MalformedRecord e) {
                throw new AssertionError(e);
            }
            new VaultProjection("vault", DatabaseRole.VAULT).apply(connection, organisation, run);
            return run.stream()
                    .map(record -> record.statement().getRecordedAtMicros())
                    .toList();
        });
    }

    private ListInventoryReply inventory(String organisation, ListInventoryRequest.Builder request, long atMicros)
            throws RefusedException {
        return new Inventory(database).page(organisation, request.build(), atMicros);
    }

    private List<String> names(String organisation, ListInventoryRequest.Builder request, long atMicros)
            throws RefusedException {
        return inventory(organisation, request, atMicros).getSecretsList().stream()
                .map(InventoryItem::getSecret)
                .toList();
    }

    @Test
    void aLineSaysClassOwnerAgeAndWhenASecretWasTurnedAndReadLast() throws RefusedException {
        String secret = "prod/db/password";
        environment(tenant, "prod");
        schedule(secret, SecretClass.SECRET_CLASS_HIGH_VALUE, 90, false);
        write(tenant, secret, 1);
        write(tenant, secret, 2);
        read(secret, 2, Result.SUCCESS);
        read(secret, 1, Result.SUCCESS);
        read(secret, 2, Result.DENIED);
        List<Long> recorded = project(tenant);
        int written = recorded.size() - 4;
        long since = recorded.get(written);
        long lastRead = recorded.get(written + 2);
        InventoryItem expected = InventoryItem.newBuilder()
                .setSecret(secret)
                .setSecretClass(SecretClass.SECRET_CLASS_HIGH_VALUE)
                .setOwnerId(OWNER)
                .setEveryDays(90)
                .setCurrentVersion(2)
                .setAgeDays(89)
                .setLastRotatedAtMillis(since / 1000)
                .setLastReadAtMillis(lastRead / 1000)
                .setDueAtMillis((since + 90 * VaultList.DAY_MICROS) / 1000)
                .build();

        ListInventoryReply before =
                inventory(tenant, ListInventoryRequest.newBuilder(), since + 90 * VaultList.DAY_MICROS - 1);
        ListInventoryReply after =
                inventory(tenant, ListInventoryRequest.newBuilder(), since + 90 * VaultList.DAY_MICROS);

        assertThat(before.getSecretsList()).containsExactly(expected);
        assertThat(after.getSecretsList())
                .containsExactly(
                        expected.toBuilder().setAgeDays(90).setOverdue(true).build());
        assertThat(after.toString()).doesNotContain(VALUE);
    }

    private static SecretVersionAsked asked(int version) {
        return SecretVersionAsked.newBuilder()
                .setSecret("prod/a")
                .setSecretVersion(version)
                .setRequestId(OWNER)
                .build();
    }

    @Test
    void aLineSaysWhoMakesTheValues() throws RefusedException {
        environment(tenant, "prod");
        var rotation = SecretRotationSet.newBuilder().setOwnerId(OWNER).setGenerated(true);
        Map<String, SecretRotator> rotators = Map.of(
                "prod/a",
                        SecretRotator.newBuilder()
                                .setHttpIssuer(HttpIssuer.getDefaultInstance())
                                .build(),
                "prod/b",
                        SecretRotator.newBuilder()
                                .setPostgresRole(PostgresRole.getDefaultInstance())
                                .build(),
                "prod/c",
                        SecretRotator.newBuilder()
                                .setOauthRefresh(OAuthRefresh.getDefaultInstance())
                                .build());
        rotators.forEach((name, rotator) -> append(
                Names.secret(name),
                rotation.clone().setSecret(name).setRotator(rotator).build()));
        long now = project(tenant).getLast();

        assertThat(inventory(tenant, ListInventoryRequest.newBuilder(), now).getSecretsList())
                .extracting(InventoryItem::getRotator)
                .containsExactly(
                        RotatorKind.ROTATOR_KIND_HTTP_ISSUER,
                        RotatorKind.ROTATOR_KIND_POSTGRES_ROLE,
                        RotatorKind.ROTATOR_KIND_OAUTH_REFRESH);
    }

    /** A version that is asked for is none yet; one that ends by itself needs another when a third of its time is left. */
    @Test
    void whatARotatorIsAskedForIsNoValueAndWhatEndsByItselfIsDueBefore() throws RefusedException {
        environment(tenant, "prod");
        write(tenant, "prod/a", 1);
        append(Names.secret("prod/a"), asked(2));
        List<Long> first = project(tenant);
        assertThat(inventory(tenant, ListInventoryRequest.newBuilder(), first.getLast())
                        .getSecrets(0)
                        .getCurrentVersion())
                .isOne();
        long expires = first.getLast() + TimeUnit.HOURS.toMicros(3);
        database.inTenant(DatabaseRole.VAULT, tenant, connection -> {
            var projection = new VaultProjection("vault", DatabaseRole.VAULT);
            for (String table : projection.tables()) {
                projection.write(connection, "DELETE FROM %s." + table);
            }
            return true;
        });
        append(
                Names.secret("prod/a"),
                SecretVersionWritten.newBuilder()
                        .setSecret("prod/a")
                        .setSecretVersion(2)
                        .setExpiresMicros(expires)
                        .build());
        long written = project(tenant).getLast();

        InventoryItem item =
                inventory(tenant, ListInventoryRequest.newBuilder(), written).getSecrets(0);
        assertThat(item.getCurrentVersion()).isEqualTo(2);
        assertThat(item.getLastRotatedAtMillis()).isEqualTo(written / 1000);
        assertThat(item.getDueAtMillis()).isEqualTo((expires - (expires - written) / 3) / 1000);
        assertThat(item.getOverdue()).isFalse();
        assertThat(inventory(tenant, ListInventoryRequest.newBuilder().setOverdue(true), expires)
                        .getSecretsCount())
                .isOne();
    }

    @Test
    void whatHasNoValueOrNoScheduleOrNoReadSaysSo() throws RefusedException {
        environment(tenant, "prod");
        schedule("prod/a", SecretClass.SECRET_CLASS_LOW_VALUE, 365, true);
        write(tenant, "prod/b", 1);
        write(tenant, "prod/c", 1);
        append(
                Names.secret("prod/c"),
                SecretVersionRevoked.newBuilder()
                        .setSecret("prod/c")
                        .setSecretVersion(1)
                        .build());
        append(
                Names.secret("prod/c"),
                SecretVersionDestroyed.newBuilder()
                        .setSecret("prod/c")
                        .setSecretVersion(1)
                        .build());
        List<Long> recorded = project(tenant);
        long scheduled = recorded.get(recorded.size() - 5);

        assertThat(inventory(tenant, ListInventoryRequest.newBuilder(), recorded.getLast())
                        .getSecretsList())
                .containsExactly(
                        InventoryItem.newBuilder()
                                .setSecret("prod/a")
                                .setSecretClass(SecretClass.SECRET_CLASS_LOW_VALUE)
                                .setOwnerId(OWNER)
                                .setEveryDays(365)
                                .setGenerated(true)
                                .setRotator(RotatorKind.ROTATOR_KIND_GENERATED)
                                .setDueAtMillis((scheduled + 365 * VaultList.DAY_MICROS) / 1000)
                                .build(),
                        InventoryItem.newBuilder()
                                .setSecret("prod/b")
                                .setCurrentVersion(1)
                                .build(),
                        InventoryItem.newBuilder().setSecret("prod/c").build());
    }

    @Test
    void whatTheVaultIsToTurnIsWhatTheInventoryCallsOverdue() throws RefusedException {
        environment(tenant, "prod");
        schedule("prod/monthly", SecretClass.SECRET_CLASS_UNSPECIFIED, 30, true);
        schedule("prod/quarterly", SecretClass.SECRET_CLASS_HIGH_VALUE, 90, true);
        schedule("prod/by/hand", SecretClass.SECRET_CLASS_HIGH_VALUE, 90, false);
        write(tenant, "prod/never", 1);
        List<Long> recorded = project(tenant);
        long quarterly = recorded.get(recorded.size() - 3) + 90 * VaultList.DAY_MICROS;
        var overdue = ListInventoryRequest.newBuilder().setOverdue(true);

        for (long at : new long[] {recorded.getLast(), quarterly - 1, quarterly, quarterly + VaultList.DAY_MICROS}) {
            assertThat(inventory(tenant, overdue, at).getSecretsList().stream()
                            .filter(InventoryItem::getGenerated)
                            .map(InventoryItem::getSecret))
                    .as("at %d", at)
                    .containsExactlyInAnyOrderElementsOf(new VaultList(database)
                            .due(at).stream()
                                    .filter(due -> due.tenant().equals(tenant))
                                    .map(Rotations.Due::secret)
                                    .toList());
        }
        assertThat(names(tenant, overdue, quarterly - 1)).containsExactly("prod/monthly");
        assertThat(names(tenant, overdue, quarterly)).containsExactly("prod/monthly", "prod/quarterly");
        assertThat(names(tenant, overdue, quarterly + VaultList.DAY_MICROS))
                .containsExactly("prod/by/hand", "prod/monthly", "prod/quarterly");
        assertThat(inventory(tenant, overdue, quarterly).getSecretsList()).allMatch(InventoryItem::getOverdue);
    }

    @Test
    void itPagesThroughAllEnvironmentsOrOne() throws RefusedException {
        // By whole names `prod-eu/…` would come before `prod/…`.
        for (String environment : List.of("prod", "prod-eu", "test")) {
            environment(tenant, environment);
            write(tenant, environment + "/a", 1);
            write(tenant, environment + "/b", 1);
        }
        long now = project(tenant).getLast();

        List<String> all = new ArrayList<>();
        var request = ListInventoryRequest.newBuilder().setPageSize(1);
        do {
            ListInventoryReply page = inventory(tenant, request, now);
            page.getSecretsList().forEach(item -> all.add(item.getSecret()));
            request.setPage(page.getNextPage());
        } while (!request.getPage().isEmpty() && all.size() < 10);

        assertThat(all).containsExactly("prod/a", "prod/b", "prod-eu/a", "prod-eu/b", "test/a", "test/b");
        var one = ListInventoryRequest.newBuilder().setEnvironment("prod-eu").setPageSize(1);
        assertThat(names(tenant, one, now)).containsExactly("prod-eu/a");
        assertThat(names(tenant, one.setPage("prod-eu/a"), now)).containsExactly("prod-eu/b");
        assertThat(inventory(tenant, one, now).getNextPage()).isEmpty();
        assertThat(names(tenant, ListInventoryRequest.newBuilder().setPage("prod/b"), now))
                .containsExactly("prod-eu/a", "prod-eu/b", "test/a", "test/b");
        assertThatThrownBy(() ->
                        inventory(tenant, ListInventoryRequest.newBuilder().setPageSize(201), now))
                .isInstanceOfSatisfying(RefusedException.class, refused -> assertThat(refused.rejection())
                        .isEqualTo(VaultRejection.PAGE));
    }

    @Test
    void anotherOrganisationSeesNothingOfIt() throws RefusedException {
        begin(other);
        environment(tenant, "prod");
        write(tenant, "prod/a", 1);
        environment(other, "test");
        write(other, "test/b", 1);
        project(tenant);
        long now = project(other).getLast();

        assertThat(names(tenant, ListInventoryRequest.newBuilder(), now)).containsExactly("prod/a");
        assertThat(names(other, ListInventoryRequest.newBuilder(), now)).containsExactly("test/b");
        assertThatThrownBy(
                        () -> inventory(other, ListInventoryRequest.newBuilder().setEnvironment("prod"), now))
                .isInstanceOfSatisfying(RefusedException.class, refused -> assertThat(refused.rejection())
                        .isEqualTo(VaultRejection.NO_SUCH_ENVIRONMENT));
    }
}
