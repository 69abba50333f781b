package dev.chancery.notices;

import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.Feature;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.FeatureParts;
import dev.chancery.feature.FeatureProjection;
import dev.chancery.feature.NoticeOptions;
import dev.chancery.feature.ProcessRole;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.Keyring;
import dev.chancery.log.Appender;
import dev.chancery.log.Streams;
import dev.chancery.outbound.Destinations;
import dev.chancery.outbound.NameResolver;
import dev.chancery.outbound.OutboundClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Notices to people: which are due, what became of them, and sending them. */
public final class NoticesFeature implements FeatureDescription {
    static final String SCHEMA = "notices";

    @Override
    public String name() {
        return SCHEMA;
    }

    /** Where people's keys are: their addresses are opened here. */
    @Override
    public ProcessRole process() {
        return ProcessRole.CORE;
    }

    @Override
    public DatabaseRole databaseRole() {
        return DatabaseRole.NOTICES;
    }

    @Override
    public List<Rejection> rejections() {
        return NoticesRejection.ALL;
    }

    @Override
    public Optional<FeatureProjection> projection() {
        return Optional.of(FeatureProjection.answering(
                parts -> new NoticesProjection(SCHEMA, DatabaseRole.NOTICES),
                schema -> new NoticesProjection(schema, DatabaseRole.REPLAY)));
    }

    @Override
    public Feature create(FeatureParts parts) {
        NoticeOptions options = parts.get(NoticeOptions.class);
        var sender = new NoticeSender(
                parts.database(),
                new NoticeRecords(parts.get(Appender.class), parts.get(Streams.class)),
                parts.get(Streams.class),
                parts.get(Keyring.class),
                channels(options, parts),
                options);
        return new NoticesService(new NoticeList(parts.database()), sender);
    }

    private static List<Channel> channels(NoticeOptions options, FeatureParts parts) {
        List<Channel> channels = new ArrayList<>();
        options.smtp().ifPresent(smtp -> channels.add(new MailChannel(smtp)));
        options.webhook().ifPresent(webhook -> channels.add(new WebhookChannel(webhook, client(parts))));
        return channels;
    }

    private static OutboundClient client(FeatureParts parts) {
        var names = parts.closed(new NameResolver.OfTheSystem());
        return parts.closed(new OutboundClient(
                new Destinations(AddressRanges.forbidden(), names), WebhookChannel.LIMITS, Optional.empty()));
    }
}
