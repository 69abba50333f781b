package dev.chancery.quickstart;

import com.google.protobuf.Message;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.Headers;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Reply;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.SignIn;
import dev.chancery.cli.client.Transport;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import java.util.Map;
import java.util.Optional;

/** Somebody who is signed in to an instance, whatever becomes of it: keeps the same address and asks for a new token when need be. */
final class Party {
    private static final Contract CONTRACT = Contract.load();

    /** The way a call goes. */
    enum Face {
        REST,
        GRPC;

        Face other() {
            return this == REST ? GRPC : REST;
        }
    }

    private final Victim victim;
    private final String clientId;
    private final SignIn signIn;

    Party(Victim victim, ClientKey key) {
        this.victim = victim;
        this.clientId = key.clientId();
        this.signIn = new SignIn(victim.rest(), key, Optional.empty());
    }

    String tenant() {
        return clientId.substring(0, clientId.indexOf('.'));
    }

    SignIn signIn() {
        return signIn;
    }

    RestTransport rest() {
        return victim.rest();
    }

    static ContractMethod method(String fullName) {
        return CONTRACT.method(fullName).orElseThrow();
    }

    /** Sends a command once. */
    Command.Answer send(Command command, Face face) {
        Map<String, String> headers;
        try {
            headers = Map.of(Headers.AUTHORIZATION, "Bearer " + signIn.token(), Headers.IDEMPOTENCY_KEY, command.key());
        } catch (Refused e) {
            return new Command.Answer.NotSent("sign-in refused: " + e.code());
        } catch (Unreachable e) {
            return new Command.Answer.NotSent("sign-in unanswered");
        }
        try {
            Reply reply = transport(face).call(command.method(), command.request(), headers);
            return new Command.Answer.Acknowledged(reply.message(), reply.position());
        } catch (Refused e) {
            return new Command.Answer.Refused(e.code());
        } catch (Unreachable e) {
            return new Command.Answer.Unanswered(String.valueOf(e.getCause()));
        }
    }

    /** Reads what is there at a position or later. */
    <R extends Message> R read(String method, Message request, String position, Class<R> reply)
            throws Refused, Unreachable {
        return reply.cast(victim.rest()
                .call(
                        method(method),
                        request,
                        Map.of(Headers.AUTHORIZATION, "Bearer " + signIn.token(), Headers.POSITION, position))
                .message());
    }

    private Transport transport(Face face) {
        return switch (face) {
            case REST -> victim.rest();
            case GRPC -> victim.grpc();
        };
    }
}
