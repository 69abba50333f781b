package dev.chancery.cli.client;

import com.google.protobuf.Message;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/** Calls methods by their full names, as one client that is signed in. A later call sees what an earlier one wrote. */
public final class Caller {
    private final Contract contract = Contract.load();
    private final Transport transport;
    private final SignIn signIn;
    private String position;

    /** @param position what is read includes the log up to it; empty: whatever is there */
    public Caller(Transport transport, SignIn signIn, String position) {
        this.transport = transport;
        this.signIn = signIn;
        this.position = position;
    }

    /** Where the log was after the last command; before one what the constructor was given. */
    public String position() {
        return position;
    }

    /** @param method as gRPC calls it, e.g. {@code chancery.access.v1.AccessService/AssignRole} */
    public Message call(String method, Message request) throws Refused, Unreachable {
        ContractMethod called = contract.method(method).orElseThrow();
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put(Headers.AUTHORIZATION, "Bearer " + signIn.token());
        if (called.writes()) {
            headers.put(Headers.IDEMPOTENCY_KEY, UUID.randomUUID().toString());
        }
        if (!position.isEmpty()) {
            headers.put(Headers.POSITION, position);
        }
        Reply reply = transport.call(called, request, headers);
        if (called.writes()) {
            position = reply.position();
        }
        return reply.message();
    }
}
