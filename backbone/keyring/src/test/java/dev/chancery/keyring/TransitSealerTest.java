package dev.chancery.keyring;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.chancery.testkit.TestAuthority;
import dev.chancery.testkit.TransitServer;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What KeyFileSealerTest asks of a key file, asked of a transit engine; and what a server and a network add to that. */
class TransitSealerTest {
    private static final byte[] KEY = "0123456789abcdef0123456789abcdef".getBytes(US_ASCII);
    private static final byte[] CONTEXT = {1, 2, 3};

    @TempDir
    Path directory;

    private TransitServer server;

    @BeforeEach
    void engine() {
        server = new TransitServer(directory);
        TransitSealer.create(access());
    }

    @AfterEach
    void close() {
        server.close();
    }

    private TransitSealer sealer() {
        return TransitSealer.open(access());
    }

    private TransitAccess access() {
        return TestSealer.access(server, "chancery");
    }

    private TransitAccess access(URI address, Path tokenFile, Optional<Path> authorities, Duration timeout) {
        return new TransitAccess(address, "transit", Optional.empty(), tokenFile, authorities, timeout, "chancery");
    }

    @Test
    void whatIsAskedIsAsTheApiDocumentsIt() throws Exception {
        TransitSealer sealer = sealer();
        server.asked().clear();

        byte[] wrapped = sealer.installationRing().wrap(1, KEY, CONTEXT);
        sealer.installationRing().unwrap(1, wrapped, CONTEXT);
        sealer.ring().wrap(1, KEY, CONTEXT);
        sealer.derive("x");

        String ciphertext = new String(wrapped, US_ASCII);
        String key = Base64.getEncoder().encodeToString(KEY);
        assertThat(ciphertext).matches("vault:v1:[A-Za-z0-9+/]{80}");
        assertThat(server.asked())
                .extracting(TransitServer.Asked::method, TransitServer.Asked::path, TransitServer.Asked::body)
                .containsExactly(
                        tuple("POST", "/v1/transit/encrypt/chancery-wrap", json("""
                                {"plaintext":"%s","associated_data":"AQID","key_version":1}""".formatted(key))),
                        tuple("POST", "/v1/transit/decrypt/chancery-wrap", json("""
                                {"ciphertext":"%s","associated_data":"AQID"}""".formatted(ciphertext))),
                        tuple("POST", "/v1/transit/encrypt/chancery-ring", json("""
                                {"plaintext":"%s","associated_data":"AQID","key_version":1}""".formatted(key))),
                        tuple("POST", "/v1/transit/hmac/chancery-derive", json("""
                                {"input":"%s","algorithm":"sha2-256","key_version":1}""".formatted(Base64.getEncoder()
                                .encodeToString(Framing.labelled("chancery/secret/v1")
                                        .text("x")
                                        .toBytes())))));
        assertThat(server.asked()).allSatisfy(asked -> assertThat(asked.headers())
                .containsEntry(
                        "X-vault-token",
                        List.of(Files.readString(server.tokenFile()).strip()))
                .containsEntry("X-vault-request", List.of("true"))
                .doesNotContainKey("X-vault-namespace"));
    }

    private static JsonObject json(String text) {
        return Json.createReader(new java.io.StringReader(text)).readObject();
    }

    @Test
    void aNamespaceIsNamedWithEachRequest() {
        server.namespace = Optional.of("payments");
        refused(this::sealer, "refuses the token");

        var there = new TransitAccess(
                server.address(),
                "transit",
                Optional.of("payments"),
                server.tokenFile(),
                Optional.of(server.authorities()),
                Duration.ofSeconds(20),
                "chancery");
        assertThat(TransitSealer.open(there).derive("x")).hasSize(43);
    }

