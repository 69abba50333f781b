package dev.chancery.identity;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.command.CallResult;
import dev.chancery.command.Caller;
import dev.chancery.command.Ids;
import dev.chancery.schema.identity.v1.ClaimOwnerRequest;
import dev.chancery.schema.identity.v1.CreateOrganisationRequest;
import dev.chancery.schema.identity.v1.IssueTokenRequest;
import dev.chancery.schema.identity.v1.RefreshTokenRequest;
import java.util.Optional;

/** What callers send, and what they get. */
final class Requests {
    private Requests() {}

    static CreateOrganisationRequest organisation() {
        return CreateOrganisationRequest.newBuilder()
                .setName("Acme")
                .setAdministratorName("Ada")
                .setAdministratorKey(new Client().publicKey())
                .build();
    }

    static ClaimOwnerRequest claiming(String claim, Client by) {
        return ClaimOwnerRequest.newBuilder()
                .setClaim(claim)
                .setDisplayName("Olga")
                .setPublicKey(by.publicKey())
                .build();
    }

    static IssueTokenRequest asking(String assertion) {
        return IssueTokenRequest.newBuilder().setClientAssertion(assertion).build();
    }

    /** Asks for a session. */
    static IssueTokenRequest offline(String assertion) {
        return asking(assertion).toBuilder().setOffline(true).build();
    }

    static RefreshTokenRequest refreshing(String refreshToken, String assertion) {
        return RefreshTokenRequest.newBuilder()
                .setRefreshToken(refreshToken)
                .setClientAssertion(assertion)
                .build();
    }

    static Caller nobody() {
        return caller(Optional.empty(), Optional.empty());
    }

    static Caller nobody(String idempotencyKey) {
        return caller(Optional.empty(), Optional.of(idempotencyKey));
    }

    static Caller bearer(String token) {
        return caller(Optional.of(token), Optional.empty());
    }

    /** Somebody unknown at an address. */
    static Caller from(String address) {
        return caller(Optional.empty(), Optional.empty(), address);
    }

    /** Somebody unknown at an address, who has solved a challenge. */
    static Caller from(String address, String challenge) {
        return new Caller(
                Ids.uuidV7().toString(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(challenge),
                address,
                "test");
    }

    private static Caller caller(Optional<String> bearer, Optional<String> key) {
        return caller(bearer, key, "127.0.0.1");
    }

    private static Caller caller(Optional<String> bearer, Optional<String> key, String address) {
        return new Caller(Ids.uuidV7().toString(), bearer, key, Optional.empty(), Optional.empty(), address, "test");
    }

    static <R extends Message> R reply(Class<R> type, CallResult answer) {
        assertThat(answer).isInstanceOf(CallResult.Replied.class);
        return type.cast(((CallResult.Replied) answer).reply());
    }

    static String code(CallResult answer) {
        return answer instanceof CallResult.Refused refused
                ? refused.rejection().code()
                : "ok";
    }
}
