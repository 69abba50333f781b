package dev.chancery.cli.demo;

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
import java.time.Instant;
import java.util.Map;

/** The first act: an instance, its owner, two organisations. */
final class Opening {
    private static final String CLAIM_OWNER = "IdentityService/ClaimOwner";

    /** Who there is after it. */
    record Opened(Actor administrator, Actor rival) {}

    private final Stage stage;
    private final Narrator narrator;
    private final Seen seen;

    /** @param seen what the first organisation's people will have seen */
    Opening(Stage stage, Narrator narrator, Seen seen) {
        this.stage = stage;
        this.narrator = narrator;
        this.seen = seen;
    }

    Opened play() throws Narrator.StoryEnds, InterruptedException {
        narrator.act("An instance, its owner, two organisations");
        String claim = narrator.stepGiving("An instance starts: PostgreSQL, Kafka, relay, views, ledger", this::start);
        Actor owner = narrator.stepGiving(
                "The owner claims it with the one-time claim and a key of their own", () -> claim(claim));
        narrator.step("The same claim a second time is worth nothing", () -> claimAgain(claim));
        narrator.step("Without a token, or with one that somebody else signed, there is nothing to be had", () -> {
            refuseStrangers(owner);
        });
        Opened opened = narrator.stepGiving(
                "The owner founds two organisations; their administrators bring their own keys", () -> found(owner));
        narrator.step("The first one's administrator signs in; the published keys verify the token", () -> {
            TokenCheck.verify(
                    stage.rest(),
                    opened.administrator().token(),
                    opened.administrator().id());
        });
        return opened;
    }

    private String start() throws IOException, InterruptedException, NotAsTold {
        Instance instance = stage.server().start(0);
        stage.connect(instance);
        narrator.besides(instance.http() + ", data in " + stage.data());
        Path file = instance.claimFile()
                .orElseThrow(() -> new NotAsTold("a new instance", "names the owner claim's file", "does not"));
        Expect.equal("the claim's file is for its owner only", "rw-------", mode(file));
        return Files.readString(file).strip();
    }

    private static String mode(Path file) throws IOException {
        return java.nio.file.attribute.PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    private Actor claim(String claim) throws Refused, IOException, NotAsTold {
        ClientKey key = ClientKey.generate("unclaimed");
        var reply = (ClaimOwnerReply) withoutToken(stage.rest(), CLAIM_OWNER, claimOwner(claim, Cast.OWNER_NAME, key));
        Expect.that(
                "the claim's file is gone",
                stage.instance().claimFile().filter(Files::exists).isEmpty());
        return new Actor(stage, key.withClientId(reply.getClientId()), new Seen());
    }

    private void claimAgain(String claim) throws NotAsTold, IOException {
        ClientKey key = ClientKey.generate("unclaimed");
        Expect.refused(
                "a used claim",
                "identity.claim-invalid",
                () -> withoutToken(stage.grpc(), CLAIM_OWNER, claimOwner(claim, Cast.IMPOSTOR_NAME, key)));
    }

    private static Message claimOwner(String claim, String name, ClientKey key) {
        return ClaimOwnerRequest.newBuilder()
                .setClaim(claim)
                .setDisplayName(name)
                .setPublicKey(Stage.publicKey(key))
                .build();
    }

    private Message withoutToken(Transport transport, String method, Message request) throws Refused, IOException {
        return transport
                .call(stage.method(method), request, Map.of(Headers.IDEMPOTENCY_KEY, Actor.newKey()))
                .message();
    }

    private void refuseStrangers(Actor owner) throws NotAsTold, IOException {
        Message request =
                CreateWorkspaceRequest.newBuilder().setName(Cast.STAGING).build();
        Expect.refused(
                "no token",
                "auth.token-missing",
                () -> withoutToken(stage.grpc(), "IdentityService/CreateWorkspace", request));
        ClientKey forger = ClientKey.generate(owner.key().clientId());
        String forged = Assertion.sign(forger, stage.rest().base(), Instant.now());
        Expect.refused("a token that somebody else signed", "auth.token-invalid", () -> stage.rest()
                .call(
                        stage.method("IdentityService/CreateWorkspace"),
                        request,
                        Map.of(Headers.AUTHORIZATION, "Bearer " + forged)));
        Expect.refused("signing in with another key", "oauth.invalid_client", () -> new Actor(stage, forger, new Seen())
                .token());
    }

    private Opened found(Actor owner) throws Refused, IOException {
        Actor administrator = organisation(owner, Cast.ORGANISATION, Cast.ADMINISTRATOR_NAME, seen);
        Actor rival = organisation(owner, Cast.RIVAL_ORGANISATION, Cast.RIVAL_NAME, new Seen());
        KeyFile.create(stage.administratorKey(), administrator.key());
        narrator.besides("client id " + administrator.key().clientId());
        return new Opened(administrator, rival);
    }

    private Actor organisation(Actor owner, String name, String administrator, Seen told) throws Refused, IOException {
        ClientKey key = ClientKey.generate("unclaimed");
        CreateOrganisationReply reply = owner.overGrpc(
                CreateOrganisationReply.class,
                "IdentityService/CreateOrganisation",
                CreateOrganisationRequest.newBuilder()
                        .setName(name)
                        .setAdministratorName(administrator)
                        .setAdministratorKey(Stage.publicKey(key))
                        .build());
        return new Actor(stage, key.withClientId(reply.getClientId()), told);
    }
}
