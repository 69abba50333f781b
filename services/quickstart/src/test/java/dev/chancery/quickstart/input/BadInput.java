package dev.chancery.quickstart.input;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.quickstart.instance.ExampleRequests;
import dev.chancery.quickstart.instance.RawClient;
import dev.chancery.quickstart.instance.RefusalCheck;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.ContractMethod;
import io.vertx.core.json.JsonObject;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Bad input gets a problem with a stable code; nothing is written, nothing of the input or of the inside comes back. */
abstract class BadInput {
    static final int MAX_BODY_BYTES = 64 * 1024;
    static final String CREATE_WORKSPACE = "chancery.identity.v1.IdentityService/CreateWorkspace";
    static final String CHECK = "chancery.access.v1.AccessService/Check";
    static final String LIST_ROLES = "chancery.rbac.v1.RbacService/ListRoles";

    final SharedInstance shared = SharedInstance.shared();
    final RefusalCheck refusal = new RefusalCheck(shared);
    final String canary = SharedInstance.secret("canary" + SharedInstance.unique());
    private Map<String, Long> before = Map.of();

    @BeforeEach
    void measure() {
        SharedInstance.world()
                .requests
                .standing(shared.method("chancery.access.v1.AccessService/RevokeAssignment"), shared.a);
        before = shared.records.lengths();
    }

    @AfterEach
    void nothingWasWritten() {
        assertThat(shared.records.lengths()).isEqualTo(before);
    }

    /** What was to be refused was a good request after all: what it wrote counts no more. */
    final void accepted() {
        before = shared.records.lengths();
    }

    final void refuse(Reply reply, int status, String code, String... canaries) {
        refusal.check(reply, status, code, canaries.length == 0 ? new String[] {canary} : canaries);
    }

    static Map<String, String> with(Client caller, Map<String, String> more) {
        Map<String, String> headers = new HashMap<>(caller.headers());
        headers.putAll(more);
        return headers;
    }

    static byte[] utf8(String text) {
        return text.getBytes(UTF_8);
    }

    /** A method's example, to be spoilt, by its rightful caller. */
    final class Sent {
        final ContractMethod method;
        final Client caller;
        final Message request;
        final String path;

        Sent(String name) {
            nothingWasWritten();
            this.method = shared.method(name);
            this.caller = shared.rightful(method, shared.a);
            this.request = ExampleRequests.fill(method, shared.requests.standing(method, shared.a));
            // What the example takes may have to be made first, as a session.
            accepted();
            this.path = RawClient.path(method, request);
        }

        /** What is in its body; where that is nothing, something that could be. */
        JsonObject body() {
            JsonObject body = new JsonObject(new String(RawClient.body(method, request), UTF_8));
            return body.isEmpty()
                    ? new JsonObject()
                            .putNull(method.input().getFields().getFirst().getJsonName())
                    : body;
        }

        Map<String, String> headers(Map<String, String> more) {
            return with(caller, more);
        }

        Reply post(JsonObject body) {
            return post(utf8(body.encode()), Map.of());
        }

        Reply post(byte[] body, Map<String, String> more) {
            return post(body, more, "");
        }

        Reply post(byte[] body, Map<String, String> more, String query) {
            return shared.wire.http("POST", path + query, headers(more), body);
        }

        Reply get(String query) {
            return shared.wire.http("GET", path + query, headers(Map.of()), new byte[0]);
        }

        Reply raw(String verb, String rawPath, String... more) {
            String head = verb + " " + rawPath
                    + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer "
                    + caller.token() + "\r\n"
                    + String.join(
                            "", Arrays.stream(more).map(line -> line + "\r\n").toList()) + "\r\n";
            return shared.wire.raw(head.getBytes(ISO_8859_1));
        }
    }
}
