package dev.chancery.command;

import com.google.protobuf.Message;
import dev.chancery.kernel.Rejection;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The methods this process serves: the contract's declarations with the features' handlers. A method that the contract does not
 * have, or one bound twice, or one bound against its declaration, stops the start.
 */
public final class Methods {
    /** A method of the contract and who handles it. */
    public record Bound(ContractMethod contract, Handler handler) {}

    private final Contract contract;
    private final Map<String, Bound> bound = new LinkedHashMap<>();
    private final Map<String, Rejection> rejections = new HashMap<>();

    public Methods(Contract contract) {
        this.contract = contract;
    }

    /** Binds a command. The request's class must be the contract's. */
    public <Q extends Message> Methods command(String method, Class<Q> request, Handler.Decide<Q> decide) {
        return bind(method, request, new Handler.Command<>(decide));
    }

    /** Binds a command that the contract calls public: its request holds the credential. */
    public <Q extends Message> Methods publicCommand(
            String method, Class<Q> request, Handler.Identify<Q> identify, Handler.Decide<Q> decide) {
        return bind(method, request, new Handler.PublicCommand<>(identify, decide));
    }

    /** Binds a method that writes nothing. */
    public <Q extends Message, R extends Message> Methods query(
            String method, Class<Q> request, Handler.Read<Q, R> read) {
        return bind(method, request, new Handler.Query<>(read));
    }

    /** Makes a feature's rejections known, so that a kept code can be told again. */
    public Methods rejections(List<Rejection> known) {
        for (Rejection rejection : known) {
            rejections.put(rejection.code(), rejection);
        }
        return this;
    }

    private Methods bind(String name, Class<?> request, Handler handler) {
        ContractMethod method = contract.method(name).orElseThrow(() -> wrong(name, "is not in the contract"));
        if (!method.requestPrototype().getClass().equals(request)) {
            throw wrong(name, "takes another request");
        }
        boolean fits =
                switch (handler) {
                    case Handler.Command<?> c -> method.writes() && !method.isPublic();
                    case Handler.PublicCommand<?> p -> method.writes() && method.isPublic();
                    case Handler.Query<?, ?> q -> !method.writes() && !method.isPublic();
                };
        if (!fits) {
            throw wrong(name, "is bound against its declaration");
        }
        if (bound.put(name, new Bound(method, handler)) != null) {
            throw wrong(name, "is bound twice");
        }
        return this;
    }

    private static IllegalStateException wrong(String method, String what) {
        return new IllegalStateException("method " + method + " " + what);
    }

    /** The contract's methods that no feature of this process serves. */
    public List<ContractMethod> elsewhere() {
        return contract.methods().stream()
                .filter(method -> !bound.containsKey(method.fullName()))
                .toList();
    }

    /** What the methods are declared in, those of other processes included. */
    public Contract contract() {
        return contract;
    }

    public Collection<Bound> all() {
        return bound.values();
    }

    public @Nullable Bound find(String fullName) {
        return bound.get(fullName);
    }

    /** The rejection with a code; empty for one that no feature here knows. */
    public Optional<Rejection> rejection(String code) {
        return Optional.ofNullable(rejections.get(code));
    }

    public Collection<Rejection> rejections() {
        return rejections.values();
    }
}