    @Test
    void whatWasWrappedIsUnwrappedByAnotherProcessAndAfterARotation() {
        byte[] wrapped = sealer().installationRing().wrap(1, KEY, CONTEXT);
        assertThat(sealer().installationRing().unwrap(1, wrapped, CONTEXT)).isEqualTo(KEY);

        new TransitKey(new TransitEngine(access()), "chancery-wrap").rotate();

        byte[] younger = sealer().installationRing().wrap(2, KEY, CONTEXT);
        assertThat(new String(younger, US_ASCII)).startsWith("vault:v2:");
        assertThat(sealer().installationRing().unwrap(1, wrapped, CONTEXT)).isEqualTo(KEY);
        assertThat(sealer().installationRing().unwrap(2, younger, CONTEXT)).isEqualTo(KEY);
        assertThat(sealer().toString()).isEqualTo("TransitSealer[hidden]");
    }

    @Test
    void makingTheKeysAgainKeepsThoseThatAreThere() {
        byte[] wrapped = sealer().installationRing().wrap(1, KEY, CONTEXT);

        assertThat(TransitSealer.create(access()).installationRing().unwrap(1, wrapped, CONTEXT))
                .isEqualTo(KEY);
        assertThat(server.versions("chancery-ring")).isOne();
    }

    @Test
    void anotherContextATruncationAndEveryAlteredByteAreRecognised() {
        TransitSealer sealer = sealer();
        byte[] wrapped = sealer.installationRing().wrap(1, KEY, CONTEXT);
        byte[] ofTheRing = sealer.ring().wrap(1, KEY, CONTEXT);

        broken(() -> sealer.installationRing().unwrap(1, wrapped, new byte[] {1, 2, 4}));
        broken(() -> sealer.installationRing().unwrap(1, wrapped, new byte[0]));
        broken(() -> sealer.ring().unwrap(1, ofTheRing, new byte[] {1, 2, 4}));
        for (int at = 0; at < wrapped.length; at++) {
            byte[] altered = wrapped.clone();
            altered[at] ^= 1;
            byte[] truncated = Arrays.copyOf(wrapped, at);
            broken(() -> sealer.installationRing().unwrap(1, altered, CONTEXT));
            broken(() -> sealer.installationRing().unwrap(1, truncated, CONTEXT));
            byte[] alteredOfTheRing = ofTheRing.clone();
            alteredOfTheRing[alteredOfTheRing.length - 1 - at] ^= 1;
            broken(() -> sealer.ring().unwrap(1, alteredOfTheRing, CONTEXT));
        }
    }

    /** 33 bytes have no whole number of base64 groups: their last letter has bits that mean nothing. */
    @Test
    void ofTheSpellingsOfTheSameBytesOneOpens() {
        TransitSealer sealer = sealer();
        byte[] wrapped = sealer.installationRing().wrap(1, Arrays.copyOf(KEY, 33), CONTEXT);
        String text = new String(wrapped, US_ASCII);
        assertThat(text).endsWith("=");
        int last = text.indexOf('=') - 1;

        byte[] respelt = wrapped.clone();
        respelt[last]++;
        byte[] unpadded = text.replace("=", "").getBytes(US_ASCII);

        broken(() -> sealer.installationRing().unwrap(1, respelt, CONTEXT));
        broken(() -> sealer.installationRing().unwrap(1, unpadded, CONTEXT));
        broken(() ->
                sealer.installationRing().unwrap(1, text.replace("v1", "v01").getBytes(US_ASCII), CONTEXT));
    }

    @Test
    void anotherEngineUnwrapsNothingAndDerivesOtherwise() throws Exception {
        byte[] wrapped = sealer().installationRing().wrap(1, KEY, CONTEXT);
        try (var elsewhere = new TransitServer(Files.createDirectory(directory.resolve("elsewhere")))) {
            var other = TransitSealer.create(TestSealer.access(elsewhere, "chancery"));

            broken(() -> other.installationRing().unwrap(1, wrapped, CONTEXT));
            assertThat(sealer().derive("postgres/chancery_access"))
                    .matches("[A-Za-z0-9_-]{43}")
                    .isEqualTo(sealer().derive("postgres/chancery_access"))
                    .isNotEqualTo(sealer().derive("postgres/chancery_identity"))
                    .isNotEqualTo(other.derive("postgres/chancery_access"));
        }
    }

