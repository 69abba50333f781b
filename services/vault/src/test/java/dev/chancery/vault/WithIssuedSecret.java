package dev.chancery.vault;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Message;
import dev.chancery.command.Clock;
import dev.chancery.command.Ids;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.keyring.SecretPlace;
import dev.chancery.outbound.Destinations;
import dev.chancery.outbound.OutboundClient;
import dev.chancery.schema.vault.v1.SecretVersionWritten;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;

/** A secret whose values somebody else makes, and the rounds that have them made. */
abstract class WithIssuedSecret extends WithVaultLog {
    static final String OWNER = "0199f2aa-0000-7000-8000-000000000001";
    static final String WORKSPACE = "0199f2aa-0000-7000-8000-000000000002";
    private static final AddressRanges OPENED = AddressRanges.forbidden().except(List.of("127.0.0.0/8"));

    private final String name;

    WithIssuedSecret(String name) {
        this.name = name;
    }

    /** Of whoever makes the values; empty: it speaks no HTTPS. */
    abstract Optional<Path> authorities();

    @BeforeEach
    void aKeyOfTheEnvironment() {
        ring.rotate(tenant, "prod", 1);
    }

    void append(Message event) {
        append(Names.secret(name), event);
    }

    void write(String secret, int version, String value) {
        append(
                Names.secret(secret),
                SecretVersionWritten.newBuilder()
                        .setSecret(secret)
                        .setSecretVersion(version)
                        .setValue(ring.seal(new SecretPlace(tenant, "prod", secret, version), value.getBytes(UTF_8)))
                        .build());
    }

    Secret secret() {
        return secret(name);
    }

    Secret secret(String other) {
        return log().secret(tenant, other).state();
    }

    Secret.Version version(int number) {
        return secret().version(number).orElseThrow();
    }

    String value(int number) {
        return new String(
                ring.open(
                        new SecretPlace(tenant, "prod", name, number),
                        version(number).value().orElseThrow()),
                UTF_8);
    }

    /** As a command or the schedule has it recorded. */
    int ask(boolean compromised) {
        NextVersion next =
                NextVersion.of(ring, tenant, name, secret(), Ids.uuidV7().toString());
        VaultRules.next(secret(), next, compromised, Clock.nowMicros()).forEach(this::append);
        return next.number();
    }

    RoleIssuer roles() {
        return new RoleIssuer(ring, log(), new Targets(ring, new TargetServer(destinations(), Optional.empty())));
    }

    private static Destinations destinations() {
        return new Destinations(OPENED, host -> List.of(InetAddress.ofLiteral("127.0.0.1")));
    }

    /** One step of a version, by a process that starts now; answers how many it could not do. */
    int step(int number) {
        Destinations destinations = destinations();
        try (var client = new OutboundClient(
                        destinations, new OutboundClient.Limits(Duration.ofSeconds(10), 64 * 1024, 4), authorities());
                var rounds = new IssuerRounds(
                        new VaultList(database),
                        log(),
                        ring,
                        new Issuers(ring, log(), destinations, client),
                        roles(),
                        new TokenIssuer(ring, log(), destinations, client))) {
            rounds.advance(new IssuerRounds.Open(tenant, name, number));
            return rounds.stuck();
        }
    }
}
