package dev.chancery.egress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.BufferedReader;
import java.io.File;
import java.io.StringReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ServerSocketFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Node's fetch and a browser through the proxy, as they are; curl and Java's client are in {@link ProxyTest}. */
class ProxyClientsTest {
    private static final String HOST = ProxyFixture.HOST;
    private static final Duration LIMIT = Duration.ofMinutes(3);

    @TempDir
    Path directory;

    private ProxyFixture proxy;
    private Origin plain;
    private Origin secure;

    @BeforeEach
    void start() throws Exception {
        proxy = new ProxyFixture(Files.createDirectory(directory.resolve("proxy")));
        plain = new Origin(ServerSocketFactory.getDefault(), "127.0.0.1", head -> Origin.ok("plain"));
        secure = new Origin(proxy.tls.getServerSocketFactory(), "127.0.0.1", head -> Origin.ok("secure"));
        proxy.names.put(HOST, "127.0.0.1");
        proxy.allow("http://" + HOST + ":" + plain.port());
        proxy.allow("https://" + HOST + ":" + secure.port());
    }

    @AfterEach
    void stop() throws Exception {
        plain.close();
        secure.close();
        proxy.close();
    }

    private static boolean exists(String name) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(place -> Files.isExecutable(Path.of(place, name)));
    }

    private String run(Map<String, String> environment, String... words) throws Exception {
        File said = directory.resolve("said").toFile();
        var builder = new ProcessBuilder(List.of(words))
                .directory(directory.toFile())
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true)
                .redirectOutput(said);
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            assertThat(process.waitFor(LIMIT.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        return Files.readString(said.toPath()) + "exit=" + process.exitValue();
    }

    /** Through undici's ProxyAgent, which Node's own switch ({@code NODE_USE_ENV_PROXY}, from Node 24 on) uses too. */
    @Test
    void nodesFetchGoesThroughUnchanged() throws Exception {
        assumeTrue(exists("node") && exists("npm"), "Skipped: there is no node or npm on the path.");
        Files.writeString(directory.resolve("package.json"), "{\"dependencies\": {\"undici\": \"7.30.2\"}}");
        String installed = run(Map.of(), "npm", "install", "--no-audit", "--no-fund");
        assumeTrue(installed.endsWith("exit=0"), "Skipped: npm could not fetch undici: " + installed);
        Path program = Files.writeString(directory.resolve("fetch.mjs"), """
                import { ProxyAgent, fetch } from 'undici'
                const dispatcher = new ProxyAgent({ uri: process.env.PROXY, proxyTunnel: process.argv[2].startsWith('https') })
                const answer = await fetch(process.argv[2], { dispatcher })
                console.log(answer.status, await answer.text())
                process.exit(0)
                """);
        var environment = Map.of(
                "PROXY",
                "http://any:" + ProxyFixture.TOKEN + "@127.0.0.1:" + proxy.server.port(),
                "NODE_EXTRA_CA_CERTS",
                proxy.authority.toString());
        for (Origin origin : List.of(plain, secure)) {
            String url = (origin == secure ? "https://" : "http://") + HOST + ":" + origin.port() + "/";
            assertThat(run(environment, "node", program.toString(), url))
                    .contains(origin == secure ? "200 secure" : "200 plain")
                    .endsWith("exit=0");
        }
        assertThat(run(environment, "node", program.toString(), "http://other.example.com/"))
                .contains("403", "egress.denied", "other.example.com");
    }

    /** Headless, and led by its debugging protocol, since a browser asks people for a proxy's password. */
    @Test
    void chromiumGoesThroughUnchanged() throws Exception {
        assumeTrue(exists("chromium"), "Skipped: there is no chromium on the path: .ci/chromium installs Debian's.");
        Process browser = new ProcessBuilder(
                        "chromium",
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--ignore-certificate-errors",
                        "--user-data-dir=" + directory.resolve("profile"),
                        "--proxy-server=http://127.0.0.1:" + proxy.server.port(),
                        "--remote-debugging-port=0",
                        "about:blank")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        HttpClient client = HttpClient.newHttpClient();
        try (BufferedReader said = browser.errorReader(StandardCharsets.UTF_8)) {
            String address = said.lines()
                    .filter(line -> line.startsWith("DevTools listening on "))
                    .findFirst()
                    .orElseThrow();
            var tab = new Tab(client, URI.create(address.substring("DevTools listening on ".length())));
            for (Origin origin : List.of(plain, secure)) {
                String url = (origin == secure ? "https://" : "http://") + HOST + ":" + origin.port() + "/";
                assertThat(tab.text(url)).isEqualTo(origin == secure ? "secure" : "plain");
            }
            assertThat(tab.text("http://other.example.com/")).contains("egress.denied", "other.example.com");
        } finally {
            // Closing would wait for the web socket's end.
            client.shutdownNow();
            browser.descendants().forEach(ProcessHandle::destroyForcibly);
            browser.destroyForcibly().waitFor();
        }
    }

    /** A page of the browser, over Chrome's debugging protocol. */
    private static final class Tab implements WebSocket.Listener {
        private final WebSocket socket;
        private final StringBuilder message = new StringBuilder();
        private final Map<Integer, CompletableFuture<JsonObject>> waiting =
                new java.util.concurrent.ConcurrentHashMap<>();
        private final String session;
        private volatile CompletableFuture<Void> loaded = new CompletableFuture<>();
        private int last;

        Tab(HttpClient client, URI address) throws Exception {
            socket = client.newWebSocketBuilder().buildAsync(address, this).get(60, TimeUnit.SECONDS);
            String target = call(
                            "",
                            "Target.createTarget",
                            Json.createObjectBuilder().add("url", "about:blank").build())
                    .getString("targetId");
            session = call(
                            "",
                            "Target.attachToTarget",
                            Json.createObjectBuilder()
                                    .add("targetId", target)
                                    .add("flatten", true)
                                    .build())
                    .getString("sessionId");
            call(session, "Page.enable", JsonObject.EMPTY_JSON_OBJECT);
            call(
                    session,
                    "Fetch.enable",
                    Json.createObjectBuilder().add("handleAuthRequests", true).build());
        }

        String text(String url) throws Exception {
            loaded = new CompletableFuture<>();
            call(
                    session,
                    "Page.navigate",
                    Json.createObjectBuilder().add("url", url).build());
            loaded.get(60, TimeUnit.SECONDS);
            return call(
                            session,
                            "Runtime.evaluate",
                            Json.createObjectBuilder()
                                    .add("expression", "document.body.innerText")
                                    .build())
                    .getJsonObject("result")
                    .getString("value");
        }

        private JsonObject call(String to, String method, JsonObject parameters) throws Exception {
            return send(to, method, parameters).get(60, TimeUnit.SECONDS);
        }

        private synchronized CompletableFuture<JsonObject> send(String to, String method, JsonObject parameters) {
            var answer = new CompletableFuture<JsonObject>();
            waiting.put(++last, answer);
            var call = Json.createObjectBuilder()
                    .add("id", last)
                    .add("method", method)
                    .add("params", parameters);
            if (!to.isEmpty()) {
                call.add("sessionId", to);
            }
            socket.sendText(call.build().toString(), true).join();
            return answer;
        }

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean end) {
            message.append(part);
            if (end) {
                JsonObject whole =
                        Json.createReader(new StringReader(message.toString())).readObject();
                message.setLength(0);
                Thread.ofVirtual().start(() -> received(whole));
            }
            from.request(1);
            return CompletableFuture.completedStage(null);
        }

        private void received(JsonObject whole) {
            if (whole.containsKey("id")) {
                waiting.remove(whole.getInt("id"))
                        .complete(whole.getJsonObject("result") == null ? whole : whole.getJsonObject("result"));
                return;
            }
            JsonObject parameters = whole.getJsonObject("params");
            switch (whole.getString("method")) {
                case "Page.loadEventFired" -> loaded.complete(null);
                case "Fetch.requestPaused" ->
                    send(
                            whole.getString("sessionId"),
                            "Fetch.continueRequest",
                            Json.createObjectBuilder()
                                    .add("requestId", parameters.getString("requestId"))
                                    .build());
                case "Fetch.authRequired" ->
                    send(
                            whole.getString("sessionId"),
                            "Fetch.continueWithAuth",
                            Json.createObjectBuilder()
                                    .add("requestId", parameters.getString("requestId"))
                                    .add(
                                            "authChallengeResponse",
                                            Json.createObjectBuilder()
                                                    .add("response", "ProvideCredentials")
                                                    .add("username", "any")
                                                    .add("password", ProxyFixture.TOKEN))
                                    .build());
                default -> {
                    // Nothing that is waited for.
                }
            }
        }
    }
}
