package dev.chancery.cli;

import com.google.protobuf.ByteString;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.Headers;
import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.KeyFile;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.identity.v1.ClaimOwnerReply;
import dev.chancery.schema.identity.v1.ClaimOwnerRequest;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Becomes a new instance's owner. The key is on the disk before the claim is sent, and until the reply under the id {@value
 * #UNCLAIMED}; so a crash in between loses nothing, and the command can be given again.
 */
@Command(
        name = "claim",
        description =
                "Makes a key, uses the one-time claim to become the owner of a new instance, and prints the client id.",
        mixinStandardHelpOptions = true)
final class ClaimCommand implements Callable<Integer> {
    static final String UNCLAIMED = "unclaimed";
    private static final String METHOD = "chancery.identity.v1.IdentityService/ClaimOwner";

    private final PrintStream out;

    @Mixin
    private Server server = new Server();

    @Option(
            names = "--claim",
            paramLabel = "FILE",
            description = "The claim's file; by default where the instance's run.json says.")
    private @Nullable Path claim;

    @Option(names = "--name", required = true, paramLabel = "NAME", description = "Your name, for people to read.")
    private String name = "";

    @Option(names = "--key", required = true, paramLabel = "FILE", description = "Where to write the new key.")
    private Path file = Path.of("");

    ClaimCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws Exception {
        Instance instance = server.instance();
        String secret = Files.readString(claimFile(instance)).strip();
        ClientKey key = key();
        try (var rest = new RestTransport(instance)) {
            out.println(claim(rest, secret, key));
            return 0;
        }
    }

    private Path claimFile(Instance instance) throws IOException {
        Path named = claim;
        if (named != null) {
            return named;
        }
        return instance.claimFile()
                .filter(Files::exists)
                .orElseThrow(
                        () -> new IOException(
                                "the instance has an owner already; if it runs on another machine, name the claim's file with --claim"));
    }

    /** A new key; or the one that an earlier attempt left, which has claimed nothing yet. */
    private ClientKey key() throws IOException {
        if (!Files.exists(file)) {
            ClientKey key = ClientKey.generate(UNCLAIMED);
            KeyFile.create(file, key);
            return key;
        }
        ClientKey key = KeyFile.read(file);
        if (!key.clientId().equals(UNCLAIMED)) {
            throw new IOException(file + " holds the key of " + key.clientId() + "; name another file");
        }
        return key;
    }

    private String claim(RestTransport rest, String secret, ClientKey key) throws IOException, Refused {
        ContractMethod method = Contract.load().method(METHOD).orElseThrow();
        var request = ClaimOwnerRequest.newBuilder()
                .setClaim(secret)
                .setDisplayName(name)
                .setPublicKey(ByteString.copyFrom(key.publicKey()))
                .build();
        // The same key, the same command: asked again it has one effect.
        String once = UUID.nameUUIDFromBytes(key.publicKey()).toString();
        var reply = (ClaimOwnerReply) rest.call(method, request, Map.of(Headers.IDEMPOTENCY_KEY, once))
                .message();
        KeyFile.replace(file, key.withClientId(reply.getClientId()));
        return reply.getClientId();
    }
}
