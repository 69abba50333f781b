package dev.chancery.app.configuration;

import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.Pkcs11Sealer;
import dev.chancery.keyring.Sealer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** What wraps the keys of a process: a key file or a PKCS#11 token, and never both. */
public final class Sealers {
    private Sealers() {}

    /** Whether a process is given one. */
    public static boolean isGiven(ChanceryConfig config) {
        return config.sealerFile().isPresent() || config.sealerToken().library().isPresent();
    }

    /**
     * The one that a process is given; empty: none.
     *
     * @throws Unusable if the settings don't go together
     * @throws dev.chancery.keyring.KeyFileUnusable if the key file can't be used
     * @throws dev.chancery.keyring.TokenUnusable if the token can't be used
     */
    public static Optional<Sealer> of(ChanceryConfig config) {
        Optional<Path> library = config.sealerToken().library();
        if (library.isEmpty()) {
            return config.sealerFile().map(KeyFileSealer::open);
        }
        if (config.sealerFile().isPresent()) {
            throw new Unusable("set chancery.sealer-file or chancery.sealer-token.library, and not both");
        }
        Path pinFile = config.sealerToken()
                .pinFile()
                .orElseThrow(() -> new Unusable("a token asks for a PIN: set chancery.sealer-token.pin-file"));
        char[] pin = SecretFiles.read(pinFile).strip().toCharArray();
        try {
            int slot = config.sealerToken().slot();
            Pkcs11Sealer sealer = config.sealerToken().makeKeys()
                    ? Pkcs11Sealer.create(library.get(), slot, pin)
                    : Pkcs11Sealer.open(library.get(), slot, pin);
            return Optional.of(sealer.copiesAreSaidBeside(pinFile));
        } finally {
            Arrays.fill(pin, '\0');
        }
    }
}
