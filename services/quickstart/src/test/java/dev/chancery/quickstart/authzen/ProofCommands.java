package dev.chancery.quickstart.authzen;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.ledger.v1.GetCheckpointRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Proofs by the command line, in processes of its own: {@code chancery dsar} and {@code chancery erasure}. */
final class ProofCommands {
    private final SharedInstance shared;
    private final Path directory;
    private final String group;

    ProofCommands(SharedInstance shared, Path directory, String group) {
        this.shared = shared;
        this.directory = directory;
        this.group = group;
    }

    /** Has a caller get the proof of a request, or of a subject. */
    Path get(Client caller, String id) throws IOException {
        Path key = Files.createTempFile(
                directory,
                "key",
                ".jwk",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(key, caller.key().jwk(caller.clientId()));
        Path proof = directory.resolve(id + ".json");
        assertThat(run(
                        "proof",
                        id,
                        "--data",
                        shared.instance.data().toString(),
                        "--key",
                        key.toString(),
                        "--out",
                        proof.toString()))
                .isEqualTo(proof + "\n");
        return proof;
    }

    /** What is said of a proof by the keys that a caller's ledger has. */
    String verify(Client caller, Path proof) throws IOException {
        Path trust = Files.writeString(directory.resolve("trust"), trust(caller));
        return run("verify", proof.toString(), "--trust", trust.toString());
    }

    private String run(String... arguments) throws IOException {
        var command = new ArrayList<String>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.chancery.cli.Main",
                group));
        command.addAll(List.of(arguments));
        var process = new ProcessBuilder(command)
                .redirectError(directory.resolve("command.err").toFile())
                .start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(said)
                .as("%s", Files.readString(directory.resolve("command.err")))
                .isNotEmpty();
        return said;
    }

    private String trust(Client caller) {
        return shared
                .wire
                .rest(
                        shared.method("chancery.ledger.v1.LedgerService/GetCheckpoint"),
                        GetCheckpointRequest.getDefaultInstance(),
                        caller.headers())
                .json()
                .getJsonArray("verifierKeys")
                .stream()
                .map(String::valueOf)
                .collect(Collectors.joining("\n"));
    }
}
