package dev.chancery.story;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.cli.client.Assertion;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.Headers;
import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.KeyFile;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Transport;
import dev.chancery.schema.identity.v1.ClaimOwnerReply;
import dev.chancery.schema.identity.v1.ClaimOwnerRequest;
import dev.chancery.schema.identity.v1.CreateOrganisationReply;
import dev.chancery.schema.identity.v1.CreateOrganisationRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Map;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.keys.resolvers.JwksVerificationKeyResolver;
import org.jose4j.lang.JoseException;

/** The first chapter: an instance, its owner, two organisations. */
final class NewInstance {
    /** The two administrators. */
    record Administrators(Caller administrator, Caller rival) {}

    private final Story story;
    private final Steps steps;

    NewInstance(Story story) {
        this.story = story;
        this.steps = story.steps();
    }

    Administrators run() throws Steps.Failed, InterruptedException {
        steps.chapter("An instance, its owner, two organisations");
        String claim = steps.get("An instance starts: PostgreSQL, Kafka, relay, views, ledger", this::start);
        Caller owner =
                steps.get("The owner claims it, with the one-time claim and a key of their own", () -> claim(claim));
        steps.run(
                "The claim is refused the second time",
                () -> Expect.refused(
                        "a used claim",
                        "identity.claim-invalid",
                        () -> anonymous(
                                story.connection().grpc(),
                                claimOwner(claim, Cast.IMPOSTOR_NAME, ClientKey.generate("unclaimed")))));
        steps.run("Without a token, or with one that somebody else signed, every call is refused", () -> {
            refuseStrangers(owner);
        });
        Administrators administrators = steps.get(
                "The owner creates two organisations; their administrators bring their own keys",
                () -> new Administrators(
                        organisation(owner, Cast.ORGANISATION, Cast.ADMINISTRATOR_NAME),
                        organisation(owner, Cast.RIVAL_ORGANISATION, Cast.RIVAL_NAME)));
        steps.run("The first administrator signs in; the published keys verify the token", () -> {
            verifyToken(administrators.administrator());
            KeyFile.create(
                    story.administratorKey(), administrators.administrator().key());
            steps.note("client id " + administrators.administrator().key().clientId());
        });
        return administrators;
    }

    private String start() throws IOException, InterruptedException, Unexpected {
        Instance instance = story.server().start(0);
        story.connect(instance);
        steps.note(instance.http() + ", data in " + story.data());
        Path file = instance.claimFile().orElseThrow(() -> new Unexpected("the owner claim", "a file", "none"));
        Expect.equal(
                "who may read the claim",
                "rw-------",
                PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        return Files.readString(file).strip();
    }

    private Caller claim(String claim) throws Refused, IOException, Unexpected {
        ClientKey key = ClientKey.generate("unclaimed");
        var reply = (ClaimOwnerReply) anonymous(story.connection().rest(), claimOwner(claim, Cast.OWNER_NAME, key));
        Expect.that(
                "the claim's file is gone",
                story.connection().instance().claimFile().filter(Files::exists).isEmpty());
        return new Caller(story.connection(), key.withClientId(reply.getClientId()), new NewestPosition());
    }

    private static Message claimOwner(String claim, String name, ClientKey key) {
        return ClaimOwnerRequest.newBuilder()
                .setClaim(claim)
                .setDisplayName(name)
                .setPublicKey(ByteString.copyFrom(key.publicKey()))
                .build();
    }

    /** A call without a token. */
    private Message anonymous(Transport transport, Message request) throws Refused, IOException {
        return call(transport, request, Map.of(Headers.IDEMPOTENCY_KEY, Caller.newKey()));
    }

    private Message call(Transport transport, Message request, Map<String, String> headers)
            throws Refused, IOException {
        return transport
                .call(story.connection().method(request), request, headers)
                .message();
    }

    private void refuseStrangers(Caller owner) throws Unexpected, IOException {
        Connection connection = story.connection();
        Message request =
                CreateWorkspaceRequest.newBuilder().setName(Cast.STAGING).build();
        Expect.refused("no token", "auth.token-missing", () -> anonymous(connection.grpc(), request));
        ClientKey forger = ClientKey.generate(owner.key().clientId());
        String forged = "Bearer " + Assertion.sign(forger, connection.rest().base(), Instant.now());
        Expect.refused(
                "a token that somebody else signed",
                "auth.token-invalid",
                () -> call(connection.rest(), request, Map.of(Headers.AUTHORIZATION, forged)));
        Expect.refused("signing in with another key", "oauth.invalid_client", () -> new Caller(
                        connection, forger, new NewestPosition())
                .signIn()
                .token());
    }

    private Caller organisation(Caller owner, String name, String administrator) throws Refused, IOException {
        ClientKey key = ClientKey.generate("unclaimed");
        var reply = (CreateOrganisationReply) owner.grpc(CreateOrganisationRequest.newBuilder()
                .setName(name)
                .setAdministratorName(administrator)
                .setAdministratorKey(ByteString.copyFrom(key.publicKey())));
        return new Caller(story.connection(), key.withClientId(reply.getClientId()), new NewestPosition());
    }

    /** As any resource server would: by a library, with the keys that the instance publishes. */
    private void verifyToken(Caller caller) throws Refused, IOException, Unexpected {
        String instance = story.connection().rest().base();
        String keys = story.connection()
                .rest()
                .send("GET", "/oauth/jwks.json", Map.of(), new byte[0])
                .text();
        try {
            new JwtConsumerBuilder()
                    .setExpectedType(true, "at+jwt")
                    .setExpectedIssuer(instance)
                    .setExpectedAudience(instance)
                    .setExpectedSubject(caller.id())
                    .setRequireExpirationTime()
                    .setVerificationKeyResolver(
                            new JwksVerificationKeyResolver(new JsonWebKeySet(keys).getJsonWebKeys()))
                    .build()
                    .processToClaims(caller.signIn().token());
        } catch (InvalidJwtException | JoseException e) {
            throw new Unexpected("the access token", "verifies", String.valueOf(e.getMessage()));
        }
    }
}
