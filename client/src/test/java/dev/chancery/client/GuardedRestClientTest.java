package dev.chancery.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.schema.egress.v1.GetEgressPolicyReply;
import dev.chancery.schema.egress.v1.ListOverridesReply;
import io.quarkus.rest.client.reactive.QuarkusRestClientBuilder;
import io.quarkus.test.QuarkusUnitTest;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.ProcessingException;
import jakarta.ws.rs.WebApplicationException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Quarkus' own REST client, in a Quarkus application, with hosts on the loopback, most of which stands for the internet. */
class GuardedRestClientTest {
    @RegisterExtension
    static final QuarkusUnitTest APPLICATION = new QuarkusUnitTest()
            .withApplicationRoot(jar -> jar.addClasses(
                    Api.class,
                    EgressConnector.class,
                    EgressDenied.class,
                    EgressGuard.class,
                    EgressSettings.class,
                    GuardedHttpClient.class,
                    GuardedRestClient.class,
                    Redirection.class,
                    Server.class,
                    TestTls.class));

    private static final String HOST = "origin.example.com";
    private static final String OTHER = "other.example.net";
    private static final String INSIDE = "127.0.0.66";

    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final Map<String, Supplier<List<String>>> names = new ConcurrentHashMap<>();
    private volatile GetEgressPolicyReply list = GetEgressPolicyReply.getDefaultInstance();
    private volatile String location = "";
    private volatile int status;
    private HttpServer plain;
    private HttpServer inside;
    private HttpsServer secure;
    private TestTls tls;
    private EgressGuard guard;

    /** What an application writes. */
    @Path("/from")
    interface Api {
        @GET
        String get(@HeaderParam("Authorization") String authorization, @HeaderParam("X-Api-Key") String key);

        @POST
        String post(
                @HeaderParam("Authorization") String authorization, @HeaderParam("X-Api-Key") String key, String body);
    }

    private final class Lists implements EgressGuard.Lists {
        @Override
        public GetEgressPolicyReply policy() {
            return list;
        }

        @Override
        public ListOverridesReply overrides() {
            return ListOverridesReply.getDefaultInstance();
        }

        @Override
        public void forgetToken() {}
    }

    @BeforeEach
    void start() throws Exception {
        // Quarkus makes one instance of its own of this class, for all tests, and JUnit injects nothing into it.
        requests.clear();
        names.clear();
        location = "";
        java.nio.file.Path directory = Files.createTempDirectory("origin");
        tls = TestTls.of(HOST, directory);
        Files.delete(directory.resolve("origin.p12"));
        Files.delete(directory);
        plain = server(HttpServer.create(), "127.0.0.1", 0);
        inside = server(HttpServer.create(), INSIDE, plain.getAddress().getPort());
        secure = HttpsServer.create();
        secure.setHttpsConfigurator(new HttpsConfigurator(tls.context()));
        server(secure, "127.0.0.1", 0);
        names.put(HOST, () -> List.of("127.0.0.1"));
        names.put(OTHER, () -> List.of("127.0.0.1"));
        list = GetEgressPolicyReply.newBuilder()
                .addAllow(of("http", HOST))
                .addAllow(of("https", HOST))
                .addAllow(of("http", OTHER))
                .build();
        guard = new EgressGuard(
                new Lists(),
                AddressRanges.only(INSIDE + "/32"),
                this::resolve,
                Duration.ofSeconds(3),
                System::nanoTime,
                InstantSource.system(),
                () -> {});
        guard.begin();
        assertThat(guard.awaitReady(Duration.ofSeconds(10))).isTrue();
    }

    @AfterEach
    void stop() {
        guard.close();
        plain.stop(0);
        inside.stop(0);
        secure.stop(0);
    }

    private List<InetAddress> resolve(String name) throws UnknownHostException {
        Supplier<List<String>> answers = names.get(name);
        if (answers == null) {
            throw new UnknownHostException(name);
        }
        List<InetAddress> addresses = new ArrayList<>();
        for (String answer : answers.get()) {
            addresses.add(InetAddress.getByName(answer));
        }
        return addresses;
    }

    private <S extends HttpServer> S server(S server, String address, int port) throws IOException {
        server.bind(new InetSocketAddress(address, port), 0);
        server.createContext("/", exchange -> answer(exchange, address));
        server.start();
        return server;
    }

