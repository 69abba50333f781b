package dev.chancery.quickstart.atrest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.quickstart.instance.Api;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.vault.v1.CreateEnvironmentRequest;
import dev.chancery.schema.vault.v1.DestroySecretVersionRequest;
import dev.chancery.schema.vault.v1.ListSecretsRequest;
import dev.chancery.schema.vault.v1.ReadSecretRequest;
import dev.chancery.schema.vault.v1.RevokeSecretVersionRequest;
import dev.chancery.schema.vault.v1.RewrapEnvironmentRequest;
import dev.chancery.schema.vault.v1.RotateEnvironmentKeyRequest;
import dev.chancery.schema.vault.v1.RotateSecretRequest;
import dev.chancery.schema.vault.v1.SetSecretRotationRequest;
import dev.chancery.schema.vault.v1.WriteSecretRequest;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Canaries: values that nobody else has, through every path that a secret's value has, those that fail too. 50 of them, 200 under {@code
 * -Dchancery.rounds=full}.
 */
final class TestSecrets {
    private static final String VAULT = "chancery.vault.v1.VaultService/";
    private static final int CANARIES = "full".equals(System.getProperty("chancery.rounds")) ? 200 : 50;
    private static final int PATHS = 9;

    private final SharedInstance shared;
    private final List<String> values = new ArrayList<>();
    private final List<String> answers = new ArrayList<>();
    private int number;

    TestSecrets(SharedInstance shared) {
        this.shared = shared;
    }

    /** What must be found nowhere. */
    List<String> values() {
        return List.copyOf(values);
    }

    private String canary() {
        String value = "Kanarienvogel~" + ++number + "~pa\"ss\\wörd§" + Integer.toHexString(31 * number);
        values.add(value);
        return value;
    }

    void live() {
        for (Client administrator : List.of(shared.a, shared.b)) {
            done(
                    Api.REST,
                    administrator,
                    "CreateEnvironment",
                    CreateEnvironmentRequest.newBuilder()
                            .setEnvironment("aviary")
                            .addReaders("administrator")
                            .addWriters("administrator")
                            .build());
        }
        for (int round = 0; number < CANARIES; round++) {
            for (Api api : Api.values()) {
                kept(api, round);
                refused(api, round);
            }
        }
        assertThat(number).isGreaterThanOrEqualTo(Math.max(CANARIES, PATHS));
        // No refusal repeats what was sent; only a read answers a value, and these answers are not kept here.
        assertThat(answers)
                .allSatisfy(answer -> values.forEach(value ->
                        assertThat(answer.contains(head(value))).as(head(value)).isFalse()));
    }

    /** As far as no spelling of it in JSON is another. */
    private static String head(String value) {
        return value.contains("\"") ? value.substring(0, value.indexOf('"')) : value;
    }

    private void kept(Api api, int round) {
        String name = "aviary/" + api.name().toLowerCase(Locale.ROOT) + "/r" + round;
        String first = write(api, shared.a, name, canary());
        assertThat(first).isEqualTo("1");
        String value = canary();
        write(api, shared.a, name, value);
        assertThat(read(api, name, 0)).isEqualTo(value);
        done(
                api,
                shared.a,
                "RotateEnvironmentKey",
                RotateEnvironmentKeyRequest.newBuilder()
                        .setEnvironment("aviary")
                        .build());
        done(
                api,
                shared.a,
                "RewrapEnvironment",
                RewrapEnvironmentRequest.newBuilder().setEnvironment("aviary").build());
        assertThat(read(api, name, 2)).isEqualTo(value);
        done(
                api,
                shared.a,
                "SetSecretRotation",
                SetSecretRotationRequest.newBuilder()
                        .setSecret(name)
                        .setOwnerId(
                                shared.a.clientId().substring(shared.a.tenant().length() + 1))
                        .setEveryDays(1)
                        .setGenerated(true)
                        .build());
        done(
                api,
                shared.a,
                "RotateSecret",
                RotateSecretRequest.newBuilder().setSecret(name).build());
        values.add(read(api, name, 3));
        done(
                api,
                shared.a,
                "RevokeSecretVersion",
                RevokeSecretVersionRequest.newBuilder()
                        .setSecret(name)
                        .setSecretVersion(1)
                        .build());
        done(
                api,
                shared.a,
                "DestroySecretVersion",
                DestroySecretVersionRequest.newBuilder()
                        .setSecret(name)
                        .setSecretVersion(2)
                        .build());
        refused(api, shared.a, "vault.version-ended", "ReadSecret", reading(name, 1));
        refused(api, shared.a, "vault.version-ended", "ReadSecret", reading(name, 2));
        answers.add(api.call(
                        shared.wire,
                        shared.method(VAULT + "ListSecrets"),
                        ListSecretsRequest.newBuilder().setEnvironment("aviary").build(),
                        shared.a.headers())
                .everything());
    }

