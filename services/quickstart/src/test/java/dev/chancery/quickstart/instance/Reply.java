package dev.chancery.quickstart.instance;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What came back from either api.
 *
 * @param status HTTP's; over gRPC, the one that REST has for the same refusal's kind, where there is one
 * @param code of the refusal; empty where the call succeeded, or failed without one
 * @param headers in lower case, gRPC's metadata among them
 * @param body as it came; over gRPC, the reply as JSON, or the status and its details as text
 */
public record Reply(int status, String code, Map<String, String> headers, byte[] body) {
    private static final Pattern UUID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    public boolean succeeded() {
        return status == 200;
    }

    public String text() {
        return new String(body, UTF_8);
    }

    public JsonObject json() {
        return new JsonObject(text());
    }

    public String header(String name) {
        return headers.getOrDefault(name, "");
    }

    /** {@code Chancery-Position}. */
    public String position() {
        return header("chancery-position");
    }

    /** All that the caller was told, in one text to look for things in. */
    public String everything() {
        return status + " " + headers + "\n" + text();
    }

    /** What was said, apart from what differs with every request. */
    public String said() {
        return status + " " + UUID.matcher(text()).replaceAll("ID").replaceAll("\"position\":\"?[0-9]+\"?", "POSITION");
    }

    @Override
    public String toString() {
        return everything();
    }
}
