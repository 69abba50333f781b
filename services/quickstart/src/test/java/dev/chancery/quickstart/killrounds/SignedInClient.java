package dev.chancery.quickstart.killrounds;

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

/** A client that stays signed in while the instance restarts: the address stays the same, and tokens are renewed. */
final class SignedInClient {
    private static final Contract CONTRACT = Contract.load();

    /** The way a call goes. */
    enum Api {
        REST,
        GRPC;

        Api other() {
            return this == REST ? GRPC : REST;
        }
    }

    private final KillableInstance instance;
    private final String clientId;
    private final SignIn signIn;

    SignedInClient(KillableInstance instance, ClientKey key) {
        this.instance = instance;
        this.clientId = key.clientId();
        this.signIn = new SignIn(instance.rest(), key, Optional.empty());
    }

    String tenant() {
        return clientId.substring(0, clientId.indexOf('.'));
    }

    SignIn signIn() {
        return signIn;
    }

    RestTransport rest() {
        return instance.rest();
    }

    static ContractMethod method(String fullName) {
        return CONTRACT.method(fullName).orElseThrow();
    }

    /** Sends a command once. */
    Command.Answer send(Command command, Api api) {
        Map<String, String> headers;
        try {
            headers = Map.of(Headers.AUTHORIZATION, "Bearer " + signIn.token(), Headers.IDEMPOTENCY_KEY, command.key());
        } catch (Refused e) {
            return new Command.Answer.NotSent("sign-in refused: " + e.code());
        } catch (Unreachable e) {
            return new Command.Answer.NotSent("sign-in unanswered");
        }
        try {
            Reply reply = transport(api).call(command.method(), command.request(), headers);
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
        return reply.cast(instance.rest()
                .call(
                        method(method),
                        request,
                        Map.of(Headers.AUTHORIZATION, "Bearer " + signIn.token(), Headers.POSITION, position))
                .message());
    }

    private Transport transport(Api api) {
        return switch (api) {
            case REST -> instance.rest();
            case GRPC -> instance.grpc();
        };
    }
}
