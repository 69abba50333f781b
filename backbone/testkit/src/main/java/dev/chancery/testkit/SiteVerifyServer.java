package dev.chancery.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A provider of challenges, as siteverify has it, on this machine: it says yes to every token until it is told otherwise. */
public final class SiteVerifyServer implements AutoCloseable {
    /** What it answers: a body with a status, or nothing at all. */
    public sealed interface Answer {
        record Said(int status, String body) implements Answer {}

        /** The connection stays open, and no byte comes. */
        record Silence() implements Answer {}

        record Moved(String where) implements Answer {}

        /** A challenge that was solved now on a page of this host. */
        static Answer yes(String hostname) {
            return new Said(
                    200,
                    "{\"success\":true,\"hostname\":\"" + hostname + "\",\"challenge_ts\":\"" + Instant.now() + "\"}");
        }
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Map<String, String>> asked = new CopyOnWriteArrayList<>();
    private volatile Answer answer;

    public SiteVerifyServer(String hostname) throws IOException {
        this.answer = Answer.yes(hostname);
        this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/siteverify", this::serve);
        server.start();
    }

    public URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/siteverify");
    }

    /** Answers this from now on. */
    public void answers(Answer next) {
        answer = next;
    }

    /** The forms that it was sent. */
    public List<Map<String, String>> asked() {
        return List.copyOf(asked);
    }

    private void serve(HttpExchange exchange) throws IOException {
        Map<String, String> form = new HashMap<>();
        for (String field : new String(exchange.getRequestBody().readAllBytes(), UTF_8).split("&")) {
            String[] parts = field.split("=", 2);
            form.put(parts[0], URLDecoder.decode(parts[1], UTF_8));
        }
        asked.add(form);
        switch (answer) {
            case Answer.Said said -> {
                byte[] body = said.body().getBytes(UTF_8);
                exchange.sendResponseHeaders(said.status(), body.length);
                exchange.getResponseBody().write(body);
                exchange.close();
            }
            case Answer.Moved moved -> {
                exchange.getResponseHeaders().add("Location", moved.where());
                exchange.sendResponseHeaders(307, -1);
                exchange.close();
            }
            case Answer.Silence() -> {}
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
