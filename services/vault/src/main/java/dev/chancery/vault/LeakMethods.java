package dev.chancery.vault;

import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Granter;
import dev.chancery.command.Methods;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.SecretRing;
import dev.chancery.log.NewEvent;
import dev.chancery.schema.vault.v1.ListSecretLeaksReply;
import dev.chancery.schema.vault.v1.ListSecretLeaksRequest;
import dev.chancery.schema.vault.v1.ReportSecretLeakReply;
import dev.chancery.schema.vault.v1.ReportSecretLeakRequest;
import dev.chancery.schema.vault.v1.SecretLeaked;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** What the vault's methods do about leaks. */
final class LeakMethods {
    private static final String SERVICE = "chancery.vault.v1.VaultService/";

    private final SecretRing ring;
    private final LeakList list;

    LeakMethods(SecretRing ring, LeakList list) {
        this.ring = ring;
        this.list = list;
    }

    void register(Methods methods) {
        methods.command(SERVICE + "ReportSecretLeak", ReportSecretLeakRequest.class, this::report)
                .query(SERVICE + "ListSecretLeaks", ListSecretLeaksRequest.class, this::list);
    }

    private CommandOutcome report(CommandContext context, ReportSecretLeakRequest request) {
        String name = request.getSecret();
        Secret secret = context.read(Names.secret(name), Secret.FOLD);
        // What is out of range is in the future, or before anything.
        long firstExposedMicros = TimeUnit.MILLISECONDS.toMicros(request.getFirstExposedAtMillis());
        Optional<Rejection> refused = LeakRules.mayReport(
                context.read(Names.environment(Names.environmentOf(name)), Environment.FOLD),
                secret,
                Granter.of(context),
                request.getChannel(),
                request.getSeverity(),
                firstExposedMicros,
                context.atMicros());
        if (refused.isPresent()) {
            return CommandOutcome.reject(refused.get());
        }
        var leaked = SecretLeaked.newBuilder()
                .setSecret(name)
                .setIncidentId(context.newId())
                .setSecretVersion(secret.newest())
                .setChannel(request.getChannel())
                .setSeverity(request.getSeverity())
                .setFirstExposedMicros(firstExposedMicros)
                .setReportedMicros(context.atMicros())
                .setRespondByMicros(context.atMicros()
                        + LeakRules.within(request.getSeverity()).toMillis() * 1_000)
                .setReporterId(context.principal().id())
                .build();
        Optional<NextVersion> next = secret.rotation().getGenerated()
                ? Optional.of(NextVersion.of(ring, context.tenant(), name, secret, context.newId()))
                : Optional.empty();
        var reply = ReportSecretLeakReply.newBuilder()
                .setIncidentId(leaked.getIncidentId())
                .setRespondByMillis(leaked.getRespondByMicros() / 1_000)
                .setSecretVersion(next.map(NextVersion::number).orElse(0))
                .build();
        return CommandOutcome.done(
                reply,
                LeakRules.leaked(secret, leaked, next, context.atMicros()).stream()
                        .map(event -> new NewEvent(Names.secret(name), event))
                        .toArray(NewEvent[]::new));
    }

    private ListSecretLeaksReply list(ReadContext context, ListSecretLeaksRequest request) throws RefusedException {
        return list.page(context.tenant(), request, context.atMicros());
    }
}
