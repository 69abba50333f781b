package dev.chancery.app.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.chancery.boundary.limits.ChallengeOptions;
import dev.chancery.boundary.limits.Rate;
import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.NoticeOptions;
import dev.chancery.projection.ProjectionOptions;
import dev.chancery.relay.RelayOptions;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChanceryConfigTest {
    @TempDir
    Path directory;

    private ChanceryConfig.Read read(String... lines) throws IOException {
        List<String> all = new java.util.ArrayList<>(List.of(
                "chancery.instance-id=ch-0123456789abcdef",
                "chancery.process=core-1",
                "chancery.public-url=https://chancery.test",
                "chancery.database.credentials-directory=" + directory));
        all.addAll(List.of(lines));
        return ChanceryConfig.read(List.of(Files.write(directory.resolve("chancery.properties"), all)), Map.of());
    }

    @Test
    void whatCallersMayDoIsReadAndChecked() throws IOException {
        var limits =
                ChanceryConfig.options(read("chancery.limits.person-reads=3/h burst 2", "chancery.limits.checks=none")
                        .config()
                        .limits());
        assertThat(limits.personReads()).isEqualTo(Rate.of("3/h burst 2"));
        assertThat(limits.checks()).isEqualTo(Rate.NONE);
        assertThat(limits.signInsByName()).isEqualTo(Rate.of("5/min burst 5"));
        assertThatExceptionOfType(Unusable.class).isThrownBy(() -> read("chancery.limits.person-reads=many"));
    }

    @Test
    void aChallengeNeedsItsProviderAndASecretThatNobodyElseReads() throws IOException {
        assertThat(ChanceryConfig.options(read().config().limits()).challenge()).isEmpty();
        Path secret = Files.writeString(directory.resolve("challenge"), "made-up");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-r-----"));
        List<String> good = List.of(
                "chancery.limits.challenge.type=turnstile",
                "chancery.limits.challenge.verify-url=https://challenge.example/siteverify",
                "chancery.limits.challenge.site-key=site-1",
                "chancery.limits.challenge.secret-file=" + secret,
                "chancery.limits.challenge.hostname=sign-in.kestrel.example");
        assertThat(challenge(good)).get().satisfies(read -> {
            assertThat(read.siteKey()).isEqualTo("site-1");
            assertThat(read.timeout()).isEqualTo(Duration.ofSeconds(3));
        });
        for (int i = 1; i < good.size(); i++) {
            var without = new ArrayList<>(good);
            without.remove(i);
            assertThatExceptionOfType(Unusable.class).isThrownBy(() -> challenge(without));
        }
        for (String wrong : List.of(
                "verify-url=http://challenge.example/siteverify",
                "verify-url=https:opaque",
                "site-key=two words",
                "timeout=PT5S")) {
            var with = new ArrayList<>(good);
            with.add("chancery.limits.challenge." + wrong);
            assertThatExceptionOfType(Unusable.class).isThrownBy(() -> challenge(with));
        }
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatExceptionOfType(Unusable.class).isThrownBy(() -> challenge(good));
    }

    private Optional<ChallengeOptions> challenge(List<String> lines) throws IOException {
        return ChanceryConfig.options(
                        read(lines.toArray(String[]::new)).config().limits())
                .challenge();
    }

    @Test
    void mailGoesOutInClearToThisMachineAlone() throws IOException {
        assertThat(ChanceryConfig.options(read().config().notices())).isEqualTo(NoticeOptions.NONE);
        assertThatExceptionOfType(Unusable.class)
                .isThrownBy(() -> ChanceryConfig.options(read(
                                "chancery.notices.smtp.host=mail.kestrel.example",
                                "chancery.notices.smtp.from=chancery@kestrel.example",
                                "chancery.notices.smtp.security=none")
                        .config()
                        .notices()));
    }

    @Test
    void whatIsNotSetHasItsDefault() throws IOException {
        ChanceryConfig config = read().config();
        assertThat(config.http().host()).isEqualTo("127.0.0.1");
        assertThat(config.http().port()).isEqualTo(8080);
        assertThat(config.database().poolSize()).isEqualTo(10);
        assertThat(config.sealerFile()).isEmpty();
    }

    @Test
    void optionsAreTheCodesUnlessTheyAreSet() throws IOException {
        ChanceryConfig without = read().config();
        assertThat(ChanceryConfig.options(without.relay(), "chancery")).isEqualTo(RelayOptions.defaults("chancery"));
        assertThat(ChanceryConfig.options(without.projection())).isEqualTo(ProjectionOptions.defaults());

        ChanceryConfig with = read("chancery.relay.max-batch-records=7", "chancery.projection.max-run-records=8")
                .config();
        assertThat(ChanceryConfig.options(with.relay(), "chancery").maxBatchRecords())
                .isEqualTo(7);
        assertThat(ChanceryConfig.options(with.projection()).maxRunRecords()).isEqualTo(8);
    }

    @Test
    void everySettingOfAPartIsOneOfItsOptions() {
        assertThat(settings(ChanceryConfig.Relay.class))
                .filteredOn(setting -> !setting.equals("maxSlotBytes"))
                .isSubsetOf(components(RelayOptions.class));
        assertThat(settings(ChanceryConfig.Projection.class)).isSubsetOf(components(ProjectionOptions.class));
    }

    private static List<String> settings(Class<?> group) {
        return Arrays.stream(group.getDeclaredMethods()).map(Method::getName).toList();
    }

    private static List<String> components(Class<? extends Record> options) {
        return Arrays.stream(options.getRecordComponents())
                .map(RecordComponent::getName)
                .toList();
    }

    @Test
    void aLaterFileAndTheEnvironmentWin() throws IOException {
        Path first = Files.writeString(directory.resolve("first"), """
                chancery.instance-id=ch-0123456789abcdef
                chancery.public-url=https://chancery.test
                chancery.database.credentials-directory=/somewhere
                chancery.process=first
                chancery.http.port=1""");
        Path second = Files.writeString(directory.resolve("second"), "chancery.process=second\nchancery.http.port=2");
        ChanceryConfig config = ChanceryConfig.read(List.of(first, second), Map.of("chancery.process", "third"))
                .config();
        assertThat(config.process()).isEqualTo("third");
        assertThat(config.http().port()).isEqualTo(2);
    }

    @Test
    void aMisspeltSettingIsRefused() {
        assertThatExceptionOfType(Unusable.class)
                .isThrownBy(() -> read("chancery.database.poolsize=3"))
                .withMessageContaining("chancery.database.poolsize");
    }

    @Test
    void aRequiredSettingThatIsMissingIsNamed() throws IOException {
        Path empty = Files.writeString(directory.resolve("empty"), "");
        assertThatExceptionOfType(Unusable.class)
                .isThrownBy(() -> ChanceryConfig.read(List.of(empty), Map.of()))
                .withMessageContaining("required");
    }

    @Test
    void nothingGoesBeyondTheLoopbackInClear() throws IOException {
        ChanceryConfig.Read read = read(
                "chancery.http.host=0.0.0.0",
                "chancery.database.host=192.0.2.1",
                "kafka.bootstrap.servers=192.0.2.1:9092");
        assertThatExceptionOfType(Unusable.class)
                .isThrownBy(() -> QuarkusSettings.Listener.of(read.config().http()))
                .withMessageContaining("chancery.http.certificate-file");
        assertThatExceptionOfType(Unusable.class)
                .isThrownBy(() -> DatabaseFiles.access(read.config().database(), Set.of()))
                .withMessageContaining("chancery.database.ca-file");
        assertThatExceptionOfType(Unusable.class)
                .isThrownBy(() -> KafkaFiles.client(read.config().kafka(), KafkaFiles.named(read.properties())))
                .withMessageContaining("chancery.kafka.ca-file");
    }

    @Test
    void onTheLoopbackItMay() throws IOException {
        ChanceryConfig.Read read = read("kafka.bootstrap.servers=127.0.0.1:9092,localhost:9093");
        QuarkusSettings.Listener.of(read.config().http());
        DatabaseFiles.access(read.config().database(), Set.of());
        assertThat(KafkaFiles.client(read.config().kafka(), KafkaFiles.named(read.properties())))
                .containsEntry("bootstrap.servers", "127.0.0.1:9092,localhost:9093");
    }

    @Test
    void aPasswordIsReadForEachConnectionAndNotByOthers() throws IOException {
        Path password = Files.writeString(directory.resolve("chancery_rbac.password"), "first\n");
        Files.setPosixFilePermissions(password, PosixFilePermissions.fromString("rw-r-----"));
        var access = DatabaseFiles.access(read().config().database(), Set.of(DatabaseRole.RBAC));
        assertThat(access.properties(DatabaseRole.RBAC)).containsEntry("password", "first");

        Files.writeString(password, "second\n");
        assertThat(access.properties(DatabaseRole.RBAC)).containsEntry("password", "second");

        Files.setPosixFilePermissions(password, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatExceptionOfType(Unusable.class)
                .isThrownBy(() -> access.properties(DatabaseRole.RBAC))
                .withMessageContaining("chmod o-rw");
    }

    @Test
    void aRoleThatTheProcessDoesNotHoldHasNoCredentials() throws IOException {
        Files.writeString(directory.resolve("chancery_keyring.password"), "there");
        var access = DatabaseFiles.access(read().config().database(), Set.of());
        assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(() -> access.properties(DatabaseRole.KEYRING))
                .withMessageContaining("does not hold");
    }

    @Test
    void aProcessHasOneSealer() throws IOException {
        assertThat(Sealers.isGiven(read().config())).isFalse();
        for (List<String> two : List.of(
                List.of("chancery.sealer-file=/f", "chancery.sealer-token.library=/l"),
                List.of("chancery.sealer-file=/f", "chancery.sealer-transit.address=https://bao.example"),
                List.of("chancery.sealer-token.library=/l", "chancery.sealer-transit.address=https://bao.example"))) {
            ChanceryConfig config = read(two.toArray(String[]::new)).config();
            assertThat(Sealers.isGiven(config)).isTrue();
            assertThatExceptionOfType(Unusable.class)
                    .isThrownBy(() -> Sealers.of(config))
                    .withMessageContaining("and not more");
        }
    }

    @Test
    void aTransitEngineIsReachedOverTlsWithATokenOutOfAFile() throws IOException {
        ChanceryConfig without =
                read("chancery.sealer-transit.address=https://bao.example").config();
        assertThatExceptionOfType(Unusable.class)
                .isThrownBy(() -> Sealers.of(without))
                .withMessageContaining("chancery.sealer-transit.token-file");

        ChanceryConfig clear = read(
                        "chancery.sealer-transit.address=http://192.0.2.1:8200",
                        "chancery.sealer-transit.token-file=" + directory.resolve("token"))
                .config();
        assertThatExceptionOfType(Unusable.class)
                .isThrownBy(() -> Sealers.of(clear))
                .withMessageContaining("https://");
    }
}
