package dev.chancery.vault;

import com.google.protobuf.Message;
import dev.chancery.command.Granter;
import dev.chancery.kernel.Rejection;
import dev.chancery.schema.vault.v1.LeakChannel;
import dev.chancery.schema.vault.v1.LeakSeverity;
import dev.chancery.schema.vault.v1.SecretLeaked;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What follows from a leak. Pure; knows no value. */
final class LeakRules {
    private LeakRules() {}

    /** How long a severity gives. */
    static Duration within(LeakSeverity severity) {
        return switch (severity) {
            case LEAK_SEVERITY_SEV_1 -> Duration.ofMinutes(15);
            case LEAK_SEVERITY_SEV_2 -> Duration.ofHours(1);
            case LEAK_SEVERITY_SEV_3 -> Duration.ofHours(24);
            case LEAK_SEVERITY_UNSPECIFIED, UNRECOGNIZED ->
                throw new IllegalArgumentException("a severity that the contract does not have");
        };
    }

    /** Whether a caller may say that a secret, or credentials of its name, leaked like this; empty: it may. */
    static Optional<Rejection> mayReport(
            Environment environment,
            Secret secret,
            Granter caller,
            LeakChannel channel,
            LeakSeverity severity,
            long firstExposedMicros,
            long atMicros) {
        return VaultRules.mayWrite(environment, caller, atMicros)
                .or(() -> secret.versions().isEmpty() && secret.template().isEmpty()
                        ? Optional.of(VaultRejection.NO_SUCH_SECRET)
                        : Optional.empty())
                .or(() -> channel == LeakChannel.UNRECOGNIZED
                                || severity == LeakSeverity.UNRECOGNIZED
                                || firstExposedMicros < 0
                                || firstExposedMicros > atMicros
                        ? Optional.of(VaultRejection.LEAK)
                        : Optional.empty());
    }

    /** @param next the new version; empty: somebody writes it, or these are credentials */
    static List<Message> leaked(Secret secret, SecretLeaked leaked, Optional<NextVersion> next, long atMicros) {
        return Stream.concat(
                        Stream.of(leaked),
                        next
                                .map(version -> VaultRules.next(secret, version, true, atMicros))
                                .orElseGet(() -> VaultRules.revokedAll(secret, leaked.getSecret()))
                                .stream())
                .toList();
    }
}
