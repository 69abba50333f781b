package dev.chancery.quickstart.instance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.instance.RunningInstance.Ended;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.interfaces.EdECPrivateKey;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** {@code chancery run} by somebody, with the key in a file. */
public final class RunCommand {
    private static final int LIMIT_SECONDS = 60;

    private final RunningInstance instance;
    private final Path directory;
    private final Path key;

    /** @param directory where the key is written, and programs are run */
    public RunCommand(RunningInstance instance, Client caller, Path directory) throws IOException {
        this.instance = instance;
        this.directory = directory;
        byte[] seed =
                ((EdECPrivateKey) caller.key().pair().getPrivate()).getBytes().orElseThrow();
        String publicKey =
                SigningKey.base64(Base64.getDecoder().decode(caller.key().publicKey()));
        this.key = directory.resolve("caller.jwk");
        Files.writeString(
                key,
                new JsonObject()
                        .put("kty", "OKP")
                        .put("crv", "Ed25519")
                        .put("kid", caller.clientId())
                        .put("d", SigningKey.base64(seed))
                        .put("x", publicKey)
                        .encode());
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    }

    public Ended run(String environment, Map<String, String> variables, List<String> program) throws Exception {
        Process started = start(environment, variables, program);
        assertThat(started.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        return new Ended(
                started.exitValue(),
                new String(started.getInputStream().readAllBytes(), UTF_8),
                new String(started.getErrorStream().readAllBytes(), UTF_8));
    }

    /** @param variables of the program, beside this process's own */
    public Process start(String environment, Map<String, String> variables, List<String> program) throws IOException {
        Path target = Path.of("..", "..", "cli", "target").toAbsolutePath();
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                target.resolve("cli.jar") + ":" + target.resolve("lib/*"),
                "dev.chancery.cli.Main",
                "run",
                "--server",
                instance.http(),
                "--env",
                environment,
                "--key",
                key.toString(),
                "--"));
        command.addAll(program);
        var builder = new ProcessBuilder(command).directory(directory.toFile());
        builder.environment().putAll(variables);
        return builder.start();
    }
}
