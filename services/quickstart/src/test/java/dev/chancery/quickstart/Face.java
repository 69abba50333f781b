package dev.chancery.quickstart;

import com.google.protobuf.Message;
import dev.chancery.schema.ContractMethod;
import java.util.Map;

/** The two ways to call a method of the contract. */
enum Face {
    REST {
        @Override
        Reply call(Wire wire, ContractMethod method, Message request, Map<String, String> headers) {
            return wire.rest(method, request, headers);
        }
    },
    GRPC {
        @Override
        Reply call(Wire wire, ContractMethod method, Message request, Map<String, String> headers) {
            return wire.grpc(method, request, headers);
        }
    };

    abstract Reply call(Wire wire, ContractMethod method, Message request, Map<String, String> headers);
}