    @Test
    void aRotationChangesNothingThatIsDerived() {
        String before = sealer().derive("x");

        new TransitKey(new TransitEngine(access()), "chancery-derive").rotate();

        assertThat(sealer().derive("x")).isEqualTo(before);
    }

    @Test
    void aVersionOfTheRingThatIsDestroyedIsGoneFromTheEngine() {
        Sealer.Ring ring = sealer().ring();
        Sealer.Ring elsewhere = sealer().ring();
        byte[] old = ring.wrap(1, KEY, CONTEXT);

        ring.add(2);
        ring.add(2);
        byte[] young = elsewhere.wrap(2, KEY, CONTEXT);
        assertThat(server.versions("chancery-ring")).isEqualTo(2);
        ring.destroyBefore(2);
        ring.destroyBefore(2);
        ring.destroyBefore(1);

        assertThat(server.versions("chancery-ring")).isOne();
        for (Sealer.Ring each : List.of(ring, elsewhere, sealer().ring())) {
            assertThat(each.newest()).isEqualTo(2);
            assertThat(each.unwrap(2, young, CONTEXT)).isEqualTo(KEY);
            assertThatExceptionOfType(KeyDestroyed.class).isThrownBy(() -> each.unwrap(1, old, CONTEXT));
            assertThatExceptionOfType(KeyDestroyed.class).isThrownBy(() -> each.wrap(1, KEY, CONTEXT));
            assertThatExceptionOfType(KeyMissing.class).isThrownBy(() -> each.unwrap(3, young, CONTEXT));
        }
        broken(() -> ring.unwrap(2, old, CONTEXT));
        assertThatExceptionOfType(IllegalArgumentException.class).isThrownBy(() -> ring.destroyBefore(3));
    }

    /** Whoever raises the floor has destroyed nothing: nothing may read as forgotten. */
    @Test
    void aVersionThatTheEngineHasAndLetsNobodyUseIsNotDestroyed() {
        Sealer.Ring ring = sealer().ring();
        byte[] old = ring.wrap(1, KEY, CONTEXT);
        var wrapping = sealer();
        byte[] wrapped = wrapping.installationRing().wrap(1, KEY, CONTEXT);
        ring.add(2);
        var engine = new TransitEngine(access());
        new TransitKey(engine, "chancery-wrap").rotate();

        for (String key : List.of("chancery-ring", "chancery-wrap")) {
            engine.post("keys/" + key + "/config", json("{\"min_decryption_version\":2}"));
        }

        refused(() -> ring.unwrap(1, old, CONTEXT), "lower its min_decryption_version");
        refused(() -> sealer().ring().unwrap(1, old, CONTEXT), "lower its min_decryption_version");
        refused(() -> wrapping.installationRing().unwrap(1, wrapped, CONTEXT), "lower its min_decryption_version");
        engine.post("keys/chancery-ring/config", json("{\"min_decryption_version\":1}"));
        assertThat(ring.unwrap(1, old, CONTEXT)).isEqualTo(KEY);
    }

    @Test
    void anEngineThatWasRestoredToTooOldAStateMakesNoVersionAnew() {
        Sealer.Ring ring = sealer().ring();

        refused(() -> ring.add(3), "restore the engine's newest snapshot");
        assertThat(server.versions("chancery-ring")).isOne();
    }

    @Test
    void anEngineThatChangedIsUncopiedUntilTheEvidenceNamesItsVersion() throws Exception {
        Sealer.Ring ring = sealer().ring();
        assertThat(ring.uncopied()).isEmpty();

        ring.add(2);

        assertThat(ring.uncopied()).hasValueSatisfying(what -> assertThat(what).contains("write 2"));
        Files.writeString(directory.resolve("token.copied"), "2\n");
        assertThat(ring.uncopied()).isEmpty();
        assertThat(sealer().ring().uncopied()).isEmpty();
    }

