package dev.chancery.app.configuration;

import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.Pkcs11Sealer;
import dev.chancery.keyring.TransitAccess;
import dev.chancery.keyring.TransitSealer;
import java.net.URI;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** What wraps the keys of a process: a key file, a PKCS#11 token or a transit engine, and one of them alone. */
public final class Sealers {
    private Sealers() {}

    /** Whether a process is given one. */
    public static boolean isGiven(ChanceryConfig config) {
        return given(config).findAny().isPresent();
    }

    /**
     * Where the process has its keys from; empty: it is given nothing.
     *
     * @throws Unusable if the settings don't go together
     * @throws dev.chancery.keyring.SealerUnusable if a setting has not its shape
     */
    public static Optional<KeySource> of(ChanceryConfig config) {
        if (given(config).count() > 1) {
            throw new Unusable("set one of chancery.sealer-file, chancery.sealer-token.library and"
                    + " chancery.sealer-transit.address, and not more");
        }
        return given(config).findAny().map(Supplier::get);
    }

    private static Stream<Supplier<KeySource>> given(ChanceryConfig config) {
        return Stream.<Optional<Supplier<KeySource>>>of(
                        config.sealerFile().map(file -> () -> new KeySource(file, () -> KeyFileSealer.open(file))),
                        config.sealerToken().library().map(library -> () -> token(config.sealerToken(), library)),
                        config.sealerTransit().address().map(address -> () -> engine(config.sealerTransit(), address)))
                .flatMap(Optional::stream);
    }

    private static KeySource token(ChanceryConfig.SealerToken config, Path library) {
        Path pinFile = config.pinFile()
                .orElseThrow(() -> new Unusable("a token asks for a PIN: set chancery.sealer-token.pin-file"));
        return new KeySource(pinFile, () -> {
            char[] pin = SecretFiles.read(pinFile).strip().toCharArray();
            try {
                Pkcs11Sealer sealer = config.makeKeys()
                        ? Pkcs11Sealer.create(library, config.slot(), pin)
                        : Pkcs11Sealer.open(library, config.slot(), pin);
                return sealer.copiesAreSaidBeside(pinFile);
            } finally {
                Arrays.fill(pin, '\0');
            }
        });
    }

    private static KeySource engine(ChanceryConfig.SealerTransit config, URI address) {
        Path tokenFile = config.tokenFile()
                .orElseThrow(() ->
                        new Unusable("a transit engine asks for a token: set chancery.sealer-transit.token-file"));
        var access = new TransitAccess(
                address,
                config.mount(),
                config.namespace(),
                tokenFile,
                config.caFile(),
                config.timeout(),
                config.keys());
        if (!"https".equals(address.getScheme()) && !Loopback.is(address.getHost())) {
            throw new Unusable(
                    "the transit engine is reached over a network: begin chancery.sealer-transit.address with https://");
        }
        return new KeySource(
                tokenFile, () -> config.makeKeys() ? TransitSealer.create(access) : TransitSealer.open(access));
    }
}
