package dev.chancery.quickstart.killrounds;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.schema.identity.v1.CreateOrganisationReply;
import dev.chancery.schema.identity.v1.CreateOrganisationRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** The owner at work: begins organisations, each with a log of its own. */
final class OrganisationWork implements Workload {
    private final SignedInClient owner;
    private final Map<String, ClientKey> keys = new HashMap<>();
    private final List<ClientKey> administrators = new ArrayList<>();

    OrganisationWork(SignedInClient owner) {
        this.owner = owner;
    }

    @Override
    public Command next(List<Command> open) {
        ClientKey key = ClientKey.generate("nobody");
        Command command = create(owner, key);
        keys.put(command.mark(), key);
        return command;
    }

    static Command create(SignedInClient owner, ClientKey administrator) {
        return new Command(
                owner,
                SignedInClient.method("chancery.identity.v1.IdentityService/CreateOrganisation"),
                CreateOrganisationRequest.newBuilder()
                        .setName("Kill rounds")
                        .setAdministratorName("Administrator")
                        .setAdministratorKey(ByteString.copyFrom(administrator.publicKey()))
                        .build(),
                UUID.randomUUID().toString(),
                CommandMarks.organisation(administrator.publicKey()));
    }

    @Override
    public void learn(Command command, Message reply) {
        ClientKey key = keys.remove(command.mark());
        if (key != null && reply instanceof CreateOrganisationReply created) {
            administrators.add(key.withClientId(created.getClientId()));
        }
    }

    /** The administrators of all organisations that were acknowledged. For when the caller has ended. */
    List<ClientKey> administrators() {
        return List.copyOf(administrators);
    }
}