    private void refused(Api api, int round) {
        String name = "aviary/" + api.name().toLowerCase(Locale.ROOT) + "/r" + round;
        refused(api, shared.a, "vault.no-such-environment", "WriteSecret", writing("nowhere/db/password", canary()));
        // Nobody's: another organisation's environment of the same name is another.
        refused(api, shared.b, "vault.no-such-secret", "ReadSecret", reading(name, 0));
        refused(api, shared.a, "request.invalid-field", "WriteSecret", writing(canary() + "/db/password", canary()));
        refused(api, shared.a, "request.invalid-field", "WriteSecret", writing(name, canary() + "\0" + "x".repeat(20)));
        refused(api, shared.a, "request.invalid-field", "WriteSecret", writing(name, canary().repeat(1_000)));
        Client nobody = new Client("", "", shared.a.key(), head(canary()));
        refused(api, nobody, "auth.token-invalid", "WriteSecret", writing(name, canary()));
        if (api == Api.REST) {
            // A body that is no JSON, and the same key for another value.
            Map<String, String> headers = new HashMap<>(shared.a.headers());
            headers.put("Content-Type", "application/json");
            String broken = "{\"secret\": \"aviary/x\", \"value\": \"" + head(canary()) + "\", ";
            answers.add(shared.wire
                    .http("POST", "/vault/v1/secrets", headers, broken.getBytes(UTF_8))
                    .everything());
            headers.put("Idempotency-Key", "the-same-" + round);
            for (int i = 0; i < 2; i++) {
                Reply reply = shared.wire.rest(shared.method(VAULT + "WriteSecret"), writing(name, canary()), headers);
                assertThat(reply.code()).as("%s", reply).isEqualTo(i == 0 ? "" : "idempotency.key-reused");
                answers.add(reply.everything());
            }
        }
    }

    private String write(Api api, Client caller, String name, String value) {
        return done(api, caller, "WriteSecret", writing(name, value))
                .getValue("secretVersion")
                .toString();
    }

    private String read(Api api, String name, int version) {
        Reply reply =
                api.call(shared.wire, shared.method(VAULT + "ReadSecret"), reading(name, version), shared.a.headers());
        assertThat(reply.succeeded()).as("reading of " + name).isTrue();
        return reply.json().getString("value");
    }

    private static Message writing(String name, String value) {
        return WriteSecretRequest.newBuilder().setSecret(name).setValue(value).build();
    }

    private static Message reading(String name, int version) {
        return ReadSecretRequest.newBuilder()
                .setSecret(name)
                .setSecretVersion(version)
                .build();
    }

    private JsonObject done(Api api, Client caller, String method, Message request) {
        Reply reply = api.call(shared.wire, shared.method(VAULT + method), request, caller.headers());
        assertThat(reply.succeeded()).as("%s: %s", method, reply).isTrue();
        answers.add(reply.everything());
        return reply.json();
    }

    private void refused(Api api, Client caller, String code, String method, Message request) {
        Reply reply = api.call(shared.wire, shared.method(VAULT + method), request, caller.headers());
        assertThat(reply.code()).as("%s: %s", method, reply).isEqualTo(code);
        answers.add(reply.everything());
    }
}
