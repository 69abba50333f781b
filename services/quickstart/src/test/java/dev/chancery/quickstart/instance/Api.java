package dev.chancery.quickstart.instance;

import com.google.protobuf.Message;
import dev.chancery.schema.ContractMethod;
import java.util.Map;

/** The two ways to call a method of the contract. */
public enum Api {
    REST {
        @Override
        public Reply call(RawClient wire, ContractMethod method, Message request, Map<String, String> headers) {
            return wire.rest(method, request, headers);
        }
    },
    GRPC {
        @Override
        public Reply call(RawClient wire, ContractMethod method, Message request, Map<String, String> headers) {
            return wire.grpc(method, request, headers);
        }
    };

    public abstract Reply call(RawClient wire, ContractMethod method, Message request, Map<String, String> headers);
}
