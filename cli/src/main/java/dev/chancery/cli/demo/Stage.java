package dev.chancery.cli.demo;

import com.google.protobuf.ByteString;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.GrpcTransport;
import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where the story plays: the directories, the instance, the ways to it. */
final class Stage implements AutoCloseable {
    private final Path home;
    private final Path out;
    private final Contract contract = Contract.load();
    private @Nullable Instance instance;
    private @Nullable RestTransport rest;
    private @Nullable GrpcTransport grpc;
    private final ServerProcess server;

    /**
     * @param home the repository's root
     * @param out the story's directory
     */
    Stage(Path home, Path out) {
        this.home = home;
        this.out = out;
        this.server = new ServerProcess(home, data(), log());
    }

    Path home() {
        return home;
    }

    /** All that the story leaves. */
    Path out() {
        return out;
    }

    Path data() {
        return out.resolve("data");
    }

    Path export() {
        return out.resolve("export");
    }

    Path trust() {
        return out.resolve("trust.vkey");
    }

    Path log() {
        return out.resolve("server.log");
    }

    Path replayLog() {
        return out.resolve("replay.log");
    }

    Path administratorKey() {
        return out.resolve("administrator.jwk");
    }

    ServerProcess server() {
        return server;
    }

    void connect(Instance started) {
        instance = started;
        rest = new RestTransport(started);
        grpc = new GrpcTransport(started);
    }

    Instance instance() {
        return set(instance);
    }

    RestTransport rest() {
        return set(rest);
    }

    GrpcTransport grpc() {
        return set(grpc);
    }

    private static <T> T set(@Nullable T part) {
        if (part == null) {
            throw new IllegalStateException("not yet in the story");
        }
        return part;
    }

    /** A method by {@code Service/Name}. */
    ContractMethod method(String name) {
        return contract.methods().stream()
                .filter(method -> method.fullName().endsWith("." + name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no method " + name));
    }

    static ByteString publicKey(ClientKey key) {
        return ByteString.copyFrom(key.publicKey());
    }

    @Override
    public void close() {
        if (grpc != null) {
            grpc.close();
        }
        if (rest != null) {
            rest.close();
        }
        server.close();
    }
}
