package dev.chancery.quickstart.killrounds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.Headers;
import dev.chancery.quickstart.killrounds.Command.Answer.Acknowledged;
import dev.chancery.quickstart.killrounds.SignedInClient.Api;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.identity.v1.ClaimOwnerReply;
import dev.chancery.schema.identity.v1.ClaimOwnerRequest;
import dev.chancery.schema.identity.v1.CreateOrganisationReply;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;

/** The callers who keep an instance busy, whatever becomes of it: its owner, and the administrators of two organisations. */
final class Callers {
    private static final int CALLERS_AN_ORGANISATION = 6;
    private static final int CROWD = 3;
    private static final long PACE_MILLIS = 20;
    private static final long OWNERS_PACE_MILLIS = 900;
    private static final Duration CALLERS_LIMIT = Duration.ofSeconds(90);

    private final KillableInstance instance;
    private final Journal journal;
    private final Random random;
    private final List<SignedInClient> parties = new ArrayList<>();
    private final List<Thread> callers = new ArrayList<>();
    private final OrganisationWork organisations;

    /** Claims the instance, founds the organisations, and begins. */
    Callers(KillableInstance instance, Journal journal, Random random) throws Exception {
        this.instance = instance;
        this.journal = journal;
        this.random = random;
        SignedInClient owner = claim();
        parties.add(owner);
        for (int i = 0; i < 2; i++) {
            ClientKey key = ClientKey.generate("nobody");
            var created = (CreateOrganisationReply)
                    done(OrganisationWork.create(owner, key)).reply();
            parties.add(new SignedInClient(instance, key.withClientId(created.getClientId())));
        }
        administrators().forEach(this::workOn);
        organisations = new OrganisationWork(owner);
        begin(new Caller(journal, organisations, Api.REST, OWNERS_PACE_MILLIS, new Random(random.nextLong())));
    }

    /** The owner first. */
    List<SignedInClient> parties() {
        return List.copyOf(parties);
    }

    List<SignedInClient> administrators() {
        return List.copyOf(parties.subList(1, parties.size()));
    }

    /** Those of the organisations that were founded since. For when all have ended. */
    List<ClientKey> newAdministrators() {
        return organisations.administrators();
    }

    /** Takes on no more and waits until all that was begun is settled. */
    void end() throws InterruptedException {
        journal.close();
        for (Thread caller : callers) {
            assertThat(caller.join(CALLERS_LIMIT)).as("a caller ended").isTrue();
        }
    }

    private SignedInClient claim() throws Exception {
        ClientKey key = ClientKey.generate("nobody");
        var request = ClaimOwnerRequest.newBuilder()
                .setClaim(Files.readString(instance.instance().claimFile().orElseThrow())
                        .strip())
                .setDisplayName("Owner")
                .setPublicKey(ByteString.copyFrom(key.publicKey()))
                .build();
        var reply = (ClaimOwnerReply) instance.rest()
                .call(
                        SignedInClient.method("chancery.identity.v1.IdentityService/ClaimOwner"),
                        request,
                        Map.of(Headers.IDEMPOTENCY_KEY, UUID.randomUUID().toString()))
                .message();
        return new SignedInClient(instance, key.withClientId(reply.getClientId()));
    }

    /** A role to assign, some principals that everybody assigns it to, and everybody. */
    private void workOn(SignedInClient administrator) {
        done(new Command(
                administrator,
                SignedInClient.method("chancery.access.v1.AccessService/DefineCapability"),
                DefineCapabilityRequest.newBuilder()
                        .setCapability("kills:watch")
                        .build(),
                UUID.randomUUID().toString(),
                ""));
        done(new Command(
                administrator,
                SignedInClient.method("chancery.access.v1.AccessService/DefineRole"),
                DefineRoleRequest.newBuilder()
                        .setRole(PeopleWork.ROLE)
                        .addCapabilities("kills:watch")
                        .build(),
                UUID.randomUUID().toString(),
                ""));
        List<String> people = new ArrayList<>();
        for (int i = 0; i < CROWD; i++) {
            people.add(((CreatePrincipalReply)
                            done(PeopleWork.createPrincipal(administrator)).reply())
                    .getPrincipalId());
        }
        for (int i = 0; i < CALLERS_AN_ORGANISATION; i++) {
            Api api = i % 2 == 0 ? Api.GRPC : Api.REST;
            var work = new PeopleWork(administrator, people, new Random(random.nextLong()));
            begin(new Caller(journal, work, api, PACE_MILLIS, new Random(random.nextLong())));
        }
    }

    private static Acknowledged done(Command command) {
        Command.Answer answer = command.client().send(command, Api.REST);
        assertThat(answer).as("%s", command).isInstanceOf(Acknowledged.class);
        return (Acknowledged) answer;
    }

    private void begin(Caller caller) {
        callers.add(Thread.ofVirtual().start(caller));
    }
}
