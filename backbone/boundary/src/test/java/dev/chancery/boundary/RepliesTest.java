package dev.chancery.boundary;

import static dev.chancery.boundary.TestInstance.ADA;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.chancery.command.CallResult;
import dev.chancery.command.CommandOutcome;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A handler's mistake: its reply holds what its fields don't declare. */
class RepliesTest {
    private static final String METHOD = "chancery.identity.v1.IdentityService/CreatePrincipal";
    private static final String KEY = "AKIA" + "ABCDEFGHIJKLMNOP";

    @Test
    void aCredentialThatAHandlerPutsIntoAReplyDoesNotGoOut() {
        var metrics = new SimpleMeterRegistry();
        Metrics.addRegistry(metrics);
        try {
            var instance = new TestInstance();
            instance.methods.command(
                    METHOD,
                    CreatePrincipalRequest.class,
                    (context, request) -> CommandOutcome.already(CreatePrincipalReply.newBuilder()
                            .setPrincipalId(KEY)
                            .setClientId("key " + KEY)
                            .build()));
            CallResult answer = instance.call(
                    METHOD,
                    CreatePrincipalRequest.newBuilder()
                            .setType(PrincipalType.SERVICE)
                            .setDisplayName("shop")
                            .setPublicKey(ByteString.copyFrom(new byte[32]))
                            .build(),
                    instance.as(ADA, instance.organisation(), UUID.randomUUID().toString()));
            assertThat(answer).isInstanceOfSatisfying(CallResult.Replied.class, replied -> assertThat(replied.reply())
                    .isEqualTo(CreatePrincipalReply.newBuilder()
                            .setPrincipalId("[redacted-token]")
                            .setClientId("key [redacted-token]")
                            .build()));
            assertThat(metrics.get("chancery.dlp.findings")
                            .tags("sink", "reply", "kind", "token", "outcome", "blocked")
                            .counter()
                            .count())
                    .isEqualTo(2);
        } finally {
            Metrics.removeRegistry(metrics);
        }
    }
}