    private void answer(HttpExchange exchange, String address) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        requests.add(address + " " + exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                + exchange.getRequestHeaders().getFirst("Host") + " auth="
                + exchange.getRequestHeaders().getFirst("Authorization") + " key="
                + exchange.getRequestHeaders().getFirst("X-Api-Key") + " proxy="
                + exchange.getRequestHeaders().getFirst("Proxy-Authorization") + " body=" + body);
        boolean redirects =
                !location.isEmpty() && exchange.getRequestURI().getPath().equals("/from");
        if (redirects) {
            exchange.getResponseHeaders().set("Location", location);
        }
        byte[] said = "said".getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(redirects ? status : 200, said.length);
        exchange.getResponseBody().write(said);
        exchange.close();
    }

    private String of(String scheme, String host) {
        return scheme + "://" + host + ":"
                + (scheme.equals("http") ? plain : secure).getAddress().getPort();
    }

    private Api to(String url) {
        return GuardedRestClient.build(
                QuarkusRestClientBuilder.newBuilder()
                        .baseUri(URI.create(url))
                        .trustStore(tls.trusted())
                        .nonProxyHosts(HOST)
                        .followRedirects(true),
                guard,
                Api.class);
    }

    private String get(String url) {
        return to(url).get("Bearer mine", "mine");
    }

    private void redirect(int code, String to) {
        status = code;
        location = to;
    }

    /** The names lead nowhere but through the guard, hosts that the builder has go past a proxy too. */
    @Test
    void whatTheListAllowsIsReachedInClearAndThroughTls() {
        assertThat(get(of("http", HOST))).isEqualTo("said");
        assertThat(to(of("https", HOST)).post("Bearer mine", "mine", "text")).isEqualTo("said");
        assertThat(requests)
                .containsExactly(
                        "127.0.0.1 GET /from " + of("http", HOST).substring(7)
                                + " auth=Bearer mine key=mine proxy=null body=",
                        "127.0.0.1 POST /from " + of("https", HOST).substring(8)
                                + " auth=Bearer mine key=mine proxy=null body=text");
    }

    @Test
    void aDenialTellsHostCodeAndFix() {
        assertThatThrownBy(() -> get("https://nowhere.example.org/secret-path"))
                .isInstanceOf(ProcessingException.class)
                .cause()
                .isInstanceOfSatisfying(EgressDenied.class, denied -> {
                    assertThat(denied.host()).isEqualTo("nowhere.example.org");
                    assertThat(denied.code()).isEqualTo("egress.denied");
                    assertThat(denied.reason()).isEqualTo("not-allowlisted");
                    assertThat(denied).hasMessageContaining("override").hasMessageNotContaining("secret-path");
                });
        assertThat(requests).isEmpty();
    }

    @Test
    void aNameThatLeadsInsideIsDialledNowhere() {
        names.put(HOST, () -> List.of("127.0.0.1", INSIDE));
        assertThatThrownBy(() -> get(of("http", HOST))).satisfies(GuardedRestClientTest::isForbidden);
        assertThatThrownBy(() -> get(of("https", HOST))).isInstanceOf(ProcessingException.class);
        assertThat(requests).isEmpty();
    }

    @Test
    void aRedirectIsDecidedAgain() {
        redirect(302, "http://" + INSIDE + ":" + plain.getAddress().getPort() + "/latest/meta-data");
        assertThatThrownBy(() -> get(of("http", HOST))).satisfies(GuardedRestClientTest::isForbidden);
        redirect(302, "http://elsewhere.example.org/");
        assertThatThrownBy(() -> get(of("http", HOST))).satisfies(GuardedRestClientTest::isForbidden);
        assertThat(requests).hasSize(2).allSatisfy(request -> assertThat(request)
                .contains(" GET /from "));
    }

    @Test
    void acrossOriginsNoCredentialGoesAlong() {
        redirect(302, of("http", OTHER) + "/to");
        assertThat(get(of("http", HOST))).isEqualTo("said");
        redirect(303, "/to");
        assertThat(to(of("http", HOST)).post("Bearer mine", "mine", "text")).isEqualTo("said");
        assertThat(requests.get(1))
                .isEqualTo(
                        "127.0.0.1 GET /to " + of("http", OTHER).substring(7) + " auth=null key=null proxy=null body=");
        assertThat(requests.get(3))
                .isEqualTo("127.0.0.1 GET /to " + of("http", HOST).substring(7)
                        + " auth=Bearer mine key=mine proxy=null body=");
    }

    @Test
    void aBodyIsNotSentOnceMoreAndTlsIsNotLeft() {
        redirect(307, of("http", OTHER) + "/to");
        assertThatThrownBy(() -> to(of("http", HOST)).post("Bearer mine", "mine", "text"))
                .satisfies(failed -> assertThat(status(failed)).isEqualTo(307));
        redirect(302, of("http", HOST) + "/to");
        assertThatThrownBy(() -> get(of("https", HOST)))
                .satisfies(failed -> assertThat(status(failed)).isEqualTo(302));
        redirect(302, "http:/to");
        assertThatThrownBy(() -> get(of("http", HOST))).as("no host").satisfies(failed -> assertThat(status(failed))
                .isEqualTo(302));
        assertThat(requests).hasSize(3);
    }

    private static void isForbidden(Throwable failed) {
        assertThat(status(failed)).isEqualTo(403);
        assertThat(((WebApplicationException) failed)
                        .getResponse()
                        .getStatusInfo()
                        .getReasonPhrase())
                .isEqualTo("egress.denied");
    }

    private static int status(Throwable failed) {
        assertThat(failed).isInstanceOf(WebApplicationException.class);
        return ((WebApplicationException) failed).getResponse().getStatus();
    }
}