    @Test
    void aServerThatIsDownStopsTheStartAndThenEachUseAndIsTakenBackAtOnce() {
        TransitSealer sealer = sealer();
        byte[] wrapped = sealer.installationRing().wrap(1, KEY, CONTEXT);
        byte[] ofTheRing = sealer.ring().wrap(1, KEY, CONTEXT);

        server.stop();

        for (ThrowingCallable use : List.<ThrowingCallable>of(
                this::sealer,
                () -> sealer.installationRing().wrap(1, KEY, CONTEXT),
                () -> sealer.installationRing().unwrap(1, wrapped, CONTEXT),
                () -> sealer.derive("x"),
                () -> sealer.ring().wrap(1, KEY, CONTEXT),
                () -> sealer.ring().unwrap(1, ofTheRing, CONTEXT),
                () -> sealer.ring().add(2),
                () -> sealer.ring().destroyBefore(1))) {
            refused(use, "does not answer");
        }
        assertThat(sealer.ring().unchangeable()).isPresent();
        server.start();
        assertThat(sealer.installationRing().unwrap(1, wrapped, CONTEXT)).isEqualTo(KEY);
        assertThat(sealer.ring().unwrap(1, ofTheRing, CONTEXT)).isEqualTo(KEY);
        assertThat(sealer.ring().unchangeable()).isEmpty();
        assertThat(sealer().installationRing().unwrap(1, wrapped, CONTEXT)).isEqualTo(KEY);
    }

    @Test
    void aServerThatIsSealedIsAskedAgain() {
        TransitSealer sealer = sealer();
        server.sealed = true;
        refused(() -> sealer.installationRing().wrap(1, KEY, CONTEXT), "unseal it");

        server.sealed = false;

        assertThat(sealer.installationRing().wrap(1, KEY, CONTEXT)).isNotEmpty();
    }

    @Test
    void aRevokedTokenOpensNothingUntilTheFileHasAnother() throws Exception {
        TransitSealer sealer = sealer();
        byte[] wrapped = sealer.installationRing().wrap(1, KEY, CONTEXT);
        String revoked = Files.readString(server.tokenFile()).strip();
        server.revokeToken();

        assertThatExceptionOfType(TransitUnusable.class)
                .isThrownBy(() -> sealer.installationRing().unwrap(1, wrapped, CONTEXT))
                .withMessageContaining("refuses the token in " + server.tokenFile())
                .satisfies(e -> assertThat(e.toString()).doesNotContain(revoked, "permission denied"));
        refused(this::sealer, "refuses the token");

        server.newToken();
        assertThat(sealer.installationRing().unwrap(1, wrapped, CONTEXT)).isEqualTo(KEY);
    }

    @Test
    void aTokenFileThatIsMissingOpenOrNoTokenIsSaid() throws Exception {
        TransitSealer sealer = sealer();
        Path file = server.tokenFile();

        Files.writeString(file, "s.first\ns.second\n");
        assertThatExceptionOfType(TransitUnusable.class)
                .isThrownBy(() -> sealer.derive("x"))
                .withMessageContaining("is no token")
                .withMessageNotContaining("s.first");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        refused(() -> sealer.derive("x"), "run chmod 600 " + file);
        Files.delete(file);
        refused(() -> sealer.derive("x"), "can't be read");
    }

    @Test
    void aServerThatDoesNotProveWhoItIsGetsNoToken() throws Exception {
        var stranger = new TestAuthority(directory.resolve("stranger"));
        server.asked().clear();

        for (Optional<Path> authorities : List.of(Optional.<Path>empty(), Optional.of(stranger.certificate()))) {
            refused(
                    () -> TransitSealer.open(
                            access(server.address(), server.tokenFile(), authorities, Duration.ofSeconds(20))),
                    "does not prove who it is");
        }
        assertThat(server.asked()).isEmpty();
    }

