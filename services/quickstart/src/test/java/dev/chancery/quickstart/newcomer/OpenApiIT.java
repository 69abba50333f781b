package dev.chancery.quickstart.newcomer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What somebody finds who knows the address of an instance and nothing else. */
class OpenApiIT {
    private final SharedInstance shared = SharedInstance.shared();

    @Test
    void anybodyReadsTheDocumentThatTheDocumentationHas() throws IOException {
        Reply reply = shared.wire.http("GET", "/openapi.json", Map.of(), new byte[0]);
        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        assertThat(reply.headers())
                .containsEntry("content-type", "application/json")
                .containsEntry("cache-control", "max-age=300");
        assertThat(reply.json())
                .isEqualTo(new JsonObject(Files.readString(Path.of("..", "..", "docs", "reference", "openapi.json"))));
    }

    /** RFC 6749, 3.3: neither granted nor ignored. */
    @Test
    void aScopeIsRefused() {
        String form = SharedInstance.tokenForm(shared.assertion(shared.a.clientId(), shared.a.key())) + "&scope=";
        Map<String, String> headers = Map.of("Content-Type", "application/x-www-form-urlencoded");
        Reply refused = shared.wire.http("POST", "/oauth/token", headers, (form + "invoice%3Aapprove").getBytes(UTF_8));
        assertThat(refused.status()).as("%s", refused).isEqualTo(400);
        assertThat(refused.json().getString("error")).isEqualTo("invalid_scope");
        assertThat(shared.wire
                        .http("POST", "/oauth/token", headers, form.getBytes(UTF_8))
                        .status())
                .isEqualTo(200);
    }
}
