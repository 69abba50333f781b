package dev.chancery.story;

import com.google.protobuf.Message;
import dev.chancery.cli.client.GrpcTransport;
import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;

/** The two ways to an instance, and the contract that both carry. */
record Connection(Instance instance, RestTransport rest, GrpcTransport grpc, Contract contract)
        implements AutoCloseable {
    static Connection to(Instance instance) {
        return new Connection(instance, new RestTransport(instance), new GrpcTransport(instance), Contract.load());
    }

    /** The method that takes this request. */
    ContractMethod method(Message request) {
        return contract.methods().stream()
                .filter(method ->
                        method.requestPrototype().getDescriptorForType().equals(request.getDescriptorForType()))
                .findFirst()
                .orElseThrow();
    }

    @Override
    public void close() {
        grpc.close();
        rest.close();
    }
}
