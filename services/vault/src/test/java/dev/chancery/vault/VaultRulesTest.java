package dev.chancery.vault;

import static dev.chancery.testkit.log.Decider.folded;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.command.Granter;
import dev.chancery.decision.AdoptedContract;
import dev.chancery.decision.Assignments;
import dev.chancery.decision.Assignments.Assignment;
import dev.chancery.decision.Authority;
import dev.chancery.decision.Connections;
import dev.chancery.decision.Elevations;
import dev.chancery.decision.FirstGrant;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.RoleModel;
import dev.chancery.kernel.Decision;
import dev.chancery.kernel.Rejection;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.vault.v1.BoundSecretDestroyed;
import dev.chancery.schema.vault.v1.EnvironmentAccessSet;
import dev.chancery.schema.vault.v1.EnvironmentCreated;
import dev.chancery.schema.vault.v1.HttpIssuer;
import dev.chancery.schema.vault.v1.LeakChannel;
import dev.chancery.schema.vault.v1.LeakSeverity;
import dev.chancery.schema.vault.v1.SecretAccessSet;
import dev.chancery.schema.vault.v1.SecretBound;
import dev.chancery.schema.vault.v1.SecretClass;
import dev.chancery.schema.vault.v1.SecretLeaked;
import dev.chancery.schema.vault.v1.SecretRotationSet;
import dev.chancery.schema.vault.v1.SecretRotator;
import dev.chancery.schema.vault.v1.SecretVersionAsked;
import dev.chancery.schema.vault.v1.SecretVersionDeprecated;
import dev.chancery.schema.vault.v1.SecretVersionRevoked;
import dev.chancery.schema.vault.v1.SecretVersionState;
import dev.chancery.schema.vault.v1.SecretVersionWritten;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class VaultRulesTest {
    private static final long NOW = 1_780_000_000_000_000L;
    private static final long HOUR = 3_600_000_000L;
    private static final String PAY = "0199f2aa-0000-7000-8000-000000000001";
    private static final String MAIL = "0199f2aa-0000-7000-8000-000000000002";
    private static final String ADA = "0199f2aa-0000-7000-8000-000000000003";
    private static final String NAME = "prod/db/password";

    private final List<Message> environment = new ArrayList<>();
    private final List<Message> secret = new ArrayList<>();
    private final Map<String, List<String>> holding =
            new HashMap<>(Map.of(MAIL, List.of("mail-service"), PAY, List.of("payment-service")));
    private final Map<String, Assignment> elevated = new HashMap<>();
    private final Set<String> inactive = new HashSet<>();

    @BeforeEach
    void anEnvironmentWithASecret() {
        environment.add(EnvironmentCreated.newBuilder()
                .setEnvironment("prod")
                .addReaders("payment-service")
                .addWriters(ADA)
                .build());
        write(false, NOW);
    }

    private Authority authority(String id) {
        return new Authority(
                id,
                new PrincipalState(PrincipalType.SERVICE, !inactive.contains(id), ByteString.EMPTY),
                new FirstGrant("dora", "first", FirstGrant.ADMINISTRATOR, ByteString.EMPTY, false),
                new AdoptedContract(ByteString.EMPTY, Set.of()),
                new RoleModel(
                        Map.of(),
                        Map.of(
                                "payment-service",
                                role("secret:read"),
                                "mail-service",
                                role("secret:read"),
                                "prod-repair",
                                role("secret:read"),
                                ADA,
                                role()),
                        Map.of(),
                        RoleModel.EMPTY.retired()),
                new Assignments(
                        holding.getOrDefault(id, List.of()).stream()
                                .map(role -> new Assignment("a-" + role, role, "", 0, 0))
                                .toList(),
                        Set.of()),
                elevated.containsKey(id) ? new Elevations(List.of(elevated.get(id))) : Elevations.NONE,
                List.of());
    }

    private static RoleModel.Role role(String... capabilities) {
        return new RoleModel.Role(Set.of(capabilities), RoleModel.Described.NOT);
    }

    private Granter who(String... ids) {
        return new Granter(Stream.of(ids).map(this::authority).toList());
    }

    private Environment environment() {
        return folded(Environment.FOLD, environment);
    }

    private Secret secret() {
        return folded(Secret.FOLD, secret);
    }

    private void write(boolean compromised, long at) {
        int version = secret().newest() + 1;
        secret.addAll(VaultRules.written(
                secret(),
                SecretVersionWritten.newBuilder()
                        .setSecret(NAME)
                        .setSecretVersion(version)
                        .setValue(Sealed.newBuilder().setNonce(ByteString.copyFromUtf8("n" + version)))
                        .build(),
                compromised,
                at));
    }

    private String read(int version, long at, String... who) {
        return VaultRules.mayRead(environment(), secret(), version, who(who), true, at)
                .map(Rejection::code)
                .orElse("granted");
    }

    private static List<Message> then(List<Message> log, Decision<Message> decision) {
        if (decision instanceof Decision.Events<Message> happened) {
            log.addAll(happened.events());
            return happened.events();
        }
        return List.of();
    }

    private static String code(Decision<Message> decision) {
        return decision instanceof Decision.Rejected<Message> rejected
                ? rejected.rejection().code()
                : decision.getClass().getSimpleName();
    }

    @Test
    void whoIsOnTheEnvironmentsListReads() {
        assertThat(read(0, NOW, PAY)).isEqualTo("granted");
        assertThat(read(1, NOW, PAY)).isEqualTo("granted");
        assertThat(read(0, NOW, MAIL)).isEqualTo("vault.not-listed");
        assertThat(read(0, NOW, ADA)).isEqualTo("vault.not-listed");
    }

    private SecretLeaked leaked() {
        return SecretLeaked.newBuilder()
                .setSecret(NAME)
                .setSecretVersion(secret().newest())
                .build();
    }

    @Test
    void aLeakEndsEveryVersionAndThereIsTheNewOneOrNone() {
        write(false, NOW);
        secret.addAll(LeakRules.leaked(secret(), leaked(), Optional.empty(), NOW));

        assertThat(read(1, NOW, PAY)).isEqualTo("vault.version-ended");
        assertThat(read(2, NOW, PAY)).isEqualTo("vault.version-ended");
        assertThat(read(0, NOW, PAY)).isEqualTo("vault.no-current-version");
        assertThat(secret().forVault())
                .as("to take away what it has made")
                .map(Secret.Numbered::number)
                .contains(2);
        var next = SecretVersionWritten.newBuilder()
                .setSecret(NAME)
                .setSecretVersion(3)
                .setGenerated(true)
                .build();
        assertThat(LeakRules.leaked(secret(), leaked(), Optional.of(new NextVersion.Made(next)), NOW))
                .as("what is over ends no second time")
                .containsExactly(leaked(), next);
        secret.addAll(LeakRules.leaked(secret(), leaked(), Optional.of(new NextVersion.Made(next)), NOW));
        assertThat(read(0, NOW, PAY)).isEqualTo("granted");
        assertThat(secret().forVault()).map(Secret.Numbered::number).contains(3);
        assertThat(secret().leak().current()).isEmpty();
    }

    @Test
    void aWriterReportsALeakOfASecretThatIsThereAndNoneInTheFuture() {
        assertThat(mayReport(secret(), NOW, ADA)).isEqualTo("granted");
        assertThat(mayReport(secret(), 0, ADA)).isEqualTo("granted");
        assertThat(mayReport(secret(), NOW + 1, ADA)).isEqualTo("vault.leak");
        assertThat(mayReport(secret(), NOW, PAY)).isEqualTo("vault.not-listed");
        assertThat(mayReport(Secret.FOLD.initial(), NOW, ADA)).isEqualTo("vault.no-such-secret");
        assertThat(Stream.of(
                                LeakSeverity.LEAK_SEVERITY_SEV_1,
                                LeakSeverity.LEAK_SEVERITY_SEV_2,
                                LeakSeverity.LEAK_SEVERITY_SEV_3)
                        .map(LeakRules::within)
                        .map(Duration::toMinutes))
                .containsExactly(15L, 60L, 1_440L);
    }

    private String mayReport(Secret of, long firstExposedMicros, String who) {
        return LeakRules.mayReport(
                        environment(),
                        of,
                        who(who),
                        LeakChannel.LEAK_CHANNEL_CHAT,
                        LeakSeverity.LEAK_SEVERITY_SEV_1,
                        firstExposedMicros,
                        NOW)
                .map(Rejection::code)
                .orElse("granted");
    }

    @Test
    void anAgentReadsOnlyWhatWhomItActsForReadsToo() {
        holding.put(MAIL, List.of("payment-service"));

        assertThat(read(0, NOW, PAY, MAIL)).isEqualTo("granted");
        assertThat(read(0, NOW, PAY, ADA)).isEqualTo("vault.not-listed");
        assertThat(read(0, NOW, ADA, PAY)).isEqualTo("vault.not-listed");
    }

    @Test
    void aRoleThatIsNamedLikeAPrincipalIsNotThatPrincipal() {
        holding.put(MAIL, List.of(ADA));

        assertThat(VaultRules.mayWrite(environment(), who(MAIL), NOW)).contains(VaultRejection.NOT_LISTED);
        assertThat(VaultRules.mayWrite(environment(), who(ADA), NOW)).isEmpty();
    }

    @Test
    void whoIsDeactivatedIsOnNoListByARole() {
        inactive.add(PAY);

        assertThat(read(0, NOW, PAY)).isEqualTo("vault.not-listed");
    }

    @Test
    void aSecretsListNarrowsItsEnvironmentsAndWidensNothing() {
        secret.add(SecretAccessSet.newBuilder()
                .setSecret(NAME)
                .addReaders(MAIL)
                .addReaders("mail-service")
                .build());

        assertThat(read(0, NOW, PAY)).isEqualTo("vault.not-listed");
        assertThat(read(0, NOW, MAIL)).isEqualTo("vault.not-listed");
        holding.put(MAIL, List.of("mail-service", "payment-service"));
        assertThat(read(0, NOW, MAIL)).isEqualTo("granted");
    }

    @Test
    void anEnvironmentThatIsNotThereHasNoSecrets() {
        environment.clear();

        assertThat(read(0, NOW, PAY)).isEqualTo("vault.no-such-environment");
        assertThat(VaultRules.mayWrite(environment(), who(ADA), NOW)).contains(VaultRejection.NO_SUCH_ENVIRONMENT);
    }

    @Test
    void bothVersionsAreReadForTheWindowAndThenOnlyTheNewOne() {
        secret.add(SecretRotationSet.newBuilder()
                .setSecret(NAME)
                .setOwnerId(ADA)
                .setWindowHours(24)
                .build());
        write(false, NOW);

        assertThat(secret().current()).contains(2);
        assertThat(read(1, NOW + 24 * HOUR - 1, PAY)).isEqualTo("granted");
        assertThat(read(1, NOW + 24 * HOUR, PAY)).isEqualTo("vault.version-ended");
        assertThat(read(2, NOW + 24 * HOUR, PAY)).isEqualTo("granted");
        assertThat(read(3, NOW, PAY)).isEqualTo("vault.no-such-version");
    }

    @Test
    void aCompromiseEndsEveryOlderVersionAtOnce() {
        write(false, NOW);
        write(true, NOW);

        assertThat(read(1, NOW, PAY)).isEqualTo("vault.version-ended");
        assertThat(read(2, NOW, PAY)).isEqualTo("vault.version-ended");
        assertThat(read(0, NOW, PAY)).isEqualTo("granted");
        assertThat(secret.stream().filter(SecretVersionRevoked.class::isInstance))
                .hasSize(2);
        assertThat(VaultRejection.VERSION_ENDED.hint()).startsWith("Retry without a version");
    }

    @Test
    void whatIsNeverReadAgainIsNotKeptInMemoryEither() {
        write(false, NOW);
        then(secret, VaultRules.revoke(environment(), secret(), who(ADA), NAME, 1, NOW));
        then(secret, VaultRules.destroy(environment(), secret(), who(ADA), NAME, 2, NOW));

        assertThat(secret().versions().values())
                .allMatch(version -> version.value().isEmpty());
        assertThat(read(0, NOW, PAY)).isEqualTo("vault.no-current-version");
    }

    @Test
    void statesGoForwardOnlyAndTheSameAgainIsNoEvent() {
        assertThat(then(secret, VaultRules.deprecate(environment(), secret(), who(ADA), NAME, 1, NOW)))
                .singleElement()
                .isInstanceOf(SecretVersionDeprecated.class);
        assertThat(code(VaultRules.deprecate(environment(), secret(), who(ADA), NAME, 1, NOW)))
                .isEqualTo("Nothing");
        assertThat(then(secret, VaultRules.revoke(environment(), secret(), who(ADA), NAME, 1, NOW)))
                .hasSize(1);
        assertThat(code(VaultRules.revoke(environment(), secret(), who(ADA), NAME, 1, NOW)))
                .isEqualTo("Nothing");
        assertThat(code(VaultRules.deprecate(environment(), secret(), who(ADA), NAME, 1, NOW)))
                .isEqualTo("vault.version-ended");
        assertThat(then(secret, VaultRules.destroy(environment(), secret(), who(ADA), NAME, 1, NOW)))
                .hasSize(1);
        assertThat(code(VaultRules.destroy(environment(), secret(), who(ADA), NAME, 1, NOW)))
                .isEqualTo("Nothing");
        assertThat(code(VaultRules.revoke(environment(), secret(), who(ADA), NAME, 1, NOW)))
                .isEqualTo("vault.version-ended");
        assertThat(secret().version(1).orElseThrow().state())
                .isEqualTo(SecretVersionState.SECRET_VERSION_STATE_DESTROYED);
        assertThat(code(VaultRules.destroy(environment(), secret(), who(ADA), NAME, 2, NOW)))
                .isEqualTo("vault.no-such-version");
    }

    @Test
    void onlyAWriterTakesAVersionOutOfUse() {
        for (Granter other : List.of(who(PAY), who(MAIL), who(ADA, PAY))) {
            assertThat(code(VaultRules.deprecate(environment(), secret(), other, NAME, 1, NOW)))
                    .isEqualTo("vault.not-listed");
            assertThat(code(VaultRules.revoke(environment(), secret(), other, NAME, 1, NOW)))
                    .isEqualTo("vault.not-listed");
            assertThat(code(VaultRules.destroy(environment(), secret(), other, NAME, 1, NOW)))
                    .isEqualTo("vault.not-listed");
        }
    }

    @Test
    void nobodyPutsThemselvesOnAList() {
        assertThat(access(who(MAIL), List.of("payment-service", MAIL), List.of(ADA)))
                .isEqualTo("vault.self-grant");
        assertThat(access(who(MAIL), List.of("payment-service", "mail-service"), List.of(ADA)))
                .isEqualTo("vault.self-grant");
        assertThat(access(who(MAIL), List.of("payment-service"), List.of(ADA, MAIL)))
                .isEqualTo("vault.self-grant");
        assertThat(access(who(ADA, MAIL), List.of("payment-service", "mail-service"), List.of(ADA)))
                .isEqualTo("vault.self-grant");
        elevated.put(ADA, new Assignment("e", "prod-repair", "", NOW, NOW + HOUR));
        assertThat(access(who(ADA), List.of("payment-service", "prod-repair"), List.of(ADA)))
                .isEqualTo("vault.self-grant");
        elevated.clear();
        assertThat(access(who(ADA), List.of("payment-service", "prod-repair"), List.of(ADA)))
                .isEqualTo("Events");
        assertThat(access(who(PAY), List.of(PAY), List.of())).isEqualTo("Events");
        assertThat(access(who(ADA), List.of(MAIL), List.of())).isEqualTo("Events");
    }

    private String access(Granter caller, List<String> readers, List<String> writers) {
        return code(VaultRules.setAccess(
                environment(),
                caller,
                EnvironmentAccessSet.newBuilder()
                        .setEnvironment("prod")
                        .addAllReaders(readers)
                        .addAllWriters(writers)
                        .build(),
                NOW));
    }

    private static final Connections CHAT = new Connections(Map.of("chat", 5L));

    private static SecretBound bound(String connector) {
        return SecretBound.newBuilder()
                .setSecret(NAME)
                .setWorkspaceId(MAIL)
                .setConnector(connector)
                .build();
    }

    private Decision<Message> bind(Granter caller, boolean over, String connector) {
        return VaultRules.bind(environment(), secret(), over, CHAT, caller, bound(connector), NOW);
    }

    @Test
    void aWriterBindsASecretThatIsThereToAConnectorThatIsConnected() {
        assertThat(code(bind(who(PAY), false, "chat"))).isEqualTo("vault.not-listed");
        assertThat(code(bind(who(ADA), false, "mail"))).isEqualTo("vault.not-connected");
        assertThat(then(secret, bind(who(ADA), false, "chat"))).containsExactly(bound("chat"));
        assertThat(code(bind(who(ADA), false, "chat"))).isEqualTo("Nothing");
        assertThat(code(bind(who(ADA), true, "chat")))
                .as("it would be read again before it is destroyed")
                .isEqualTo("vault.disconnected");
        secret.clear();
        assertThat(code(bind(who(ADA), false, "chat"))).isEqualTo("vault.no-such-secret");
    }

    @Test
    void aConnectionThatIsMadeAnewIsAnotherOne() {
        assertThat(CHAT.has("chat", 6)).isTrue();
        assertThat(CHAT.has("chat", 5)).isFalse();
        assertThat(CHAT.has("mail", 6)).isFalse();
    }

    @Test
    void whatIsDestroyedWithItsConnectionIsBoundToNothingAndNeverReadAgain() {
        write(false, NOW);
        then(secret, bind(who(ADA), false, "chat"));
        assertThat(VaultRules.keptUntil(secret(), secret().version(2).orElseThrow(), NOW))
                .as("asked for again in a second")
                .isEqualTo(NOW + 1_000_000);
        secret.add(BoundSecretDestroyed.newBuilder().setSecret(NAME).build());

        assertThat(read(0, NOW, PAY)).isEqualTo("vault.no-current-version");
        assertThat(read(1, NOW, PAY)).isEqualTo("vault.version-ended");
        assertThat(secret().binding()).isEmpty();
        assertThat(secret().forVault()).isEmpty();
        assertThat(secret().newest()).as("no number is given twice").isEqualTo(2);
        write(false, NOW);
        assertThat(read(0, NOW, PAY)).isEqualTo("granted");
        assertThat(VaultRules.keptUntil(secret(), secret().version(3).orElseThrow(), NOW))
                .isZero();
    }

    @Test
    void aSecretHasOnlySoManyVersionsThatAreRead() {
        for (int version = 2; version <= VaultRules.MAX_READABLE; version++) {
            assertThat(VaultRules.mayAdd(secret(), false, NOW)).isEmpty();
            write(false, NOW);
        }
        assertThat(VaultRules.mayAdd(secret(), false, NOW)).contains(VaultRejection.TOO_MANY_VERSIONS);
        assertThat(VaultRules.mayAdd(secret(), true, NOW)).isEmpty();
        then(secret, VaultRules.revoke(environment(), secret(), who(ADA), NAME, 1, NOW));
        assertThat(VaultRules.mayAdd(secret(), false, NOW)).isEmpty();
    }

    @Test
    void aPersonReadsInProductionOnlyWhileBreakGlassGivesThemTheRight() {
        environment.set(
                0,
                ((EnvironmentCreated) environment.getFirst())
                        .toBuilder()
                                .setProduction(true)
                                .addReaders("prod-repair")
                                .build());
        elevated.put(ADA, new Assignment("e", "prod-repair", "", NOW, NOW + HOUR));

        assertThat(VaultRules.elevationToRead(authority(ADA), NOW))
                .map(Assignment::id)
                .contains("e");
        assertThat(VaultRules.elevationToRead(authority(ADA), NOW + HOUR)).isEmpty();
        assertThat(VaultRules.elevationToRead(authority(PAY), NOW)).isEmpty();
        assertThat(read(0, NOW, ADA)).isEqualTo("granted");
        assertThat(read(0, NOW + HOUR, ADA)).isEqualTo("vault.not-listed");
        assertThat(VaultRules.mayRead(environment(), secret(), 0, who(PAY), false, NOW))
                .contains(VaultRejection.BREAK_GLASS_ONLY);
    }

    @Test
    void theKeyInUseIsNotRetired() {
        then(environment, VaultRules.rotateKey(environment(), "prod"));

        assertThat(environment().keyVersion()).isEqualTo(2);
        assertThat(code(VaultRules.retireKey(environment(), "prod", 2))).isEqualTo("vault.key-in-use");
        assertThat(code(VaultRules.retireKey(environment(), "prod", 3))).isEqualTo("vault.no-such-key");
        assertThat(then(environment, VaultRules.retireKey(environment(), "prod", 1)))
                .hasSize(1);
        assertThat(code(VaultRules.retireKey(environment(), "prod", 1))).isEqualTo("Nothing");
    }

    @Test
    void theSameEnvironmentAgainIsNoEventAndAnotherIsRefused() {
        var same = (EnvironmentCreated) environment.getFirst();

        assertThat(code(VaultRules.create(environment(), same))).isEqualTo("Nothing");
        assertThat(code(VaultRules.create(
                        environment(), same.toBuilder().setProduction(true).build())))
                .isEqualTo("vault.environment-exists");
    }

    @Test
    void aRotationHasAnActiveOwnerAndAWriterSetsIt() {
        var wanted = SecretRotationSet.newBuilder()
                .setSecret(NAME)
                .setOwnerId(ADA)
                .setEveryDays(90)
                .build();

        assertThat(code(VaultRules.setRotation(environment(), secret(), who(PAY), true, Optional.empty(), wanted, NOW)))
                .isEqualTo("vault.not-listed");
        assertThat(code(VaultRules.setRotation(
                        environment(), secret(), who(ADA), false, Optional.empty(), wanted, NOW)))
                .isEqualTo("vault.no-such-owner");
        assertThat(code(VaultRules.setRotation(
                        environment(),
                        secret(),
                        who(ADA),
                        true,
                        Optional.empty(),
                        wanted.toBuilder().setEveryDays(-1).build(),
                        NOW)))
                .isEqualTo("vault.rotation");
        assertThat(then(
                        secret,
                        VaultRules.setRotation(environment(), secret(), who(ADA), true, Optional.empty(), wanted, NOW)))
                .containsExactly(wanted);
        assertThat(code(VaultRules.setRotation(environment(), secret(), who(ADA), true, Optional.empty(), wanted, NOW)))
                .isEqualTo("Nothing");
    }

    @Test
    void aClassSaysHowOftenASecretNeedsANewValueAtLeast() {
        var high = SecretRotationSet.newBuilder()
                .setSecret(NAME)
                .setOwnerId(ADA)
                .setSecretClass(SecretClass.SECRET_CLASS_HIGH_VALUE);
        var low = high.clone().setSecretClass(SecretClass.SECRET_CLASS_LOW_VALUE);

        assertThat(setRotation(high.clone().setEveryDays(91))).isEqualTo("vault.rotation");
        assertThat(setRotation(low.clone().setEveryDays(366))).isEqualTo("vault.rotation");
        assertThat(setRotation(high.clone().setSecretClassValue(3))).isEqualTo("vault.rotation");
        assertThat(rotations(low)).containsExactly(low.clone().setEveryDays(365).build());
        assertThat(rotations(high))
                .containsExactly(high.clone().setEveryDays(90).build());
        assertThat(setRotation(high)).as("the same again").isEqualTo("Nothing");
        assertThat(rotations(high.clone().setEveryDays(30)))
                .containsExactly(high.clone().setEveryDays(30).build());
    }

    private static SecretRotationSet.Builder rotatedBy(String url) {
        return SecretRotationSet.newBuilder()
                .setSecret(NAME)
                .setOwnerId(ADA)
                .setRotator(SecretRotator.newBuilder()
                        .setHttpIssuer(HttpIssuer.newBuilder().setUrl(url)));
    }

    private SecretVersionAsked ask(int version) {
        return SecretVersionAsked.newBuilder()
                .setSecret(NAME)
                .setSecretVersion(version)
                .setRotator(secret().rotation().getRotator())
                .build();
    }

    @Test
    void withARotatorTheVaultSeesToTheValuesAndAnotherOneIsNotWaitedFor() {
        assertThat(code(VaultRules.setRotation(
                        environment(),
                        secret(),
                        who(ADA),
                        true,
                        Optional.of(VaultRejection.ROTATOR),
                        rotatedBy("https://a.example.com").build(),
                        NOW)))
                .isEqualTo("vault.rotator");
        assertThat(rotations(rotatedBy("https://a.example.com")))
                .containsExactly(
                        rotatedBy("https://a.example.com").setGenerated(true).build());
        secret.addAll(VaultRules.next(secret(), new NextVersion.Asked(ask(2)), false, NOW));
        assertThat(rotations(rotatedBy("https://a.example.com").setWindowHours(1)))
                .as("the same rotator")
                .hasSize(1);
        assertThat(secret().asked()).contains(2);
        assertThat(rotations(rotatedBy("https://b.example.com"))).hasSize(2);
        assertThat(secret().asked()).isEmpty();
        assertThat(secret().version(2).flatMap(version -> version.toWithdraw(NOW)))
                .as("it may have been made")
                .isPresent();
    }

    @Test
    void whatIsAskedForIsNotReadAndEndsNothingUntilItIsThereUnlessSomebodyMayKnowTheOldOnes() {
        rotations(rotatedBy("https://a.example.com"));
        secret.addAll(VaultRules.next(secret(), new NextVersion.Asked(ask(2)), false, NOW));
        assertThat(read(2, NOW, PAY)).isEqualTo("vault.version-asked");
        assertThat(read(0, NOW, PAY)).isEqualTo("granted");
        assertThat(read(1, NOW, PAY)).isEqualTo("granted");
        assertThat(code(VaultRules.deprecate(environment(), secret(), who(ADA), NAME, 2, NOW)))
                .isEqualTo("vault.version-asked");

        secret.addAll(VaultRules.next(secret(), new NextVersion.Asked(ask(3)), true, NOW));

        assertThat(read(1, NOW, PAY)).isEqualTo("vault.version-ended");
        assertThat(read(2, NOW, PAY)).isEqualTo("vault.version-ended");
        assertThat(read(0, NOW, PAY)).isEqualTo("vault.no-current-version");
        assertThat(secret().asked()).contains(3);
    }

    /** A window is never longer than the value lasts. */
    @Test
    void whatEndsByItselfIsReadUntilThenAtMost() {
        secret.clear();
        secret.add(SecretVersionWritten.newBuilder()
                .setSecret(NAME)
                .setSecretVersion(1)
                .setExpiresMicros(NOW + 10)
                .build());
        assertThat(VaultRules.keptUntil(secret(), secret().version(1).orElseThrow(), NOW))
                .isEqualTo(NOW + 10);
        write(false, NOW);
        assertThat(read(1, NOW + 9, PAY)).isEqualTo("granted");
        assertThat(read(1, NOW + 10, PAY)).isEqualTo("vault.version-ended");
    }

    private String setRotation(SecretRotationSet.Builder wanted) {
        return code(
                VaultRules.setRotation(environment(), secret(), who(ADA), true, Optional.empty(), wanted.build(), NOW));
    }

    private List<Message> rotations(SecretRotationSet.Builder wanted) {
        return then(
                secret,
                VaultRules.setRotation(environment(), secret(), who(ADA), true, Optional.empty(), wanted.build(), NOW));
    }

    @Test
    void aNameIsItsOwnInARecordsTarget() {
        assertThat(Names.version("prod/a.b/c-d/9", 3)).isEqualTo("prod:a.b:c-d:9:3");
        assertThat(Names.secretOf("prod:a.b:c-d:9:3")).isEqualTo("prod/a.b/c-d/9");
        assertThat(Names.versionOf("prod:a.b:c-d:9:3")).isEqualTo(3);
        assertThat(Names.secret("prod/a")).isNotEqualTo(Names.secret("prod/b"));
    }
}
