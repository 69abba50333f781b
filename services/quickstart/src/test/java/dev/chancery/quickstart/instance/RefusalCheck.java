package dev.chancery.quickstart.instance;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/** What every refusal is like: a problem with a stable code that says what to do and gives nothing away. */
public final class RefusalCheck {
    private static final Set<String> MEMBERS =
            Set.of("type", "title", "status", "code", "message", "hint", "docsUrl", "requestId");
    private static final Set<String> DETAILS = Set.of("hint", "docsUrl", "requestId");
    private static final Pattern CODE = Pattern.compile("[a-z]+(-[a-z]+)*\\.[a-z]+(-[a-z]+)*");
    private static final Pattern REQUEST_ID =
            Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}");
    private static final List<String> GIVEAWAYS = List.of(
            "dev.chancery",
            "java.",
            "io.vertx",
            "io.netty",
            "jackson",
            "protobuf",
            "Exception",
            "SELECT",
            "INSERT",
            "SQLSTATE",
            "postgres",
            "kafka",
            "quarkus",
            ".java",
            "target/",
            "\tat ");

    private final SharedInstance shared;
    private final Map<String, Boolean> resolved = new ConcurrentHashMap<>();

    public RefusalCheck(SharedInstance shared) {
        this.shared = shared;
    }

    /** @param canaries what was sent and must not come back */
    public void check(Reply reply, int status, String code, String... canaries) {
        assertThat(reply.status()).as("%s", reply).isEqualTo(status);
        assertThat(reply.code()).as("%s", reply).isEqualTo(code);
        check(reply, canaries);
    }

    public void check(Reply reply, String... canaries) {
        assertThat(reply.code()).as("%s", reply).matches(CODE);
        if (reply.header("content-type").startsWith("application/grpc")) {
            inGrpc(reply);
        } else {
            inHttp(reply);
        }
        givesNothingAway(reply, canaries);
    }

    private void inHttp(Reply reply) {
        JsonObject problem = reply.json();
        assertThat(problem.fieldNames()).isEqualTo(MEMBERS);
        assertThat(problem.getInteger("status")).isEqualTo(reply.status());
        assertThat(problem.getString("title")).isNotBlank();
        assertThat(problem.getString("type")).isEqualTo(problem.getString("docsUrl"));
        said(reply, problem.getString("message"), problem);
        assertThat(reply.header("x-content-type-options")).isEqualTo("nosniff");
        assertThat(reply.header("cache-control")).isEqualTo("no-store");
        if (reply.status() == 503) {
            assertThat(reply.header("retry-after")).isEqualTo("1");
        }
        if (reply.status() == 401) {
            assertThat(reply.header("www-authenticate")).startsWith("Bearer");
        }
    }

    private void inGrpc(Reply reply) {
        JsonObject info = reply.json();
        assertThat(info.getString("domain")).isEqualTo("chancery");
        assertThat(info.getJsonObject("details").fieldNames()).isEqualTo(DETAILS);
        said(reply, info.getString("message"), info.getJsonObject("details"));
    }

    private void said(Reply reply, String message, JsonObject details) {
        assertThat(message).isNotBlank();
        assertThat(details.getString("hint")).isNotBlank();
        assertThat(details.getString("requestId")).matches(REQUEST_ID);
        assertThat(details.getString("docsUrl")).isEqualTo("/errors/" + reply.code());
        assertThat(resolved.computeIfAbsent(details.getString("docsUrl"), this::resolves))
                .as("%s resolves", details.getString("docsUrl"))
                .isTrue();
    }

    private boolean resolves(String docsUrl) {
        Reply page = shared.wire.http("GET", docsUrl, Map.of(), new byte[0]);
        return page.succeeded() && page.text().startsWith(docsUrl.substring("/errors/".length()));
    }

    public void givesNothingAway(Reply reply, String... canaries) {
        String everything = reply.everything();
        for (String canary : canaries) {
            assertThat(everything).doesNotContain(canary);
        }
        assertThat(everything).doesNotContain(shared.instance.data().toString());
        // The page of a code, and what refers to it, may well be about a key or a log.
        GIVEAWAYS.forEach(giveaway -> assertThat(everything).doesNotContain(giveaway));
    }
}
