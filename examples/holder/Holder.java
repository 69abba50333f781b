import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A small system that holds data of subjects, a JSON file each: answers Chancery's webhooks (docs/how-to/dsar.md).
 *
 * <pre>  java examples/holder/Holder.java PORT DIRECTORY SECRET-FILE </pre>
 *
 * The secret's file may come later than the start: RegisterHolder answers it when the URL is known.
 */
public final class Holder {
    private static final long WINDOW_SECONDS = 300;
    private static final int MAX_BYTES = 65_536;
    private static final Pattern MESSAGE = Pattern.compile("\\{\"request\":\"[0-9a-f-]{36}\",\"subject\":\"(?<subject>[0-9a-f-]{36})\","
            + "\"task\":\"(?<task>[0-9a-f-]{36})\",\"type\":\"dsar\\.(?<type>erase|export)\"}");

    private final Path directory;
    private final Path secret;

    private Holder(Path directory, Path secret) {
        this.directory = directory;
        this.secret = secret;
    }

    public static void main(String[] args) throws IOException {
        var holder = new Holder(Path.of(args[1]), Path.of(args[2]));
        int port = Integer.parseInt(args[0]);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/dsar", holder::answer);
        server.start();
        System.out.println("LISTENING " + server.getAddress().getPort());
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readNBytes(MAX_BYTES);
            Matcher message = MESSAGE.matcher(new String(body, StandardCharsets.UTF_8));
            if (!isSigned(exchange, body) || !message.matches()) {
                exchange.sendResponseHeaders(401, -1);
                return;
            }
            Path file = directory.resolve(message.group("subject") + ".json");
            if (message.group("type").equals("erase")) {
                // Erased already: the same answer. Chancery may ask twice, with the same webhook-id.
                Files.deleteIfExists(file);
                exchange.sendResponseHeaders(204, -1);
            } else if (Files.exists(file)) {
                byte[] data = Files.readAllBytes(file);
                exchange.getResponseHeaders().add("Content-Type", "application/json");
                exchange.sendResponseHeaders(200, data.length);
                exchange.getResponseBody().write(data);
            } else {
                // Nothing about the subject. A 404 would say that nobody is here to ask.
                exchange.sendResponseHeaders(204, -1);
            }
        }
    }

    /** https://www.standardwebhooks.com: HMAC-SHA-256 over id, timestamp and body; old messages are refused. */
    private boolean isSigned(HttpExchange exchange, byte[] body) throws IOException {
        String id = exchange.getRequestHeaders().getFirst("webhook-id");
        String timestamp = exchange.getRequestHeaders().getFirst("webhook-timestamp");
        String signature = exchange.getRequestHeaders().getFirst("webhook-signature");
        if (id == null || timestamp == null || signature == null || !timestamp.matches("[0-9]{1,12}")
                || Math.abs(Instant.now().getEpochSecond() - Long.parseLong(timestamp)) > WINDOW_SECONDS) {
            return false;
        }
        try {
            byte[] key = Base64.getDecoder().decode(Files.readString(secret).strip().substring("whsec_".length()));
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
            String expected = "v1," + Base64.getEncoder().encodeToString(mac.doFinal(body));
            return MessageDigest.isEqual(expected.getBytes(StandardCharsets.UTF_8), signature.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