    @Test
    void aServerThatAcceptsAndKeepsSilentIsLeftInTime() throws Exception {
        try (var silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            var address = URI.create("http://127.0.0.1:" + silent.getLocalPort());
            long begun = System.nanoTime();

            refused(
                    () -> TransitSealer.open(
                            access(address, server.tokenFile(), Optional.empty(), Duration.ofMillis(300))),
                    "does not answer in time");
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
        }
    }

    private static UnaryOperator<TransitServer.Answer> replaced(String what, String by) {
        return answer -> new TransitServer.Answer(
                answer.status(), answer.body().replaceFirst(what, java.util.regex.Matcher.quoteReplacement(by)));
    }

    private static UnaryOperator<TransitServer.Answer> both(
            UnaryOperator<TransitServer.Answer> first, UnaryOperator<TransitServer.Answer> second) {
        return answer -> second.apply(first.apply(answer));
    }

    static Stream<Arguments> strangeAnswers() {
        String padding = "{\"padding\":\"" + "x".repeat(TransitEngine.MAX_REPLY_BYTES) + "\",";
        return Stream.<Arguments>of(
                arguments("half of it", (UnaryOperator<TransitServer.Answer>) answer -> new TransitServer.Answer(
                        answer.status(),
                        answer.body().substring(0, answer.body().length() / 2))),
                arguments("nothing", (UnaryOperator<TransitServer.Answer>) answer -> new TransitServer.Answer(200, "")),
                arguments("status 204", (UnaryOperator<TransitServer.Answer>)
                        answer -> new TransitServer.Answer(204, "")),
                arguments("no JSON", (UnaryOperator<TransitServer.Answer>)
                        answer -> new TransitServer.Answer(200, "<html>sign in</html>")),
                arguments("no data", (UnaryOperator<TransitServer.Answer>)
                        answer -> new TransitServer.Answer(200, "{\"data\":null}")),
                arguments("too much", replaced("\\{", padding)),
                arguments("another type", (UnaryOperator<TransitServer.Answer>) answer ->
                        new TransitServer.Answer(200, "{\"data\":{\"ciphertext\":7,\"plaintext\":7,\"hmac\":7}}")),
                arguments(
                        "another version",
                        both(replaced("vault:v1:", "vault:v2:"), replaced("\"plaintext\":\"", "\"plaintext\":\"AAAA"))),
                arguments(
                        "a version of 0",
                        both(replaced("vault:v1:", "vault:v0:"), replaced("\"plaintext\":\"", "\"plaintext\":\"*"))),
                arguments(
                        "a shorter value",
                        both(
                                replaced("vault:v1:....", "vault:v1:"),
                                replaced("\"plaintext\":\"....", "\"plaintext\":\""))),
                arguments("a redirect", (UnaryOperator<TransitServer.Answer>)
                        answer -> new TransitServer.Answer(307, "")),
                arguments("an error", (UnaryOperator<TransitServer.Answer>)
                        answer -> new TransitServer.Answer(500, "{\"errors\":[\"internal\"]}")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("strangeAnswers")
    void anAnswerThatTheApiDoesNotDocumentIsRefused(String what, UnaryOperator<TransitServer.Answer> onTheWay) {
        TransitSealer sealer = sealer();
        byte[] wrapped = sealer.installationRing().wrap(1, KEY, CONTEXT);
        byte[] ofTheRing = sealer.ring().wrap(1, KEY, CONTEXT);

        server.onTheWay = onTheWay;

        for (ThrowingCallable use : List.<ThrowingCallable>of(
                () -> sealer.ring().wrap(1, KEY, CONTEXT),
                () -> sealer.installationRing().unwrap(1, wrapped, CONTEXT),
                () -> sealer.ring().unwrap(1, ofTheRing, CONTEXT),
                () -> sealer.derive("x"))) {
            assertThatExceptionOfType(TransitUnusable.class)
                    .as(what)
                    .isThrownBy(use)
                    .satisfies(e -> assertThat(e.toString()).doesNotContain("vault:", "html", "internal"));
        }
        server.onTheWay = UnaryOperator.identity();
        assertThat(sealer.installationRing().unwrap(1, wrapped, CONTEXT)).isEqualTo(KEY);
    }

    /** The engine has rotated, or trimmed, and the answer is lost: asking again finishes it, and does nothing twice. */
    @Test
    void aChangeWhoseAnswerIsLostIsMadeOnce() {
        Sealer.Ring ring = sealer().ring();
        server.onTheWay = answer -> server.asked().getLast().path().endsWith("/rotate")
                        || server.asked().getLast().path().endsWith("/trim")
                ? new TransitServer.Answer(500, "")
                : answer;

        refused(() -> ring.add(2), "status 500");
        ring.add(2);
        assertThat(server.versions("chancery-ring")).isEqualTo(2);
        refused(() -> ring.destroyBefore(2), "status 500");
        ring.destroyBefore(2);
        assertThat(server.versions("chancery-ring")).isOne();
        assertThat(ring.newest()).isEqualTo(2);
    }

    @Test
    void anEngineThatIgnoresTheContextIsNotTaken() {
        server.ignoresAssociatedData = true;

        refused(this::sealer, "take an engine that knows associated_data");
    }

    @ParameterizedTest
    @ValueSource(strings = {"chancery-wrap", "chancery-derive", "chancery-ring"})
    void aKeyThatTheEngineWouldGiveAwayOrOfAnotherTypeIsNotTaken(String key) {
        server.makeExportable(key);
        refused(this::sealer, "the key " + key + " of the transit engine at " + server.address() + " would be given");

        server.makeOfType(key, "chacha20-poly1305");
        refused(this::sealer, "is not of the type aes256-gcm96");
    }

    @Test
    void missingKeysAreNotMadeUnasked() {
        TransitAccess others = TestSealer.access(server, "others");

        refused(() -> TransitSealer.open(others), "the key others-derive");
        assertThat(server.asked()).noneMatch(asked -> asked.path().equals("/v1/transit/encrypt/others-wrap"));
        assertThat(TransitSealer.create(others).derive("x")).hasSize(43);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ldap://bao.example",
                "https://bao.example/v1",
                "https://s.token@bao.example",
                "https://bao.example?x=1",
                "bao.example"
            })
    void anAddressIsAServersAndNothingElse(String address) {
        assertThatExceptionOfType(TransitUnusable.class)
                .isThrownBy(
                        () -> access(URI.create(address), server.tokenFile(), Optional.empty(), Duration.ofSeconds(1)))
                .withMessageNotContaining("s.token");
    }

    @Test
    void manyThreadsWrapAtOnceAndNoNonceComesTwice() throws Exception {
        TransitSealer sealer = sealer();
        try (var threads = Executors.newFixedThreadPool(8)) {
            var wrapped = IntStream.range(0, 200)
                    .mapToObj(
                            i -> threads.submit(() -> sealer.installationRing().wrap(1, KEY, CONTEXT)))
                    .toList();
            Set<String> nonces = new HashSet<>();
            for (var each : wrapped) {
                assertThat(sealer.installationRing().unwrap(1, each.get(), CONTEXT))
                        .isEqualTo(KEY);
                nonces.add(new String(each.get(), US_ASCII).substring(9, 25));
            }
            assertThat(nonces).hasSize(200);
        }
    }

    private static void broken(ThrowingCallable use) {
        assertThatExceptionOfType(SealBroken.class).isThrownBy(use);
    }

    private static void refused(ThrowingCallable use, String why) {
        assertThatExceptionOfType(TransitUnusable.class).isThrownBy(use).withMessageContaining(why);
    }
}
