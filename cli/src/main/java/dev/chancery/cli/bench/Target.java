package dev.chancery.cli.bench;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.GrpcTransport;
import dev.chancery.cli.client.Headers;
import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Reply;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.SignIn;
import dev.chancery.cli.client.Transport;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.schema.Contract;
import dev.chancery.schema.identity.v1.CreateOrganisationReply;
import dev.chancery.schema.identity.v1.CreateOrganisationRequest;
import dev.chancery.schema.operations.v1.ReadMetricsReply;
import dev.chancery.schema.operations.v1.ReadMetricsRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** The instance under test: connections to it, and its owner's calls. */
final class Target implements AutoCloseable {
    private static final int CHANNELS = 4;

    private final Contract contract = Contract.load();
    private final RestTransport rest;
    private final SignIn owner;
    private final List<GrpcTransport> channels = new ArrayList<>();

    Target(Instance instance, ClientKey ownerKey) {
        this.rest = new RestTransport(instance);
        this.owner = new SignIn(rest, ownerKey, Optional.empty());
        for (int i = 0; i < CHANNELS; i++) {
            channels.add(new GrpcTransport(instance));
        }
    }

    RestTransport rest() {
        return rest;
    }

    /** One of its connections; the same for the same caller. */
    GrpcTransport grpc(int caller) {
        return channels.get(caller % channels.size());
    }

    /** An organisation whose administrator's key is new. */
    Tenant organisation() throws Refused, Unreachable {
        ClientKey key = ClientKey.generate("new");
        Reply created = call(
                grpc(0),
                owner,
                "identity.v1.IdentityService/CreateOrganisation",
                CreateOrganisationRequest.newBuilder()
                        .setName("Bench")
                        .setAdministratorName("Bench administrator")
                        .setAdministratorKey(ByteString.copyFrom(key.publicKey()))
                        .build());
        return new Tenant(this, key.withClientId(((CreateOrganisationReply) created.message()).getClientId()));
    }

    /** Calls a method, named without its first package. */
    Reply call(Transport transport, SignIn caller, String method, Message request) throws Refused, Unreachable {
        return transport.call(
                contract.method("chancery." + method).orElseThrow(),
                request,
                Map.of(
                        Headers.AUTHORIZATION,
                        "Bearer " + caller.token(),
                        Headers.IDEMPOTENCY_KEY,
                        UUID.randomUUID().toString()));
    }

    /** The relay's lag, from the metrics; -1 where they don't have it. */
    long relayLagRecords() throws Refused, Unreachable {
        Reply reply = call(
                rest, owner, "operations.v1.OperationsService/ReadMetrics", ReadMetricsRequest.getDefaultInstance());
        return ((ReadMetricsReply) reply.message())
                .getText()
                .lines()
                .filter(line -> line.startsWith("chancery_relay_lag_records "))
                .map(line -> (long) Double.parseDouble(line.substring(line.indexOf(' ') + 1)))
                .findFirst()
                .orElse(-1L);
    }

    @Override
    public void close() {
        channels.forEach(GrpcTransport::close);
        rest.close();
    }
}
